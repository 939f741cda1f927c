//! Conversations taken along and brought in.

use std::io::{Cursor, Read};

use axum::{
    body::Body,
    http::{Method, StatusCode, header},
};
use proptest::{collection, prelude::*, sample::select};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::common::{Browser, TestApp, body_of, call, code, json_body};

async fn export(browser: &Browser, session: &str, format: &str) -> Vec<u8> {
    let path = format!("/api/chat/sessions/{session}/export?format={format}");
    let response = browser.send_raw(Method::GET, &path, "").await;
    assert_eq!(response.status(), StatusCode::OK);
    body_of(response).await.to_vec()
}

/// The report of an import that is taken.
async fn import(browser: &Browser, file: impl Into<Body>, dry_run: bool) -> Value {
    let path = format!("/api/import?dry_run={dry_run}");
    let response = browser.send_raw(Method::POST, &path, file).await;
    let (status, headers) = (response.status(), response.headers().clone());
    let body = String::from_utf8(body_of(response).await.to_vec()).unwrap();
    assert_eq!(status, StatusCode::OK, "{body}");
    assert_eq!(headers[header::CONTENT_TYPE], "application/x-ndjson");
    let mut lines: Vec<Value> = body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let report = lines.pop().unwrap()["report"].take();
    assert!(
        lines
            .iter()
            .all(|line| line["progress"]["of"] == report["conversations"])
    );
    report
}

/// A conversation's file after one exchange, and after two. It is in the database no longer.
async fn short_and_long(app: &TestApp, browser: &Browser) -> (Uuid, Vec<u8>, Vec<u8>) {
    let session = browser.talk(None, "One").await;
    let short = export(browser, &session.to_string(), "json").await;
    browser.talk(Some(session), "Two").await;
    let long = export(browser, &session.to_string(), "json").await;
    wipe(app, browser).await;
    (session, short, long)
}

async fn sessions(browser: &Browser) -> Vec<Value> {
    let mut all = Vec::new();
    for status in ["active", "archived"] {
        let (_, mut list) = browser
            .get(&format!("/api/chat/sessions?status={status}&limit=100"))
            .await;
        all.append(list["sessions"].as_array_mut().unwrap());
    }
    all
}

async fn wipe(app: &TestApp, browser: &Browser) {
    for session in sessions(browser).await {
        let path = format!("/api/chat/sessions/{}", session["session_id"].as_str().unwrap());
        browser.send(Method::DELETE, &path, Value::Null).await;
    }
    // As the purge does a minute later.
    let store = server::store::Store::open(&app.folder.path().join("parley.db"))
        .await
        .unwrap();
    while store
        .purge_some(protocol::timestamp::Timestamp(i64::MAX))
        .await
        .unwrap()
    {}
}

#[tokio::test]
async fn export_import_export_is_the_same_json() {
    let app = TestApp::start().await;
    let ada = app.browser().await;
    let session = ada.talk(None, "First words").await;
    let answer = ada.messages(session).await[1]["message_id"].clone();
    let path = format!("/api/chat/sessions/{session}");
    ada.post(&format!("{path}/regenerate"), json!({"message_id": answer}))
        .await;
    ada.attach(session, &[]).await.rest().await;
    ada.send(Method::PATCH, &path, json!({"pinned": true, "title": "Ünïcode"}))
        .await;
    let session = session.to_string();
    let before = export(&ada, &session, "json").await;
    wipe(&app, &ada).await;

    let dry = import(&ada, before.clone(), true).await;
    assert_eq!(
        (&dry["dry_run"], &dry["new_conversations"], &dry["new_messages"]),
        (&json!(true), &json!(1), &json!(3))
    );
    assert_eq!(sessions(&ada).await.len(), 0, "a dry run writes nothing");
    let report = import(&ada, before.clone(), false).await;
    assert_eq!(report["left_out"], json!([]));
    assert_eq!(
        (&report["source"], &report["new_messages"]),
        (&json!("parley"), &json!(3))
    );
    assert_eq!(
        String::from_utf8(export(&ada, &session, "json").await),
        String::from_utf8(before)
    );
    ada.talk(Some(session.parse().unwrap()), "It goes on").await;
}

#[tokio::test]
async fn an_archive_of_repetitive_texts_comes_back_in() {
    let app = TestApp::start().await;
    let ada = app.browser().await;
    let log = "the same line again and again\n".repeat(1_500);
    let session = ada.talk(None, &log).await;
    let body = json!({"ids": [session], "format": "json"}).to_string();
    let archive = ada.send_raw(Method::POST, "/api/chat/sessions/export", body).await;
    let archive = body_of(archive).await.to_vec();
    assert!(archive.len() * 8 < log.len(), "{}", archive.len());
    wipe(&app, &ada).await;
    let report = import(&ada, archive, false).await;
    assert_eq!(report["new_messages"], 2);
    assert!(ada.messages(session).await[0]["content"] == log, "not a line is lost");
}

#[tokio::test]
async fn who_sends_slowly_keeps_nobody_else_from_importing() {
    let app = TestApp::start().await;
    let ada = app.browser().await;
    let (_, short, _) = short_and_long(&app, &ada).await;
    let mut slow = Vec::new();
    for _ in 0..8 {
        let browser = app.browser().await;
        slow.push(tokio::spawn(async move {
            let body = Body::from_stream(futures::stream::pending::<Result<Vec<u8>, std::io::Error>>());
            browser.send_raw(Method::POST, "/api/import", body).await
        }));
    }
    tokio::task::yield_now().await;
    assert_eq!(import(&ada, short, false).await["new_messages"], 2);
    for slow in slow {
        assert!(!slow.is_finished(), "it is still coming");
        slow.abort();
    }
}

#[tokio::test]
async fn the_same_file_twice_doubles_nothing_and_a_longer_one_adds_what_is_new() {
    let app = TestApp::start().await;
    let ada = app.browser().await;
    let (session, short, long) = short_and_long(&app, &ada).await;
    import(&ada, short.clone(), false).await;
    let again = import(&ada, short.clone(), false).await;
    assert_eq!(again["known_conversations"], 1);
    assert_eq!(
        (&again["known_messages"], &again["new_messages"]),
        (&json!(2), &json!(0))
    );
    assert_eq!(
        export(&ada, &session.to_string(), "json").await,
        short,
        "not a byte is another"
    );
    let longer = import(&ada, long.clone(), false).await;
    assert_eq!(longer["grown_conversations"], 1);
    assert_eq!(
        (&longer["known_messages"], &longer["new_messages"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(
        export(&ada, &session.to_string(), "json").await,
        long,
        "the newest words are shown"
    );
    import(&ada, short, false).await;
    assert_eq!(
        export(&ada, &session.to_string(), "json").await,
        long,
        "and an older file takes nothing back"
    );
}

#[tokio::test]
async fn where_a_person_has_gone_on_meanwhile_that_branch_stays_shown() {
    let app = TestApp::start().await;
    let ada = app.browser().await;
    let (session, short, long) = short_and_long(&app, &ada).await;
    import(&ada, short, false).await;
    ada.talk(Some(session), "Something else").await;
    let shown = ada.messages(session).await;
    import(&ada, long, false).await;
    let mut after = ada.messages(session).await;
    after
        .iter_mut()
        .for_each(|message| drop(message.as_object_mut().unwrap().remove("version")));
    assert_eq!(after, shown);
    let all: Value = serde_json::from_slice(&export(&ada, &session.to_string(), "json").await).unwrap();
    assert_eq!(
        all["messages"].as_array().unwrap().len(),
        6,
        "what was said elsewhere is there as another branch"
    );
}

#[tokio::test]
async fn a_file_never_reaches_what_is_anothers() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.browser().await, app.browser().await);
    let session = ada.talk(None, "Ada's secret").await.to_string();
    let adas = export(&ada, &session, "json").await;

    let report = import(&bob, adas.clone(), false).await;
    assert_eq!(
        (&report["new_conversations"], &report["new_messages"]),
        (&json!(1), &json!(2)),
        "a copy of his own"
    );
    let bobs = sessions(&bob).await;
    let copy = bobs[0]["session_id"].as_str().unwrap().to_owned();
    assert_ne!(copy, session);
    assert_eq!(
        bob.get(&format!("/api/chat/sessions/{session}")).await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        import(&bob, adas.clone(), false).await["known_messages"],
        2,
        "the same copy each time"
    );
    assert_eq!(sessions(&bob).await.len(), 1);

    // The same ids with other words, and Ada's messages under an id of Bob's.
    let mut forged: Value = serde_json::from_slice(&adas).unwrap();
    forged["messages"][1]["content"] = json!("forged");
    import(&bob, forged.to_string(), false).await;
    forged["session"]["session_id"] = json!(Uuid::new_v4());
    forged["session"]["title"] = json!("Forged");
    import(&bob, forged.to_string(), false).await;
    assert_eq!(export(&ada, &session, "json").await, adas, "Ada's is untouched");
    assert_eq!(sessions(&ada).await.len(), 1);
    let said = bob.messages(copy.parse().unwrap()).await;
    assert_eq!(said[1]["content"], "Hello **you**", "what is there is not rewritten");

    // Ada's goes; Bob's copy stays the one that his file means.
    wipe(&app, &ada).await;
    assert_eq!(import(&bob, adas.clone(), false).await["known_messages"], 2);
    let carol = app.browser().await;
    import(&carol, adas.clone(), false).await;
    assert_eq!(
        export(&carol, &session, "json").await.len(),
        adas.len(),
        "a free id is kept"
    );
}

#[tokio::test]
async fn an_id_that_is_promised_is_not_taken() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.browser().await, app.browser().await);
    let session = ada.talk(None, "x").await;
    let mut file: Value = serde_json::from_slice(&export(&ada, &session.to_string(), "json").await).unwrap();
    let (_, cleared) = ada
        .post(&format!("/api/chat/sessions/{session}/clear"), Value::Null)
        .await;
    let next = cleared["new_session_id"].as_str().unwrap();
    file["session"]["session_id"] = json!(next);
    import(&bob, file.to_string(), false).await;
    assert_eq!(ada.talk(Some(next.parse().unwrap()), "Mine").await.to_string(), next);
}

#[tokio::test]
async fn what_is_imported_belongs_to_an_agent_that_exists_and_never_runs() {
    let app = TestApp::start().await;
    let ada = app.browser().await;
    let session = ada.talk(None, "x").await.to_string();
    let mut file: Value = serde_json::from_slice(&export(&ada, &session, "json").await).unwrap();
    wipe(&app, &ada).await;
    file["session"]["agent_id"] = json!("somebody");
    file["session"]["agent_name"] = json!("Somebody");
    file["messages"][1]["status"] = json!("streaming");
    let report = import(&ada, file.to_string(), false).await;
    // The scripted Gateway offers no bare model, so that it stays with its agent and can be read.
    assert_eq!(report["left_out"], json!([{"what": "unfinished", "count": 1}]));
    let (_, detail) = ada.get(&format!("/api/chat/sessions/{session}")).await;
    assert_eq!(
        (&detail["agent_name"], &detail["running"]),
        (&json!("Somebody"), &json!(false))
    );
    assert_eq!(detail["messages"][1]["status"], "interrupted");
}

#[tokio::test]
async fn what_is_malformed_too_large_or_not_ours_to_take_is_refused_in_the_envelope() {
    let app = TestApp::start().await;
    let ada = app.browser().await;
    let session = ada.talk(None, "x").await.to_string();
    let mut file: Value = serde_json::from_slice(&export(&ada, &session, "json").await).unwrap();
    file["messages"][1]["message_type"] = json!("robot");
    for dry_run in ["true", "false"] {
        let path = format!("/api/import?dry_run={dry_run}");
        let response = ada.send_raw(Method::POST, &path, file.to_string()).await;
        let status = response.status();
        let body = json_body(response).await;
        assert_eq!(
            (status, code(&body)),
            (StatusCode::UNPROCESSABLE_ENTITY, "import_malformed")
        );
        let message = body["error"]["message"].as_str().unwrap();
        assert!(
            message.starts_with("The file cannot be taken in. Message 2, `message_type`: unknown variant `robot`"),
            "{message}"
        );
    }
    // A length that is told, and one that is not.
    let large = vec![b' '; 8 * 1024 * 1024 + 1];
    let pieces = futures::stream::iter(
        large
            .chunks(100_000)
            .map(|piece| Ok::<_, std::io::Error>(piece.to_vec()))
            .collect::<Vec<_>>(),
    );
    let told = ada
        .request(Method::POST, "/api/import")
        .header(header::CONTENT_LENGTH, large.len())
        .body(Body::empty())
        .unwrap();
    for response in [
        call(&ada.router, told).await,
        ada.send_raw(Method::POST, "/api/import", Body::from_stream(pieces))
            .await,
    ] {
        let status = response.status();
        let body = json_body(response).await;
        assert_eq!(
            (status, code(&body)),
            (StatusCode::PAYLOAD_TOO_LARGE, "import_too_large")
        );
        assert!(body["error"]["message"].as_str().unwrap().contains("8 MB"));
    }
    let foreign = Browser {
        token: "x".into(),
        ..ada.clone()
    };
    let response = foreign.send_raw(Method::POST, "/api/import", "{}").await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    let (status, _) = ada.get("/api/import").await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(
        ada.send(Method::POST, "/api/import?dry_run=perhaps", json!({})).await.0,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}

#[tokio::test]
async fn one_import_of_a_person_runs_at_a_time() {
    let app = TestApp::start().await;
    let ada = app.browser().await;
    let session = ada.talk(None, "x").await.to_string();
    let file = export(&ada, &session, "json").await;
    let running = ada.send_raw(Method::POST, "/api/import", file.clone()).await;
    let second = ada.send_raw(Method::POST, "/api/import", file.clone()).await;
    assert_eq!(second.status(), StatusCode::TOO_MANY_REQUESTS);
    drop(running);
    import(&ada, file, false).await;
}

/// The archive's files, by name.
fn files(bytes: Vec<u8>) -> Vec<(String, String)> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    (0..archive.len())
        .map(|number| {
            let mut file = archive.by_index(number).unwrap();
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            (file.name().to_owned(), text)
        })
        .collect()
}

#[tokio::test]
async fn many_are_taken_along_in_one_archive_and_come_back_from_it() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.browser().await, app.browser().await);
    let mut ids = Vec::new();
    for number in 0..3 {
        ids.push(ada.talk(None, &format!("Plan number {number}")).await);
    }
    let bobs = bob.talk(None, "Bob's").await;
    let ask = async |ids: &[Uuid], format: &str| {
        let body = json!({"ids": ids, "format": format}).to_string();
        ada.send_raw(Method::POST, "/api/chat/sessions/export", body).await
    };
    let response = ask(&[ids[0], ids[1], ids[2], ids[0], bobs], "json").await;
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/zip");
    let disposition = response.headers()[header::CONTENT_DISPOSITION]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        disposition.starts_with("attachment; filename=\"parley_conversations_20"),
        "{disposition}"
    );
    let archive = body_of(response).await.to_vec();
    let all = files(archive.clone());
    assert_eq!(all.len(), 4, "each once, and what is not in it");
    for (name, text) in &all[..3] {
        assert!(name.contains("_plan-number-") && name.ends_with(".json"), "{name}");
        let id = text.parse::<Value>().unwrap()["session"]["session_id"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_eq!(
            text.as_bytes(),
            export(&ada, &id, "json").await,
            "the same as one by one"
        );
    }
    assert_eq!(all[3].0, "left-out.txt");
    assert!(all[3].1.contains(&bobs.to_string()) && !all[3].1.contains("Bob"));
    for format in ["markdown", "html"] {
        let response = ask(&ids, format).await;
        assert_eq!(files(body_of(response).await.to_vec()).len(), 3);
    }
    wipe(&app, &ada).await;
    let report = import(&ada, archive, false).await;
    assert_eq!(
        (&report["new_conversations"], &report["left_out"][0]["what"]),
        (&json!(3), &json!("other_file"))
    );
    assert_eq!(sessions(&ada).await.len(), 3);

    let none = ask(&[bobs], "json").await;
    assert_eq!(none.status(), StatusCode::NOT_FOUND);
    for ids in [vec![], (0..5_001).map(|_| Uuid::new_v4()).collect()] {
        assert_eq!(ask(&ids, "json").await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[tokio::test]
async fn a_running_answer_is_taken_along_as_far_as_it_is_written() {
    let app = TestApp::start().await;
    let ada = app.browser().await;
    let answer = app.gateway.hold_answer();
    let session = crate::common::session_id(&ada.say(None, "x").await);
    answer.token("So far");
    ada.attach(session, &[]).await.next().await.unwrap();
    let json: Value = serde_json::from_slice(&export(&ada, &session.to_string(), "json").await).unwrap();
    assert_eq!(
        (&json["messages"][1]["content"], &json["messages"][1]["status"]),
        (&json!("So far"), &json!("streaming"))
    );
    let markdown = String::from_utf8(export(&ada, &session.to_string(), "markdown").await).unwrap();
    assert!(
        markdown.contains("> So far\n\n*This answer is not whole: still being written.*\n"),
        "{markdown}"
    );
}

/// A conversation of ours with these texts, each answer following the question before it, or the same one once more.
fn conversation(texts: &[(String, bool)]) -> Value {
    let session = Uuid::new_v4();
    let mut messages: Vec<Value> = Vec::new();
    for (number, (text, is_another)) in texts.iter().enumerate() {
        let last = messages.last().map(|message| message["message_id"].clone());
        let before_last = messages.last().map(|message| message["parent_id"].clone());
        let parent = if *is_another { before_last } else { last };
        let kind = if number % 2 == 0 { "user" } else { "assistant" };
        let mut message = json!({
            "message_id": Uuid::new_v4(), "message_type": kind, "content": text, "agent_id": "architect",
            "timestamp": format!("2026-01-01T00:00:00.{number:06}Z"), "status": "complete", "metadata": {},
            "usage": {"prompt_tokens": number, "completion_tokens": 1, "total_tokens": number + 1}, "cost_usd": 0.000_105,
        });
        if let Some(parent) = parent.filter(|parent| !parent.is_null()) {
            message["parent_id"] = parent;
        }
        messages.push(message);
    }
    json!({
        "format": "parley-conversation", "version": 3, "messages": messages,
        "session": {
            "session_id": session, "title": "Property", "agent_id": "architect", "agent_name": "Architect",
            "model_id": "scripted", "model_name": "Scripted", "created_at": "2026-01-01T00:00:00.000000Z",
            "updated_at": "2026-01-02T00:00:00.000000Z", "status": "active", "pinned": false,
        },
    })
}

const UGLY: [&str; 12] = [
    "```\n````\n```",
    "~~~ never closed",
    "<script>alert(1)</script>",
    "\u{202e}שלום\u{202c}",
    "\0",
    "\\ud83d",
    "\u{fffd}\u{feff}\u{2028}",
    "😀 e\u{301}",
    "\"quoted\" 'and' \\",
    "\r\n\r\t",
    "]]>-->",
    "0.000105e-300",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_said_comes_back_to_the_byte(
        texts in collection::vec(
            (prop_oneof![select(&UGLY[..]).prop_map(ToOwned::to_owned), any::<String>(), Just("x".repeat(50_000))], any::<bool>()),
            1..8,
        ),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let app = TestApp::start().await;
            let ada = app.browser().await;
            let file = conversation(&texts);
            let session = file["session"]["session_id"].as_str().unwrap();
            import(&ada, file.to_string(), false).await;
            let first = export(&ada, session, "json").await;
            let said: Value = serde_json::from_slice(&first).unwrap();
            let said: Vec<&str> = said["messages"].as_array().unwrap().iter().map(|m| m["content"].as_str().unwrap()).collect();
            let expected: Vec<&str> = texts.iter().map(|(text, _)| text.as_str()).collect();
            assert_eq!(said, expected);
            wipe(&app, &ada).await;
            import(&ada, first.clone(), false).await;
            assert_eq!(String::from_utf8(export(&ada, session, "json").await), String::from_utf8(first));
        });
    }
}
