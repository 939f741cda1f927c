//! Many turns with readers that come and go: nothing is left behind.

use std::time::Duration;

use rand::{Rng, SeedableRng, rngs::StdRng};
use server::chat::{Timing, live::LiveCount};

use crate::common::{Browser, TestApp, session_id, text_of};

const TURNS: usize = 1_000;
/// At once.
const PEOPLE: usize = 20;
/// After so many the memory has reached its level.
const WARM: usize = 300;
/// The text of an answer: long enough that the memory would show it if answers were kept.
const PIECES: usize = 60;
const PIECE_BYTES: usize = 1_000;

#[tokio::test(flavor = "multi_thread")]
async fn after_a_thousand_turns_no_task_no_reader_and_no_memory_is_left() {
    let timing = Timing {
        logs_kept: Duration::from_millis(20),
        ..Timing::default()
    };
    let app = TestApp::with_timing(timing).await;
    app.gateway.answer_slowly(vec!["x".repeat(PIECE_BYTES); PIECES]);
    everyone(&app, WARM / PEOPLE).await;
    let level = resident_bytes();
    everyone(&app, (TURNS - WARM) / PEOPLE).await;
    let grown = resident_bytes().saturating_sub(level);

    // The journal clears away with its next tick.
    let quiet = LiveCount {
        running: 0,
        logs: 0,
        readers: 0,
    };
    for _ in 0..200 {
        if app.chat.activity() == (quiet, 2) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(
        app.chat.activity(),
        (quiet, 2),
        "the journal and the purge are all that runs"
    );
    let starts = app.gateway.starts();
    assert!(
        (TURNS / 2..=TURNS).contains(&starts),
        "{starts}: few were stopped before they began, and none began twice"
    );
    let all_answers = (TURNS - WARM) * PIECES * PIECE_BYTES;
    assert!(
        grown < all_answers as u64 / 2,
        "{grown} bytes more than after {WARM} turns"
    );
}

async fn everyone(app: &TestApp, turns: usize) {
    let people = (0..PEOPLE).map(|seed| tokio::spawn(person(app.clone(), turns, seed as u64)));
    for person in people.collect::<Vec<_>>() {
        person.await.unwrap();
    }
}

async fn person(app: TestApp, turns: usize, seed: u64) {
    let mut chance = StdRng::seed_from_u64(seed);
    let browser = app.browser().await;
    for _ in 0..turns {
        let session = session_id(&browser.say(None, "Hello").await);
        let mut comers = Vec::new();
        for _ in 0..chance.random_range(0..5) {
            let (browser, stays_for) = (browser.clone(), chance.random_range(0..PIECES));
            comers.push(tokio::spawn(come_and_go(browser, session, stays_for)));
            tokio::time::sleep(Duration::from_millis(chance.random_range(0..3))).await;
        }
        if chance.random_bool(0.2) {
            let cancel = format!("/api/chat/sessions/{session}/cancel");
            browser.post(&cancel, serde_json::Value::Null).await;
        } else {
            let events = browser
                .attach(session, &[("last-event-id", "garbage")])
                .await
                .rest()
                .await;
            assert_eq!(text_of(&events).len(), PIECES * PIECE_BYTES);
        }
        for comer in comers {
            comer.await.unwrap();
        }
    }
}

/// Reads a while and leaves without a word.
async fn come_and_go(browser: Browser, session: uuid::Uuid, events: usize) {
    let mut reader = browser.attach(session, &[]).await;
    for _ in 0..events {
        if reader.next().await.is_none() {
            return;
        }
    }
}

fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = statm
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse().ok())
        .unwrap_or(0);
    pages * 4096
}
