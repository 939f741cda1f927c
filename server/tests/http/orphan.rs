//! A turn whose owner was lost, and an end that could not be saved at once.

use axum::http::StatusCode;
use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use serde_json::json;
use uuid::Uuid;

use crate::common::{Browser, Reader, TestApp, session_id, types};

/// A turn that wrote something and whose task then panicked.
async fn orphan(app: &TestApp) -> (Browser, Uuid) {
    let browser = app.browser().await;
    let answer = app.gateway.hold_answer();
    let session = session_id(&browser.say(None, "Hello").await);
    let mut reader = browser.attach(session, &[]).await;
    answer.token("so far");
    assert_eq!(reader.next().await.unwrap().1["content"], "so far");
    answer.panic();
    let rest = reader.rest().await;
    assert_eq!(types(&rest), ["done"], "no reader waits for ever");
    assert_eq!(rest[0].1["status"], "interrupted");
    (browser, session)
}

async fn is_interrupted(browser: &Browser, session: Uuid) {
    let messages = browser.messages(session).await;
    assert_eq!(messages[0]["content"], "Hello");
    assert_eq!(messages[1]["status"], "interrupted");
    assert_eq!(
        messages[1]["content"], "so far",
        "what the journal had not saved is saved too"
    );
    assert_eq!(browser.talk(Some(session), "Again").await, session);
    assert_eq!(browser.messages(session).await[3]["status"], "complete");
}

#[tokio::test]
async fn opening_its_session_ends_it() {
    let app = TestApp::start().await;
    let (browser, session) = orphan(&app).await;
    is_interrupted(&browser, session).await;
}

#[tokio::test]
async fn listing_its_session_ends_it() {
    let app = TestApp::start().await;
    let (browser, session) = orphan(&app).await;
    let (_, list) = browser.get("/api/chat/sessions").await;
    assert_eq!(list["sessions"][0]["running"], false);
    is_interrupted(&browser, session).await;
}

#[tokio::test]
async fn a_new_message_ends_it() {
    let app = TestApp::start().await;
    let (browser, session) = orphan(&app).await;
    browser.talk(Some(session), "And?").await;
    let messages = browser.messages(session).await;
    assert_eq!(
        (&messages[1]["status"], &messages[1]["content"]),
        (&json!("interrupted"), &json!("so far"))
    );
    assert_eq!(messages[3]["status"], "complete");
}

#[tokio::test]
async fn stop_finds_nothing_running() {
    let app = TestApp::start().await;
    let (browser, session) = orphan(&app).await;
    let (status, _) = browser
        .post(&format!("/api/chat/sessions/{session}/cancel"), serde_json::Value::Null)
        .await;
    assert_eq!(status, StatusCode::CONFLICT);
}

/// A turn that ended while the database refuses to save it; the connection may undo that.
async fn refused_end() -> (TestApp, Browser, Uuid, Reader, SqliteConnection) {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let answer = app.gateway.hold_answer();
    let session = session_id(&browser.say(None, "Hello").await);
    let mut reader = browser.attach(session, &[]).await;
    answer.token("whole");
    reader.next().await.unwrap();

    let path = app.folder.path().join("parley.db");
    let mut database = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    // What the app writes meanwhile is waited for.
    database.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
    let refuse = "CREATE TRIGGER refuse BEFORE UPDATE ON turns BEGIN SELECT RAISE(ABORT, 'no'); END";
    database.batch_execute(refuse).unwrap();
    answer.finish();
    (app, browser, session, reader, database)
}

#[tokio::test]
async fn an_end_that_the_database_refuses_is_saved_when_it_takes_it() {
    let (_app, browser, session, reader, mut database) = refused_end().await;
    let mend = async {
        // Long enough for the first attempt; were this later than it, the test would only prove less.
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        database.batch_execute("DROP TRIGGER refuse").unwrap();
    };
    let (rest, ()) = tokio::join!(reader.rest(), mend);
    assert_eq!(rest.last().unwrap().1["status"], "complete");
    let messages = browser.messages(session).await;
    assert_eq!(
        (&messages[1]["status"], &messages[1]["content"]),
        (&json!("complete"), &json!("whole"))
    );
}

#[tokio::test]
async fn of_an_end_that_could_not_be_saved_no_usage_is_told() {
    let (_app, browser, session, reader, mut database) = refused_end().await;
    let rest = reader.rest().await;
    assert_eq!(types(&rest), ["done"]);
    assert_eq!(rest[0].1["status"], "interrupted");
    database.batch_execute("DROP TRIGGER refuse").unwrap();
    let answer = browser.messages(session).await.pop().unwrap();
    assert_eq!(
        (&answer["status"], &answer["content"], &answer["usage"]),
        (&json!("interrupted"), &json!("whole"), &json!(null))
    );
}
