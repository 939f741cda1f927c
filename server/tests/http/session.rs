//! Sessions: list, show, change, clear, delete, export.

use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::common::{Browser, TestApp, body_of, code, session_id};

async fn titles(browser: &Browser, query: &str) -> Vec<String> {
    let (status, list) = browser.get(&format!("/api/chat/sessions{query}")).await;
    assert_eq!(status, StatusCode::OK, "{list}");
    list["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|session| session["title"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn the_list_is_pinned_first_then_newest_and_can_be_narrowed_and_paged() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    assert_eq!(
        browser.get("/api/chat/sessions").await.1,
        json!({"sessions": [], "total": 0})
    );
    let first = browser.talk(None, "100% sure").await;
    browser.talk(None, "second").await;
    browser.talk(None, "third").await;
    assert_eq!(titles(&browser, "").await, ["third", "second", "100% sure"]);
    browser
        .send(
            Method::PATCH,
            &format!("/api/chat/sessions/{first}"),
            json!({"pinned": true}),
        )
        .await;
    assert_eq!(titles(&browser, "").await, ["100% sure", "third", "second"]);
    assert_eq!(titles(&browser, "?limit=1&offset=1").await, ["third"]);
    assert_eq!(
        titles(&browser, "?q=%25").await,
        ["100% sure"],
        "a wildcard is a plain character"
    );
    assert_eq!(titles(&browser, "?agent_id=dir-code").await, [""; 0]);
    let (_, list) = browser.get("/api/chat/sessions?limit=1").await;
    assert_eq!(list["total"], 3);
    assert_eq!(list["sessions"][0]["message_count"], 2);
    assert_eq!(
        browser.get("/api/chat/sessions?limit=x").await.0,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(
        browser.get("/api/chat/sessions?status=odd").await.0,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}

#[tokio::test]
async fn a_long_conversation_is_read_page_by_page() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let session = browser.talk(None, "message 0").await;
    for number in 1..6 {
        browser.talk(Some(session), &format!("message {number}")).await;
    }
    let path = format!("/api/chat/sessions/{session}");
    let (_, last) = browser.get(&format!("{path}?limit=5")).await;
    assert_eq!(last["has_more"], true);
    let first_id = last["messages"][0]["message_id"].as_str().unwrap();
    let (_, before) = browser.get(&format!("{path}?limit=100&before={first_id}")).await;
    assert_eq!(before["has_more"], false);
    let ids = |page: &Value| -> Vec<String> {
        page["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|m| m["message_id"].as_str().unwrap().to_owned())
            .collect()
    };
    let whole = browser.messages(session).await;
    let expected: Vec<_> = whole
        .iter()
        .map(|message| message["message_id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!([ids(&before), ids(&last)].concat(), expected);
    let times: Vec<_> = whole
        .iter()
        .map(|message| message["timestamp"].as_str().unwrap())
        .collect();
    assert!(
        times.windows(2).all(|pair| pair[0] < pair[1]),
        "strictly increasing: {times:?}"
    );
    let (status, body) = browser.get(&format!("{path}?before={}", Uuid::new_v4())).await;
    assert_eq!((status, code(&body)), (StatusCode::NOT_FOUND, "message_not_found"));
}

#[tokio::test]
async fn title_and_model_can_be_changed_and_bad_values_are_refused() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let session = browser.talk(None, "Hello").await;
    let path = format!("/api/chat/sessions/{session}");
    let (status, changed) = browser
        .send(Method::PATCH, &path, json!({"title": "  New name ", "model": "second"}))
        .await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        (&changed["title"], &changed["model_name"]),
        (&json!("New name"), &json!("Second"))
    );
    for (patch, expected) in [
        (json!({"title": ""}), "title_invalid"),
        (json!({"title": "x".repeat(201)}), "title_invalid"),
        (json!({"title": "a\nb"}), "title_invalid"),
        (json!({"model": "asleep"}), "model_inactive"),
        (json!({"pinned": "yes"}), "invalid_request"),
    ] {
        let (status, body) = browser.send(Method::PATCH, &path, patch.clone()).await;
        assert_eq!(
            (status, code(&body)),
            (StatusCode::UNPROCESSABLE_ENTITY, expected),
            "{patch}"
        );
    }
    assert_eq!(
        browser.send(Method::PATCH, &path, json!({})).await.1["title"],
        "New name",
        "nothing to change is no error"
    );
}

#[tokio::test]
async fn clear_archives_and_promises_a_session_that_begins_with_its_first_message() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let session = browser.talk(None, "Hello").await;
    let clear = format!("/api/chat/sessions/{session}/clear");
    let (status, cleared) = browser.post(&clear, Value::Null).await;
    assert_eq!((status, &cleared["status"]), (StatusCode::OK, &json!("archived")));
    assert_eq!(
        browser.post(&clear, Value::Null).await.1,
        cleared,
        "the same id, however often it is cleared"
    );
    let next: Uuid = cleared["new_session_id"].as_str().unwrap().parse().unwrap();

    assert_eq!(titles(&browser, "").await, [""; 0], "no ghost in the list");
    assert_eq!(titles(&browser, "?status=archived").await, ["Hello"]);
    assert_eq!(
        browser.get(&format!("/api/chat/sessions/{next}")).await.0,
        StatusCode::NOT_FOUND
    );
    let to_archived = json!({"session_id": session, "message": "x", "agent_id": "architect"});
    let (status, body) = browser.post("/api/chat/message", to_archived).await;
    assert_eq!((status, code(&body)), (StatusCode::CONFLICT, "session_archived"));
    let to_next = json!({"session_id": next, "message": "x", "agent_id": "architect"});
    let (status, body) = app.browser().await.post("/api/chat/message", to_next).await;
    assert_eq!(
        (status, code(&body)),
        (StatusCode::NOT_FOUND, "session_not_found"),
        "promised to one user only"
    );
    assert_eq!(browser.talk(Some(next), "A fresh start").await, next);
    assert_eq!(
        app.gateway.started.lock()[1].messages.len(),
        1,
        "no context crosses over"
    );
}

#[tokio::test]
async fn delete_stops_the_turn_and_leaves_nothing() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let answer = app.gateway.hold_answer();
    let session = session_id(&browser.say(None, "Hello").await);
    answer.token("x");
    browser.attach(session, &[]).await.next().await.unwrap();
    let path = format!("/api/chat/sessions/{session}");
    let (status, _) = browser.send(Method::DELETE, &path, Value::Null).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    answer.dropped().await;
    assert_eq!(browser.get(&path).await.0, StatusCode::NOT_FOUND);
    assert_eq!(
        browser.get(&format!("/api/chat/stream/{session}")).await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        browser.send(Method::DELETE, &path, Value::Null).await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(browser.get("/api/chat/sessions").await.1["total"], 0);
}

#[tokio::test]
async fn what_is_anothers_is_not_found_on_every_verb_of_every_route() {
    let app = TestApp::start().await;
    let ada = app.browser().await;
    let answer = app.gateway.hold_answer();
    let accepted = ada.say(None, "Ada's secret").await;
    let (session, answer_id) = (session_id(&accepted), accepted["answer_id"].clone());
    answer.token("secret answer");
    let bob = app.browser().await;
    let path = format!("/api/chat/sessions/{session}");
    let stream = format!("/api/chat/stream/{session}");
    for (method, path, body) in [
        (Method::GET, path.clone(), Value::Null),
        (Method::PATCH, path.clone(), json!({"title": "mine"})),
        (Method::PATCH, path.clone(), json!({})),
        (Method::DELETE, path.clone(), Value::Null),
        (Method::POST, format!("{path}/cancel"), Value::Null),
        (Method::POST, format!("{path}/clear"), Value::Null),
        (
            Method::POST,
            format!("{path}/regenerate"),
            json!({"message_id": answer_id}),
        ),
        (
            Method::POST,
            format!("{path}/version"),
            json!({"message_id": answer_id}),
        ),
        (
            Method::POST,
            format!("{path}/approval"),
            json!({"task_id": "t", "decision": "approve"}),
        ),
        (Method::GET, format!("{path}/export"), Value::Null),
        (Method::GET, format!("{path}/export?format=json"), Value::Null),
        (Method::GET, stream.clone(), Value::Null),
        (Method::GET, format!("{stream}?after=garbage"), Value::Null),
        (
            Method::POST,
            "/api/chat/message".into(),
            json!({"session_id": session, "message": "x", "agent_id": "architect"}),
        ),
    ] {
        let (status, body) = bob.send(method.clone(), &path, body).await;
        assert_eq!(
            (status, code(&body)),
            (StatusCode::NOT_FOUND, "session_not_found"),
            "{method} {path}"
        );
    }
    assert_eq!(titles(&bob, "").await, [""; 0]);
    assert_eq!(titles(&bob, "?q=secret").await, [""; 0]);
    // Nothing of it has touched Ada's turn.
    answer.finish();
    ada.attach(session, &[]).await.rest().await;
    assert_eq!(ada.messages(session).await[1]["content"], "secret answer");
    assert_eq!(titles(&ada, "").await, ["Ada's secret"]);
}

#[tokio::test]
async fn a_conversation_is_exported_under_the_name_that_was_agreed() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let session = browser.talk(None, "Hello").await;
    for (format, extension, needles) in [
        ("markdown", "md", ["# Hello", "Hello **you**"]),
        ("json", "json", ["\"format\": \"parley-conversation\"", "Hello **you**"]),
    ] {
        let response = browser
            .send_raw(
                Method::GET,
                &format!("/api/chat/sessions/{session}/export?format={format}"),
                "",
            )
            .await;
        let disposition = response.headers()[header::CONTENT_DISPOSITION]
            .to_str()
            .unwrap()
            .to_owned();
        let start = format!("attachment; filename=\"pas_conversation_{session}_20");
        assert!(
            disposition.starts_with(&start) && disposition.ends_with(&format!(".{extension}\"")),
            "{disposition}"
        );
        let text = String::from_utf8(body_of(response).await.to_vec()).unwrap();
        assert!(needles.iter().all(|needle| text.contains(needle)), "{text}");
    }
    let (status, _) = browser
        .get(&format!("/api/chat/sessions/{session}/export?format=pdf"))
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}
