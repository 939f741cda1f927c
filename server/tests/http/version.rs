//! Versions: a message replaced, an answer written again, and which branch is shown.

use axum::http::{Method, StatusCode};
use protocol::gateway::GatewayRole;
use serde_json::{Value, json};
use server::{config::Limits, gateway::GatewayError};
use uuid::Uuid;

use crate::common::{Browser, TestApp, UNLIMITED, body_of, code, text_of};

fn id(message: &Value) -> Uuid {
    message["message_id"].as_str().unwrap().parse().unwrap()
}

fn contents(messages: &[Value]) -> Vec<&str> {
    messages
        .iter()
        .map(|message| message["content"].as_str().unwrap())
        .collect()
}

fn replacing(session: Uuid, old: Uuid, text: &str) -> Value {
    json!({"session_id": session, "message": text, "agent_id": "architect", "replaces": old})
}

async fn replace(browser: &Browser, session: Uuid, old: Uuid, text: &str) -> Value {
    let (status, accepted) = browser.post("/api/chat/message", replacing(session, old, text)).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{accepted}");
    browser.attach(session, &[]).await.rest().await;
    accepted
}

fn path(session: Uuid, what: &str) -> String {
    format!("/api/chat/sessions/{session}/{what}")
}

/// What the Gateway was told in its last request.
fn told(app: &TestApp) -> Vec<(GatewayRole, String)> {
    let started = app.gateway.started.lock();
    let last = started.last().unwrap();
    assert_eq!(last.message, last.messages.last().unwrap().content);
    last.messages
        .iter()
        .map(|message| (message.role, message.content.clone()))
        .collect()
}

#[tokio::test]
async fn a_message_that_replaces_one_is_its_version_and_the_old_branch_stays() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let session = browser.talk(None, "First").await;
    browser.talk(Some(session), "Second").await;
    let old = browser.messages(session).await;
    assert!(old.iter().all(|message| message.get("version").is_none()));
    assert_eq!(old[0].get("parent_id"), None);
    assert_eq!(old[3]["parent_id"], old[2]["message_id"]);

    let accepted = replace(&browser, session, id(&old[2]), "Second, said better").await;
    let hello = || (GatewayRole::Assistant, "Hello **you**".to_owned());
    let said = |text: &str| (GatewayRole::User, text.to_owned());
    assert_eq!(told(&app), [said("First"), hello(), said("Second, said better")]);
    let new = browser.messages(session).await;
    assert_eq!(
        contents(&new),
        ["First", "Hello **you**", "Second, said better", "Hello **you**"]
    );
    assert_eq!(new[2]["message_id"], accepted["message_id"]);
    assert_eq!(new[2]["parent_id"], old[1]["message_id"]);
    assert_eq!(
        new[2]["version"],
        json!({"number": 2, "count": 2, "previous": id(&old[2])})
    );
    assert!([0, 1, 3].iter().all(|index| new[*index].get("version").is_none()));

    // The first of all can be replaced too; nothing comes before it.
    replace(&browser, session, id(&old[0]), "First, said better").await;
    assert_eq!(told(&app), [said("First, said better")]);
    let newest = browser.messages(session).await;
    assert_eq!(contents(&newest), ["First, said better", "Hello **you**"]);

    let (_, detail) = browser.get(&format!("/api/chat/sessions/{session}")).await;
    assert_eq!(detail["message_count"], 8, "every version counts");
    assert_eq!(detail["total_tokens"], 60, "what was spent is spent");
    assert_eq!(detail["title"], "First", "it keeps its title");
}

#[tokio::test]
async fn only_a_message_of_ones_own_in_the_same_conversation_can_be_replaced() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let session = browser.talk(None, "Hello").await;
    let messages = browser.messages(session).await;
    let other = browser.talk(None, "Another").await;
    let (_, cleared) = browser.post(&path(other, "clear"), Value::Null).await;
    let promised: Uuid = cleared["new_session_id"].as_str().unwrap().parse().unwrap();
    for (session, old) in [
        (session, Uuid::new_v4()),
        (session, id(&messages[1])),
        (session, id(&browser.messages(other).await[0])),
        (promised, id(&messages[0])),
    ] {
        let (status, body) = browser.post("/api/chat/message", replacing(session, old, "x")).await;
        assert_eq!((status, code(&body)), (StatusCode::NOT_FOUND, "message_not_found"));
    }
    let nowhere = json!({"message": "x", "agent_id": "architect", "replaces": id(&messages[0])});
    let (status, body) = browser.post("/api/chat/message", nowhere).await;
    assert_eq!(
        (status, code(&body)),
        (StatusCode::UNPROCESSABLE_ENTITY, "invalid_request")
    );
    assert_eq!(app.gateway.starts(), 2, "none of them reaches the Gateway");
    assert_eq!(browser.messages(session).await, messages);
}

#[tokio::test]
async fn regenerate_writes_another_answer_to_the_same_message() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let session = browser.talk(None, "First").await;
    browser.talk(Some(session), "Second").await;
    let old = browser.messages(session).await;
    let answer = app.gateway.hold_answer();
    let body = json!({"message_id": id(&old[1]), "model": "second"});
    let (status, accepted) = browser.post(&path(session, "regenerate"), body).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{accepted}");
    assert_eq!(accepted["message_id"], old[0]["message_id"]);
    assert_eq!(accepted["agent_id"], "architect");
    assert_eq!(told(&app_started(&app).await), [(GatewayRole::User, "First".into())]);

    answer.token("Another ");
    answer.token("answer");
    answer.finish();
    let events = browser.attach(session, &[]).await.rest().await;
    assert_eq!(text_of(&events), "Another answer");
    let new = browser.messages(session).await;
    assert_eq!(contents(&new), ["First", "Another answer"]);
    assert_eq!(new[0], old[0], "no new message of the person's");
    assert_eq!(new[1]["message_id"], accepted["answer_id"]);
    assert_eq!(new[1]["model_name"], "Second");
    assert_eq!(
        new[1]["version"],
        json!({"number": 2, "count": 2, "previous": id(&old[1])})
    );

    // What is said next follows the new answer.
    browser.talk(Some(session), "Third").await;
    let told = told(&app);
    assert_eq!(told[1], (GatewayRole::Assistant, "Another answer".into()));
    assert_eq!(told.len(), 3);
}

/// The app, once the Gateway has been asked for the third time.
async fn app_started(app: &TestApp) -> TestApp {
    while app.gateway.starts() < 3 {
        tokio::task::yield_now().await;
    }
    app.clone()
}

#[tokio::test]
async fn regenerate_is_refused_like_a_message() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let session = browser.talk(None, "Hello").await;
    let messages = browser.messages(session).await;
    let regenerate = path(session, "regenerate");
    for (body, status, expected) in [
        (json!({"message_id": Uuid::new_v4()}), 404, "message_not_found"),
        (json!({"message_id": id(&messages[0])}), 404, "message_not_found"),
        (
            json!({"message_id": id(&messages[1]), "model": "asleep"}),
            422,
            "model_inactive",
        ),
        (json!({"message_id": "x"}), 422, "invalid_request"),
        (json!({}), 422, "invalid_request"),
    ] {
        let (got, answer) = browser.post(&regenerate, body.clone()).await;
        assert_eq!((got.as_u16(), code(&answer)), (status, expected), "{body}");
    }
    let again = json!({"message_id": id(&messages[1])});
    let held = app.gateway.hold_answer();
    browser.say(Some(session), "And?").await;
    let (status, body) = browser.post(&regenerate, again.clone()).await;
    assert_eq!((status, code(&body)), (StatusCode::CONFLICT, "turn_in_progress"));
    held.finish();
    browser.attach(session, &[]).await.rest().await;
    browser.post(&path(session, "clear"), Value::Null).await;
    let (status, body) = browser.post(&regenerate, again).await;
    assert_eq!((status, code(&body)), (StatusCode::CONFLICT, "session_archived"));
    assert_eq!(app.gateway.starts(), 2);
}

#[tokio::test]
async fn the_same_regenerate_again_starts_nothing_and_counts_as_a_message() {
    let limits = Limits {
        messages_per_minute: 3,
        ..UNLIMITED
    };
    let app = TestApp::with_limits(limits).await;
    let browser = app.browser().await;
    let session = browser.talk(None, "Hello").await;
    let answer = id(&browser.messages(session).await[1]);
    let body = json!({"message_id": answer, "client_request_id": Uuid::new_v4()});
    let regenerate = path(session, "regenerate");
    let first = browser.post(&regenerate, body.clone()).await;
    assert_eq!(first.0, StatusCode::ACCEPTED);
    browser.attach(session, &[]).await.rest().await;
    assert_eq!(browser.post(&regenerate, body.clone()).await, first);
    assert_eq!(app.gateway.starts(), 2);
    let (status, body) = browser.post(&regenerate, body).await;
    assert_eq!((status, code(&body)), (StatusCode::TOO_MANY_REQUESTS, "rate_limited"));
}

#[tokio::test]
async fn an_answer_written_again_can_be_stopped_can_fail_and_survives_a_crash() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let session = browser.talk(None, "Hello").await;
    let first = id(&browser.messages(session).await[1]);
    let body = json!({"message_id": first});

    let answer = app.gateway.hold_answer();
    browser.post(&path(session, "regenerate"), body.clone()).await;
    let mut reader = browser.attach(session, &[]).await;
    answer.token("half");
    assert_eq!(reader.next().await.unwrap().1["content"], "half");
    let (_, detail) = browser.get(&format!("/api/chat/sessions/{session}")).await;
    assert_eq!(
        (&detail["messages"][1]["content"], &detail["running"]),
        (&json!("half"), &json!(true))
    );
    assert!(detail["cursor"].is_string(), "a reload goes on reading it");
    let (status, _) = browser.post(&path(session, "cancel"), Value::Null).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(reader.rest().await.last().unwrap().1["status"], "cancelled");

    *app.gateway.refuse_start.lock() = Some(GatewayError::Incomplete);
    browser.post(&path(session, "regenerate"), body.clone()).await;
    let failed = browser.attach(session, &[]).await.rest().await;
    assert_eq!(failed.last().unwrap().1["status"], "error");

    let answer = app.gateway.hold_answer();
    browser.post(&path(session, "regenerate"), body).await;
    let mut reader = browser.attach(session, &[]).await;
    answer.token("cut off");
    reader.next().await.unwrap();
    // Until the journal has it.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let after = app.after_crash().await;
    let messages = browser.at(&after).messages(session).await;
    assert_eq!(contents(&messages), ["Hello", "cut off"]);
    assert_eq!(messages[1]["status"], "interrupted");
    assert_eq!(messages[1]["version"]["number"], 4);
    assert_eq!(messages[1]["version"]["count"], 4);
}

#[tokio::test]
async fn a_version_is_shown_with_what_was_last_said_after_it() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let session = browser.talk(None, "One").await;
    browser.talk(Some(session), "Two").await;
    let old = browser.messages(session).await;
    replace(&browser, session, id(&old[0]), "One, better").await;
    let version = path(session, "version");

    let (status, detail) = browser.post(&version, json!({"message_id": id(&old[0])})).await;
    assert_eq!(status, StatusCode::OK, "{detail}");
    let shown = detail["messages"].as_array().unwrap();
    assert_eq!(contents(shown), ["One", "Hello **you**", "Two", "Hello **you**"]);
    assert_eq!(
        (&detail["session_id"], &detail["has_more"]),
        (&json!(session), &json!(false))
    );
    let next = &shown[0]["version"]["next"];
    assert_eq!(shown[0]["version"], json!({"number": 1, "count": 2, "next": next}));
    assert_eq!(browser.messages(session).await, *shown, "and so it stays");

    // What is said now goes on from there.
    browser.talk(Some(session), "Three").await;
    assert_eq!(told(&app).len(), 5);
    let (_, detail) = browser.post(&version, json!({"message_id": next})).await;
    assert_eq!(
        contents(detail["messages"].as_array().unwrap()),
        ["One, better", "Hello **you**"]
    );
    let (_, detail) = browser.post(&version, json!({"message_id": id(&old[1])})).await;
    assert_eq!(detail["messages"].as_array().unwrap().len(), 6);
}

#[tokio::test]
async fn another_version_is_not_shown_while_a_turn_runs_and_what_is_not_there_never() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let session = browser.talk(None, "Hello").await;
    let messages = browser.messages(session).await;
    let other = browser.talk(None, "Another").await;
    let version = path(session, "version");
    for message in [Uuid::new_v4(), id(&browser.messages(other).await[0])] {
        let (status, body) = browser.post(&version, json!({"message_id": message})).await;
        assert_eq!((status, code(&body)), (StatusCode::NOT_FOUND, "message_not_found"));
    }
    let (status, _) = browser.post(&version, json!({})).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);

    let held = app.gateway.hold_answer();
    browser.say(Some(session), "And?").await;
    let back = json!({"message_id": id(&messages[0])});
    let (status, body) = browser.post(&version, back.clone()).await;
    assert_eq!((status, code(&body)), (StatusCode::CONFLICT, "turn_in_progress"));
    held.panic();
    browser.attach(session, &[]).await.rest().await;
    let (status, detail) = browser.post(&version, back).await;
    assert_eq!(status, StatusCode::OK, "a turn that nobody runs is in nobody's way");
    assert_eq!(detail["messages"][3]["status"], "interrupted");
}

#[tokio::test]
async fn a_branch_is_read_page_by_page() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let session = browser.talk(None, "0").await;
    for number in 1..4 {
        browser.talk(Some(session), &number.to_string()).await;
    }
    let old = browser.messages(session).await;
    replace(&browser, session, id(&old[4]), "2, better").await;
    let whole = browser.messages(session).await;
    let base = format!("/api/chat/sessions/{session}");
    let (_, last) = browser.get(&format!("{base}?limit=4")).await;
    assert_eq!(last["has_more"], true);
    assert_eq!(last["messages"].as_array().unwrap()[..], whole[2..]);
    let before = id(&last["messages"][0]);
    let (_, first) = browser.get(&format!("{base}?limit=4&before={before}")).await;
    assert_eq!(first["has_more"], false);
    assert_eq!(first["messages"].as_array().unwrap()[..], whole[..2]);
}

#[tokio::test]
async fn the_branch_shown_is_exported_to_be_read_and_all_of_them_to_be_kept() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let session = browser.talk(None, "Old words").await;
    let old = browser.messages(session).await;
    let accepted = replace(&browser, session, id(&old[0]), "New words").await;
    let export = async |format: &str| {
        let path = path(session, &format!("export?format={format}"));
        let response = browser.send_raw(Method::GET, &path, "").await;
        String::from_utf8(body_of(response).await.to_vec()).unwrap()
    };
    let markdown = export("markdown").await;
    let said: Vec<&str> = markdown.lines().filter(|line| line.ends_with("words")).collect();
    assert_eq!(said, ["# Old words", "> New words"], "the title, and the branch shown");
    let json: Value = serde_json::from_str(&export("json").await).unwrap();
    assert_eq!(json["version"], 3);
    assert_eq!(json["session"]["head_id"], accepted["answer_id"]);
    assert_eq!(json["session"]["title"], "Old words");
    let messages = json["messages"].as_array().unwrap();
    assert_eq!(
        contents(messages),
        ["Old words", "Hello **you**", "New words", "Hello **you**"]
    );
    assert_eq!(messages[3]["parent_id"], accepted["message_id"]);
    assert_eq!(messages[2].get("parent_id"), None);
}

#[tokio::test]
async fn the_page_has_the_same_doors() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let session = browser.talk(None, "Hello").await;
    let answer = id(&browser.messages(session).await[1]);
    let regenerate = json!({"session_id": session, "regenerate": {"message_id": answer}});
    let (status, accepted) = browser.post("/fn/regenerate", regenerate).await;
    assert_eq!(status, StatusCode::OK, "{accepted}");
    browser.attach(session, &[]).await.rest().await;
    let show = json!({"session_id": session, "message_id": answer});
    let (status, detail) = browser.post("/fn/show_version", show.clone()).await;
    assert_eq!(status, StatusCode::OK, "{detail}");
    assert_eq!(detail["messages"][1]["message_id"], json!(answer));
    let (status, _) = app.browser().await.post("/fn/show_version", show).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}
