use diesel::sql_query;
use uuid::Uuid;

use super::*;
use crate::store::{now, plan::plan_of};

const USER: Uuid = Uuid::from_u128(7);
const MESSAGES: i64 = 500;

/// A deleted session with many messages and turns, and one that is not deleted.
async fn sessions() -> (tempfile::TempDir, Store, Uuid) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("x.db")).await.unwrap();
    let (large, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
    store
        .write(move |connection| {
            for session in [large, other] {
                let prefix = format!("{:08x}-0000-4000-8000-", session.as_u128());
                for statement in [
                    format!(
                        "INSERT INTO sessions (session_id, user_id, agent_id, agent_name, model_id, model_name, title,
                                               status, created_at, updated_at)
                         VALUES ('{session}', '{USER}', 'a', 'A', 'm', 'M', 't', 'active', 1, 1)"
                    ),
                    format!(
                        "WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers LIMIT {MESSAGES})
                         INSERT INTO messages (message_id, session_id, message_type, content, agent_id, timestamp, status)
                         SELECT printf('{prefix}%012d', number), '{session}', 'user', 'x', 'a', number, 'complete' FROM numbers"
                    ),
                    format!(
                        "INSERT INTO turns (turn_id, session_id, user_id, message_id, answer_id, status, started_at)
                         SELECT message_id, session_id, '{USER}', message_id, message_id, 'complete', timestamp FROM messages
                         WHERE session_id = '{session}'"
                    ),
                    format!(
                        "INSERT INTO journal (turn_id, seq, content) SELECT turn_id, 1, 'x' FROM turns
                         WHERE session_id = '{session}'"
                    ),
                ] {
                    sql_query(statement).execute(connection)?;
                }
            }
            Ok(())
        })
        .await
        .unwrap();
    assert!(store.delete_session(USER, large).await.unwrap());
    (folder, store, large)
}

/// Rows of messages, turns, journal and sessions.
async fn rows(store: &Store) -> [i64; 4] {
    store
        .read(|connection| {
            Ok([
                messages::table.count().get_result(connection)?,
                turns::table.count().get_result(connection)?,
                journal::table.count().get_result(connection)?,
                sessions::table.count().get_result(connection)?,
            ])
        })
        .await
        .unwrap()
}

#[tokio::test]
async fn a_large_session_is_removed_in_parts_and_leaves_nothing() {
    let (_folder, store, session) = sessions().await;
    let mut before = rows(&store).await;
    let mut parts = 0;
    while store.purge_some(now()).await.unwrap() {
        let after = rows(&store).await;
        let removed = before[0] + before[1] - after[0] - after[1];
        assert!(removed <= ROWS_AT_ONCE, "{removed} in one transaction");
        if after[3] == 2 {
            let restored = store.restore_session(USER, session, None).await.unwrap();
            assert!(restored.is_none(), "a part of it is not brought back");
        }
        before = after;
        parts += 1;
    }
    assert!(parts >= 5, "{parts}");
    assert_eq!(before, [MESSAGES, MESSAGES, MESSAGES, 1], "the other one is untouched");
}

#[tokio::test]
async fn what_was_deleted_later_is_kept_and_the_search_for_what_is_due_reads_no_other() {
    let (_folder, store, session) = sessions().await;
    let before = rows(&store).await;
    let earlier = Timestamp(now().0 - 60_000_000);
    assert!(!store.purge_some(earlier).await.unwrap());
    assert_eq!(rows(&store).await, before);
    assert!(store.restore_session(USER, session, None).await.unwrap().is_some());
    assert!(!store.purge_some(now()).await.unwrap());

    let plan = plan_of(&store, &due(now()).select(sessions::session_id)).await;
    for line in plan.iter().filter(|line| line.starts_with('S')) {
        assert!(line.contains("INDEX sessions_deleted"), "{line}");
    }
}

/// A deleted session with texts of these lengths.
async fn texts(lengths: &[usize]) -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("x.db")).await.unwrap();
    let session = Uuid::from_u128(1);
    let message = |(number, length): (usize, &usize)| {
        format!(
            "INSERT INTO messages (message_id, session_id, message_type, content, agent_id, timestamp, status)
             VALUES ('{}', '{session}', 'user', '{}', 'a', {number}, 'complete')",
            Uuid::new_v4(),
            "é ".repeat(length / 3)
        )
    };
    let mut statements = vec![format!(
        "INSERT INTO sessions (session_id, user_id, agent_id, agent_name, model_id, model_name, title, status, created_at,
                               updated_at, deleted_at)
         VALUES ('{session}', '{USER}', 'a', 'A', 'm', 'M', 't', 'deleted', 1, 1, 1)"
    )];
    statements.extend(lengths.iter().enumerate().map(message));
    store
        .write(move |connection| {
            for statement in statements {
                sql_query(statement).execute(connection)?;
            }
            Ok(())
        })
        .await
        .unwrap();
    (folder, store)
}

/// How many messages each transaction removes, until there are none.
async fn removed_by_each(store: &Store, time: Duration) -> Vec<i64> {
    let mut removed = Vec::new();
    let mut before = rows(store).await[0];
    while before > 0 {
        let purged = store.write(move |connection| purge_some(connection, now(), Budget::new(time)));
        assert!(purged.await.unwrap());
        let after = rows(store).await[0];
        removed.push(before - after);
        before = after;
    }
    removed
}

#[tokio::test]
async fn one_transaction_removes_only_so_much_text_but_always_a_row() {
    let third = BYTES_AT_ONCE as usize / 3;
    let (_folder, store) = texts(&[third, third, third, 3, 10 * third, 3, 3]).await;
    let removed = removed_by_each(&store, Duration::from_secs(3600)).await;
    assert_eq!(removed, [4, 1, 2]);
}

#[tokio::test]
async fn one_transaction_goes_on_only_so_long_but_always_with_a_row() {
    let (_folder, store) = texts(&[3, 3, 3]).await;
    assert_eq!(removed_by_each(&store, Duration::ZERO).await, [1, 1, 1]);
}
