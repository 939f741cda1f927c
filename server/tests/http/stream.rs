//! `GET /api/chat/stream/{session_id}`.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;
use server::{chat::Timing, config::Limits};
use uuid::Uuid;

use crate::common::{TestApp, UNLIMITED, code, session_id, text_of, types};

#[tokio::test]
async fn a_late_reader_gets_the_answer_so_far_and_then_the_rest() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let answer = app.gateway.hold_answer();
    let session = session_id(&browser.say(None, "Hello").await);
    let mut first = browser.attach(session, &[]).await;
    for word in ["one ", "two ", "three "] {
        answer.token(word);
        assert_eq!(first.next().await.unwrap().1["content"], word, "live, token by token");
    }
    let mut late = browser.attach(session, &[]).await;
    let (id, so_far) = late.next().await.unwrap();
    assert_eq!(
        so_far,
        json!({"type": "token", "content": "one two three ", "offset": 0}),
        "as few events as it takes"
    );
    assert!(id.ends_with("-3"), "{id}");
    answer.token("four");
    answer.finish();
    let (first, late) = (first.rest().await, late.rest().await);
    assert_eq!(first, late, "every reader sees the same events under the same ids");
    assert_eq!(types(&first), ["token", "usage", "done"]);
    assert_eq!(app.gateway.starts(), 1);
}

#[tokio::test]
async fn a_cursor_gives_exactly_what_comes_after_it() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let answer = app.gateway.hold_answer();
    let session = session_id(&browser.say(None, "Hello").await);
    let mut reader = browser.attach(session, &[]).await;
    let mut ids = Vec::new();
    for word in ["a", "b", "c"] {
        answer.token(word);
        ids.push(reader.next().await.unwrap().0);
    }
    drop(reader);
    answer.token("d");
    answer.finish();
    let path = format!("/api/chat/stream/{session}");
    let after_b = browser
        .attach(session, &[("last-event-id", &ids[1])])
        .await
        .rest()
        .await;
    assert_eq!(text_of(&after_b), "cd");
    assert!(
        after_b[0].1.get("offset").is_none(),
        "what follows the cursor is appended"
    );
    let same = browser
        .attach_at(&format!("{path}?after={}", ids[1]), &[])
        .await
        .rest()
        .await;
    assert_eq!(
        (text_of(&same), same.last()),
        ("cd".into(), after_b.last()),
        "the query does as the header"
    );
    let newer = browser
        .attach_at(&format!("{path}?after={}", ids[0]), &[("last-event-id", &ids[2])])
        .await
        .rest()
        .await;
    assert_eq!(text_of(&newer), "d", "Last-Event-ID wins over ?after=");
}

#[tokio::test]
async fn an_unusable_cursor_gives_the_whole_answer() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let answer = app.gateway.hold_answer();
    let session = session_id(&browser.say(None, "Hello").await);
    answer.token("whole");
    answer.finish();
    let events = browser.attach(session, &[]).await.rest().await;
    let turn = events[0].0.rsplit_once('-').unwrap().0.to_owned();
    let cursors = [
        "garbage".into(),
        String::new(),
        format!("{}-1", Uuid::new_v4().simple()),
        format!("{turn}-999"),
        "é".into(),
    ];
    for cursor in cursors {
        let events = browser
            .attach(session, &[("last-event-id", &cursor)])
            .await
            .rest()
            .await;
        assert_eq!(types(&events), ["token", "usage", "done"], "{cursor:?}");
        assert_eq!(events[0].1["offset"], 0);
        assert_eq!(text_of(&events), "whole");
    }
}

#[tokio::test]
async fn with_nothing_running_the_last_turns_end_is_replayed_and_nothing_starts() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let session = browser.talk(None, "Hello").await;
    let from_log = browser.attach(session, &[]).await.rest().await;
    assert_eq!(types(&from_log), ["usage", "done"]);
    // A server that has only the database tells the same.
    let later = app.after_crash().await;
    let browser = browser.at(&later);
    assert_eq!(browser.attach(session, &[]).await.rest().await, from_log);
    let last_id = &from_log.last().unwrap().0;
    assert_eq!(
        browser
            .attach(session, &[("last-event-id", last_id)])
            .await
            .rest()
            .await,
        []
    );
    let whole = browser
        .attach(session, &[("last-event-id", "garbage")])
        .await
        .rest()
        .await;
    assert_eq!(text_of(&whole), "Hello **you**");
    assert_eq!(app.gateway.starts() + later.gateway.starts(), 1);
}

#[tokio::test]
async fn a_reader_that_leaves_neither_stops_the_turn_nor_keeps_its_place() {
    let app = TestApp::with_limits(Limits {
        streams: 1,
        ..UNLIMITED
    })
    .await;
    let browser = app.browser().await;
    let answer = app.gateway.hold_answer();
    let session = session_id(&browser.say(None, "Hello").await);
    for _ in 0..10 {
        let mut reader = browser.attach(session, &[]).await;
        answer.token("x");
        reader.next().await.unwrap();
        let (status, body) = browser.get(&format!("/api/chat/stream/{session}")).await;
        assert_eq!((status, code(&body)), (StatusCode::TOO_MANY_REQUESTS, "rate_limited"));
        drop(reader);
    }
    answer.finish();
    assert_eq!(
        types(&browser.attach(session, &[]).await.rest().await).last(),
        Some(&"done")
    );
    assert_eq!(browser.messages(session).await[1]["content"], "xxxxxxxxxx");
}

#[tokio::test]
async fn after_a_crash_the_turn_is_interrupted_with_its_text_kept() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let answer = app.gateway.hold_answer();
    let session = session_id(&browser.say(None, "Hello").await);
    let mut reader = browser.attach(session, &[]).await;
    answer.token("saved ");
    reader.next().await.unwrap();
    answer.token("text");
    reader.next().await.unwrap();
    // The journal owes the text within 250 ms.
    tokio::time::sleep(Duration::from_millis(250)).await;

    let later = app.after_crash().await;
    let browser = browser.at(&later);
    let messages = browser.messages(session).await;
    assert_eq!(messages[1]["content"], "saved text");
    assert_eq!(messages[1]["status"], "interrupted");
    let events = browser.attach(session, &[]).await.rest().await;
    assert_eq!(types(&events), ["done"]);
    assert_eq!(events[0].1["status"], "interrupted");
    assert_eq!(browser.talk(Some(session), "Again").await, session);
}

#[tokio::test]
async fn who_had_more_than_was_saved_before_a_crash_gets_what_is_left_and_the_end() {
    let timing = Timing {
        journal_period: Duration::from_secs(3_600),
        ..Timing::default()
    };
    let app = TestApp::with_timing(timing).await;
    let browser = app.browser().await;
    let answer = app.gateway.hold_answer();
    let session = session_id(&browser.say(None, "Hello").await);
    let mut reader = browser.attach(session, &[]).await;
    let mut cursors = Vec::new();
    for text in ["never", " saved", " at all"] {
        answer.token(text);
        cursors.push(reader.next().await.unwrap().0);
    }

    let browser = browser.at(&app.after_crash().await);
    for cursor in cursors {
        let events = browser
            .attach(session, &[("last-event-id", &cursor)])
            .await
            .rest()
            .await;
        assert_eq!(types(&events), ["token", "done"]);
        assert_eq!(
            (&events[0].1["content"], &events[0].1["offset"]),
            (&json!(""), &json!(0))
        );
    }
}

#[tokio::test]
async fn an_open_session_tells_the_text_so_far_and_where_to_go_on() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let answer = app.gateway.hold_answer();
    let session = session_id(&browser.say(None, "Hello").await);
    let mut reader = browser.attach(session, &[]).await;
    answer.token("so far, ");
    reader.next().await.unwrap();
    let (_, detail) = browser.get(&format!("/api/chat/sessions/{session}")).await;
    assert_eq!(detail["running"], true);
    let shown = detail["messages"][1]["content"].as_str().unwrap();
    assert_eq!(shown, "so far, ");
    answer.token("so good");
    answer.finish();
    let cursor = detail["cursor"].as_str().unwrap();
    let rest = browser
        .attach_at(&format!("/api/chat/stream/{session}?after={cursor}"), &[])
        .await
        .rest()
        .await;
    assert_eq!(format!("{shown}{}", text_of(&rest)), "so far, so good");
}

#[tokio::test]
async fn the_headers_keep_proxies_from_holding_the_stream_back() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let session = browser.talk(None, "Hello").await;
    let reader = browser.attach(session, &[("accept-encoding", "gzip, br")]).await;
    for (name, value) in [
        ("content-type", "text/event-stream"),
        ("cache-control", "no-cache, no-transform"),
        ("x-accel-buffering", "no"),
    ] {
        assert_eq!(reader.headers[name], value);
    }
    assert!(!reader.headers.contains_key("content-encoding"));
}
