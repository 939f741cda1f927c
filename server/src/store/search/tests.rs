use diesel::{
    sql_query,
    sql_types::{BigInt, Text},
};
use proptest::test_runner::{Config, TestRunner};

use super::{find::*, *};
use crate::{
    search::words::words,
    store::plan::{plan_of, scans},
};

const ADA: Uuid = Uuid::from_u128(1);
const BOB: Uuid = Uuid::from_u128(2);
const PERSON: PersonNumbers = PersonNumbers { person_id: 1, ahead: 0 };

async fn open() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("x.db")).await.unwrap();
    (folder, store)
}

async fn execute(store: &Store, statement: impl Into<String>) {
    let statement = statement.into();
    store
        .write(move |connection| Ok(sql_query(statement).execute(connection)?))
        .await
        .unwrap();
}

async fn session(store: &Store, user: Uuid, session: Uuid, created: i64, title: &str) {
    let title = title.replace('\'', "''");
    execute(store, format!(
        "INSERT INTO sessions (session_id, user_id, agent_id, agent_name, model_id, model_name, title, status, created_at,
                               updated_at)
         VALUES ('{session}', '{user}', 'a', 'A', 'm', 'M', '{title}', 'active', {created}, {created})"
    )).await;
}

async fn message(store: &Store, session: Uuid, timestamp: i64, text: &str) {
    let text = text.replace('\'', "''");
    execute(
        store,
        format!(
            "INSERT INTO messages (message_id, session_id, message_type, content, agent_id, timestamp, status)
         VALUES ('{}', '{session}', 'user', '{text}', 'a', {timestamp}, 'complete')",
            Uuid::new_v4()
        ),
    )
    .await;
}

fn asked(typed: &str) -> TextQuery {
    TextQuery {
        sought: crate::search::question::Question::read(typed, 0).sought,
        ..TextQuery::default()
    }
}

async fn texts(store: &Store, query: TextQuery) -> Vec<String> {
    let found = store.find_texts(ADA, query).await.unwrap();
    found.into_iter().map(|found| found.text).collect()
}

/// The index has exactly what the tables have.
async fn check_index(store: &Store) {
    execute(
        store,
        "INSERT INTO search_index (search_index, rank) VALUES ('integrity-check', 1)",
    )
    .await;
}

#[tokio::test]
async fn the_newest_come_first_in_whatever_order_they_were_saved() {
    let (_folder, store) = open().await;
    let (one, two) = (Uuid::from_u128(11), Uuid::from_u128(12));
    session(&store, ADA, one, 5_000_000, "t").await;
    session(&store, ADA, two, 1_000_000, "t").await;
    for (session, time) in [
        (one, 9_000_000),
        (two, 2_000_000),
        (one, 9_000_001),
        (two, 9_000_001),
        (one, 3_000_000),
    ] {
        message(&store, session, time, &format!("x {time}")).await;
    }
    assert_eq!(
        texts(&store, asked("x ")).await,
        ["x 9000001", "x 9000001", "x 9000000", "x 3000000", "x 2000000"]
    );
    let narrowed = TextQuery {
        from: Some(Timestamp(3_000_000)),
        until: Some(Timestamp(9_000_001)),
        ..asked("x ")
    };
    assert_eq!(texts(&store, narrowed).await, ["x 9000000", "x 3000000"]);
    check_index(&store).await;
}

#[tokio::test]
async fn titles_are_found_among_any_number_of_newer_messages() {
    let (_folder, store) = open().await;
    let old = Uuid::from_u128(11);
    session(&store, ADA, old, 1, "common title").await;
    execute(&store, format!(
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT 1000)
         INSERT INTO messages (message_id, session_id, message_type, content, agent_id, timestamp, status)
         SELECT printf('%08x-0000-4000-8000-000000000000', n), '{old}', 'user', 'common', 'a', n * 1000000, 'complete' FROM n"
    )).await;
    let found = store.find_texts(ADA, asked("common")).await.unwrap();
    assert_eq!(found.len(), MOST_MESSAGES + 1);
    assert_eq!(found[0].text, "common title");
}

#[tokio::test]
async fn deleted_ones_do_not_stand_in_the_way_of_others() {
    let (_folder, store) = open().await;
    session(&store, ADA, Uuid::from_u128(1), 1, "x").await;
    message(&store, Uuid::from_u128(1), 2, "x").await;
    for number in 0..MOST_TITLES as u128 + 5 {
        session(&store, ADA, Uuid::from_u128(100 + number), 1_000_000, "x").await;
    }
    execute(&store, "UPDATE sessions SET status = 'deleted' WHERE created_at > 1").await;
    assert_eq!(texts(&store, asked("x ")).await, ["x", "x"]);
}

#[tokio::test]
async fn a_search_reads_the_index_and_looks_up_by_keys() {
    let (_folder, store) = open().await;
    for kind in [Kind::Titles, Kind::Messages] {
        let plan = plan_of(&store, &Find::new(ADA, PERSON, &asked("x"), kind)).await;
        // `M`: by words. What is looked up in a virtual table is called a scan, too.
        let (index, rest) = plan.split_first().unwrap();
        assert!(
            index.starts_with("SCAN search_index VIRTUAL TABLE INDEX") && index.contains('M'),
            "{plan:#?}"
        );
        assert_eq!(rest.len(), 3, "{plan:#?}");
        assert!(rest.iter().all(|step| step.starts_with("SEARCH")), "{plan:#?}");
        assert_eq!(scans(&plan), [index], "{plan:#?}");
    }
    let plan = plan_of(&store, &Find::new(ADA, PERSON, &TextQuery::default(), Kind::Titles)).await;
    assert!(
        plan[0].contains("search_documents USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
        "{plan:#?}"
    );
    assert_eq!(scans(&plan), Vec::<&String>::new(), "{plan:#?}");
}

#[tokio::test]
async fn each_persons_titles_and_messages_have_numbers_of_their_own_and_odd_times_among_them() {
    let (_folder, store) = open().await;
    for (user, number) in [(ADA, 1_u128), (BOB, 2)] {
        let id = Uuid::from_u128(number);
        session(&store, user, id, i64::MAX, "odd").await;
        for time in [i64::MIN, -5, 0, 131_071, 131_072, i64::MAX] {
            message(&store, id, time, &format!("odd {time}")).await;
        }
    }
    let found = texts(&store, asked("odd ")).await;
    assert_eq!(found.len(), 7);
    assert_eq!(found[0], "odd");
    assert_eq!(found[1], format!("odd {}", i64::MAX));
    check_index(&store).await;
    execute(&store, format!("DELETE FROM sessions WHERE user_id = '{ADA}'")).await;
    assert!(
        texts(&store, asked("odd ")).await.is_empty(),
        "nothing of hers is left, and Bob's is not hers"
    );
    check_index(&store).await;
}

/// So many messages with a word each, `word1` and so on, at this time and microseconds after it.
async fn messages_at(store: &Store, session: Uuid, time: i64, count: i64) {
    execute(store, format!(
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT {count})
         INSERT INTO messages (message_id, session_id, message_type, content, agent_id, timestamp, status)
         SELECT printf('%08x-0000-4000-8000-%012x', n, {time}), '{session}', 'user', 'word' || n, 'a', {time} + n, 'complete'
         FROM n"
    )).await;
}

#[derive(QueryableByName, Debug, PartialEq)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

async fn numbers(store: &Store, query: impl Into<String>) -> Vec<i64> {
    let query = query.into();
    let numbers = store.read(move |connection| Ok(sql_query(query).load::<Number>(connection)?));
    numbers.await.unwrap().into_iter().map(|row| row.number).collect()
}

const AHEAD: &str = "SELECT ahead AS number FROM search_people";

/// As they come in from a program that keeps no times.
#[tokio::test]
async fn thousands_of_one_time_are_all_found_also_before_a_time() {
    const COUNT: i64 = 3_000;
    let (_folder, store) = open().await;
    let id = Uuid::from_u128(11);
    let time = 700 * STEP;
    session(&store, ADA, id, 1, "t").await;
    // One stands where they run ahead to.
    message(&store, id, time + 1_500 * STEP, "later").await;
    messages_at(&store, id, time, COUNT).await;
    check_index(&store).await;
    let given = numbers(
        &store,
        "SELECT document_id & 1099511627775 AS number FROM search_documents WHERE message_id IS NOT NULL",
    );
    let given = given.await;
    assert_eq!(given.len() as i64, COUNT + 1);
    let ahead = given.iter().max().unwrap() - 700;
    assert!((COUNT..COUNT * 3).contains(&ahead), "{ahead}");
    assert_eq!(numbers(&store, AHEAD).await, [ahead]);
    for number in [1, 2, 999, 2_047, 2_048, COUNT] {
        let before = |until| TextQuery {
            until: Some(Timestamp(until)),
            from: Some(Timestamp(time)),
            ..asked(&format!("word{number} "))
        };
        let text = format!("word{number}");
        assert_eq!(texts(&store, before(time + number + 1)).await, [text]);
        assert_eq!(texts(&store, before(time + number)).await, [""; 0]);
    }
}

/// What the trigger does for a text more, and how many windows it looks into.
#[tokio::test]
async fn a_free_number_is_found_by_few_searches_by_key() {
    let (_folder, store) = open().await;
    let id = Uuid::from_u128(11);
    session(&store, ADA, id, 1, "t").await;
    messages_at(&store, id, 0, 5_000).await;
    let trigger = store
        .read(|connection| {
            let query = "SELECT sql AS text FROM sqlite_schema WHERE name = 'search_addition'";
            Ok(sql_query(query).load::<Row>(connection)?)
        })
        .await
        .unwrap();
    // Outside of its trigger, a statement knows of no row.
    let trigger = trigger[0]
        .text
        .replace("NEW.message_id", "'x'")
        .replace("NEW.timestamp", "1");
    let trigger = trigger.replace("NEW.session_id", &format!("'{id}'"));
    let trigger = trigger
        .replace("NEW.model_id", "NULL")
        .replace("NEW.model_name", "NULL");
    let body = trigger.split_once("BEGIN").unwrap().1.rsplit_once("END").unwrap().0;
    let statements: Vec<String> = body.split(';').map(|statement| statement.trim().to_owned()).collect();
    let statements = statements.into_iter().filter(|statement| !statement.is_empty());
    let mut count = 0;
    for statement in statements {
        count += 1;
        let query = format!("EXPLAIN QUERY PLAN {statement}");
        #[derive(QueryableByName)]
        struct Step {
            #[diesel(sql_type = Text)]
            detail: String,
        }
        let steps = store.read(move |connection| Ok(sql_query(query).load::<Step>(connection)?));
        for Step { detail } in steps.await.unwrap() {
            // The windows are a dozen, and what is looked up is one row.
            let is_of_few = ["windows", "added", "(subquery", "CONSTANT ROW"];
            let is_of_few = is_of_few.iter().any(|name| detail.contains(name));
            assert!(!detail.starts_with("SCAN") || is_of_few, "{detail}");
        }
    }
    assert_eq!(count, 4);
    let (_, windows) = body.split_once("WITH RECURSIVE").unwrap();
    let (windows, _) = windows.split_once("SELECT COALESCE(taken_id").unwrap();
    let windows = numbers(
        &store,
        format!("WITH RECURSIVE{windows}SELECT COUNT(*) AS number FROM windows"),
    )
    .await;
    assert_eq!(windows, [13], "as often as 5,000 can be halved");
}

#[tokio::test]
async fn an_index_that_is_filled_afterwards_is_the_same_as_one_that_was_kept() {
    let (_folder, store) = open().await;
    for number in 0..20_i64 {
        let id = Uuid::from_u128(100 + u128::try_from(number).unwrap());
        session(
            &store,
            if number % 2 == 0 { ADA } else { BOB },
            id,
            2_000_000 * number,
            &format!("title {number}"),
        )
        .await;
        message(
            &store,
            id,
            2_000_000 * number + 1_000_000,
            &format!("word{number} common"),
        )
        .await;
    }
    messages_at(&store, Uuid::from_u128(100), 50_000_000, 40).await;
    check_index(&store).await;
    let kept = indexed(&store).await;
    let ahead = numbers(&store, AHEAD).await;
    assert_eq!(ahead, [39, 0]);
    let found = texts(&store, asked("common")).await;
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../migrations/sqlite/2026-11-25-120000_search/"
    );
    for file in ["down.sql", "up.sql"] {
        let statements = std::fs::read_to_string(format!("{folder}{file}")).unwrap();
        store
            .write(move |connection| {
                Ok(diesel::connection::SimpleConnection::batch_execute(
                    connection,
                    &statements,
                )?)
            })
            .await
            .unwrap();
    }
    check_index(&store).await;
    assert_eq!(indexed(&store).await, kept);
    assert_eq!(numbers(&store, AHEAD).await, ahead);
    assert_eq!(texts(&store, asked("common")).await, found);
}

/// What the index is told, by time.
async fn indexed(store: &Store) -> Vec<Row> {
    store
        .read(|connection| Ok(sql_query("SELECT text FROM search_texts ORDER BY document_id, text").load(connection)?))
        .await
        .unwrap()
}

#[derive(QueryableByName, Debug, PartialEq)]
struct Row {
    #[diesel(sql_type = Text)]
    text: String,
}

#[derive(QueryableByName)]
struct Term {
    #[diesel(sql_type = Text)]
    term: String,
}

/// What is marked and what is found are the same words.
#[tokio::test(flavor = "multi_thread")]
async fn our_words_are_those_of_the_index() {
    let (_folder, store) = open().await;
    session(&store, ADA, Uuid::from_u128(1), 1, "-").await;
    // The vocabulary of a text, by the index itself, in the one connection that writes.
    execute(
        &store,
        "CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab(main, search_index, 'instance')",
    )
    .await;
    // Without what is no letter yet, such as the one between Ρ and Σ: the index takes it for one.
    let text = "([a-zA-Z0-9_.,;'-]|[À-ÿĀ-ſΑ-ΡΣ-ωА-яա-ևא-תぁ-ん一-十]| |ẞ|ß|é|e\u{301}|\u{1F600}|\n|ạ|ữ|Ⓐ|½|²|ː){0,40}";
    let (sender, receiver) = std::sync::mpsc::channel::<String>();
    std::thread::spawn(move || {
        let mut runner = TestRunner::new(Config::with_cases(200));
        let send = |text: String| {
            sender.send(text).ok();
            Ok(())
        };
        runner.run(&text, send).unwrap();
    });
    while let Ok(text) = receiver.recv() {
        let sql = format!("UPDATE sessions SET title = '{}'", text.replace('\'', "''"));
        let terms: Vec<Term> = store
            .write(move |connection| {
                sql_query(sql).execute(connection)?;
                Ok(
                    sql_query("SELECT term FROM temp.vocabulary WHERE col = 'text' ORDER BY offset")
                        .load(connection)?,
                )
            })
            .await
            .unwrap();
        let terms: Vec<String> = terms.into_iter().map(|term| term.term).collect();
        let ours: Vec<String> = words(&text).map(|word| word.folded()).collect();
        assert_eq!(ours, terms, "{text:?}");
    }
}

#[tokio::test]
async fn a_whole_text_is_its_persons_alone() {
    let (_folder, store) = open().await;
    let id = Uuid::from_u128(11);
    session(&store, ADA, id, 1, "t").await;
    message(&store, id, 2, "hers").await;
    let found = store.find_texts(ADA, asked("hers")).await.unwrap();
    let message_id = found[0].message_id.unwrap();
    assert_eq!(store.text_of(ADA, message_id).await.unwrap().as_deref(), Some("hers"));
    assert_eq!(store.text_of(BOB, message_id).await.unwrap(), None);
    store.delete_session(ADA, id).await.unwrap();
    assert_eq!(store.text_of(ADA, message_id).await.unwrap(), None);
}
