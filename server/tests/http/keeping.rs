//! Backup, prune and export-all, with the binary itself beside a server that works on the same database.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use axum::http::Method;
use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query, sql_types::Text};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::common::{Browser, TestApp, body_of};

/// Runs the binary on the app's database.
async fn parley(app: &TestApp, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parley"));
    command
        .args(arguments)
        .env_clear()
        .env("DATABASE_URL", app.folder.path().join("parley.db"))
        .current_dir(app.folder.path());
    tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap()
}

async fn done(app: &TestApp, arguments: &[&str]) -> String {
    let output = parley(app, arguments).await;
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{error}");
    String::from_utf8(output.stdout).unwrap()
}

async fn refused(app: &TestApp, arguments: &[&str]) -> String {
    let output = parley(app, arguments).await;
    assert!(!output.status.success());
    assert_eq!(output.stdout, b"");
    String::from_utf8(output.stderr).unwrap()
}

fn texts(database: &Path) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        content: String,
    }
    let mut connection = SqliteConnection::establish(database.to_str().unwrap()).unwrap();
    let rows: Vec<Row> = sql_query("SELECT content FROM messages").load(&mut connection).unwrap();
    rows.into_iter().map(|row| row.content).collect()
}

/// The files below a folder, by name.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.push(path);
        }
    }
    all.sort();
    all
}

async fn archived(browser: &Browser, text: &str) -> Uuid {
    let session = browser.talk(None, text).await;
    browser
        .post(&format!("/api/chat/sessions/{session}/clear"), Value::Null)
        .await;
    session
}

/// Makes it look as if they had been archived so many days ago.
fn archived_days_ago(app: &TestApp, days: i64) {
    days_ago(app, "archived_at", days);
}

/// Makes it look as if what was brought in had come so many days ago.
fn imported_days_ago(app: &TestApp, days: i64) {
    days_ago(app, "imported_at", days);
}

fn days_ago(app: &TestApp, column: &str, days: i64) {
    let mut connection = SqliteConnection::establish(app.folder.path().join("parley.db").to_str().unwrap()).unwrap();
    sql_query("PRAGMA busy_timeout = 5000")
        .execute(&mut connection)
        .unwrap();
    let back = days * 24 * 60 * 60 * 1_000_000;
    sql_query(format!("UPDATE sessions SET {column} = {column} - {back}"))
        .execute(&mut connection)
        .unwrap();
}

async fn count_of(browser: &Browser, status: &str) -> Value {
    browser.get(&format!("/api/chat/sessions?status={status}")).await.1["total"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_under_load_is_sound_and_holds_all_that_was_acknowledged_before() {
    let app = TestApp::start().await;
    let stop = tokio_util::sync::CancellationToken::new();
    let acknowledged = std::sync::Arc::new(parking_lot::Mutex::new(Vec::<String>::new()));
    let mut writers = Vec::new();
    for writer in 0..4 {
        let (app, stop, acknowledged) = (app.clone(), stop.clone(), acknowledged.clone());
        writers.push(tokio::spawn(async move {
            let browser = app.browser().await;
            for number in 0.. {
                if stop.is_cancelled() {
                    return;
                }
                let text = format!("message {number} of writer {writer}");
                browser.talk(None, &text).await;
                acknowledged.lock().push(text);
            }
        }));
    }
    let file = app.folder.path().join("copy.db");
    for round in 1..=3 {
        while acknowledged.lock().len() < round * 20 {
            tokio::task::yield_now().await;
        }
        let before = acknowledged.lock().clone();
        let said = done(&app, &["backup", "copy.db", "--force"]).await;
        assert!(
            said.starts_with("Backed up ") && said.ends_with("MB, checked.\n"),
            "{said}"
        );
        assert_eq!(server::store::verify(&file).unwrap(), [""; 0]);
        let kept = texts(&file);
        for text in before {
            assert!(kept.contains(&text), "{text}");
        }
    }
    stop.cancel();
    for writer in writers {
        writer.await.unwrap();
    }
    // A server starts on it, and finds each turn that was running interrupted.
    let store = server::store::Store::open(&file).await.unwrap();
    store.recover_turns(None, None).await.unwrap();
    assert_eq!(server::store::verify(&file).unwrap(), [""; 0]);
}

#[tokio::test]
async fn a_backup_replaces_nothing_unasked_and_leaves_nothing_half_done() {
    let app = TestApp::start().await;
    app.browser().await.talk(None, "x").await;
    let folder = app.folder.path();
    fs::write(folder.join("there.db"), "mine").unwrap();
    let error = refused(&app, &["backup", "there.db"]).await;
    assert!(
        error.contains("there.db is there already; name another file, or add --force"),
        "{error}"
    );
    assert_eq!(fs::read(folder.join("there.db")).unwrap(), b"mine");
    let error = refused(&app, &["backup", "parley.db", "--force"]).await;
    assert!(error.contains("is the database itself"), "{error}");
    let error = refused(&app, &["backup", "no/such/folder.db"]).await;
    assert!(error.contains("cannot be written"), "{error}");
    done(&app, &["backup", "there.db", "--force"]).await;
    assert_eq!(texts(&folder.join("there.db")).len(), 2);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(folder.join("there.db")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "it holds what everybody wrote");
    }
    let left: Vec<_> = files(folder)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == "part"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    let elsewhere = Command::new(env!("CARGO_BIN_EXE_parley"))
        .args(["backup", "x.db"])
        .env_clear()
        .env("DATABASE_URL", folder.join("none.db"))
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(
        String::from_utf8(elsewhere.stderr)
            .unwrap()
            .contains("there is no database at")
    );
    assert!(!folder.join("none.db").exists(), "none is made");
}

#[tokio::test]
async fn a_dry_run_of_prune_touches_nothing() {
    let app = TestApp::start().await;
    let ada = app.browser().await;
    archived(&ada, "Old").await;
    archived_days_ago(&app, 31);
    let before = texts(&app.folder.path().join("parley.db"));
    for arguments in [
        &["prune", "--older-than", "30"][..],
        &["prune", "--older-than", "30", "--dry-run"],
        &["prune", "--older-than", "30", "--dry-run", "--to", "kept"],
    ] {
        let said = done(&app, arguments).await;
        let expected = "Would remove 1 conversation archived more than 30 days ago; 15 tokens and $0.0001 would leave the usage figures. \
             Nothing was done; add --yes to do it.\n";
        assert_eq!(said, expected);
    }
    assert_eq!(texts(&app.folder.path().join("parley.db")), before);
    assert_eq!(count_of(&ada, "archived").await, 1);
    assert!(!app.folder.path().join("kept").exists());
    assert!(
        refused(&app, &["prune"])
            .await
            .contains("no age is set: add --older-than DAYS, or set PARLEY_PRUNE_ARCHIVED_DAYS")
    );
    assert!(
        refused(&app, &["prune", "--older-than", "30", "--yes"])
            .await
            .contains("add --to DIR, or --discard")
    );
    assert_eq!(count_of(&ada, "archived").await, 1);
}

#[tokio::test]
async fn prune_moves_out_what_is_old_enough_and_archived_and_it_can_be_brought_back() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.browser().await, app.browser().await);
    let old = archived(&ada, "Old").await;
    archived(&bob, "Bob's").await;
    archived_days_ago(&app, 31);
    archived(&ada, "Young").await;
    ada.talk(None, "Active").await;
    let whole = ada.get(&format!("/api/chat/sessions/{old}/export?format=json")).await.1;

    let said = done(&app, &["prune", "--older-than", "30", "--yes", "--to", "kept"]).await;
    assert_eq!(
        said,
        "Pruned 2 of 2 conversations archived more than 30 days ago: moved to kept. \
         30 tokens and $0.0002 left the usage figures.\n"
    );
    assert_eq!(
        (count_of(&ada, "archived").await, count_of(&ada, "active").await),
        (json!(1), json!(1))
    );
    assert_eq!(count_of(&bob, "archived").await, 0);
    let mut left = texts(&app.folder.path().join("parley.db"));
    left.retain(|text| text == "Old" || text == "Bob's");
    assert_eq!(left, [""; 0], "no row is left");
    let kept = files(&app.folder.path().join("kept"));
    assert_eq!(kept.len(), 2);
    assert_ne!(kept[0].parent(), kept[1].parent(), "a folder for each user");
    let adas = kept
        .iter()
        .find(|path| path.to_str().unwrap().contains("_old_"))
        .unwrap();
    let report = ada.send_raw(Method::POST, "/api/import", fs::read(adas).unwrap()).await;
    body_of(report).await;
    let again = ada.get(&format!("/api/chat/sessions/{old}/export?format=json")).await.1;
    assert_eq!(again, whole);

    // The young one is old by now. What was brought in is here since it came, whatever its file says.
    archived_days_ago(&app, 31);
    let discard = ["prune", "--older-than", "30", "--yes", "--discard"];
    assert_eq!(
        done(&app, &discard).await,
        "Pruned 1 of 1 conversation archived more than 30 days ago: removed without a copy. \
         15 tokens and $0.0001 left the usage figures.\n"
    );
    assert_eq!(count_of(&ada, "archived").await, 1);
    imported_days_ago(&app, 31);
    assert_eq!(
        done(&app, &discard).await,
        "Pruned 1 of 1 conversation archived more than 30 days ago: removed without a copy. \
         15 tokens and $0.0001 left the usage figures.\n"
    );
    assert_eq!(count_of(&ada, "archived").await, 0);
    assert_eq!(count_of(&ada, "active").await, 1, "what is not archived stays");
}

#[tokio::test]
async fn what_changes_while_it_is_written_out_is_not_removed() {
    let app = TestApp::start().await;
    let ada = app.browser().await;
    let session = archived(&ada, "Old").await;
    let store = server::store::Store::open_existing(&app.folder.path().join("parley.db"))
        .await
        .unwrap();
    let places = store.archived_until(server::store::now()).await.unwrap();
    let written = store.conversation(places[0].user_id, session).await.unwrap().unwrap();
    ada.post(&format!("/api/chat/sessions/{session}/restore"), Value::Null)
        .await;
    ada.talk(Some(session), "It goes on").await;
    ada.post(&format!("/api/chat/sessions/{session}/clear"), Value::Null)
        .await;
    assert!(!store.retire(places[0].user_id, written).await.unwrap());
    assert_eq!(ada.messages(session).await.len(), 4);
}

#[tokio::test]
async fn export_all_writes_a_folder_for_each_user() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.browser().await, app.browser().await);
    let session = ada.talk(None, "Plan the move").await;
    archived(&ada, "Old").await;
    bob.talk(None, "Bob's").await;
    let deleted = ada.talk(None, "Deleted").await;
    ada.send(Method::DELETE, &format!("/api/chat/sessions/{deleted}"), Value::Null)
        .await;
    let said = done(&app, &["export-all", "all"]).await;
    assert_eq!(said, "Exported 3 conversations of 2 users to all.\n");
    let all = files(&app.folder.path().join("all"));
    assert_eq!(all.len(), 3);
    let plan = all
        .iter()
        .find(|path| path.to_str().unwrap().contains("_plan-the-move_"))
        .unwrap();
    let written: Value = serde_json::from_slice(&fs::read(plan).unwrap()).unwrap();
    assert_eq!(
        written,
        ada.get(&format!("/api/chat/sessions/{session}/export?format=json"))
            .await
            .1
    );
    assert!(
        refused(&app, &["export-all", "all"])
            .await
            .contains("all is not empty; name a new folder")
    );
    done(&app, &["export-all", "pages", "--format", "html"]).await;
    let pages = files(&app.folder.path().join("pages"));
    assert!(
        pages
            .iter()
            .all(|path| fs::read_to_string(path).unwrap().starts_with("<!doctype html>"))
    );
    assert!(
        refused(&app, &["export-all", "x", "--format", "pdf"])
            .await
            .contains("it takes json, markdown or html")
    );
}
