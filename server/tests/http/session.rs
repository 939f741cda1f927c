//! Sessions: list, show, change, clear, delete, restore, export.

use std::time::Duration;

use axum::http::{Method, StatusCode, header};
use diesel::{Connection, RunQueryDsl, SqliteConnection, connection::SimpleConnection, dsl::sql, sql_types::BigInt};
use serde_json::{Value, json};
use server::chat::Timing;
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
async fn a_list_is_read_page_by_page_and_a_place_that_was_not_given_out_is_refused() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    for title in ["one", "two", "three"] {
        browser.talk(None, title).await;
    }
    let (_, first) = browser.get("/api/chat/sessions?limit=2&sort=title").await;
    assert_eq!(
        (first["total"].as_u64(), first["sessions"][1]["title"].as_str()),
        (Some(3), Some("three"))
    );
    let next = first["next"].as_str().unwrap();
    let (_, last) = browser
        .get(&format!("/api/chat/sessions?limit=2&sort=title&after={next}"))
        .await;
    assert_eq!(last["sessions"][0]["title"], "two");
    assert_eq!((last["total"].as_u64(), last.get("next")), (Some(3), None));
    for query in [
        format!("sort=cost&after={next}"),
        format!("after={next}"),
        format!("sort=title&after={next}x"),
        format!("sort=title&after={}", &next[1..]),
        "after=".into(),
        "after=%00".into(),
        format!("after={}", "A".repeat(10_000)),
    ] {
        let (status, body) = browser.get(&format!("/api/chat/sessions?{query}")).await;
        assert_eq!(
            (status, code(&body)),
            (StatusCode::UNPROCESSABLE_ENTITY, "cursor_invalid"),
            "{query}"
        );
    }
    let bob = app.browser().await;
    let (status, others) = bob.get(&format!("/api/chat/sessions?sort=title&after={next}")).await;
    assert_eq!(
        (status, others["sessions"].as_array().unwrap().len()),
        (StatusCode::OK, 0),
        "a place is no key"
    );
}

#[tokio::test]
async fn a_list_is_narrowed_by_agent_model_state_and_time() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    browser.talk(None, "architect's").await;
    let body = json!({"message": "director's", "agent_id": "dir-code", "model": "second"});
    let session = session_id(&browser.post("/api/chat/message", body).await.1);
    browser.attach(session, &[]).await.rest().await;
    for query in [
        "agent_id=dir-code",
        "model_id=second",
        "agent_id=dir-code&model_id=second&from=2020-01-01T00:00:00Z",
    ] {
        assert_eq!(titles(&browser, &format!("?{query}")).await, ["director's"], "{query}");
    }
    assert_eq!(titles(&browser, "?agent_id=dir-code&model_id=scripted").await, [""; 0]);
    assert_eq!(titles(&browser, "?until=2020-01-01T00:00:00Z").await, [""; 0]);
    assert_eq!(titles(&browser, "?sort=oldest").await, ["architect's", "director's"]);
    browser
        .post(&format!("/api/chat/sessions/{session}/clear"), Value::Null)
        .await;
    assert_eq!(
        titles(&browser, "?status=archived&agent_id=dir-code").await,
        ["director's"]
    );
    let (_, list) = browser.get("/api/chat/sessions?agent_id=dir-code").await;
    assert_eq!(list, json!({"sessions": [], "total": 0}));
    for bad in ["from=yesterday", "sort=odd", "until=2020", "limit=-1"] {
        let (status, body) = browser.get(&format!("/api/chat/sessions?{bad}")).await;
        assert_eq!(
            (status, code(&body)),
            (StatusCode::UNPROCESSABLE_ENTITY, "invalid_request"),
            "{bad}"
        );
    }
}

#[tokio::test]
async fn a_conversation_opens_at_a_message_and_is_read_on_from_there() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let session = browser.talk(None, "message 0").await;
    for number in 1..30 {
        browser.talk(Some(session), &format!("message {number}")).await;
    }
    let path = format!("/api/chat/sessions/{session}");
    let (_, whole) = browser.get(&format!("{path}?limit=100")).await;
    let whole = whole["messages"].as_array().unwrap();
    let found = whole[24]["message_id"].as_str().unwrap();
    let (_, around) = browser.get(&format!("{path}?around={found}")).await;
    let shown = around["messages"].as_array().unwrap();
    assert_eq!(shown[..], whole[15..35]);
    assert_eq!(
        (&around["has_more"], &around["has_later"]),
        (&json!(true), &json!(true))
    );
    let last = shown.last().unwrap()["message_id"].as_str().unwrap();
    let (_, rest) = browser.get(&format!("{path}?after={last}&limit=100")).await;
    assert_eq!(rest["messages"].as_array().unwrap()[..], whole[35..]);
    assert_eq!(rest.get("has_later"), None);
    let by_page = browser
        .post(
            "/fn/session_around",
            json!({"session_id": session, "message_id": found}),
        )
        .await;
    assert_eq!(by_page.1["messages"], around["messages"]);
    let by_page = browser
        .post("/fn/session_after", json!({"session_id": session, "after": last}))
        .await;
    assert_eq!(by_page.1["messages"].as_array().unwrap()[..], whole[35..55]);

    for query in [
        format!("around={}", Uuid::new_v4()),
        format!("after={}", Uuid::new_v4()),
    ] {
        let (status, body) = browser.get(&format!("{path}?{query}")).await;
        assert_eq!((status, code(&body)), (StatusCode::NOT_FOUND, "message_not_found"));
    }
    let (status, body) = browser.get(&format!("{path}?around={found}&after={found}")).await;
    assert_eq!(
        (status, code(&body)),
        (StatusCode::UNPROCESSABLE_ENTITY, "invalid_request")
    );
}

#[tokio::test]
async fn opening_at_a_message_of_another_branch_shows_that_branch() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let session = browser.talk(None, "first").await;
    let old = browser.messages(session).await[0]["message_id"].clone();
    let other = json!({"session_id": session, "message": "instead", "agent_id": "architect", "replaces": old});
    browser.post("/api/chat/message", other.clone()).await;
    browser.attach(session, &[]).await.rest().await;

    let around = format!("/api/chat/sessions/{session}?around={}", old.as_str().unwrap());
    let (status, body) = browser.get(&around).await;
    assert_eq!(
        (status, code(&body)),
        (StatusCode::CONFLICT, "message_not_shown"),
        "a read changes nothing"
    );
    let open = json!({"session_id": session, "message_id": old});
    let (status, detail) = browser.post("/fn/session_around", open.clone()).await;
    assert_eq!(
        (status, &detail["messages"][0]["content"]),
        (StatusCode::OK, &json!("first"))
    );
    assert_eq!(browser.messages(session).await[0]["content"], "first");

    // What is being written is what is shown.
    let answer = app.gateway.hold_answer();
    browser.post("/api/chat/message", other).await;
    let (status, body) = browser.post("/fn/session_around", open).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(body.to_string().contains("turn_in_progress"), "{body}");
    answer.finish();
    browser.attach(session, &[]).await.rest().await;
}

async fn change(browser: &Browser, ids: &[Uuid], change: &str) -> (StatusCode, Value) {
    let body = json!({"session_ids": ids, "change": change});
    browser.post("/api/chat/sessions/many", body).await
}

#[tokio::test]
async fn many_are_archived_restored_and_deleted_at_once_and_only_ones_own() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let mut ids = Vec::new();
    for number in 0..120 {
        ids.push(session_id(&browser.say(None, &format!("number {number}")).await));
    }
    for id in &ids {
        browser.attach(*id, &[]).await.rest().await;
    }
    let bob = app.browser().await;
    let bobs = bob.talk(None, "Bob's").await;
    let total = async |status: &str| {
        let (_, list) = browser.get(&format!("/api/chat/sessions?status={status}")).await;
        list["total"].as_u64().unwrap()
    };
    let asked: Vec<Uuid> = ids.iter().copied().chain([bobs, Uuid::new_v4(), ids[0]]).collect();
    let changed = |count: u64| (StatusCode::OK, json!({"changed": count}));
    assert_eq!(change(&browser, &asked, "archive").await, changed(120));
    assert_eq!(change(&browser, &asked, "archive").await, changed(0));
    assert_eq!((total("active").await, total("archived").await), (0, 120));
    assert_eq!(change(&browser, &ids[..10], "restore").await, changed(10));
    assert_eq!(change(&browser, &asked, "delete").await, changed(120));
    assert_eq!((total("active").await, total("archived").await), (0, 0));
    assert_eq!(change(&browser, &asked, "restore").await, changed(120));
    assert_eq!(
        (total("active").await, total("archived").await),
        (10, 110),
        "each as it was"
    );
    assert_eq!(titles(&bob, "").await, ["Bob's"]);
    let (status, count) = browser
        .post("/fn/change_many", json!({"session_ids": [ids[0]], "change": "delete"}))
        .await;
    assert_eq!((status, count), (StatusCode::OK, json!(1)));

    let many = vec![Uuid::nil(); 10_001];
    let (status, body) = change(&browser, &many, "delete").await;
    assert_eq!((status, code(&body)), (StatusCode::UNPROCESSABLE_ENTITY, "too_many"));
    let (status, body) = change(&browser, &[], "burn").await;
    assert_eq!(
        (status, code(&body)),
        (StatusCode::UNPROCESSABLE_ENTITY, "invalid_request")
    );
}

#[tokio::test]
async fn turns_that_run_in_what_is_deleted_or_archived_are_stopped_first() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    for what in ["archive", "delete"] {
        let answer = app.gateway.hold_answer();
        let session = session_id(&browser.say(None, "Hello").await);
        answer.token("so far");
        let mut reader = browser.attach(session, &[]).await;
        reader.next().await.unwrap();
        assert_eq!(change(&app.browser().await, &[session], what).await.1["changed"], 0);
        assert_eq!(change(&browser, &[session], what).await.1["changed"], 1);
        answer.dropped().await;
        assert_eq!(reader.rest().await.last().unwrap().1["status"], "cancelled", "{what}");
        change(&browser, &[session], "restore").await;
        assert_eq!(browser.messages(session).await[1]["content"], "so far", "{what}");
    }
}

#[tokio::test]
async fn a_turn_that_begins_while_its_session_goes_to_the_archive_is_stopped() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let mut database = SqliteConnection::establish(app.folder.path().join("parley.db").to_str().unwrap()).unwrap();
    let sessions = [browser.talk(None, "Hello").await, browser.talk(None, "Hello").await];
    for (session, with_many) in sessions.into_iter().zip([false, true]) {
        let _answer = app.gateway.hold_answer();
        loop {
            // What is written waits, and in this order: the beginning of a turn, the archive.
            database.batch_execute("BEGIN IMMEDIATE").unwrap();
            let begin = async {
                let body = json!({"session_id": session, "agent_id": "architect", "message": "Meanwhile"});
                browser.post("/api/chat/message", body).await.0
            };
            let archive = async {
                tokio::time::sleep(Duration::from_millis(20)).await;
                match with_many {
                    true => drop(change(&browser, &[session], "archive").await),
                    false => drop(
                        browser
                            .post(&format!("/api/chat/sessions/{session}/clear"), Value::Null)
                            .await,
                    ),
                }
            };
            let release = async {
                tokio::time::sleep(Duration::from_millis(60)).await;
                database.batch_execute("ROLLBACK").unwrap();
            };
            let (begun, (), ()) = tokio::join!(begin, archive, release);
            if begun == StatusCode::ACCEPTED {
                break;
            }
            // They came the other way about.
            change(&browser, &[session], "restore").await;
        }
        let (_, detail) = browser.get(&format!("/api/chat/sessions/{session}")).await;
        assert_eq!(
            (&detail["status"], &detail["running"]),
            (&json!("archived"), &json!(false))
        );
    }
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

/// Whatever can be asked of a session.
fn every_verb(session: Uuid, answer_id: &Value) -> Vec<(Method, String, Value)> {
    let path = format!("/api/chat/sessions/{session}");
    let stream = format!("/api/chat/stream/{session}");
    let message = |changes: Value| {
        let mut body = json!({"session_id": session, "message": "x", "agent_id": "architect"});
        body.as_object_mut()
            .unwrap()
            .extend(changes.as_object().unwrap().clone());
        (Method::POST, "/api/chat/message".to_owned(), body)
    };
    vec![
        (Method::GET, path.clone(), Value::Null),
        (Method::GET, format!("{path}?before={session}"), Value::Null),
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
        message(json!({})),
        message(json!({"replaces": answer_id})),
    ]
}

async fn is_not_found(browser: &Browser, verbs: Vec<(Method, String, Value)>) {
    for (method, path, body) in verbs {
        let (status, body) = browser.send(method.clone(), &path, body).await;
        assert_eq!(
            (status, code(&body)),
            (StatusCode::NOT_FOUND, "session_not_found"),
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn what_is_deleted_is_not_found_on_every_verb_of_every_route() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let request_id = Uuid::new_v4();
    let message = json!({"message": "Hello", "agent_id": "architect", "client_request_id": request_id});
    let answer = app.gateway.hold_answer();
    let (_, accepted) = browser.post("/api/chat/message", message.clone()).await;
    let session = session_id(&accepted);
    answer.token("x");
    let mut reader = browser.attach(session, &[]).await;
    reader.next().await.unwrap();
    let path = format!("/api/chat/sessions/{session}");
    let (status, _) = browser.send(Method::DELETE, &path, Value::Null).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    answer.dropped().await;
    assert_eq!(reader.rest().await.last().unwrap().1["status"], "cancelled");
    assert_eq!(
        app.gateway.cancels(),
        1,
        "the running turn is stopped, at the model too"
    );

    is_not_found(&browser, every_verb(session, &accepted["answer_id"])).await;
    for query in ["", "?status=deleted", "?status=archived", "?q=Hello"] {
        assert_eq!(titles(&browser, query).await, [""; 0], "{query}");
    }
    let page = browser.send_raw(Method::GET, &format!("/llm/{session}"), "").await;
    assert_eq!(page.status(), StatusCode::NOT_FOUND);
    let (status, body) = browser.post("/api/chat/message", message).await;
    assert_eq!(
        (status, code(&body)),
        (StatusCode::NOT_FOUND, "session_not_found"),
        "the request that began it begins nothing"
    );
    assert_eq!(app.gateway.starts(), 1);
}

#[tokio::test]
async fn restore_brings_every_byte_back() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let session = browser.talk(None, "Hello").await;
    let answer = browser.messages(session).await[1]["message_id"].clone();
    let path = format!("/api/chat/sessions/{session}");
    browser
        .post(&format!("{path}/regenerate"), json!({"message_id": answer}))
        .await;
    browser.attach(session, &[]).await.rest().await;
    browser.send(Method::PATCH, &path, json!({"pinned": true})).await;
    let export = async || {
        let path = format!("{path}/export?format=json");
        body_of(browser.send_raw(Method::GET, &path, "").await).await
    };
    let before = (export().await, browser.get(&path).await);
    browser.send(Method::DELETE, &path, Value::Null).await;

    let restore = format!("{path}/restore");
    is_not_found(&app.browser().await, vec![(Method::POST, restore.clone(), Value::Null)]).await;
    let (status, summary) = browser.post(&restore, Value::Null).await;
    assert_eq!(status, StatusCode::OK, "{summary}");
    assert_eq!(
        (&summary["title"], &summary["status"]),
        (&json!("Hello"), &json!("active"))
    );
    assert_eq!((export().await, browser.get(&path).await), before);
    assert_eq!(titles(&browser, "").await, ["Hello"]);
    assert_eq!(browser.talk(Some(session), "Again").await, session);

    // What is not deleted stays as it is.
    assert_eq!(browser.post(&restore, Value::Null).await.0, StatusCode::OK);
    assert_eq!(browser.messages(session).await.len(), 4);
    let nobodys = format!("/api/chat/sessions/{}/restore", Uuid::new_v4());
    is_not_found(&browser, vec![(Method::POST, nobodys, Value::Null)]).await;
}

#[tokio::test]
async fn a_turn_that_was_deleted_with_its_session_comes_back_as_stopped() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let answer = app.gateway.hold_answer();
    let session = session_id(&browser.say(None, "Hello").await);
    answer.token("so far");
    browser.attach(session, &[]).await.next().await.unwrap();
    let path = format!("/api/chat/sessions/{session}");
    browser.send(Method::DELETE, &path, Value::Null).await;
    browser.post(&format!("{path}/restore"), Value::Null).await;
    let answer = &browser.messages(session).await[1];
    assert_eq!(
        (&answer["content"], &answer["status"]),
        (&json!("so far"), &json!("cancelled"))
    );
}

#[tokio::test]
async fn restore_undoes_clear_and_then_the_deletion_of_what_was_cleared() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let session = browser.talk(None, "Hello").await;
    let path = format!("/api/chat/sessions/{session}");
    let (clear, restore) = (format!("{path}/clear"), format!("{path}/restore"));
    let promised = browser.post(&clear, Value::Null).await.1;
    let (status, summary) = browser.post(&restore, Value::Null).await;
    assert_eq!((status, &summary["status"]), (StatusCode::OK, &json!("active")));
    assert_eq!(summary.get("archived_at"), None);
    assert_eq!(titles(&browser, "").await, ["Hello"]);

    assert_eq!(
        browser.post(&clear, Value::Null).await.1,
        promised,
        "what was promised and not used stays promised"
    );
    let next: Uuid = promised["new_session_id"].as_str().unwrap().parse().unwrap();
    browser.talk(Some(next), "A fresh start").await;
    assert_eq!(browser.post(&clear, Value::Null).await.1, promised);
    browser.post(&restore, Value::Null).await;
    let other = browser.post(&clear, Value::Null).await.1;
    assert_ne!(other, promised, "a session that has begun is nobody's fresh start");

    browser.send(Method::DELETE, &path, Value::Null).await;
    let (_, summary) = browser.post(&restore, Value::Null).await;
    assert_eq!(summary["status"], "archived", "as it was before it was deleted");
    assert!(summary["archived_at"].is_string());
    for (from, status) in [("deleted", "archived"), ("archived", "active"), ("archived", "active")] {
        let (_, summary) = browser
            .post("/fn/restore", json!({"session_id": session, "from": from}))
            .await;
        assert_eq!(summary["status"], status, "the page says what it takes back");
    }
}

#[tokio::test]
async fn a_conversation_goes_on_even_after_a_message_of_the_last_instant_there_is() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let session = browser.talk(None, "Hello").await;
    let mut database = SqliteConnection::establish(app.folder.path().join("parley.db").to_str().unwrap()).unwrap();
    database
        .batch_execute(&format!(
            "PRAGMA busy_timeout = 5000; UPDATE messages SET timestamp = {} WHERE message_type = 'assistant'",
            i64::MAX
        ))
        .unwrap();
    let accepted = browser.say(Some(session), "Once more").await;
    browser.attach(session, &[]).await.rest().await;
    let path = format!("/api/chat/sessions/{session}/export?format=json");
    let (_, export) = browser.get(&path).await;
    let messages = export["messages"].as_array().unwrap();
    let new = messages
        .iter()
        .find(|message| message["message_id"] == accepted["message_id"]);
    assert_eq!(new.unwrap()["timestamp"], "9999-12-31T23:59:59.999998Z");
}

#[tokio::test]
async fn the_same_undo_again_changes_nothing() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let session = browser.talk(None, "Hello").await;
    let path = format!("/api/chat/sessions/{session}");
    let restore = async |from: &str| browser.post(&format!("{path}/restore?from={from}"), Value::Null).await;
    let restore_many = async |from: &str| {
        let body = json!({"session_ids": [session], "change": "restore", "from": from});
        browser.post("/api/chat/sessions/many", body).await.1["changed"].clone()
    };
    browser.post(&format!("{path}/clear"), Value::Null).await;
    browser.send(Method::DELETE, &path, Value::Null).await;
    let (status, _) = restore("archived").await;
    assert_eq!(
        status,
        StatusCode::NOT_FOUND,
        "it is deleted, and that is not asked back"
    );
    assert_eq!(restore_many("archived").await, 0);
    for _ in 0..2 {
        let (status, summary) = restore("deleted").await;
        assert_eq!((status, &summary["status"]), (StatusCode::OK, &json!("archived")));
    }
    browser.send(Method::DELETE, &path, Value::Null).await;
    assert_eq!(restore_many("deleted").await, 1);
    assert_eq!(restore_many("deleted").await, 0);
    assert_eq!(browser.get(&path).await.1["status"], "archived");
    for _ in 0..2 {
        let (status, summary) = restore("archived").await;
        assert_eq!((status, &summary["status"]), (StatusCode::OK, &json!("active")));
    }
    let (status, body) = restore("nowhere").await;
    assert_eq!(
        (status, code(&body)),
        (StatusCode::UNPROCESSABLE_ENTITY, "invalid_request")
    );
}

#[tokio::test]
async fn what_is_in_the_archive_stays_there_since_it_came_there() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let session = browser.talk(None, "Hello").await;
    let path = format!("/api/chat/sessions/{session}");
    let promised = browser.post(&format!("{path}/clear"), Value::Null).await.1;
    let archived = browser.get(&path).await.1["archived_at"].clone();
    assert!(archived.is_string());
    assert_eq!(browser.post(&format!("{path}/clear"), Value::Null).await.1, promised);
    assert_eq!(browser.get(&path).await.1["archived_at"], archived);
}

#[tokio::test]
async fn what_was_deleted_long_enough_ago_is_removed_and_nothing_else() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let kept = browser.talk(None, "Kept").await;
    let gone = browser.talk(None, "Gone").await;
    let path = format!("/api/chat/sessions/{gone}");
    browser.send(Method::DELETE, &path, Value::Null).await;
    // The server that purges has no patience; the first one still had.
    let timing = Timing {
        deleted_kept: Duration::ZERO,
        purge_period: Duration::from_millis(5),
        ..Timing::default()
    };
    let later = app.after_crash_with(timing).await;
    let browser = browser.at(&later);
    let mut database = database(&later);
    while rows(&mut database) != [2, 1, 1] {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let restore = (Method::POST, format!("{path}/restore"), Value::Null);
    is_not_found(&browser, vec![restore]).await;
    assert_eq!(browser.messages(kept).await.len(), 2);

    // And again and again, not at the start alone.
    let path = format!("/api/chat/sessions/{kept}");
    browser.send(Method::DELETE, &path, Value::Null).await;
    while rows(&mut database) != [0, 0, 0] {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn database(app: &TestApp) -> SqliteConnection {
    let path = app.folder.path().join("parley.db");
    SqliteConnection::establish(path.to_str().unwrap()).unwrap()
}

/// Rows of messages, turns and sessions.
fn rows(database: &mut SqliteConnection) -> [i64; 3] {
    ["messages", "turns", "sessions"].map(|table| {
        diesel::select(sql::<BigInt>(&format!("(SELECT COUNT(*) FROM {table})")))
            .get_result(database)
            .unwrap()
    })
}

#[tokio::test]
async fn what_is_anothers_is_not_found_on_every_verb_of_every_route() {
    let app = TestApp::start().await;
    let ada = app.browser().await;
    let answer = app.gateway.hold_answer();
    let accepted = ada.say(None, "Ada's secret").await;
    let session = session_id(&accepted);
    answer.token("secret answer");
    let bob = app.browser().await;
    let mut verbs = every_verb(session, &accepted["answer_id"]);
    verbs.push((
        Method::POST,
        format!("/api/chat/sessions/{session}/restore"),
        Value::Null,
    ));
    is_not_found(&bob, verbs).await;
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
        (
            "html",
            "html",
            ["<h1 dir=\"auto\">Hello</h1>", "Hello <strong>you</strong>"],
        ),
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
