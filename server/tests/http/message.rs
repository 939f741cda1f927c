//! `POST /api/chat/message`, cancel and approval.

use axum::http::{Method, StatusCode};
use protocol::{
    event::{StatusUpdate, TaskStatus, TurnEvent},
    gateway::GatewayRole,
};
use serde_json::{Value, json};
use server::gateway::GatewayError;
use uuid::Uuid;

use crate::common::{TestApp, code, json_body, session_id, text_of, token, types};

#[tokio::test]
async fn a_message_begins_a_session_and_its_answer_is_kept() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let answer = app.gateway.hold_answer();
    let accepted = browser.say(None, "Plan the move\nto Postgres").await;
    assert_eq!(accepted["status"], "streaming");
    assert_eq!(accepted["agent_id"], "architect");
    let session = session_id(&accepted);

    let reader = browser.attach(session, &[]).await;
    answer.token("Hello ");
    answer.token("**you**");
    answer.finish();
    let events = reader.rest().await;
    assert_eq!(text_of(&events), "Hello **you**");
    let last = types(&events);
    assert_eq!(last[last.len() - 2..], ["usage", "done"]);

    let (_, detail) = browser.get(&format!("/api/chat/sessions/{session}")).await;
    assert_eq!(detail["title"], "Plan the move");
    assert_eq!(detail["total_tokens"], 15);
    assert_eq!(detail["cost_usd"], 0.000_105);
    assert_eq!(detail["running"], false);
    let messages = detail["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[0]["message_id"], accepted["message_id"]);
    assert_eq!(messages[0]["content"], "Plan the move\nto Postgres");
    assert_eq!(messages[1]["message_id"], accepted["answer_id"]);
    assert_eq!(messages[1]["content"], "Hello **you**");
    assert_eq!(messages[1]["status"], "complete");
    assert_eq!(messages[1]["model_name"], "Scripted");
    assert_eq!(
        messages[1]["usage"],
        json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15})
    );
    assert_eq!(messages[1]["metadata"]["context_window"], 1000);
}

#[tokio::test]
async fn the_conversation_so_far_goes_to_the_model() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let session = browser.talk(None, "First").await;
    browser.talk(Some(session), "Second").await;
    let started = app.gateway.started.lock();
    let said: Vec<_> = started[1]
        .messages
        .iter()
        .map(|message| (message.role, message.content.as_str()))
        .collect();
    assert_eq!(
        said,
        [
            (GatewayRole::User, "First"),
            (GatewayRole::Assistant, "Hello **you**"),
            (GatewayRole::User, "Second")
        ]
    );
    assert_eq!(started[1].message, "Second");
    assert_eq!(started[1].parent_role.as_deref(), Some("PAS Root"));
    assert_eq!(started[1].model.as_deref(), Some("scripted"));
    assert_ne!(started[0].idempotency_key, started[1].idempotency_key);
}

#[tokio::test]
async fn what_will_not_do_is_refused_in_the_envelope() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let own = browser.talk(None, "Hello").await;
    let message = |changes: Value| {
        let mut body = json!({"message": "hi", "agent_id": "architect"});
        body.as_object_mut()
            .unwrap()
            .extend(changes.as_object().unwrap().clone());
        body.to_string()
    };
    let five_megabytes = message(json!({"message": "x".repeat(5_000_000)}));
    let cases = [
        ("{".into(), 400, "invalid_json"),
        (String::new(), 400, "invalid_json"),
        ("null".into(), 422, "invalid_request"),
        ("[1]".into(), 422, "invalid_request"),
        ("\"text\"".into(), 422, "invalid_request"),
        (r#"{"message":5}"#.into(), 422, "invalid_request"),
        (r#"{"message":"no agent"}"#.into(), 422, "invalid_request"),
        (message(json!({"session_id": "not-a-uuid"})), 422, "invalid_request"),
        (message(json!({"message": ""})), 422, "message_empty"),
        (message(json!({"message": " \n\t"})), 422, "message_empty"),
        (message(json!({"message": "é".repeat(50_001)})), 413, "message_too_long"),
        (five_megabytes, 413, "body_too_large"),
        (message(json!({"agent_id": "nobody"})), 422, "agent_unknown"),
        (message(json!({"agent_id": "pas-root"})), 422, "agent_unknown"),
        (message(json!({"model": "nothing"})), 422, "model_inactive"),
        (message(json!({"model": "asleep"})), 422, "model_inactive"),
        (message(json!({"session_id": Uuid::new_v4()})), 404, "session_not_found"),
        (
            message(json!({"session_id": own, "agent_id": "dir-code"})),
            409,
            "agent_mismatch",
        ),
    ];
    for (body, status, expected) in cases {
        let shown: String = body.chars().take(80).collect();
        let response = browser.send_raw(Method::POST, "/api/chat/message", body).await;
        assert_eq!(response.status().as_u16(), status, "{shown}");
        assert_eq!(code(&json_body(response).await), expected, "{shown}");
    }
    assert_eq!(app.gateway.starts(), 1, "no refused message reaches the Gateway");
    assert_eq!(browser.messages(own).await.len(), 2);

    let longest = message(json!({"message": "😀".repeat(50_000)}));
    let response = browser.send_raw(Method::POST, "/api/chat/message", longest).await;
    assert_eq!(response.status(), StatusCode::ACCEPTED, "exactly the limit is allowed");
}

#[tokio::test]
async fn the_same_request_fifty_times_at_once_makes_one_turn() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let body = json!({"message": "once", "agent_id": "architect", "client_request_id": Uuid::new_v4()});
    let requests = (0..50).map(|_| browser.post("/api/chat/message", body.clone()));
    let answers = futures::future::join_all(requests).await;
    for (status, answer) in &answers {
        assert_eq!(*status, StatusCode::ACCEPTED);
        assert_eq!(answer, &answers[0].1);
    }
    let session = session_id(&answers[0].1);
    browser.attach(session, &[]).await.rest().await;
    assert_eq!(app.gateway.starts(), 1);
    assert_eq!(browser.messages(session).await.len(), 2);

    let other = app.browser().await.post("/api/chat/message", body).await.1;
    assert_ne!(session_id(&other), session, "a request id is one user's own");
}

#[tokio::test]
async fn a_second_message_while_a_turn_runs_is_refused() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let answer = app.gateway.hold_answer();
    let session = session_id(&browser.say(None, "Hello").await);
    let again = json!({"session_id": session, "message": "and?", "agent_id": "architect"});
    let (status, body) = browser.post("/api/chat/message", again.clone()).await;
    assert_eq!((status, code(&body)), (StatusCode::CONFLICT, "turn_in_progress"));
    answer.finish();
    browser.attach(session, &[]).await.rest().await;
    assert_eq!(
        browser.post("/api/chat/message", again).await.0,
        StatusCode::ACCEPTED,
        "free as soon as done is read"
    );
}

#[tokio::test]
async fn another_model_answers_from_the_next_message_on() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let session = browser.talk(None, "Hello").await;
    let body = json!({"session_id": session, "message": "again", "agent_id": "architect", "model": "second"});
    browser.post("/api/chat/message", body).await;
    let events = browser.attach(session, &[]).await.rest().await;
    assert_eq!(types(&events).last(), Some(&"done"));
    browser.talk(Some(session), "third").await;
    let models: Vec<_> = app
        .gateway
        .started
        .lock()
        .iter()
        .map(|request| request.model.clone().unwrap())
        .collect();
    assert_eq!(models, ["scripted", "second", "second"]);
    assert_eq!(
        browser.messages(session).await[1]["model_name"],
        "Scripted",
        "an old answer keeps its model"
    );
}

#[tokio::test]
async fn a_gateway_that_fails_ends_the_turn_with_its_reason_and_loses_nothing() {
    type Failure = (&'static str, fn() -> GatewayError);
    let failures: [Failure; 4] = [
        ("gateway_timeout", || GatewayError::Timeout("to answer")),
        ("gateway_refused", || GatewayError::Refused {
            status: 500,
            reason: None,
        }),
        ("gateway_protocol", || GatewayError::Protocol("?".into())),
        ("gateway_broken_off", || GatewayError::Incomplete),
    ];
    for (expected, failure) in failures {
        let app = TestApp::start().await;
        let browser = app.browser().await;
        // Once before the answer began, once in its middle.
        *app.gateway.refuse_start.lock() = Some(failure());
        let session = browser.talk(None, "Hello").await;
        let answer = app.gateway.hold_answer();
        browser.say(Some(session), "Again").await;
        answer.token("half an ");
        answer.fail(failure());
        let events = browser.attach(session, &[]).await.rest().await;
        assert!(!types(&events).contains(&"usage"), "no token count is invented");
        let messages = browser.messages(session).await;
        let contents: Vec<_> = messages
            .iter()
            .map(|message| message["content"].as_str().unwrap())
            .collect();
        assert_eq!(contents, ["Hello", "", "Again", "half an "]);
        for answer in [&messages[1], &messages[3]] {
            assert_eq!(answer["status"], "error");
            assert_eq!(answer["metadata"]["error"]["code"], expected);
            assert!(answer["usage"].is_null() && answer["cost_usd"].is_null());
        }
        assert_eq!(
            browser.talk(Some(session), "Third").await,
            session,
            "the next turn is unharmed"
        );
    }
}

#[tokio::test]
async fn an_error_that_the_agent_reports_ends_the_turn_as_one() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let answer = app.gateway.hold_answer();
    let session = session_id(&browser.say(None, "Hello").await);
    answer.event(TurnEvent::StatusUpdate(StatusUpdate {
        status: TaskStatus::Error,
        task_id: Some("t-1".into()),
        detail: Some("The provider says: overloaded.".into()),
        agent_id: None,
        parent_task_id: None,
        cost_usd: None,
        output: None,
        usage: None,
    }));
    answer.event(TurnEvent::Done { status: None });
    browser.attach(session, &[]).await.rest().await;
    let answer = &browser.messages(session).await[1];
    assert_eq!(answer["status"], "error");
    assert_eq!(answer["metadata"]["error"]["message"], "The provider says: overloaded.");
    assert_eq!(answer["metadata"]["task_id"], "t-1");
}

#[tokio::test]
async fn a_dropped_connection_is_resumed_once_unseen_by_the_reader() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let first = app.gateway.hold_answer();
    let second = app.gateway.hold_answer();
    let session = session_id(&browser.say(None, "Hello").await);
    first.event_with_id("e1", token("one "));
    first.fail(GatewayError::Incomplete);
    second.event_with_id("e2", token("two"));
    second.finish();
    let events = browser.attach(session, &[]).await.rest().await;
    assert_eq!(text_of(&events), "one two");
    assert_eq!(*app.gateway.resumed_after.lock(), ["e1"]);
    assert_eq!(app.gateway.starts(), 1);
}

#[tokio::test]
async fn stop_reaches_the_model_and_keeps_the_partial_answer() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let answer = app.gateway.hold_answer();
    let session = session_id(&browser.say(None, "Hello").await);
    let mut reader = browser.attach(session, &[]).await;
    answer.token("partial");
    assert_eq!(reader.next().await.unwrap().1["content"], "partial");

    let cancel = format!("/api/chat/sessions/{session}/cancel");
    let (status, body) = browser.post(&cancel, Value::Null).await;
    assert_eq!((status, &body["status"]), (StatusCode::OK, &json!("cancelled")));
    answer.dropped().await;
    let rest = reader.rest().await;
    assert_eq!(types(&rest), ["usage", "done"]);
    assert_eq!(rest[0].1["usage"]["estimated"], true);
    assert_eq!(rest[1].1["status"], "cancelled");
    assert_eq!(app.gateway.cancels(), 1);

    let (status, body) = browser.post(&cancel, Value::Null).await;
    assert_eq!((status, code(&body)), (StatusCode::CONFLICT, "nothing_running"));
    let messages = browser.messages(session).await;
    assert_eq!(messages[1]["content"], "partial");
    assert_eq!(messages[1]["status"], "cancelled");
    assert_eq!(
        browser.talk(Some(session), "Again").await,
        session,
        "the next turn is unharmed"
    );
    assert_eq!(browser.messages(session).await[3]["status"], "complete");
}

#[tokio::test]
async fn stop_works_before_the_first_token_and_twice_at_once() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let _answer = app.gateway.hold_answer();
    let session = session_id(&browser.say(None, "Hello").await);
    let cancel = format!("/api/chat/sessions/{session}/cancel");
    let (first, second) = tokio::join!(browser.post(&cancel, Value::Null), browser.post(&cancel, Value::Null));
    assert_eq!(first.0, StatusCode::OK);
    assert!(matches!(second.0, StatusCode::OK | StatusCode::CONFLICT));
    assert_eq!(browser.messages(session).await[1]["status"], "cancelled");
}

#[tokio::test]
async fn a_decision_needs_a_turn_that_waits_for_it() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let session = browser.talk(None, "Hello").await;
    let approval = format!("/api/chat/sessions/{session}/approval");
    let (status, body) = browser
        .post(&approval, json!({"task_id": "t", "decision": "approve"}))
        .await;
    assert_eq!((status, code(&body)), (StatusCode::CONFLICT, "nothing_awaits_approval"));
    let (status, body) = browser
        .post(&approval, json!({"task_id": "t", "decision": "perhaps"}))
        .await;
    assert_eq!(
        (status, code(&body)),
        (StatusCode::UNPROCESSABLE_ENTITY, "invalid_request")
    );
}

#[tokio::test]
async fn shut_down_ends_running_turns_as_interrupted() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let answer = app.gateway.hold_answer();
    let session = session_id(&browser.say(None, "Hello").await);
    let mut reader = browser.attach(session, &[]).await;
    answer.token("so far");
    reader.next().await.unwrap();
    app.chat.shut_down(std::time::Duration::from_secs(5)).await;
    assert_eq!(reader.rest().await.last().unwrap().1["status"], "interrupted");
    let messages = browser.messages(session).await;
    assert_eq!(messages[1]["content"], "so far");
    assert_eq!(messages[1]["status"], "interrupted");
    let (status, body) = browser
        .post("/api/chat/message", json!({"message": "x", "agent_id": "architect"}))
        .await;
    assert_eq!(
        (status, code(&body)),
        (StatusCode::SERVICE_UNAVAILABLE, "shutting_down")
    );
}
