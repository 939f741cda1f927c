mod history;

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use diesel::{
    connection::{InstrumentationEvent, SimpleConnection},
    migration::Migration,
    sql_query,
    sql_types::Text,
};
use diesel_migrations::MigrationHarness;

use super::*;
use crate::store::MIGRATIONS;
use history::{Answer, MICROS_OF_A_DAY, PEOPLE, Row, TODAY, answers, insert_session};

fn line(day: i64) -> UsageOfDay {
    UsageOfDay {
        day: Day(day),
        sums: UsageSums {
            answers: 1,
            ..UsageSums::default()
        },
    }
}

#[test]
fn no_day_is_left_out_and_a_clock_that_was_wrong_makes_no_endless_list() {
    let days = |used: &[i64], first: Option<i64>| -> Vec<(i64, u64)> {
        let used = used.iter().map(|day| line(*day)).collect();
        let days = with_empty_days(used, first.map(Day), Day(5_000));
        days.iter().map(|day| (day.day.0, day.sums.answers)).collect()
    };
    assert_eq!(days(&[], None), []);
    assert_eq!(days(&[], Some(4_999)), [(4_999, 0), (5_000, 0)]);
    assert_eq!(
        days(&[4_997, 4_999], None),
        [(4_997, 1), (4_998, 0), (4_999, 1), (5_000, 0)]
    );
    assert_eq!(
        days(&[5_003], Some(4_999)),
        [(4_999, 0), (5_000, 0), (5_003, 1)],
        "a clock that has been set back"
    );
    let long = days(&[i64::MIN / MICROS_OF_A_DAY, 2, i64::MAX], None);
    assert_eq!(long.len() as i64, MOST_EMPTY_DAYS + 4);
    assert_eq!(long[2], (5_000 - MOST_EMPTY_DAYS, 0));
}

#[test]
fn what_is_beyond_the_list_is_added_up() {
    let agent = |name: &str, cost_micros: u64| UsageOfAgent {
        agent_id: name.into(),
        agent_name: name.into(),
        sums: UsageSums {
            answers: 1,
            cost_micros,
            ..UsageSums::default()
        },
    };
    let all = vec![agent("a", 7), agent("b", 5), agent("c", 2)];
    let UsageTop { top, rest } = cut(all.clone(), 1, |agent| agent.sums);
    assert_eq!(top, all[..1]);
    let rest = rest.unwrap();
    assert_eq!((rest.count, rest.sums.answers, rest.sums.cost_micros), (2, 2, 7));
    assert_eq!(
        cut(all.clone(), 3, |agent| agent.sums),
        UsageTop { top: all, rest: None }
    );
}

#[test]
fn one_that_was_renamed_is_one_by_its_last_name_and_the_dearest_is_first() {
    let row = |id: &str, name: &str, day, cost| (id.to_owned(), name.to_owned(), Some(day), (1, 1, 1, 2, cost, 0, 0));
    let rows = vec![
        row("m", "Old", 3, 4),
        row("m", "New", 9, 4),
        row("m", "Older", 1, 4),
        row("n", "N", 2, 10),
        row("l", "L", 2, 10),
    ];
    let lines: Vec<_> = by_id(rows)
        .map(|(id, name, sums)| (id, name, sums.cost_micros))
        .collect();
    let lines: Vec<_> = lines.iter().map(|(id, name, cost)| (&**id, &**name, *cost)).collect();
    assert_eq!(lines, [("m", "New", 12), ("l", "L", 10), ("n", "N", 10)]);
}

fn database(path: &Path) -> SqliteConnection {
    SqliteConnection::establish(path.to_str().unwrap()).unwrap()
}

/// How SQLite goes about these statements.
fn plans(connection: &mut SqliteConnection, statements: &[String]) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = Text)]
        detail: String,
    }
    let mut plans = Vec::new();
    for statement in statements {
        let lines: Vec<Line> = sql_query(format!("EXPLAIN QUERY PLAN {statement}"))
            .load(connection)
            .unwrap();
        plans.extend(lines.into_iter().map(|line| line.detail));
    }
    plans
}

#[tokio::test]
async fn a_report_reads_one_persons_days_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    drop(Store::open(&path).await.unwrap());
    let mut connection = database(&path);
    let asked = Arc::new(Mutex::new(Vec::new()));
    let keeps = Arc::clone(&asked);
    connection.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            let query = query.to_string();
            keeps
                .lock()
                .unwrap()
                .push(query.split("-- binds").next().unwrap().to_owned());
        }
    });
    let since = Since::new(PEOPLE[0], UsageRange::Month, TODAY);
    since.days(&mut connection).unwrap();
    since.agents(&mut connection).unwrap();
    since.models(&mut connection).unwrap();
    since.sessions(&mut connection, 20).unwrap();
    titles(&mut connection, since.user_id, vec![Id(PEOPLE[0])]).unwrap();
    let asked: Vec<String> = asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 5, "{asked:#?}");
    let plans = plans(&mut database(&path), &asked);
    assert!(plans.iter().all(|step| !step.starts_with("SCAN")), "{plans:#?}");
    let by_day = plans
        .iter()
        .filter(|step| step.contains("PRIMARY KEY (user_id=? AND day>?)"));
    assert_eq!(by_day.count(), 4, "{plans:#?}");
}

/// What a message costs more since its figures are added up: two searches by a key, and one of few rows.
#[tokio::test]
async fn what_a_change_sets_off_searches_by_keys() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    drop(Store::open(&path).await.unwrap());
    let mut connection = database(&path);
    #[derive(QueryableByName)]
    struct Trigger {
        #[diesel(sql_type = Text)]
        sql: String,
    }
    let triggers: Vec<Trigger> =
        sql_query("SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND name LIKE 'usage%'")
            .load(&mut connection)
            .unwrap();
    assert_eq!(triggers.len(), 6);
    let mut statements = Vec::new();
    for Trigger { sql } in triggers {
        let body = sql.split_once("BEGIN").unwrap().1.rsplit_once("END").unwrap().0;
        let body = body.split(';').map(str::trim).filter(|statement| !statement.is_empty());
        // Outside of its trigger, a statement knows of no row.
        statements.extend(body.map(|statement| {
            let statement = statement
                .replace("old.message_id", "'x'")
                .replace("new.message_id", "'x'");
            statement
                .replace("old.session_id", "'x'")
                .replace("new.session_id", "'x'")
                .replace("new.status", "'active'")
        }));
    }
    assert!(statements.len() >= 8, "{statements:#?}");
    let plans = plans(&mut connection, &statements);
    assert!(plans.iter().all(|step| !step.starts_with("SCAN")), "{plans:#?}");
}

#[test]
fn what_was_answered_before_is_added_up_when_the_tables_come() {
    let folder = tempfile::tempdir().unwrap();
    let mut connection = database(&folder.path().join("x.db"));
    let all: Vec<Box<dyn Migration<diesel::sqlite::Sqlite>>> = connection.pending_migrations(MIGRATIONS).unwrap();
    let (before, since): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|migration| migration.name().to_string().as_str() < "2026-11-25-130000");
    for migration in &before {
        connection.run_migration(migration).unwrap();
    }
    let (session, deleted) = (Uuid::from_u128(3), Uuid::from_u128(4));
    let mut statements = vec![insert_session(session, PEOPLE[0]), insert_session(deleted, PEOPLE[0])];
    for number in 0..20 {
        let row = Row {
            is_answer: number % 3 > 0,
            agent: 0,
            model: Some(number % 2),
            days_ago: number as i64 / 4,
            status: "complete",
            has_text: true,
            tokens: Some((number as i64, 5)),
            estimated: number % 5 == 0,
            cost_micros: (number % 4 > 0).then_some(7),
        };
        for session in [session, deleted] {
            statements.push(row.insert(Uuid::new_v4(), session, number as i64));
        }
    }
    statements.push(format!(
        "UPDATE sessions SET status = 'deleted' WHERE session_id = '{deleted}'"
    ));
    connection.batch_execute(&statements.join(";")).unwrap();
    for migration in &since {
        connection.run_migration(migration).unwrap();
    }
    let own = answers(&mut connection);
    let days = Since::new(PEOPLE[0], UsageRange::All, TODAY)
        .days(&mut connection)
        .unwrap();
    assert_eq!(own.len(), 13);
    assert_eq!(
        days.iter().map(|day| day.sums).sum::<UsageSums>(),
        own.iter().map(Answer::sums).sum()
    );
    for migration in since.iter().rev() {
        connection.revert_migration(migration).unwrap();
    }
    connection.batch_execute("SELECT prompt_tokens FROM messages").unwrap();
    assert!(connection.batch_execute("SELECT answers FROM usage").is_err());
}
