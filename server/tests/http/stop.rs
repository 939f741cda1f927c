//! Stop, against a Gateway that is slow to hear of it.

use std::{sync::Arc, time::Duration};

use axum::http::StatusCode;
use serde_json::{Value, json};
use server::{chat::Timing, gateway::http::Timeouts};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::common::{
    Browser, TestApp, session_id, types,
    wire::{Step, USAGE_AND_DONE, Wire, frame, reply, send},
};

/// What happens once somebody gives the word, and the reply that follows it.
fn on_word(word: &Arc<Notify>, reply: Step) -> [Step; 2] {
    [Step::Await(Arc::clone(word)), reply]
}

fn accepted() -> Step {
    reply(
        "202 Accepted",
        &json!({"message_id": Uuid::nil(), "status": "processing"}),
    )
}

fn cancelled() -> Step {
    reply("200 OK", &json!({"status": "cancelled"}))
}

/// Says something and stops it before the Gateway has replied.
async fn say_and_stop(gateway: &Wire, app: &TestApp) -> (Browser, Uuid) {
    let browser = app.browser().await;
    let session = session_id(&browser.say(None, "Hello").await);
    gateway.asked("start", 1).await;
    assert_eq!(stop(&browser, session).await, StatusCode::OK);
    gateway.asked("cancel", 1).await;
    (browser, session)
}

async fn stop(browser: &Browser, session: Uuid) -> StatusCode {
    browser
        .post(&format!("/api/chat/sessions/{session}/cancel"), Value::Null)
        .await
        .0
}

#[tokio::test]
async fn before_the_first_token_it_reaches_the_gateway() {
    let gateway = Wire::start().await;
    gateway.on_stream([Step::Hang]);
    let app = gateway.app().await;
    let browser = app.browser().await;
    let session = session_id(&browser.say(None, "Hello").await);
    gateway.asked("stream", 1).await;
    assert_eq!(stop(&browser, session).await, StatusCode::OK);
    gateway.asked("cancel", 1).await;
    let answer = browser.messages(session).await.pop().unwrap();
    assert_eq!(
        (&answer["status"], &answer["usage"]["estimated"]),
        (&json!("cancelled"), &json!(true))
    );
}

#[tokio::test]
async fn while_the_gateway_has_not_even_answered_it_is_said_at_once_and_again_when_it_has() {
    let gateway = Wire::start().await;
    let accept = Arc::new(Notify::new());
    gateway.on_start(on_word(&accept, accepted()));
    let app = gateway.app().await;
    say_and_stop(&gateway, &app).await;
    // The first may have come before there was anything to stop.
    accept.notify_one();
    gateway.asked("cancel", 2).await;
    assert_eq!(gateway.seen("stream").len(), 0);
}

#[tokio::test]
async fn a_late_stop_never_hits_the_next_turn() {
    let gateway = Wire::start().await;
    let accept = Arc::new(Notify::new());
    gateway
        .on_start(on_word(&accept, accepted()))
        .on_stream([send(frame(None, "Well")), send(USAGE_AND_DONE)]);
    let timing = Timing {
        stop_within: Duration::from_millis(100),
        ..Timing::default()
    };
    let app = gateway.app_like(Timeouts::default(), timing).await;
    let (browser, session) = say_and_stop(&gateway, &app).await;
    // The next turn waits for the end of this one, for which the Gateway still owes its reply, but not for ever.
    browser.say(Some(session), "Again").await;
    gateway.asked("start", 2).await;
    accept.notify_one();
    browser.attach(session, &[]).await.rest().await;
    let messages = browser.messages(session).await;
    assert_eq!(
        (&messages[3]["status"], &messages[3]["content"]),
        (&json!("complete"), &json!("Well"))
    );
    assert_eq!(
        gateway.seen("cancel").len(),
        1,
        "the second would have been the next turn's"
    );
}

#[tokio::test]
async fn a_gateway_that_hangs_keeps_nobody_waiting() {
    let gateway = Wire::start().await;
    let heard = Arc::new(Notify::new());
    gateway
        .on_stream([send(frame(None, "so far")), Step::Hang])
        .on_cancel(on_word(&heard, cancelled()));
    // Who waits for the model waits for an hour.
    let hour = Duration::from_secs(3_600);
    let timing = Timing {
        stop_within: hour,
        ..Timing::default()
    };
    let timeouts = Timeouts {
        request: hour,
        ..Timeouts::default()
    };
    let app = gateway.app_like(timeouts, timing).await;
    let browser = app.browser().await;
    let session = session_id(&browser.say(None, "Hello").await);
    let mut reader = browser.attach(session, &[]).await;
    assert_eq!(reader.next().await.unwrap().1["content"], "so far");
    let stopped = tokio::time::timeout(Duration::from_secs(20), stop(&browser, session));
    assert_eq!(stopped.await.expect("the person waits for the model"), StatusCode::OK);
    assert_eq!(types(&reader.rest().await), ["usage", "done"]);
    gateway.asked("cancel", 1).await;
    assert_eq!(
        stop(&browser, session).await,
        StatusCode::CONFLICT,
        "a second time there is nothing to stop"
    );
    let answer = browser.messages(session).await.pop().unwrap();
    assert_eq!(
        (&answer["status"], &answer["content"]),
        (&json!("cancelled"), &json!("so far"))
    );
    // And the next turn is unharmed.
    heard.notify_one();
    gateway.on_stream([send(frame(None, "Well")), send(USAGE_AND_DONE)]);
    browser.talk(Some(session), "Again").await;
    assert_eq!(browser.messages(session).await[3]["status"], "complete");
}

#[tokio::test]
async fn while_a_broken_stream_is_being_taken_up_again_it_works() {
    let gateway = Wire::start().await;
    gateway.on_stream([
        send(frame(Some("1"), "so far")),
        Step::GoAway(Duration::from_millis(400)),
    ]);
    let app = gateway.app().await;
    let browser = app.browser().await;
    let session = session_id(&browser.say(None, "Hello").await);
    let mut reader = browser.attach(session, &[]).await;
    reader.next().await.unwrap();
    assert_eq!(stop(&browser, session).await, StatusCode::OK);
    assert_eq!(browser.messages(session).await[1]["status"], "cancelled");
}

#[tokio::test]
async fn the_next_message_waits_until_the_stop_before_it_has_reached_the_gateway() {
    let gateway = Wire::start().await;
    let heard = Arc::new(Notify::new());
    gateway
        .on_stream([send(frame(None, "so far")), Step::Hang])
        .on_cancel(on_word(&heard, cancelled()))
        .on_stream([send(frame(None, "Well")), send(USAGE_AND_DONE)]);
    let app = gateway.app().await;
    let browser = app.browser().await;
    let session = session_id(&browser.say(None, "Hello").await);
    browser.attach(session, &[]).await.next().await.unwrap();
    assert_eq!(stop(&browser, session).await, StatusCode::OK);
    gateway.asked("cancel", 1).await;
    browser.say(Some(session), "Again").await;
    // Long enough for a message that does not wait to be there; one that does waits for two seconds.
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(gateway.seen("start").len(), 1, "it would be the one that is stopped");
    heard.notify_one();
    browser.attach(session, &[]).await.rest().await;
    assert_eq!(browser.messages(session).await[3]["content"], "Well");
}

#[tokio::test]
async fn a_model_that_begins_after_its_stop_is_stopped_although_the_next_message_waits() {
    let gateway = Wire::start().await;
    let accept = Arc::new(Notify::new());
    gateway
        .on_start(on_word(&accept, accepted()))
        .on_stream([send(frame(None, "Well")), send(USAGE_AND_DONE)]);
    let app = gateway.app().await;
    let (browser, session) = say_and_stop(&gateway, &app).await;
    browser.say(Some(session), "Again").await;
    accept.notify_one();
    browser.attach(session, &[]).await.rest().await;
    let lines: Vec<_> = gateway
        .lines()
        .into_iter()
        .filter(|line| line.starts_with("POST"))
        .collect();
    let cancel = format!("POST /chat/{session}/cancel");
    assert_eq!(lines, ["POST /chat", &cancel, &cancel, "POST /chat"]);
}

#[tokio::test]
async fn a_turn_stopped_while_it_waits_for_the_one_before_never_asks() {
    let gateway = Wire::start().await;
    let heard = Arc::new(Notify::new());
    gateway
        .on_stream([send(frame(None, "so far")), Step::Hang])
        .on_cancel(on_word(&heard, cancelled()))
        .on_stream([send(frame(None, "Well")), send(USAGE_AND_DONE)]);
    let app = gateway.app().await;
    let browser = app.browser().await;
    let session = session_id(&browser.say(None, "Hello").await);
    browser.attach(session, &[]).await.next().await.unwrap();
    assert_eq!(stop(&browser, session).await, StatusCode::OK);
    gateway.asked("cancel", 1).await;
    browser.say(Some(session), "Never").await;
    assert_eq!(stop(&browser, session).await, StatusCode::OK);
    browser.say(Some(session), "Again").await;
    // Long enough for a message that does not wait for the first turn to be there.
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(gateway.seen("start").len(), 1);
    heard.notify_one();
    browser.attach(session, &[]).await.rest().await;
    let asked: Vec<_> = gateway
        .seen("start")
        .iter()
        .map(|start| start.body["message"].clone())
        .collect();
    assert_eq!(asked, ["Hello", "Again"]);
    let statuses: Vec<_> = browser
        .messages(session)
        .await
        .iter()
        .map(|message| message["status"].clone())
        .collect();
    assert_eq!(
        statuses,
        ["complete", "cancelled", "complete", "cancelled", "complete", "complete"]
    );
}

#[tokio::test]
async fn a_stop_that_does_not_get_through_is_said_again() {
    let gateway = Wire::start().await;
    let refusal = json!({"error": {"code": "busy", "message": "Busy.", "suggestion": "Later."}});
    gateway
        .on_stream([send(frame(None, "so far")), Step::Hang])
        .on_cancel([reply("503 Service Unavailable", &refusal)])
        .on_stream([send(frame(None, "Well")), send(USAGE_AND_DONE)]);
    let app = gateway.app().await;
    let browser = app.browser().await;
    let session = session_id(&browser.say(None, "Hello").await);
    browser.attach(session, &[]).await.next().await.unwrap();
    assert_eq!(stop(&browser, session).await, StatusCode::OK);
    gateway.asked("cancel", 2).await;
    // And no more than that.
    browser.talk(Some(session), "Again").await;
    assert_eq!(gateway.seen("cancel").len(), 2);
}

#[tokio::test]
async fn where_the_reply_to_the_request_is_lost_the_model_is_stopped_all_the_same() {
    let gateway = Wire::start().await;
    let accept = Arc::new(Notify::new());
    gateway.on_start(on_word(&accept, send("not HTTP\r\n\r\n")));
    let app = gateway.app().await;
    say_and_stop(&gateway, &app).await;
    accept.notify_one();
    gateway.asked("cancel", 2).await;
}
