//! What is left of a conversation that is deleted: nothing. And of one that is brought back: every byte.

use std::time::Duration;

use axum::http::Method;
use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query, sql_types::Text};
use serde_json::{Value, json};
use server::chat::Timing;
use uuid::Uuid;

use crate::common::{Browser, TestApp, session_id};

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

struct Database(SqliteConnection);

impl Database {
    fn of(app: &TestApp) -> Self {
        let path = app.folder.path().join("parley.db");
        Self(SqliteConnection::establish(path.to_str().unwrap()).unwrap())
    }

    fn lines(&mut self, query: &str) -> Vec<String> {
        let lines: Vec<Line> = sql_query(query).load(&mut self.0).unwrap();
        lines.into_iter().map(|line| line.line).collect()
    }

    /// Every row of every table, the index's own among them if wanted; but not how far numbers run ahead of their times, which
    /// only ever grows, and says nothing of anybody.
    fn dump(&mut self, with_index: bool) -> Vec<String> {
        let tables = self.lines(
            "SELECT name AS line FROM sqlite_master
             WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name <> 'search_index' ORDER BY name",
        );
        assert!(tables.len() >= 10, "{tables:?}");
        let mut dump = Vec::new();
        for table in tables
            .iter()
            .filter(|table| with_index || !table.starts_with("search_index"))
        {
            let columns = self.lines(&format!(
                "SELECT 'QUOTE(' || name || ')' AS line FROM pragma_table_info('{table}') WHERE name <> 'ahead'"
            ));
            let columns = columns.join(" || ',' || ");
            dump.extend(self.lines(&format!(
                "SELECT '{table}: ' || {columns} AS line FROM {table} ORDER BY 1"
            )));
        }
        dump
    }

    /// The words that the index has, each with where it stands.
    fn indexed(&mut self) -> Vec<String> {
        sql_query("INSERT INTO search_index (search_index, rank) VALUES ('integrity-check', 1)")
            .execute(&mut self.0)
            .unwrap();
        sql_query("CREATE VIRTUAL TABLE IF NOT EXISTS temp.words USING fts5vocab(main, search_index, 'instance')")
            .execute(&mut self.0)
            .unwrap();
        self.lines("SELECT term || ' ' || doc || ' ' || col || ' ' || offset AS line FROM temp.words ORDER BY 1")
    }

    /// Whether some bytes stand anywhere in the index, in what it has merged away or not.
    fn index_holds(&mut self, word: &str) -> bool {
        let query = format!("SELECT 'x' AS line FROM search_index_data WHERE INSTR(block, CAST('{word}' AS BLOB)) > 0");
        !self.lines(&query).is_empty()
    }
}

/// A conversation with versions, a stopped answer, a title of its own, and what a running turn leaves in the journal.
async fn eventful(app: &TestApp, browser: &Browser) -> Uuid {
    let body = json!({"message": "Quetzalcoatl one", "agent_id": "dir-code", "model": "second"});
    let session = session_id(&browser.post("/api/chat/message", body).await.1);
    browser.attach(session, &[]).await.rest().await;
    let path = format!("/api/chat/sessions/{session}");
    let answer = browser.messages(session).await[1]["message_id"].clone();
    browser
        .post(&format!("{path}/regenerate"), json!({"message_id": answer}))
        .await;
    browser.attach(session, &[]).await.rest().await;
    browser
        .send(
            Method::PATCH,
            &path,
            json!({"title": "Axolotl", "pinned": true, "model": "scripted"}),
        )
        .await;
    let held = app.gateway.hold_answer();
    let body = json!({"session_id": session, "message": "Quetzalcoatl two", "agent_id": "dir-code"});
    browser.post("/api/chat/message", body).await;
    held.token("Xochimilco ");
    browser.attach(session, &[]).await.next().await.unwrap();
    // Until the journal has it.
    let mut database = Database::of(app);
    while database.lines("SELECT content AS line FROM journal").is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    session
}

#[tokio::test]
async fn of_a_deleted_conversation_no_row_and_no_word_is_left() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let kept = browser.talk(None, "What stays").await;
    let mut database = Database::of(&app);
    let before = (database.dump(false), database.indexed());

    let gone = eventful(&app, &browser).await;
    assert!(database.index_holds("quetzalcoatl") && database.dump(false).len() > before.0.len());
    browser
        .send(Method::DELETE, &format!("/api/chat/sessions/{gone}"), Value::Null)
        .await;
    let timing = Timing {
        deleted_kept: Duration::ZERO,
        purge_period: Duration::from_millis(5),
        ..Timing::default()
    };
    let later = app.after_crash_with(timing).await;
    while database.lines("SELECT session_id AS line FROM sessions").len() > 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // What ended turns have left in the journal goes with its next saving.
    while !database.lines("SELECT content AS line FROM journal").is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(database.dump(false), before.0);
    assert_eq!(database.indexed(), before.1);
    for word in ["quetzal", "axolotl", "xochi", "etzalcoa"] {
        assert!(!database.index_holds(word), "{word}");
    }
    assert_eq!(browser.at(&later).messages(kept).await.len(), 2);
}

#[tokio::test]
async fn undo_brings_back_every_byte() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    browser.talk(None, "Another one").await;
    let session = browser.talk(None, "Hello").await;
    let path = format!("/api/chat/sessions/{session}");
    browser
        .send(Method::PATCH, &path, json!({"title": "Axolotl", "pinned": true}))
        .await;
    let archived = browser.talk(None, "Archived").await;
    browser
        .post(&format!("/api/chat/sessions/{archived}/clear"), Value::Null)
        .await;
    let mut database = Database::of(&app);
    while !database.lines("SELECT content AS line FROM journal").is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let before = database.dump(true);
    for id in [session, archived] {
        let path = format!("/api/chat/sessions/{id}");
        browser.send(Method::DELETE, &path, Value::Null).await;
        assert_ne!(database.dump(true), before);
        browser.post(&format!("{path}/restore"), Value::Null).await;
        assert_eq!(database.dump(true), before);
    }
    let both = json!({"session_ids": [session, archived], "change": "delete"});
    browser.post("/api/chat/sessions/many", both).await;
    let both = json!({"session_ids": [session, archived], "change": "restore"});
    browser.post("/api/chat/sessions/many", both).await;
    assert_eq!(database.dump(true), before);
}
