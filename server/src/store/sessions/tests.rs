use diesel::{connection::SimpleConnection, sql_query, sql_types::Text};
use diesel_migrations::MigrationHarness;
use proptest::prelude::*;

use super::super::MIGRATIONS;

use super::*;

/// What is kept, and what the rows themselves add up to.
const KEPT: &str =
    "SELECT session_id || user_id || status || agent_id || model_id || created_at || ':' || message_count || ':'
        || total_tokens || ':' || cost_micros || ':' || estimated_messages AS line FROM session_totals
    UNION ALL SELECT user_id || status || agent_id || model_id || ':' || sessions FROM session_counts ORDER BY 1";
const COUNTED: &str = "SELECT session_id || user_id || status || agent_id || model_id || created_at || ':' || (
        SELECT COUNT(*) || ':' || COALESCE(SUM(total_tokens), 0) || ':' || COALESCE(SUM(cost_micros), 0) || ':'
            || COALESCE(SUM(usage_estimated), 0)
        FROM messages
        WHERE messages.session_id = sessions.session_id AND message_type IN ('user', 'assistant')
    ) AS line FROM sessions
    UNION ALL SELECT user_id || status || agent_id || model_id || ':' || COUNT(*) FROM sessions
    GROUP BY user_id, status, agent_id, model_id ORDER BY 1";

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

fn lines(connection: &mut SqliteConnection, query: &str) -> Vec<String> {
    let lines: Vec<Line> = sql_query(query).load(connection).unwrap();
    lines.into_iter().map(|line| line.line).collect()
}

fn check(connection: &mut SqliteConnection) {
    assert_eq!(lines(connection, KEPT), lines(connection, COUNTED));
}

/// A database in memory, with the first migrations or all of them.
fn database(migrations: Option<usize>) -> SqliteConnection {
    let mut connection = SqliteConnection::establish(":memory:").unwrap();
    connection.batch_execute("PRAGMA foreign_keys = ON").unwrap();
    match migrations {
        Some(count) => (0..count).for_each(|_| {
            connection.run_next_migration(MIGRATIONS).unwrap();
        }),
        None => {
            connection.run_pending_migrations(MIGRATIONS).unwrap();
        }
    }
    connection
}

fn insert_session(number: u8) -> String {
    format!(
        "INSERT INTO sessions (session_id, user_id, agent_id, agent_name, model_id, model_name, title, status, created_at,
                               updated_at)
         VALUES ('s{number}', 'u{}', 'a{}', 'A', 'm', 'M', 't', 'active', {number}, 1)",
        number % 2,
        number % 3
    )
}

fn insert_message(session: u8, number: u16) -> String {
    let kind = ["user", "assistant", "assistant", "status"][usize::from(number % 4)];
    let (tokens, cost) = match number % 5 {
        0 => ("NULL".to_owned(), "NULL".to_owned()),
        1 => (number.to_string(), "NULL".to_owned()),
        _ => (number.to_string(), (number * 3).to_string()),
    };
    format!(
        "INSERT OR IGNORE INTO messages (message_id, session_id, message_type, content, agent_id, timestamp, status,
                                         total_tokens, cost_micros, usage_estimated)
         SELECT 'm{number}', session_id, '{kind}', 'x', 'a', {number}, 'complete', {tokens}, {cost}, {}
         FROM sessions WHERE session_id = 's{session}'",
        number % 2
    )
}

#[test]
fn what_was_there_before_is_counted_too() {
    let mut connection = database(Some(4));
    for number in 0..6 {
        connection.batch_execute(&insert_session(number)).unwrap();
        for message in 0..u16::from(number) * 3 {
            let statement = insert_message(number, u16::from(number) * 100 + message);
            connection.batch_execute(&statement).unwrap();
        }
    }
    connection.run_pending_migrations(MIGRATIONS).unwrap();
    assert!(lines(&mut connection, KEPT).len() > 6);
    check(&mut connection);
}

fn statement() -> impl Strategy<Value = String> {
    let (session, number) = (|| 0..5_u8, || 0..40_u16);
    prop_oneof![
        2 => session().prop_map(|id| insert_session(id).replace("INSERT", "INSERT OR IGNORE")),
        6 => (session(), number()).prop_map(|(id, number)| insert_message(id, number)),
        2 => (session(), 0..3_usize).prop_map(|(id, status)| {
            let status = ["active", "archived", "deleted"][status];
            format!("UPDATE sessions SET status = '{status}', updated_at = updated_at + 1 WHERE session_id = 's{id}'")
        }),
        1 => (session(), 0..3_u8).prop_map(|(id, model)| {
            format!("UPDATE sessions SET model_id = 'm{model}', title = 'n' WHERE session_id = 's{id}'")
        }),
        3 => (number(), number()).prop_map(|(id, tokens)| format!(
            "UPDATE messages SET total_tokens = {tokens}, cost_micros = NULLIF({tokens} * 2, 14), usage_estimated = {tokens} % 2
             WHERE message_id = 'm{id}'"
        )),
        2 => number().prop_map(|id| format!("DELETE FROM messages WHERE message_id = 'm{id}'")),
        1 => session().prop_map(|id| format!("DELETE FROM sessions WHERE session_id = 's{id}'")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_written_the_totals_are_what_the_rows_add_up_to(statements in prop::collection::vec(statement(), 1..60)) {
        let mut connection = database(None);
        for statement in statements {
            connection.batch_execute(&statement).unwrap();
            check(&mut connection);
        }
        // And the index of texts has exactly what there is.
        connection
            .batch_execute("INSERT INTO search_index (search_index, rank) VALUES ('integrity-check', 1)")
            .unwrap();
    }
}

#[test]
fn a_change_to_many_goes_on_only_so_long_but_always_with_one() {
    let mut connection = database(None);
    let user = Uuid::from_u128(7);
    let ids: Vec<Uuid> = (1..=3).map(Uuid::from_u128).collect();
    for id in &ids {
        let statement = insert_session(1).replace("'s1'", &format!("'{id}'"));
        connection
            .batch_execute(&statement.replace("'u1'", &format!("'{user}'")))
            .unwrap();
    }
    let mut change = |ids: &[Uuid], time| change_some(&mut connection, user, ids, Change::Archive, time).unwrap();
    let some = |done, changed| ChangedSome { done, changed };
    assert_eq!(change(&ids, Duration::ZERO), some(1, 1));
    assert_eq!(change(&ids, Duration::from_secs(3600)), some(3, 2));
}
