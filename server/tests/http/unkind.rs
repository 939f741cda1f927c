//! A Gateway that does everything wrong, over real HTTP: nothing is lost, nothing doubled, nothing invented, and the
//! person is told why in plain words.

use std::{sync::Arc, time::Duration};

use axum::http::StatusCode;
use serde_json::{Value, json};
use server::gateway::http::{HttpGateway, Timeouts};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::common::{
    Browser, TestApp, session_id, text_of, types,
    wire::{STREAM, Step, USAGE_AND_DONE, Wire, frame, reply, send},
};

/// Says something to a Gateway that was told what to do, and returns all that a reader saw and what was saved.
async fn converse(gateway: &Wire) -> Outcome {
    converse_with(gateway, Timeouts::default()).await
}

/// The same, for a Gateway whose silence is waited out.
async fn converse_impatiently(gateway: &Wire) -> Outcome {
    let patience = Duration::from_secs(1);
    let timeouts = Timeouts {
        connect: patience,
        request: patience,
        first_event: patience,
        idle: patience,
    };
    converse_with(gateway, timeouts).await
}

async fn converse_with(gateway: &Wire, timeouts: Timeouts) -> Outcome {
    let app = gateway.app_with(timeouts).await;
    let browser = app.browser().await;
    let session = session_id(&browser.say(None, "Hello").await);
    let events = browser
        .attach(session, &[("last-event-id", "garbage")])
        .await
        .rest()
        .await;
    Outcome::read(&app, &browser, session, events).await
}

struct Outcome {
    events: Vec<(String, Value)>,
    answer: Value,
    session: Uuid,
    browser: Browser,
    _app: TestApp,
}

impl Outcome {
    async fn read(app: &TestApp, browser: &Browser, session: Uuid, events: Vec<(String, Value)>) -> Self {
        let answer = browser.messages(session).await.pop().unwrap();
        assert_eq!(types(&events).iter().filter(|kind| **kind == "done").count(), 1);
        assert!(types(&events).iter().filter(|kind| **kind == "usage").count() <= 1);
        assert_eq!(events.last().unwrap().1["type"], "done");
        assert_eq!(
            text_of(&events),
            answer["content"].as_str().unwrap(),
            "what was saved is what was read"
        );
        Self {
            events,
            answer,
            session,
            browser: browser.clone(),
            _app: app.clone(),
        }
    }

    /// The turn ended as an error with these words, this text and nothing invented, and the next turn works.
    async fn ends_as_error(self, gateway: &Wire, message: &str, text: &str) {
        assert_eq!(self.answer["status"], "error");
        assert_eq!(self.answer["content"], text);
        assert_eq!(self.answer["usage"], Value::Null, "no token count is invented");
        assert_eq!(self.answer["metadata"]["error"]["message"], message);
        assert!(!self.answer["metadata"]["error"]["action"].as_str().unwrap().is_empty());
        let told = self
            .events
            .iter()
            .find(|(_, event)| event["type"] == "status_update")
            .unwrap();
        assert_eq!(
            (&told.1["status"], &told.1["detail"]),
            (&json!("error"), &json!(message))
        );
        gateway.on_stream([send(frame(Some("1"), "Well")), send(USAGE_AND_DONE)]);
        self.browser.talk(Some(self.session), "Again").await;
        let messages = self.browser.messages(self.session).await;
        assert_eq!(
            (&messages[3]["content"], &messages[3]["status"]),
            (&json!("Well"), &json!("complete"))
        );
    }

    fn ends_whole(&self, text: &str) {
        assert_eq!(self.answer["status"], "complete", "{}", self.answer["metadata"]);
        assert!(self.answer["content"] == text, "the text is whole, byte for byte");
        assert_eq!(self.answer["usage"]["total_tokens"], 7);
        let kinds = types(&self.events);
        assert_eq!(kinds[kinds.len() - 2..], ["usage", "done"]);
    }
}

const BROKE_OFF: &str = "The Gateway broke off in the middle of the answer.";
const NEVER_BEGAN: &str = "The Gateway took too long to begin its answer.";
const NOT_UNDERSTOOD: &str = "The Gateway sent something that Parley does not understand.";

#[tokio::test]
async fn a_gateway_that_is_not_there_is_told_and_the_message_is_kept() {
    let gateway = Wire::start().await;
    let app = gateway.app().await;
    let browser = app.browser().await;
    // The registry is known by now; then the Gateway goes.
    assert_eq!(browser.get("/api/agents").await.0, StatusCode::OK);
    drop(gateway);
    let session = browser.talk(None, "Hello").await;
    let messages = browser.messages(session).await;
    assert_eq!(
        (&messages[0]["content"], &messages[1]["status"]),
        (&json!("Hello"), &json!("error"))
    );
    assert_eq!(
        messages[1]["metadata"]["error"]["message"],
        "The Gateway cannot be reached."
    );
}

#[tokio::test]
async fn a_refusal_is_told_with_the_gateways_reason() {
    let gateway = Wire::start().await;
    gateway.on_start([reply(
        "503 Service Unavailable",
        &json!({"error": {"code": "busy", "message": "All models are busy.", "action": "Wait a minute."}}),
    )]);
    let outcome = converse(&gateway).await;
    assert_eq!(outcome.answer["metadata"]["error"]["action"], "Wait a minute.");
    outcome.ends_as_error(&gateway, "All models are busy.", "").await;
}

#[tokio::test]
async fn a_gateway_that_accepts_a_connection_and_says_nothing_is_given_up() {
    let gateway = Wire::start().await;
    gateway.on_start([Step::Hang]);
    converse_impatiently(&gateway)
        .await
        .ends_as_error(&gateway, "The Gateway took too long to answer.", "")
        .await;
}

#[tokio::test]
async fn a_gateway_that_never_begins_its_answer_is_given_up_although_it_keeps_alive() {
    let gateway = Wire::start().await;
    gateway.on_stream([Step::KeepAlive]);
    converse_impatiently(&gateway)
        .await
        .ends_as_error(&gateway, NEVER_BEGAN, "")
        .await;
}

#[tokio::test]
async fn what_is_taken_up_again_may_wait_for_a_person_as_long_as_it_lives() {
    let gateway = Wire::start().await;
    let approved = Arc::new(Notify::new());
    gateway.on_stream([send(frame(Some("1"), "A plan. "))]).on_stream([
        Step::Await(Arc::clone(&approved)),
        send(frame(Some("2"), "Done.")),
        send(USAGE_AND_DONE),
    ]);
    let timeouts = Timeouts {
        first_event: Duration::from_millis(200),
        ..Timeouts::default()
    };
    let app = gateway.app_with(timeouts).await;
    let browser = app.browser().await;
    let session = session_id(&browser.say(None, "Hello").await);
    gateway.asked("stream", 2).await;
    // Longer than a first event may take.
    tokio::time::sleep(Duration::from_millis(500)).await;
    approved.notify_one();
    browser.attach(session, &[]).await.rest().await;
    let answer = browser.messages(session).await.pop().unwrap();
    assert_eq!(
        (&answer["status"], &answer["content"]),
        (&json!("complete"), &json!("A plan. Done."))
    );
}

#[tokio::test]
async fn a_refusal_that_never_ends_is_given_up() {
    let gateway = Wire::start().await;
    gateway.on_stream_raw([
        send("HTTP/1.1 500 Internal Server Error\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"),
        Step::Hang,
    ]);
    converse_impatiently(&gateway)
        .await
        .ends_as_error(&gateway, NEVER_BEGAN, "")
        .await;
}

#[tokio::test]
async fn half_a_frame_is_not_shown() {
    let gateway = Wire::start().await;
    let whole = frame(None, "whole ");
    let half = frame(None, "half");
    gateway.on_stream([send(whole), send(&half[..half.len() - 1])]);
    converse(&gateway)
        .await
        .ends_as_error(&gateway, BROKE_OFF, "whole ")
        .await;
}

#[tokio::test]
async fn half_a_chunk_is_not_shown() {
    let gateway = Wire::start().await;
    let frame = frame(None, "whole");
    let head = STREAM.replace("connection: close", "transfer-encoding: chunked");
    let chunk = format!("{:x}\r\n{frame}\r\nff\r\ndata: {{\"type\"", frame.len());
    gateway.on_stream_raw([send(head), send(chunk)]);
    converse(&gateway)
        .await
        .ends_as_error(&gateway, BROKE_OFF, "whole")
        .await;
}

#[tokio::test]
async fn a_frame_of_ten_megabytes_arrives_whole() {
    let gateway = Wire::start().await;
    let text = "0123456789abcdé\n".repeat(10 * 1024 * 1024 / 17);
    gateway.on_stream([send(frame(Some("1"), &text)), send(USAGE_AND_DONE)]);
    converse(&gateway).await.ends_whole(&text);
}

#[tokio::test]
async fn a_frame_larger_than_any_is_refused_before_it_fills_the_memory() {
    let gateway = Wire::start().await;
    let endless = vec![b'x'; protocol::sse::MAX_EVENT_BYTES + 1];
    gateway.on_stream([
        send(frame(Some("1"), "so far")),
        send("data: "),
        send(endless),
        Step::Hang,
    ]);
    converse(&gateway)
        .await
        .ends_as_error(&gateway, NOT_UNDERSTOOD, "so far")
        .await;
}

#[tokio::test]
async fn invalid_utf8_is_refused_and_not_guessed_at() {
    let gateway = Wire::start().await;
    gateway.on_stream([
        send(frame(Some("1"), "so far")),
        send(b"data: {\"type\":\"token\",\"content\":\"\xff\xfe\"}\n\n"),
        Step::Hang,
    ]);
    converse(&gateway)
        .await
        .ends_as_error(&gateway, NOT_UNDERSTOOD, "so far")
        .await;
}

#[tokio::test]
async fn a_page_instead_of_a_stream_is_not_taken_for_one() {
    let gateway = Wire::start().await;
    gateway.on_stream_raw([send(
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n<h1>Welcome to the proxy</h1>",
    )]);
    converse(&gateway)
        .await
        .ends_as_error(&gateway, NOT_UNDERSTOOD, "")
        .await;
}

#[tokio::test]
async fn events_of_unknown_types_and_fields_are_passed_over() {
    let gateway = Wire::start().await;
    gateway.on_stream([
        send("id: 1\nevent: thought\ndata: {\"type\":\"thought\",\"content\":\"hm\"}\n\n"),
        send("id: 2\nmood: good\ndata: {\"type\":\"token\",\"content\":\"Hi\",\"mood\":\"good\"}\n\n"),
        send(USAGE_AND_DONE),
    ]);
    converse(&gateway).await.ends_whole("Hi");
}

#[tokio::test]
async fn a_frame_sent_twice_is_taken_once() {
    let gateway = Wire::start().await;
    let twice = frame(Some("2"), "two ");
    gateway.on_stream([
        send(frame(Some("1"), "one ")),
        send(&twice),
        send(&twice),
        send(frame(Some("3"), "three")),
        send(USAGE_AND_DONE),
        send(USAGE_AND_DONE),
    ]);
    converse(&gateway).await.ends_whole("one two three");
}

#[tokio::test]
async fn without_ids_nothing_is_lost_and_nothing_resumed() {
    let gateway = Wire::start().await;
    gateway.on_stream(["la ", "la ", "la "].map(|text| send(frame(None, text))));
    let outcome = converse(&gateway).await;
    assert_eq!(gateway.seen("stream").len(), 1, "to resume would double what came");
    outcome.ends_as_error(&gateway, BROKE_OFF, "la la la ").await;
}

#[tokio::test]
async fn one_id_for_all_loses_nothing() {
    let gateway = Wire::start().await;
    gateway.on_stream([
        send(frame(Some("x"), "one ")),
        send(frame(Some("x"), "two ")),
        send(frame(Some("x"), "two ")),
        send(USAGE_AND_DONE),
    ]);
    converse(&gateway).await.ends_whole("one two two ");
}

#[tokio::test]
async fn an_end_without_done_is_no_end() {
    let gateway = Wire::start().await;
    gateway.on_stream([send(frame(None, "so far")), send(":bye\n\n")]);
    converse(&gateway)
        .await
        .ends_as_error(&gateway, BROKE_OFF, "so far")
        .await;
}

#[tokio::test]
async fn an_answer_that_stalls_is_given_up_after_the_time_that_is_set() {
    let gateway = Wire::start().await;
    gateway.on_stream([send(frame(Some("1"), "so far")), Step::Hang]);
    let outcome = converse_impatiently(&gateway).await;
    gateway.asked("cancel", 1).await;
    outcome
        .ends_as_error(
            &gateway,
            "The Gateway took too long in the middle of its answer.",
            "so far",
        )
        .await;
}

#[tokio::test]
async fn keep_alives_show_that_an_answer_goes_on() {
    let gateway = Wire::start().await;
    let patience = Duration::from_millis(300);
    let app = gateway
        .app_with(Timeouts {
            idle: patience,
            ..Timeouts::default()
        })
        .await;
    let go_on = Arc::new(Notify::new());
    let silence = [send(":keep-alive\n\n"), Step::Await(Arc::clone(&go_on))];
    let begin = [send(frame(Some("1"), "a"))];
    let silences = std::iter::repeat_n(silence, 8).flatten();
    gateway.on_stream(begin.into_iter().chain(silences).chain([send(USAGE_AND_DONE)]));
    let browser = app.browser().await;
    let session = session_id(&browser.say(None, "Hello").await);
    // Twice the patience in all, a quarter of it at a time.
    for _ in 0..8 {
        tokio::time::sleep(patience / 4).await;
        go_on.notify_one();
    }
    browser.attach(session, &[]).await.rest().await;
    assert_eq!(browser.messages(session).await[1]["status"], "complete");
}

#[tokio::test]
async fn a_hundred_thousand_frames_without_a_pause_arrive_whole_and_late_readers_get_few() {
    let gateway = Wire::start().await;
    let mut bytes = String::new();
    let mut text = String::new();
    for number in 0..100_000 {
        let word = format!("{number} ");
        bytes.push_str(&frame(Some(&number.to_string()), &word));
        text.push_str(&word);
    }
    gateway.on_stream([send(bytes), send(USAGE_AND_DONE)]);
    let outcome = converse(&gateway).await;
    outcome.ends_whole(&text);
    let late = outcome
        .browser
        .attach(outcome.session, &[("last-event-id", "garbage")])
        .await;
    let late = late.rest().await;
    assert!(late.len() < 20, "{} events for a late reader", late.len());
    assert_eq!(text_of(&late), text);
}

#[tokio::test]
async fn a_reader_that_does_not_read_slows_nobody_and_gets_it_all() {
    let gateway = Wire::start().await;
    let word = "word ".repeat(100);
    gateway.on_stream([
        send(
            (0..20_000)
                .map(|number| frame(Some(&number.to_string()), &word))
                .collect::<String>(),
        ),
        send(USAGE_AND_DONE),
    ]);
    let app = gateway.app().await;
    let browser = app.browser().await;
    let session = session_id(&browser.say(None, "Hello").await);
    let sleeper = browser.attach(session, &[("last-event-id", "garbage")]).await;
    let others = browser
        .attach(session, &[("last-event-id", "garbage")])
        .await
        .rest()
        .await;
    assert_eq!(
        browser.messages(session).await[1]["status"],
        "complete",
        "with one reader asleep"
    );
    let late = sleeper.rest().await;
    assert!(text_of(&late) == text_of(&others) && text_of(&late).len() == 10_000_000);
    assert!(late.len() < 400, "served from the log, in {} events", late.len());
}

#[tokio::test]
async fn a_dropped_connection_is_taken_up_again_unseen_by_the_reader() {
    let gateway = Wire::start().await;
    gateway
        .on_stream([send(frame(Some("a1"), "one ")), send(frame(Some("a2"), "two "))])
        .on_stream([send(frame(Some("a3"), "three")), send(USAGE_AND_DONE)]);
    let outcome = converse(&gateway).await;
    outcome.ends_whole("one two three");
    assert!(!types(&outcome.events).contains(&"status_update"), "unseen");
    let streams = gateway.seen("stream");
    assert_eq!(
        streams
            .iter()
            .map(|seen| seen.last_event_id.as_deref())
            .collect::<Vec<_>>(),
        [None, Some("a2")]
    );
    assert_eq!(gateway.seen("start").len(), 1, "resumed, not asked again");
    assert_eq!(gateway.seen("cancel").len(), 0);
}

#[tokio::test]
async fn a_gateway_that_goes_away_and_comes_back_is_waited_for() {
    let gateway = Wire::start().await;
    gateway
        .on_stream([send(frame(Some("1"), "one ")), Step::GoAway(Duration::from_millis(700))])
        .on_stream([send(frame(Some("2"), "two")), send(USAGE_AND_DONE)]);
    converse(&gateway).await.ends_whole("one two");
}

#[tokio::test]
async fn a_gateway_that_sends_everything_again_doubles_nothing() {
    let gateway = Wire::start().await;
    let (one, two, three) = (
        frame(Some("1"), "one "),
        frame(Some("2"), "two "),
        frame(Some("3"), "three"),
    );
    gateway
        .on_stream([send(&one), send(&two)])
        .on_stream([send(&one), send(&two), send(&three), send(USAGE_AND_DONE)]);
    converse(&gateway).await.ends_whole("one two three");
}

#[tokio::test]
async fn a_gateway_that_has_forgotten_the_answer_is_told_as_broken_off() {
    let gateway = Wire::start().await;
    let forgotten = json!({"error": {"code": "session_not_found", "message": "No such session.", "action": "x"}});
    gateway
        .on_stream([send(frame(Some("1"), "so far"))])
        .on_stream_raw([reply("404 Not Found", &forgotten)]);
    converse(&gateway)
        .await
        .ends_as_error(&gateway, BROKE_OFF, "so far")
        .await;
}

#[tokio::test]
async fn the_idempotency_key_of_a_turn_goes_to_the_gateway() {
    let gateway = Wire::start().await;
    let app = gateway.app().await;
    let browser = app.browser().await;
    let body = json!({"message": "Hello", "agent_id": "architect", "client_request_id": Uuid::new_v4()});
    gateway.on_stream([send(frame(None, "Hi")), send(USAGE_AND_DONE)]);
    let requests = futures::future::join_all((0..50).map(|_| browser.post("/api/chat/message", body.clone()))).await;
    let turn = &requests[0].1["turn_id"];
    assert!(
        requests
            .iter()
            .all(|(status, answer)| *status == StatusCode::ACCEPTED && answer["turn_id"] == *turn)
    );
    browser.attach(session_id(&requests[0].1), &[]).await.rest().await;
    let starts = gateway.seen("start");
    assert_eq!(starts.len(), 1);
    assert_eq!(starts[0].body["idempotency_key"], *turn);
}

#[tokio::test]
async fn the_client_does_not_follow_the_gateway_elsewhere() {
    let gateway = Wire::start().await;
    gateway.on_start([send(
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:9/chat\r\ncontent-length: 0\r\n\r\n",
    )]);
    converse(&gateway)
        .await
        .ends_as_error(&gateway, "The Gateway refused with status 307.", "")
        .await;
}

#[test]
fn the_clients_debug_form_tells_no_token() {
    let url = reqwest::Url::parse("http://127.0.0.1:9").unwrap();
    let gateway = HttpGateway::new(url, None, Some("s3cret".into()), Timeouts::default()).unwrap();
    assert!(!format!("{gateway:?}").contains("s3cret"));
}
