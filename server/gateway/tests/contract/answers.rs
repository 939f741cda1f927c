use std::time::Duration;

use axum::http::StatusCode;
use gateway::Settings;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::common::{Client, chat, failure, kinds, settings, text};

/// A Gateway whose Rehearsal says one word and then is silent for as long as any test takes.
fn stalled() -> Settings {
    Settings {
        rehearsal_delay: Duration::from_secs(3_600),
        ..settings()
    }
}

#[tokio::test]
async fn an_echo_is_exact_and_its_events_are_numbered() {
    let client = Client::new(settings()).await;
    let session = Uuid::new_v4();
    let body = chat(session, "/echo  Grüße,\n\n  **you** ", None);
    let (status, accepted) = client.post("/chat", &body).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    assert_eq!(
        accepted,
        json!({"message_id": body["message_id"], "status": "processing"})
    );

    let reader = client.read(session, None).await;
    assert_eq!(reader.headers["content-type"], "text/event-stream");
    assert_eq!(reader.headers["cache-control"], "no-cache, no-transform");
    assert_eq!(reader.headers["x-accel-buffering"], "no");
    let events = reader.rest().await;

    let said = text(&events);
    let (notice, echoed) = said.split_once("\n\n").unwrap();
    assert!(notice.contains("no LLM is behind this answer"), "{notice}");
    assert_eq!(echoed, " Grüße,\n\n  **you** ");
    let (turn, _) = events[0].id.split_once('-').unwrap();
    for (index, event) in events.iter().enumerate() {
        assert_eq!(event.id, format!("{turn}-{}", index + 1));
    }
    let expected = [
        "status_update:executing",
        "token",
        "status_update:complete",
        "usage",
        "done:complete",
    ];
    assert_eq!(kinds(&events), expected);
    let usage = &events[events.len() - 2].data;
    assert_eq!(usage["usage"]["estimated"], true);
    assert_eq!(usage["usage"]["completion_tokens"], said.split_whitespace().count());
    assert_eq!(usage["cost_usd"], 0.0);
}

#[tokio::test]
async fn the_default_task_is_played_and_the_same_each_time() {
    let client = Client::new(settings()).await;
    let first = client.ask("Build a *thing*", None).await;
    let expected = [
        "status_update:planning",
        "token",
        "status_update:executing",
        "token",
        "status_update:complete",
        "usage",
        "done:complete",
    ];
    assert_eq!(kinds(&first), expected);
    let said = text(&first);
    assert!(
        said.contains("```rust") && said.contains("| step |") && said.contains(r"Build a \*thing\*"),
        "{said}"
    );
    assert!(said.contains("Architect would now work on"), "{said}");
    assert_eq!(text(&client.ask("Build a *thing*", None).await), said);
}

#[tokio::test]
async fn the_same_key_starts_nothing() {
    let client = Client::new(settings()).await;
    let session = Uuid::new_v4();
    let body = chat(session, "/echo one", None);
    let first = client.post("/chat", &body).await;
    let events = client.read(session, None).await.rest().await;

    // Sent again, even with another message, and even though it has ended.
    let mut again = body.clone();
    again["message_id"] = json!(Uuid::new_v4());
    again["message"] = json!("/echo two");
    // A model that has gone meanwhile does not matter to an answer that was given.
    again["model"] = json!("gone");
    assert_eq!(client.post("/chat", &again).await, first);
    assert_eq!(client.read(session, None).await.rest().await, events);
}

#[tokio::test]
async fn a_second_message_waits_for_the_first() {
    let client = Client::new(stalled()).await;
    let session = client.start("/echo a b", None).await;
    let (status, body) = client.post("/chat", &chat(session, "/echo c", None)).await;
    assert_eq!(
        (status, &body["error"]["code"]),
        (StatusCode::CONFLICT, &json!("turn_in_progress"))
    );
    // Another session is not held up.
    client.start("/echo d", None).await;
    client.cancel(session).await;
    let (status, _) = client.post("/chat", &chat(session, "/echo c", None)).await;
    assert_eq!(status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_reader_resumes_strictly_after_its_last_event() {
    let client = Client::new(settings()).await;
    let session = client.start("/long", None).await;
    let all = client.read(session, None).await.rest().await;
    assert!(all.len() > 1_500);
    for seen in [1, 2, 300, all.len() - 1, all.len()] {
        let rest = client.read(session, Some(&all[seen - 1].id)).await.rest().await;
        assert_eq!(rest, all[seen..], "after {seen}");
    }
    let foreign = format!("{}-3", Uuid::new_v4().simple());
    let beyond = all[0].id.replace("-1", &format!("-{}", all.len() + 1));
    for unusable in ["garbage", "", &foreign, &beyond] {
        assert_eq!(
            client.read(session, Some(unusable)).await.rest().await,
            all,
            "{unusable:?}"
        );
    }
}

#[tokio::test]
async fn readers_see_the_same_whenever_they_come_and_however_they_go() {
    let client = Client::new(settings()).await;
    let session = client.start("/approval a thing", None).await;
    let mut early = client.read(session, None).await;
    let mut seen_early = early.until("awaiting_approval").await;
    let mut late = client.read(session, None).await;
    let mut seen_late = late.until("awaiting_approval").await;
    // One that goes away again changes nothing.
    drop(client.read(session, None).await);

    let task = &seen_early.last().unwrap().data["task_id"];
    let (status, _) = client
        .decide(session, &json!({"task_id": task, "decision": "approve"}))
        .await;
    assert_eq!(status, StatusCode::OK);
    seen_early.extend(early.rest().await);
    seen_late.extend(late.rest().await);
    assert_eq!(seen_early, seen_late);
    assert_eq!(seen_early, client.read(session, None).await.rest().await);
    assert_eq!(
        seen_early.last().unwrap().data,
        json!({"type": "done", "status": "complete"})
    );
}

#[tokio::test]
async fn cancel_stops_an_answer_once() {
    let client = Client::new(stalled()).await;
    let session = client.start("/echo a b c", None).await;
    let mut reader = client.read(session, None).await;
    while reader.next().await.unwrap().data["type"] != "token" {}

    let (status, body) = client.cancel(session).await;
    assert_eq!((status, body), (StatusCode::OK, json!({"status": "cancelled"})));
    let rest = reader.rest().await;
    assert_eq!(rest.len(), 1, "nothing but the end: {rest:?}");
    assert_eq!(rest[0].data, json!({"type": "done", "status": "cancelled"}));

    let (status, body) = client.cancel(session).await;
    assert_eq!(
        (status, &body["error"]["code"]),
        (StatusCode::CONFLICT, &json!("nothing_running"))
    );
}

#[tokio::test]
async fn cancel_after_the_end_has_nothing_to_stop() {
    let client = Client::new(settings()).await;
    let session = client.start("/echo a", None).await;
    client.read(session, None).await.rest().await;
    assert_eq!(client.cancel(session).await.0, StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_plan_can_be_refined_and_then_rejected() {
    let client = Client::new(settings()).await;
    let session = client.start("/approval a thing", None).await;
    let mut reader = client.read(session, None).await;
    let task = reader.until("awaiting_approval").await.last().unwrap().data["task_id"].clone();
    let decide = async |decision: &str, task: &Value| {
        client
            .decide(
                session,
                &json!({"task_id": task, "decision": decision, "note": "use <tabs>"}),
            )
            .await
    };

    let (status, body) = decide("approve", &json!("another")).await;
    assert_eq!(
        (status, &body["error"]["code"]),
        (StatusCode::CONFLICT, &json!("nothing_awaits_approval"))
    );
    assert_eq!(decide("refine", &task).await.0, StatusCode::OK);
    let changed = text(&reader.until("awaiting_approval").await);
    assert!(changed.contains(r"use \<tabs\>"), "{changed}");
    assert_eq!(decide("reject", &task).await.0, StatusCode::OK);
    let rest = reader.rest().await;
    assert!(text(&rest).contains("nothing was carried out"));
    assert_eq!(
        kinds(&rest),
        [
            "status_update:executing",
            "token",
            "status_update:complete",
            "usage",
            "done:complete"
        ]
    );
    assert_eq!(decide("approve", &task).await.0, StatusCode::CONFLICT);
}

#[tokio::test]
async fn an_answer_that_waits_for_a_decision_can_be_cancelled() {
    let client = Client::new(settings()).await;
    let session = client.start("/approval a thing", None).await;
    let mut reader = client.read(session, None).await;
    let task = reader.until("awaiting_approval").await.last().unwrap().data["task_id"].clone();
    assert_eq!(client.cancel(session).await.0, StatusCode::OK);
    assert_eq!(kinds(&reader.rest().await), ["done:cancelled"]);
    let (status, _) = client
        .decide(session, &json!({"task_id": task, "decision": "approve"}))
        .await;
    assert_eq!(status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_failure_is_told_and_nothing_is_invented() {
    let client = Client::new(settings()).await;
    let events = client.ask("/fail please", None).await;
    assert!(!text(&events).is_empty());
    let (detail, done) = failure(&events);
    assert!(detail.contains("503 Service Unavailable"), "{detail}");
    assert_eq!(done, "error");
    assert_eq!(
        kinds(&events),
        ["status_update:executing", "token", "status_update:error", "done:error"]
    );
}

#[tokio::test(start_paused = true)]
async fn silence_is_filled_every_fifteen_seconds() {
    let client = Client::new(Settings {
        rehearsal_delay: Duration::from_secs(40),
        ..settings()
    })
    .await;
    let session = client.start("/echo a", None).await;
    let mut reader = client.read(session, None).await;
    while reader.next().await.unwrap().data["type"] != "token" {}
    let start = tokio::time::Instant::now();
    // A comment is not an event, so each of these brings none.
    for n in 1..=2 {
        assert!(reader.more().await);
        assert_eq!(start.elapsed().as_secs(), 15 * n);
    }
    assert_eq!(reader.comments, [":keep-alive", ":keep-alive"]);
    assert_eq!(reader.next().await.unwrap().data["type"], "token");
    assert_eq!(start.elapsed().as_secs(), 40);
}

#[tokio::test]
async fn shutdown_ends_every_stream_and_takes_no_more() {
    let client = Client::new(stalled()).await;
    let session = client.start("/echo a b", None).await;
    let reader = client.read(session, None).await;
    client.gateway.shutdown().await;
    assert_eq!(
        reader.rest().await.last().unwrap().data,
        json!({"type": "done", "status": "interrupted"})
    );
    let (status, _) = client.post("/chat", &chat(Uuid::new_v4(), "hi", None)).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
}
