//! Searching titles and messages.

use axum::http::{Method, StatusCode};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};
use server::config::Limits;
use uuid::Uuid;

use crate::common::{Browser, TestApp, UNLIMITED, body_of, code, session_id};

async fn results(browser: &Browser, q: &str) -> Value {
    let q: String = q.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let (status, results) = browser.get(&format!("/api/search?q={q}")).await;
    assert_eq!(status, StatusCode::OK, "{results}");
    results
}

/// What is found, each as its kind and its snippet with the matches in brackets.
async fn found(browser: &Browser, q: &str) -> Vec<String> {
    let results = results(browser, q).await;
    assert_eq!(results.get("note"), None, "{results}");
    results["hits"].as_array().unwrap().iter().map(shown).collect()
}

fn shown(hit: &Value) -> String {
    let kind = hit["message_type"].as_str().unwrap_or("title");
    let snippet: String = hit["snippet"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| {
            let text = part["text"].as_str().unwrap();
            if part["is_match"] == true {
                format!("[{text}]")
            } else {
                text.to_owned()
            }
        })
        .collect();
    format!("{kind}: {snippet}")
}

#[tokio::test]
async fn messages_answers_and_titles_are_found_with_the_words_marked() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let session = browser.talk(None, "Plan the Überprüfung\nof *all* invoices").await;
    assert_eq!(
        found(&browser, "uberprufung").await,
        [
            "title: Plan the [Überprüfung]",
            "user: Plan the [Überprüfung] of *all* invoices",
        ]
    );
    assert_eq!(
        found(&browser, "invo").await,
        ["user: Plan the Überprüfung of *all* [invoices]"]
    );
    assert_eq!(
        found(&browser, "invo ").await,
        [""; 0],
        "a word that is typed to its end"
    );
    assert_eq!(
        found(&browser, "\"of all\" plan").await,
        ["user: [Plan] the Überprüfung [of *all]* invoices"]
    );
    assert_eq!(found(&browser, "\"all of\"").await, [""; 0]);
    assert_eq!(found(&browser, "hello you").await, ["assistant: [Hello] **[you]**"]);
    let results = results(&browser, "hello").await;
    let answer = &browser.messages(session).await[1];
    let hit = &results["hits"][0];
    for (field, expected) in [
        ("session_id", json!(session)),
        ("message_id", answer["message_id"].clone()),
        ("timestamp", answer["timestamp"].clone()),
        ("title", json!("Plan the Überprüfung")),
        ("agent_name", json!("Architect")),
        ("status", json!("active")),
    ] {
        assert_eq!(hit[field], expected, "{field}");
    }
}

#[tokio::test]
async fn an_answer_is_found_once_it_is_whole_and_a_title_as_it_is_now() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let answer = app.gateway.hold_answer();
    let session = session_id(&browser.say(None, "Question").await);
    answer.token("zebra");
    let mut reader = browser.attach(session, &[]).await;
    reader.next().await.unwrap();
    assert_eq!(found(&browser, "zebra").await, [""; 0]);
    answer.finish();
    reader.rest().await;
    assert_eq!(found(&browser, "zebra").await, ["assistant: [zebra]"]);

    let path = format!("/api/chat/sessions/{session}");
    browser.send(Method::PATCH, &path, json!({"title": "Stripes"})).await;
    assert_eq!(found(&browser, "stripes").await, ["title: [Stripes]"]);
    assert_eq!(found(&browser, "question").await, ["user: [Question]"]);
}

#[tokio::test]
async fn agent_model_and_time_narrow_it_and_what_is_not_understood_is_told() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    browser.talk(None, "plan one").await;
    let body = json!({"message": "plan two", "agent_id": "dir-code", "model": "second"});
    let session = session_id(&browser.post("/api/chat/message", body).await.1);
    browser.attach(session, &[]).await.rest().await;
    let two = ["title: [plan] two", "user: [plan] two"];
    for q in [
        "agent:dir-code plan",
        "plan agent:DIR-CODE",
        "agent:dir plan",
        "model:Second plan",
        "model:\"second\" agent:\"Dir-Code\" plan after:2020 before:2999-01",
    ] {
        assert_eq!(found(&browser, q).await, two, "{q}");
    }
    assert_eq!(found(&browser, "agent:architect model:second plan").await, [""; 0]);
    assert_eq!(found(&browser, "before:2020 plan").await, [""; 0]);
    assert_eq!(found(&browser, "after:2999 plan").await, [""; 0]);
    assert_eq!(
        found(&browser, "agent:dir-code ").await,
        ["title: plan two"],
        "without words: the conversations"
    );

    let understood = results(&browser, "before:soon plan 😀 two").await;
    assert_eq!(
        understood["hits"].as_array().unwrap().len(),
        2,
        "the rest is searched for"
    );
    let results = results(&browser, "agent:nobody before:soon plan 😀 two").await;
    assert_eq!(results["hits"], json!([]), "nobody's agent has nothing");
    assert_eq!(
        results["note"],
        "“before:soon” is no date: it takes one such as 2026-01-31, 2026-01 or 2026. \
         “😀” has neither letters nor digits and was left out. None of your conversations has the agent “nobody”."
    );
}

#[tokio::test]
async fn what_is_deleted_is_not_found_at_once_and_what_is_archived_is() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let session = browser.talk(None, "needle").await;
    let path = format!("/api/chat/sessions/{session}");
    browser.post(&format!("{path}/clear"), Value::Null).await;
    assert_eq!(results(&browser, "needle").await["hits"][0]["status"], "archived");
    browser.send(Method::DELETE, &path, Value::Null).await;
    assert_eq!(found(&browser, "needle").await, [""; 0]);
    browser.post(&format!("{path}/restore"), Value::Null).await;
    assert_eq!(found(&browser, "needle").await.len(), 2);
}

#[tokio::test]
async fn what_is_anothers_is_never_found() {
    let app = TestApp::start().await;
    let ada = app.browser().await;
    ada.talk(None, "Ada's secret").await;
    let bob = app.browser().await;
    bob.talk(None, "His own").await;
    for q in [
        "secret",
        "Ada's secret",
        "agent:architect secret",
        "hello secret",
        "s",
        "s1 secret",
        "u t s1",
    ] {
        assert_eq!(found(&bob, q).await, [""; 0], "{q}");
    }
    assert_eq!(found(&ada, "secret").await.len(), 2);
}

#[tokio::test]
async fn too_many_searches_are_refused_and_what_they_found_can_still_be_read() {
    let app = TestApp::with_limits(Limits {
        searches_per_minute: 2,
        session_reads_per_minute: 1,
        ..UNLIMITED
    })
    .await;
    let browser = app.browser().await;
    results(&browser, "x").await;
    let (status, _) = browser
        .post("/fn/search", json!({"q": "x", "limit": 5, "utc_offset_minutes": 0}))
        .await;
    assert_eq!(status, StatusCode::OK);
    let (status, body) = browser.get("/api/search?q=x").await;
    assert_eq!((status, code(&body)), (StatusCode::TOO_MANY_REQUESTS, "rate_limited"));
    let (status, _) = browser.get("/api/chat/sessions").await;
    assert_eq!(status, StatusCode::OK);
}

/// Whatever is typed: the index's own syntax among it.
fn anything() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        Just("\"".to_owned()),
        Just("*".to_owned()),
        "[(){}:^+,-]",
        "(AND|OR|NOT|NEAR|scope|text|rowid|search_index)( |:|\\()?",
        "(agent|model|before|after):",
        "(u|s|t)[0-9a-f]{0,4}",
        Just("\0".to_owned()),
        Just("\u{202e}שלום\u{202c}".to_owned()),
        Just("👩‍👩‍👧".to_owned()),
        Just("secret".to_owned()),
        "\\PC{0,8}",
        Just("x".repeat(40_000)),
        Just("é\u{301}".repeat(100)),
        Just(" ".to_owned()),
        Just("'; DROP TABLE sessions; --".to_owned()),
    ];
    prop::collection::vec(pieces, 0..8).prop_map(|pieces| pieces.concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_input_fails_or_finds_what_is_anothers() {
    let app = TestApp::start().await;
    let ada = app.browser().await;
    ada.talk(None, "the secret \"x\" NEAR Ada, שלום 2026").await;
    let bob = app.browser().await;
    bob.talk(None, "nothing to hide").await;
    let own: Uuid = session_id(&bob.say(None, "the x AND NEAR of Bob, שלום 2026").await);
    let (sender, receiver) = std::sync::mpsc::channel::<String>();
    std::thread::spawn(move || {
        let mut runner = TestRunner::new(Config::with_cases(300));
        let send = |typed: String| {
            sender.send(typed).ok();
            Ok(())
        };
        runner.run(&anything(), send).unwrap();
    });
    let mut finds = 0;
    while let Ok(typed) = receiver.recv() {
        // By the page's door: an address has no room for all of it.
        let (status, results) = bob
            .post("/fn/search", json!({"q": typed, "limit": 50, "utc_offset_minutes": 60}))
            .await;
        assert_eq!(status, StatusCode::OK, "{typed:?}: {results}");
        for hit in results["hits"].as_array().unwrap() {
            let title = hit["title"].as_str().unwrap();
            assert!(
                hit["session_id"] == json!(own) || title == "nothing to hide",
                "{typed:?}: {hit}"
            );
            finds += 1;
        }
    }
    assert!(finds > 0, "some of it is found");
    assert_eq!(found(&ada, "secret").await.len(), 2, "and nothing is broken");
}

/// So many messages that say `common 世界`.
async fn import_many(browser: &Browser, count: usize) {
    let messages: serde_json::Map<String, Value> = (0..count)
        .map(|number| (format!("m{number}"), json!({"role": "user", "content": "common 世界"})))
        .collect();
    let history = json!({"history": {"messages": messages}});
    let file = json!([{"id": "x", "title": "Many", "created_at": 100, "chat": history}]);
    let response = browser.send_raw(Method::POST, "/api/import", file.to_string()).await;
    body_of(response).await;
}

#[tokio::test]
async fn what_is_not_looked_at_or_not_shown_is_told() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let note = async |question: &str| browser.get(&format!("/api/search?q={question}")).await.1["note"].clone();
    import_many(&browser, 30).await;
    assert_eq!(note("Many").await, Value::Null);
    assert_eq!(
        note("common").await,
        "Only the best 20 of 30 finds are shown; narrow it with before: or more words."
    );
    import_many(&browser, 200).await;
    assert_eq!(
        note("common").await,
        "Only the newest 200 messages and 100 titles were looked at; narrow it with before: or more words."
    );
}

#[tokio::test]
async fn that_letters_without_spaces_are_found_from_their_beginning_is_told_where_nothing_is() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    import_many(&browser, 1).await;
    let found = async |question: &str| {
        let results = browser.get(&format!("/api/search?q={question}")).await.1;
        (results["hits"].as_array().unwrap().len(), results["note"].clone())
    };
    assert_eq!(found("%E4%B8%96%E7%95%8C").await, (1, Value::Null));
    let told =
        "Chinese and Japanese text is found only from the beginning of a run of letters: after a space or a sign.";
    assert_eq!(found("%E7%95%8C").await, (0, json!(told)));
    assert_eq!(found("nowhere").await, (0, Value::Null));
}
