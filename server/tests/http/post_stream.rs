//! An older Gateway, which knows only `POST /chat/stream`: what it lacks is made up for or said, and nothing is sent twice.

use std::{sync::Arc, time::Duration};

use axum::http::StatusCode;
use futures::{FutureExt, StreamExt};
use protocol::{event::TurnEvent, gateway::GatewayChatRequest, registry::GatewayAgent};
use serde_json::{Value, json};
use server::{
    chat::Timing,
    gateway::{Gateway, GatewayError, http::Timeouts, post_stream::PostStreamGateway},
};
use uuid::Uuid;

use crate::common::{Browser, TestApp, code, older::Older, session_id, text_of, types};

const BROKE_OFF: &str = "The Gateway broke off in the middle of the answer.";

fn request(session_id: Uuid) -> GatewayChatRequest {
    GatewayChatRequest {
        session_id,
        message_id: Uuid::new_v4(),
        message: "Hello".into(),
        messages: Vec::new(),
        agent_id: "architect".into(),
        parent_role: None,
        model: None,
        idempotency_key: String::new(),
        decision: None,
    }
}

async fn stop(browser: &Browser, session: Uuid) {
    let path = format!("/api/chat/sessions/{session}/cancel");
    assert_eq!(browser.post(&path, Value::Null).await.0, StatusCode::OK);
}

async fn last_message(browser: &Browser, session: Uuid) -> Value {
    browser.messages(session).await.pop().unwrap()
}

/// The answer to "Hello" ended as an error with these words and this text, with nothing invented; it can be asked for
/// again, and the Gateway was not asked again before that.
async fn ends_as_error(gateway: &Older, message: &str, text: &str) {
    let client = gateway.client();
    let app = TestApp::behind(client.clone(), Timing::default()).await;
    let browser = app.browser().await;
    let session = browser.talk(None, "Hello").await;
    let answer = last_message(&browser, session).await;
    assert_eq!((&answer["status"], &answer["content"]), (&json!("error"), &json!(text)));
    let error = &answer["metadata"]["error"];
    assert_eq!(error["message"], message);
    assert!(!error["action"].as_str().unwrap().is_empty());
    assert_eq!((&answer["usage"], &answer["cost_usd"]), (&Value::Null, &Value::Null));
    assert_eq!((gateway.asked().len(), client.turns()), (1, 0));
    let retry = format!("/api/chat/sessions/{session}/regenerate");
    let (status, accepted) = browser.post(&retry, json!({"message_id": answer["message_id"]})).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{accepted}");
    browser.attach(session, &[]).await.rest().await;
    assert_eq!(last_message(&browser, session).await["content"], "Hello **you**");
}

#[tokio::test]
async fn an_answer_is_the_response_to_the_whole_conversation() {
    let gateway = Older::start().await;
    let app = gateway.app().await;
    let browser = app.browser().await;
    let accepted = browser.say(None, "Hello").await;
    let session = session_id(&accepted);
    let events = browser.attach(session, &[]).await.rest().await;
    assert_eq!(text_of(&events), "Hello **you**");
    let kinds = types(&events);
    assert_eq!(kinds[kinds.len() - 2..], ["usage", "done"]);
    browser.talk(Some(session), "Again").await;
    let answer = last_message(&browser, session).await;
    assert_eq!(
        (&answer["status"], &answer["usage"]["total_tokens"], &answer["cost_usd"]),
        (&json!("complete"), &json!(7), &json!(0.5))
    );
    let asked = gateway.asked();
    let model = app.chat.listing().await.unwrap().models[0].model_id.clone();
    let first = json!({
        "session_id": session, "message_id": accepted["message_id"], "agent_id": "architect", "model": model,
        "messages": [{"role": "user", "content": "Hello"}],
    });
    assert_eq!(asked[0], first, "what older Gateways know, and nothing more");
    let conversation = json!([
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hello **you**"},
        {"role": "user", "content": "Again"},
    ]);
    assert_eq!(asked[1]["messages"], conversation);
}

#[tokio::test]
async fn what_the_gateway_does_not_count_is_not_invented() {
    let gateway = Older::start().await;
    gateway.hold_answer().token("Hi").raw("data: [DONE]\n\n");
    let app = gateway.app().await;
    let browser = app.browser().await;
    let session = browser.talk(None, "Hello").await;
    let answer = last_message(&browser, session).await;
    assert_eq!(
        (&answer["status"], &answer["content"]),
        (&json!("complete"), &json!("Hi"))
    );
    assert_eq!((&answer["usage"], &answer["cost_usd"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn unknown_events_comments_and_ids_are_passed_over() {
    let gateway = Older::start().await;
    gateway
        .hold_answer()
        .raw(": ping\n\nid: 1\ndata: {\"type\":\"ping\"}\n\n")
        .raw("id: 1\ndata: {\"type\":\"token\",\"content\":\"la \"}\n\n")
        .raw("id: 1\ndata: {\"type\":\"token\",\"content\":\"la \"}\n\n")
        .usage_and_done();
    let app = gateway.app().await;
    let browser = app.browser().await;
    let session = browser.talk(None, "Hello").await;
    assert_eq!(last_message(&browser, session).await["content"], "la la ");
}

#[tokio::test]
async fn an_error_event_ends_the_answer_with_its_reason() {
    let gateway = Older::start().await;
    let answer = gateway.hold_answer();
    let error = json!({"message": "The agent\n on port 6110 is away."});
    answer
        .token("so far")
        .event(&json!({"type": "error", "error": error}))
        .token("never");
    ends_as_error(&gateway, "The agent on port 6110 is away.", "so far").await;
}

#[tokio::test]
async fn an_answer_that_ends_without_done_keeps_its_text() {
    let gateway = Older::start().await;
    gateway.hold_answer().token("so far");
    ends_as_error(&gateway, BROKE_OFF, "so far").await;
}

#[tokio::test]
async fn an_answer_that_breaks_off_keeps_its_text() {
    let gateway = Older::start().await;
    let answer = gateway.hold_answer();
    answer.token("so far");
    let broken = async {
        gateway.asked_times(1).await;
        answer.break_off();
    };
    tokio::join!(broken, ends_as_error(&gateway, BROKE_OFF, "so far"));
}

#[tokio::test]
async fn a_connection_that_is_lost_once_the_request_is_out_is_not_tried_again() {
    let gateway = Older::start().await;
    gateway.hang_up();
    ends_as_error(&gateway, "The Gateway broke the connection off before it answered.", "").await;
}

#[tokio::test]
async fn an_answer_that_ends_before_its_first_event_is_not_asked_for_again() {
    let gateway = Older::start().await;
    drop(gateway.hold_answer());
    ends_as_error(&gateway, BROKE_OFF, "").await;
}

#[tokio::test]
async fn a_refusal_is_told_with_its_reason_and_not_tried_again() {
    for (status, body, told) in [
        (400, json!({"error": "No such agent."}), "No such agent."),
        (
            422,
            json!({"detail": [{"loc": ["body"], "msg": "Field required"}]}),
            "Field required",
        ),
        (500, json!({"message": "It fell over."}), "It fell over."),
        // Each of these would be tried again under the contract, where that starts nothing new.
        (502, json!({"detail": "The agent is away."}), "The agent is away."),
        (503, json!({"error": {"message": "All are busy."}}), "All are busy."),
        (504, json!({}), "The Gateway refused with status 504."),
    ] {
        let gateway = Older::start().await;
        gateway.refuse(StatusCode::from_u16(status).unwrap(), &body);
        ends_as_error(&gateway, told, "").await;
    }
    let gateway = Older::start().await;
    gateway.refuse_with_page(StatusCode::BAD_GATEWAY, "<html><h1>Bad Gateway</h1></html>");
    ends_as_error(&gateway, "The Gateway refused with status 502.", "").await;
}

#[tokio::test]
async fn a_page_instead_of_an_answer_is_not_taken_for_one() {
    let gateway = Older::start().await;
    gateway.refuse_with_page(StatusCode::OK, "<h1>Welcome to the proxy</h1>");
    ends_as_error(
        &gateway,
        "The Gateway sent something that Parley does not understand.",
        "",
    )
    .await;
}

#[tokio::test]
async fn a_gateway_that_refuses_connections_is_tried_again_until_it_is_up() {
    let gateway = Older::start().await;
    let client = gateway.client();
    let addr = gateway.go_away().await;
    let session = Uuid::new_v4();
    client.start(request(session)).await.unwrap();
    let refused = client.stream(session, None).await.err().unwrap();
    assert!(
        refused.is_passing() && matches!(refused, GatewayError::Unreachable(_)),
        "{refused}"
    );
    let gateway = Older::start_at(addr).await;
    let mut events = client.stream(session, None).await.unwrap();
    let mut kinds = Vec::new();
    while let Some(piece) = events.next().await {
        kinds.extend(piece.unwrap().into_iter().map(|event| event.event));
    }
    assert!(matches!(kinds.last(), Some(TurnEvent::Done { .. })));
    assert_eq!(gateway.asked().len(), 1);
    let again = client.stream(session, None).await.err().unwrap();
    assert!(!again.is_passing() && gateway.asked().len() == 1, "it was answered");
}

#[tokio::test]
async fn a_gateway_that_stays_away_is_told_and_the_message_is_kept() {
    let (gateway, registry) = (Older::start().await, Older::start().await);
    let client = gateway.client_with(Some(registry.url()), None, Timeouts::default());
    gateway.go_away().await;
    let timing = Timing {
        resume_within: Duration::from_millis(150),
        ..Timing::default()
    };
    let app = TestApp::behind(client.clone(), timing).await;
    let browser = app.browser().await;
    let session = browser.talk(None, "Hello").await;
    let messages = browser.messages(session).await;
    assert_eq!(messages[0]["content"], "Hello");
    assert_eq!(messages[1]["metadata"]["error"]["code"], "gateway_unreachable");
    assert_eq!(client.turns(), 0, "what was to be sent is forgotten");
}

#[tokio::test]
async fn what_broke_off_cannot_be_taken_up_again() {
    let gateway = Older::start().await;
    let client = gateway.client();
    let session = Uuid::new_v4();
    client.start(request(session)).await.unwrap();
    let error = client.stream(session, Some("7".into())).await.err().unwrap();
    assert_eq!(
        error.body().message,
        "This Gateway cannot take up an answer that broke off."
    );
    assert!(!error.is_passing() && gateway.asked().is_empty());
}

#[tokio::test]
async fn stop_in_the_middle_drops_the_connection() {
    let gateway = Older::start().await;
    let client = gateway.client();
    let app = TestApp::behind(client.clone(), Timing::default()).await;
    let browser = app.browser().await;
    let answer = gateway.hold_answer();
    answer.token("so far");
    let session = session_id(&browser.say(None, "Hello").await);
    browser.attach(session, &[]).await.next().await.unwrap();
    stop(&browser, session).await;
    gateway.abandoned(1).await;
    let stopped = last_message(&browser, session).await;
    assert_eq!(
        (&stopped["status"], &stopped["content"], &stopped["usage"]["estimated"]),
        (&json!("cancelled"), &json!("so far"), &json!(true))
    );
    browser.talk(Some(session), "Again").await;
    assert_eq!(last_message(&browser, session).await["status"], "complete");
    assert_eq!((gateway.asked().len(), client.turns()), (2, 0));
}

#[tokio::test]
async fn stop_before_the_gateway_has_said_anything_drops_the_connection() {
    let gateway = Older::start().await;
    let client = gateway.client();
    let app = TestApp::behind(client.clone(), Timing::default()).await;
    let browser = app.browser().await;
    gateway.keep_silent();
    let session = session_id(&browser.say(None, "Hello").await);
    gateway.asked_times(1).await;
    stop(&browser, session).await;
    gateway.abandoned(1).await;
    browser.talk(Some(session), "Again").await;
    assert_eq!(last_message(&browser, session).await["status"], "complete");
    assert_eq!((gateway.asked().len(), client.turns()), (2, 0));
}

#[tokio::test]
async fn cancelling_ends_a_stream_that_somebody_still_holds() {
    let gateway = Older::start().await;
    let client = gateway.client();
    let session = Uuid::new_v4();
    let _answer = gateway.hold_answer();
    client.start(request(session)).await.unwrap();
    let mut events = client.stream(session, None).await.unwrap();
    client.cancel(session).await.unwrap();
    assert!(matches!(events.next().now_or_never(), Some(None)));
    gateway.abandoned(1).await;
    client.cancel(session).await.unwrap();
}

#[tokio::test]
async fn cancelling_ends_a_request_that_somebody_still_waits_for() {
    let gateway = Older::start().await;
    let client = gateway.client();
    let session = Uuid::new_v4();
    gateway.keep_silent();
    client.start(request(session)).await.unwrap();
    let cancelled = async {
        gateway.asked_times(1).await;
        client.cancel(session).await.unwrap();
    };
    let (outcome, ()) = tokio::join!(client.stream(session, None), cancelled);
    assert!(matches!(outcome, Err(GatewayError::Incomplete)));
    gateway.abandoned(1).await;
}

#[tokio::test]
async fn two_sessions_are_answered_at_once() {
    let gateway = Older::start().await;
    let app = gateway.app().await;
    let browser = app.browser().await;
    let answers = [gateway.hold_answer(), gateway.hold_answer()];
    let mut sessions = Vec::new();
    for (number, text) in ["one", "two"].into_iter().enumerate() {
        sessions.push(session_id(&browser.say(None, text).await));
        // Answers are given out in the order in which they are asked for.
        gateway.asked_times(number + 1).await;
    }
    answers[1].token("second");
    answers[0].token("first");
    answers[0].usage_and_done();
    browser.attach(sessions[0], &[]).await.rest().await;
    assert_eq!(last_message(&browser, sessions[0]).await["content"], "first");
    assert_eq!(last_message(&browser, sessions[1]).await["status"], "streaming");
    answers[1].usage_and_done();
    browser.attach(sessions[1], &[]).await.rest().await;
    assert_eq!(last_message(&browser, sessions[1]).await["content"], "second");
}

#[tokio::test]
async fn turns_one_after_another_share_one_connection() {
    let (gateway, registry) = (Older::start().await, Older::start().await);
    let client = gateway.client_with(Some(registry.url()), None, Timeouts::default());
    let app = TestApp::behind(client, Timing::default()).await;
    let browser = app.browser().await;
    let other = registry.client();
    let mut session = None;
    for turn in 1..=5 {
        // The response ends a moment after `done`, as it does where the two are written one after the other.
        let answer = gateway.hold_answer();
        answer.token("Hi").usage_and_done();
        session = Some(browser.talk(session, "Hello").await);
        drop(answer);
        gateway.ended(turn).await;
        // By the time that another has replied, what this one has sent is read.
        other.health().await.unwrap();
    }
    assert_eq!((gateway.asked().len(), gateway.connections()), (5, 1));
}

#[tokio::test]
async fn the_registrys_services_are_the_agents_and_the_bare_model_comes_last() {
    let gateway = Older::start().await;
    let app = gateway.app().await;
    let (status, list) = app.browser().await.get("/api/agents").await;
    assert_eq!(status, StatusCode::OK);
    let row = |agent: &Value| ["agent_id", "parent_role", "role", "status"].map(|field| agent[field].clone());
    let rows: Vec<_> = list["agents"].as_array().unwrap().iter().map(row).collect();
    let expected = [
        json!(["pas-root", null, "Root", "active"]),
        json!(["architect", "PAS Root", "Architect", "active"]),
        json!(["dir-code", "Architect", "Director", "degraded"]),
        json!(["direct", "PAS Root", "Model", "active"]),
    ];
    assert_eq!(json!(rows), json!(expected));
    let all = list.to_string();
    assert!(
        !all.contains("port") && !all.contains("6110") && !all.contains("6120"),
        "{all}"
    );
}

#[tokio::test]
async fn while_the_registry_has_never_answered_there_is_the_bare_model() {
    let (gateway, registry) = (Older::start().await, Older::start().await);
    registry.list(None);
    let client = gateway.client_with(Some(registry.url()), None, Timeouts::default());
    let app = TestApp::behind(client.clone(), Timing::default()).await;
    let browser = app.browser().await;
    let (_, list) = browser.get("/api/agents").await;
    let ids = |list: &Value| -> Vec<Value> {
        let agents = list["agents"].as_array().unwrap();
        agents.iter().map(|agent| agent["agent_id"].clone()).collect()
    };
    assert_eq!(ids(&list), ["pas-root", "direct"]);
    let message = json!({"message": "Hello", "agent_id": "direct"});
    let (status, accepted) = browser.post("/api/chat/message", message).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{accepted}");
    let session = session_id(&accepted);
    browser.attach(session, &[]).await.rest().await;
    assert_eq!(last_message(&browser, session).await["content"], "Hello **you**");
    assert_eq!(gateway.asked()[0]["agent_id"], "direct");

    let listed = |agents: Vec<GatewayAgent>| agents.iter().any(|agent| agent.agent_id == "architect");
    assert!(!listed(client.agents().await.unwrap()));
    registry.list(Some(json!({"items": [{"service_id": "architect", "type": "agent"}]})));
    assert!(listed(client.agents().await.unwrap()), "they appear once it answers");
    // From then on it is an error, so that what was known is kept.
    registry.list(None);
    assert!(client.agents().await.is_err());
}

#[tokio::test]
async fn the_models_are_those_of_the_file_and_its_changes_are_taken_over() {
    let gateway = Older::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("models.toml");
    let entry = |id: &str| format!("[[models]]\nmodel_id = \"{id}\"\nmodel_name = \"M\"\nprovider = \"openai\"\n");
    std::fs::write(&file, entry("first")).unwrap();
    let client = gateway.client_with(None, Some(file.clone()), Timeouts::default());
    let ids = |client: &Arc<PostStreamGateway>| {
        let client = Arc::clone(client);
        async move {
            let models = client.models().await.unwrap();
            assert!(models.iter().all(|model| model.is_active));
            models.into_iter().map(|model| model.model_id).collect::<Vec<_>>()
        }
    };
    assert_eq!(ids(&client).await, ["first"]);
    std::fs::write(&file, entry("second") + &entry("first")).unwrap();
    assert_eq!(ids(&client).await, ["second", "first"]);
    for broken in ["models = 5", "", "[[models]]\nmodel_id = \"x\""] {
        std::fs::write(&file, broken).unwrap();
        assert_eq!(ids(&client).await, ["second", "first"], "{broken}");
    }
    std::fs::remove_file(&file).unwrap();
    assert_eq!(ids(&client).await, ["second", "first"]);
    std::fs::write(&file, entry("third")).unwrap();
    assert_eq!(ids(&client).await, ["third"]);

    let built_in = ids(&gateway.client()).await;
    assert!(built_in.len() > 5, "{built_in:?}");
    std::fs::write(&file, "models = 5").unwrap();
    let refused = PostStreamGateway::new(gateway.url(), None, Some(file), Timeouts::default()).unwrap_err();
    let why = std::error::Error::source(&refused).unwrap().to_string();
    assert_eq!(refused.to_string(), "PARLEY_MODELS");
    assert!(why.contains("models.toml") && why.contains("models = 5"), "{why}");
}

#[tokio::test]
async fn a_decision_on_a_plan_is_refused_with_what_to_do_instead() {
    let gateway = Older::start().await;
    let app = gateway.app().await;
    let browser = app.browser().await;
    let answer = gateway.hold_answer();
    answer.event(&json!({"type": "status_update", "status": "awaiting_approval", "task_id": "t1"}));
    let session = session_id(&browser.say(None, "Hello").await);
    browser.attach(session, &[]).await.next().await.unwrap();
    let path = format!("/api/chat/sessions/{session}/approval");
    let (status, body) = browser
        .post(&path, json!({"task_id": "t1", "decision": "approve"}))
        .await;
    assert_eq!((status, code(&body)), (StatusCode::CONFLICT, "gateway_unsupported"));
    assert_eq!(body["error"]["message"], "This Gateway takes no decisions on a plan.");
    // The answer is unharmed.
    answer.token("Well").usage_and_done();
    browser.attach(session, &[]).await.rest().await;
    assert_eq!(last_message(&browser, session).await["content"], "Well");
}

#[tokio::test]
async fn any_reply_shows_that_the_gateway_is_there_and_none_that_it_is_not() {
    let gateway = Older::start().await;
    let app = gateway.app().await;
    let browser = app.browser().await;
    assert_eq!(browser.get("/readyz").await.0, StatusCode::OK, "it knows no such route");
    assert!(gateway.asked().is_empty(), "to look starts nothing");
    // Another client, which has no connection left from before.
    let client = gateway.client();
    gateway.go_away().await;
    let app = TestApp::behind(client, Timing::default()).await;
    let (status, body) = app.browser().await.get("/readyz").await;
    assert_eq!(
        (status, &body["parts"]["gateway"]),
        (StatusCode::SERVICE_UNAVAILABLE, &json!("unavailable"))
    );
}
