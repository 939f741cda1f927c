use std::io::Write;

use protocol::session::{MessageStatus, MessageType};
use serde_json::{Value, json};

use super::*;
use crate::export::{json::write, samples::rich};

fn check(file: &File) -> Result<Checked, Malformed> {
    super::check(file, 1)
}

fn each_of(file: &File, each: &mut dyn FnMut(Incoming) -> bool) -> Result<(), Malformed> {
    super::each_of(file, 1, each)
}

fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn all_of(json: &Value) -> Vec<Incoming> {
    let file = file(json.to_string().as_bytes());
    check(&file).unwrap_or_else(|malformed| panic!("{malformed}"));
    let mut all = Vec::new();
    each_of(&file, &mut |incoming| {
        all.push(incoming);
        true
    })
    .unwrap();
    all
}

fn one_of(json: &Value) -> Incoming {
    let mut all = all_of(json);
    assert_eq!(all.len(), 1);
    all.remove(0)
}

fn problem(bytes: &[u8]) -> String {
    check(&file(bytes)).unwrap_err().to_string()
}

fn told(incoming: &Incoming) -> Vec<(LeftOutKind, u64)> {
    incoming.tally.0.iter().map(|(what, count)| (*what, *count)).collect()
}

fn said(incoming: &Incoming) -> Vec<(MessageType, &str, Option<usize>)> {
    let messages = &incoming.conversation.messages;
    let place = |id: Uuid| messages.iter().position(|message| message.message_id == id).unwrap();
    messages
        .iter()
        .map(|message| {
            (
                message.message_type,
                message.content.as_str(),
                message.parent_id.map(place),
            )
        })
        .collect()
}

/// Two branches after the first question, a call of a tool, a picture, thoughts.
fn chatgpt() -> Value {
    let node = |id: &str, parent: Value, message: Value| json!({"id": id, "parent": parent, "children": [], "message": message});
    let message = |role: &str, time: f64, content: Value| {
        json!({
            "id": "ignored", "author": {"role": role, "name": null, "metadata": {}}, "create_time": time, "content": content,
            "status": "finished_successfully", "end_turn": true, "weight": 1.0, "recipient": "all",
            "metadata": {"model_slug": "gpt-test"}, "channel": null
        })
    };
    let text = |text: &str| json!({"content_type": "text", "parts": [text]});
    let mut call = message(
        "assistant",
        12.0,
        json!({"content_type": "code", "language": "python", "text": "1+1"}),
    );
    call["recipient"] = json!("python");
    json!([{
        "title": "Plan the move", "create_time": 10.0, "update_time": 20.25, "current_node": "b2",
        "conversation_id": "6f1c7d5e-0000-4000-8000-000000000001", "default_model_slug": "gpt-test",
        "is_archived": false, "is_starred": true, "moderation_results": [], "plugin_ids": null,
        "mapping": {
            // Not in the order of the tree.
            "b2": node("b2", json!("q"), message("assistant", 15.0, text("Second answer"))),
            "root": node("root", Value::Null, Value::Null),
            "s": node("s", json!("root"), message("system", 10.0, text(""))),
            "q": node("q", json!("s"), message("user", 11.5, json!({"content_type": "multimodal_text", "parts": [
                {"content_type": "image_asset_pointer", "asset_pointer": "x"}, "What is this?"
            ]}))),
            "t": node("t", json!("q"), message("assistant", 11.75, json!({"content_type": "thoughts", "thoughts": []}))),
            "c": node("c", json!("t"), call),
            "r": node("r", json!("c"), message("tool", 12.5, json!({"content_type": "execution_output", "text": "2"}))),
            "b1": node("b1", json!("r"), message("assistant", 13.0, text("First answer"))),
        }
    }])
}

#[test]
fn chatgpts_tree_comes_in_with_its_branches_times_and_models_and_the_rest_is_counted() {
    let incoming = one_of(&chatgpt());
    assert_eq!(
        said(&incoming),
        [
            (MessageType::User, "What is this?", None),
            (MessageType::Assistant, "First answer", Some(0)),
            (MessageType::Assistant, "Second answer", Some(0)),
        ]
    );
    assert_eq!(
        told(&incoming),
        [
            (LeftOutKind::ToolCall, 2),
            (LeftOutKind::Reasoning, 1),
            (LeftOutKind::Image, 1)
        ]
    );
    let Conversation { session, messages, .. } = &incoming.conversation;
    assert_eq!(session.session_id.to_string(), "6f1c7d5e-0000-4000-8000-000000000001");
    assert_eq!((session.title.as_str(), session.pinned), ("Plan the move", true));
    assert_eq!(
        session.head_id,
        Some(messages[2].message_id),
        "the branch that was shown"
    );
    assert_eq!(messages[0].timestamp.0, 11_500_000);
    assert_eq!(session.updated_at.0, 20_250_000);
    assert_eq!(messages[0].model_name, None, "a person is no model");
    assert_eq!(messages[1].model_name.as_deref(), Some("gpt-test"));
    assert_eq!(
        (messages[1].usage, messages[1].cost_usd),
        (None, None),
        "nothing is invented"
    );
}

fn open_webui() -> Value {
    json!([{
        "id": "11111111-0000-4000-8000-000000000001", "user_id": "u", "title": "Chat", "created_at": 100, "updated_at": 200,
        "archived": true, "pinned": false,
        "chat": {
            "id": "", "title": "Chat", "models": ["llama-test"], "timestamp": 100000, "messages": [], "tags": [],
            "history": {"currentId": "a2", "messages": {
                "q": {"id": "q", "parentId": null, "childrenIds": ["a1", "a2"], "role": "user", "content": "Hello",
                      "timestamp": 100, "files": [{"type": "image", "url": "x"}, {"type": "file", "id": "y"}]},
                "a1": {"id": "a1", "parentId": "q", "childrenIds": [], "role": "assistant", "content": "One",
                       "model": "llama-test", "timestamp": 100, "done": true,
                       "usage": {"prompt_tokens": 7, "completion_tokens": 5, "eval_count": 5}},
                "a2": {"id": "a2", "parentId": "q", "childrenIds": [], "role": "assistant",
                       "content": [{"type": "text", "text": "Two"}], "model": "other-test", "timestamp": 100, "done": false},
            }}
        }
    }])
}

#[test]
fn open_webuis_tree_comes_in_too() {
    let incoming = one_of(&open_webui());
    assert_eq!(
        said(&incoming),
        [
            (MessageType::User, "Hello", None),
            (MessageType::Assistant, "One", Some(0)),
            (MessageType::Assistant, "Two", Some(0)),
        ]
    );
    assert_eq!(
        told(&incoming),
        [
            (LeftOutKind::Image, 1),
            (LeftOutKind::Attachment, 1),
            (LeftOutKind::Unfinished, 1)
        ]
    );
    let Conversation { session, messages, .. } = &incoming.conversation;
    let times: Vec<i64> = messages.iter().map(|message| message.timestamp.0).collect();
    assert_eq!(
        times,
        [100_000_000, 100_000_001, 100_000_002],
        "no two at the same instant"
    );
    assert_eq!(messages[1].usage.unwrap().total_tokens, 12);
    assert_eq!(
        messages[2].status,
        MessageStatus::Interrupted,
        "nothing comes in as still running"
    );
    assert_eq!(session.archived_at, Some(session.updated_at));
    assert_eq!(session.model_id, "llama-test");
    assert_eq!(messages[2].model_name.as_deref(), Some("other-test"));
}

#[test]
fn messages_without_times_come_in_at_times_that_do_not_meet_in_the_searchs_index() {
    let mut export = open_webui();
    let messages: serde_json::Map<String, Value> = (0..1_000)
        .map(|number| {
            let parent = (number > 0).then(|| format!("m{}", number - 1));
            let message = json!({"parentId": parent, "role": "user", "content": "x"});
            (format!("m{number}"), message)
        })
        .collect();
    export[0]["chat"]["history"]["messages"] = Value::Object(messages);
    let incoming = one_of(&export);
    let step = crate::store::SEARCH_STEP;
    let mut steps: Vec<i64> = incoming
        .conversation
        .messages
        .iter()
        .map(|message| message.timestamp.0 / step)
        .collect();
    steps.dedup();
    assert_eq!(steps.len(), 1_000);
    assert_eq!(incoming.conversation.branch().len(), 1_000);
}

#[test]
fn ids_of_our_own_are_the_same_each_time() {
    let ids = || -> Vec<Uuid> {
        let incoming = one_of(&chatgpt());
        incoming
            .conversation
            .messages
            .iter()
            .map(|message| message.message_id)
            .collect()
    };
    assert_eq!(ids(), ids());
}

#[test]
fn a_title_is_made_fit() {
    let title = |title: Value| {
        let mut export = chatgpt();
        export[0]["title"] = title;
        one_of(&export).conversation.session.title
    };
    assert_eq!(title(json!("  A\nB\u{0}  ")), "A B");
    assert_eq!(title(Value::Null), "What is this?");
    assert_eq!(title(json!("x".repeat(300))), "x".repeat(200));
}

#[test]
fn our_own_older_versions_are_read() {
    let mut old = serde_json::to_value(rich()).unwrap();
    old["version"] = json!(2);
    old["session"]["running"] = json!(false);
    old["messages"][1]["version"] = json!({"number": 1, "count": 2});
    assert_eq!(one_of(&old).conversation.messages, rich().messages);
    let messages = old["messages"].as_array_mut().unwrap();
    for message in messages {
        message.as_object_mut().unwrap().remove("parent_id");
    }
    old["version"] = json!(1);
    old["session"].as_object_mut().unwrap().remove("head_id");
    let first = one_of(&old).conversation;
    let ids: Vec<Uuid> = first.messages.iter().map(|message| message.message_id).collect();
    let chain: Vec<Uuid> = first.branch().iter().map(|message| message.message_id).collect();
    assert_eq!(chain, ids, "one after the other");
}

#[test]
fn what_is_malformed_is_refused_with_its_place() {
    let ours = |change: &dyn Fn(&mut Value)| {
        let mut json = serde_json::to_value(rich()).unwrap();
        change(&mut json);
        problem(json.to_string().as_bytes())
    };
    let theirs = |mut json: Value, change: &dyn Fn(&mut Value)| {
        // A good one stands before it.
        let mut bad = json[0].clone();
        change(&mut bad);
        json.as_array_mut().unwrap().push(bad);
        problem(json.to_string().as_bytes())
    };
    let far = (now().0 / 1_000_000) + 2 * 24 * 60 * 60;
    for (problem, expected) in [
        (problem(b""), "it is empty"),
        (problem(b" \n"), "it is empty"),
        (
            problem(b"hello"),
            "line 1, column 1: it is not JSON: a conversation begins with `{`, a list with `[`",
        ),
        (problem(b"[]"), "there is no conversation in it"),
        (
            problem(b"[\n{},]"),
            "conversation 1: it is no conversation of Parley (`format`), ChatGPT (`mapping`) or Open WebUI (`chat`)",
        ),
        (
            problem(b"{\"format\": \n 1,}"),
            "line 2, column 4: key must be a string",
        ),
        (
            problem(b"{\"format\": 1} x"),
            "`format`: invalid type: integer `1`, expected a string",
        ),
        (
            problem(b"[1]"),
            "conversation 1: invalid type: integer `1`, expected an object for Marks",
        ),
        (
            problem(b"{\"format\": \"parley-conversation\", \"version\": 3, \"session\": \"\xff\"}"),
            "line 1, column 61: invalid unicode code point",
        ),
        (problem(b"PK\x03\x04 and no more"), "the archive is cut off"),
        (
            ours(&|json| json["format"] = json!("x")),
            "`format`: it is not `parley-conversation`",
        ),
        (
            ours(&|json| json["version"] = json!(4)),
            "`version`: version 4 is not known here; 1 to 3 are",
        ),
        (
            ours(&|json| json["session"]["title"] = json!(7)),
            "`session.title`: invalid type: integer `7`, expected a string",
        ),
        (
            ours(&|json| json["session"]["title"] = json!("a\u{0}b")),
            "`session.title`: it has control characters",
        ),
        (
            ours(&|json| json["session"]["title"] = json!("x".repeat(201))),
            "`session.title`: it is longer than 200 characters",
        ),
        (
            ours(&|json| json["session"]["status"] = json!("deleted")),
            "`session.status`: it is neither active nor archived",
        ),
        (
            ours(&|json| json["session"]["head_id"] = json!(Uuid::nil())),
            "`session.head_id`: there is no message with this id",
        ),
        (
            ours(&|json| json["messages"][1]["message_type"] = json!("tool")),
            "message 2, `message_type`: unknown variant `tool`, expected one of `user`, `assistant`, `system`, `status`",
        ),
        (
            ours(&|json| json["messages"][1]["timestamp"] = json!("soon")),
            "message 2, `timestamp`: expected a time such as 2026-01-31T10:24:00.000000Z",
        ),
        (
            ours(&|json| drop(json["messages"][0].as_object_mut().unwrap().remove("content"))),
            "message 1: missing field `content`",
        ),
        (
            ours(&|json| json["messages"][1]["message_id"] = json["messages"][0]["message_id"].clone()),
            "message 2, `message_id`: it has the id of message 1",
        ),
        (
            ours(&|json| json["messages"][1]["parent_id"] = json!(Uuid::nil())),
            "message 2, `parent_id`: there is no message with this id",
        ),
        (
            ours(&|json| json["messages"][0]["parent_id"] = json["messages"][2]["message_id"].clone()),
            "message 1, `parent_id`: the messages before it go round in a circle",
        ),
        (
            ours(&|json| json["messages"][2]["timestamp"] = json["messages"][0]["timestamp"].clone()),
            "message 3, `timestamp`: another message has the same",
        ),
        (
            ours(&|json| json["messages"][2]["timestamp"] = json!("2000-01-01T00:00:00.000000Z")),
            "message 3, `timestamp`: it is not after that of the message before it",
        ),
        (
            ours(&|json| json["messages"][1]["usage"]["total_tokens"] = json!(u64::MAX)),
            "message 2, `usage`: no answer takes that many tokens",
        ),
        (
            ours(&|json| json["messages"][1]["cost_usd"] = json!(-1.0)),
            "message 2, `cost_usd`: no answer costs that",
        ),
        (
            theirs(chatgpt(), &|_| {}),
            "conversation 2: it has the id of conversation 1 of the file",
        ),
        (
            theirs(chatgpt(), &|json| json["mapping"]["q"]["parent"] = json!("gone")),
            "conversation 2, message 4, `mapping.q`: the message before it, gone, is not there",
        ),
        (
            theirs(chatgpt(), &|json| json["mapping"]["s"]["parent"] = json!("b1")),
            "conversation 2, message 1, `mapping.b2`: the messages before it go round in a circle",
        ),
        (
            theirs(chatgpt(), &|json| json["create_time"] = json!(1e300)),
            "is no time in seconds since 1970",
        ),
        (
            theirs(chatgpt(), &|json| json["conversation_id"] = Value::Null),
            "conversation 2, `conversation_id`: it is missing",
        ),
        (
            theirs(open_webui(), &|json| *json = chatgpt()[0].clone()),
            "conversation 2: it is of another program than those before it",
        ),
        (
            theirs(chatgpt(), &|json| {
                json["mapping"]["q"]["message"]["create_time"] = json!(far)
            }),
            "conversation 2, `mapping.q`, `create_time`: it is more than a day ahead of now",
        ),
        (
            theirs(open_webui(), &|json| json["updated_at"] = json!(far)),
            "conversation 2, `updated_at`: it is more than a day ahead of now",
        ),
        (
            ours(&|json| json["messages"][2]["timestamp"] = json!("9999-12-31T23:59:59.999999Z")),
            "message 3, `timestamp`: it is more than a day ahead of now",
        ),
        (
            ours(&|json| json["session"]["created_at"] = json!("9999-12-31T23:59:59.999999Z")),
            "`session.created_at`: it is more than a day ahead of now",
        ),
        (
            ours(&|json| json["messages"][1]["agent_id"] = json!("a\nb")),
            "message 2, `agent_id`: it has control characters",
        ),
        (
            ours(&|json| json["messages"][1]["model_id"] = json!("x".repeat(201))),
            "message 2, `model_id`: it is longer than 200 characters",
        ),
        (
            ours(&|json| json["messages"][1]["model_name"] = json!("x".repeat(201))),
            "message 2, `model_name`: it is longer than 200 characters",
        ),
        (
            ours(&|json| json["messages"][1]["metadata"] = json!({"task_id": "a\u{7}"})),
            "message 2, `metadata.task_id`: it has control characters",
        ),
        (
            ours(&|json| {
                let error = json!({"code": "c", "message": "x".repeat(10_001), "action": ""});
                json["messages"][1]["metadata"] = json!({"error": error});
            }),
            "message 2, `metadata.error.message`: it is longer than 10000 characters",
        ),
        (
            ours(&|json| {
                let status = json!({"status": "complete", "agent_id": "a\nb"});
                json["messages"][1]["metadata"] = json!({"last_status": status});
            }),
            "message 2, `metadata.last_status.agent_id`: it has control characters",
        ),
        (
            ours(&|json| {
                let tasks = json!([{"task_id": "t", "status": "complete", "agent_id": "a\nb"}]);
                json["messages"][1]["metadata"] = json!({"tasks": tasks});
            }),
            "message 2, `metadata.tasks[0].agent_id`: it has control characters",
        ),
        (
            ours(&|json| json["messages"][1]["metadata"] = json!({"tasks": vec![(); 201]})),
            "message 2, `metadata.tasks`: there are more than 200",
        ),
        (
            ours(&|json| json["messages"] = json!(vec![json!({}); tree::MOST_MESSAGES + 1])),
            "`messages`: there are more than 100000",
        ),
        (
            ours(&|json| {
                json["messages"][1]["metadata"] =
                    json!({"decision": {"decision": "refine", "note": "x".repeat(50_001)}})
            }),
            "message 2, `metadata.decision.note`: it is longer than 50000 characters",
        ),
    ] {
        assert!(problem.contains(expected), "{problem}\ninstead of\n{expected}");
    }
}

#[test]
fn a_key_that_is_there_twice_is_refused() {
    let text = chatgpt()
        .to_string()
        .replacen("\"root\":", "\"q\":{\"parent\":null,\"message\":null},\"root\":", 1);
    let problem = problem(text.as_bytes());
    assert!(
        problem.starts_with("conversation 1, `mapping") && problem.ends_with("q is there twice"),
        "{problem}"
    );
}

#[test]
fn however_deep_a_file_is_nested_it_is_refused_or_passed_over() {
    let deep = "[".repeat(100_000);
    let closed = format!("{deep}{}", "]".repeat(100_000));
    let export = chatgpt();
    let with = |field: &str, value: &str| {
        let text = export.to_string();
        text.replacen("{", &format!("{{\"{field}\":{value},"), 1)
    };
    assert!(
        check(&file(with("surprise", &closed).as_bytes())).is_ok(),
        "what is not read may be as it likes"
    );
    let odd = export
        .to_string()
        .replacen("\"is_archived\":false", &format!("\"is_archived\":{closed}"), 1);
    assert!(check(&file(odd.as_bytes())).is_ok());
    assert!(problem(deep.as_bytes()).contains("line 1, column 100000"));
    let parts = export.to_string().replacen("[\"Second answer\"]", &closed, 1);
    assert!(check(&file(parts.as_bytes())).is_ok());
    let mapping = format!("{{\"mapping\":{closed}}}");
    assert!(problem(mapping.as_bytes()).contains("mapping"));
}

#[test]
fn an_oddity_is_passed_over_and_refuses_no_file() {
    let mut export = chatgpt();
    let node = |export: &mut Value, id: &str| export[0]["mapping"][id]["message"].take();
    let mut second = node(&mut export, "b2");
    second["metadata"] = Value::Null;
    second["author"]["role"] = json!("critic");
    export[0]["mapping"]["b2"]["message"] = second;
    let mut first = node(&mut export, "b1");
    first["metadata"] = json!({"model_slug": 5, "attachments": {}});
    first["status"] = json!([]);
    export[0]["mapping"]["b1"]["message"] = first;
    export[0]["mapping"]["s"]["message"]["author"]["role"] = json!("developer");
    export[0]["mapping"]["t"]["message"]["author"] = Value::Null;
    export[0]["mapping"]["c"]["message"]["content"] = Value::Null;
    export[0]["is_archived"] = json!("no");
    let incoming = one_of(&export);
    assert_eq!(
        said(&incoming),
        [
            (MessageType::User, "What is this?", None),
            (MessageType::Assistant, "First answer", Some(0)),
        ]
    );
    assert!(
        told(&incoming).contains(&(LeftOutKind::UnknownRole, 2)),
        "{:?}",
        told(&incoming)
    );

    let mut export = open_webui();
    export[0]["chat"]["models"] = json!([null, "m"]);
    let messages = &mut export[0]["chat"]["history"]["messages"];
    messages["q"]["files"] = Value::Null;
    messages["a1"]["usage"] = json!({"prompt_tokens": 7.5, "completion_tokens": "5"});
    messages["a1"]["error"] = json!(false);
    messages["a2"]["error"] = json!({"content": "x"});
    messages["a2"]["usage"] = json!([]);
    messages["x"] = json!({"parentId": "a2", "role": "developer", "content": "x"});
    let incoming = one_of(&export);
    let messages = &incoming.conversation.messages;
    let statuses: Vec<MessageStatus> = messages.iter().map(|message| message.status).collect();
    assert_eq!(
        statuses,
        [MessageStatus::Complete, MessageStatus::Complete, MessageStatus::Error]
    );
    assert_eq!(messages[1].usage, None);
    assert_eq!(incoming.conversation.session.model_id, "m");
    assert_eq!(told(&incoming), [(LeftOutKind::UnknownRole, 1)]);
}

#[test]
fn half_characters_and_nul_come_in() {
    let text = chatgpt()
        .to_string()
        .replace("First answer", "half \\ud83d nul \\u0000 whole \\ud83d\\ude00");
    let file = file(text.as_bytes());
    assert_eq!(check(&file).unwrap().beside.list()[0].count, 1);
    let mut content = String::new();
    each_of(&file, &mut |incoming| {
        content.clone_from(&incoming.conversation.messages[1].content);
        true
    })
    .unwrap();
    assert_eq!(content, "half \u{fffd} nul \0 whole 😀");
}

fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer
            .start_file(*name, zip::write::SimpleFileOptions::default())
            .unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn archives_are_opened_and_what_else_is_in_them_is_counted() {
    let ours = write(&rich());
    let theirs = chatgpt().to_string();
    for (bytes, source, conversations, others) in [
        (
            archive(&[("a/x.json", ours.as_bytes()), ("readme.txt", b"x")]),
            ImportSource::Parley,
            1,
            1,
        ),
        (
            archive(&[
                ("chat.html", b"x"),
                ("user.json", b"{}"),
                ("x/conversations.json", theirs.as_bytes()),
            ]),
            ImportSource::Chatgpt,
            1,
            2,
        ),
        (
            archive(&[
                ("conversations-000.json", theirs.as_bytes()),
                ("conversations-x.json", b"{}"),
            ]),
            ImportSource::Chatgpt,
            1,
            1,
        ),
    ] {
        let checked = check(&file(&bytes)).unwrap();
        assert_eq!((checked.source, checked.conversations), (source, conversations));
        assert_eq!(checked.beside.0.get(&LeftOutKind::OtherFile), Some(&others));
    }
    let markdown = archive(&[("x.md", b"# x")]);
    assert!(problem(&markdown).starts_with("there is no JSON in the archive"));
    let bad = archive(&[
        ("good.json", ours.as_bytes()),
        ("bad.json", b"{\"format\":\"parley-conversation\"}"),
    ]);
    assert_eq!(problem(&bad), "bad.json: missing field `version`");
    let twice = archive(&[("one.json", ours.as_bytes()), ("two.json", ours.as_bytes())]);
    assert_eq!(problem(&twice), "two.json: it has the id of conversation 1 of the file");
}

#[test]
fn an_archive_that_grows_beyond_reason_or_lies_of_its_files_is_refused() {
    let bomb = archive(&[("x.json", &b" ".repeat(10_000_000))]);
    assert_eq!(
        problem(&bomb),
        "what is in the archive is larger than 1 MB; export fewer conversations at once"
    );
    let ours = write(&rich()).replacen("{", &format!("{{\"log\":\"{}\",", "x".repeat(900_000)), 1);
    let repetitive = archive(&[("x.json", ours.as_bytes())]);
    assert!(repetitive.len() < 10_000);
    assert!(check(&file(&repetitive)).is_ok(), "it is no larger than a file may be");
    let mut many = archive(&[("x.json", b"{}")]);
    let at = many.len() - 12;
    many[at..at + 2].copy_from_slice(&u16::MAX.to_le_bytes());
    assert_eq!(problem(&many), "the archive has more than 20000 files");
}

/// An export of one chat with a question and so many that follow it, all at the same instant.
fn crowd(count: usize) -> Value {
    let messages: serde_json::Map<String, Value> = (0..count)
        .map(|number| {
            let parent = if number == 0 { Value::Null } else { json!("0") };
            (
                number.to_string(),
                json!({"parentId": parent, "role": "user", "content": "x", "timestamp": 1}),
            )
        })
        .collect();
    let mut export = open_webui();
    export[0]["chat"]["history"]["messages"] = messages.into();
    export
}

#[test]
fn a_crowd_of_messages_at_one_instant_is_put_in_order() {
    let incoming = one_of(&crowd(10_000));
    let times: Vec<i64> = incoming
        .conversation
        .messages
        .iter()
        .map(|message| message.timestamp.0)
        .collect();
    assert_eq!(times, (1_000_000..1_010_000).collect::<Vec<_>>());
}

#[test]
fn a_conversation_of_too_many_messages_is_refused() {
    let mut crowd = crowd(tree::MOST_MESSAGES + 1);
    // What comes after the first that is too much is not read.
    crowd[0]["chat"]["history"]["messages"]["z"] = json!(5);
    assert_eq!(
        problem(crowd.to_string().as_bytes()),
        "conversation 1, `chat.history.messages`: there are more than 100000"
    );
}
