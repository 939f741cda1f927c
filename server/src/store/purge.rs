//! Removes what was deleted a while ago, a little at a time, so that nobody waits long for the writer.

use std::time::{Duration, Instant};

use diesel::{
    dsl::sql,
    prelude::*,
    sql_types::{BigInt, Bool},
    sqlite::Sqlite,
};
use protocol::timestamp::Timestamp;

use super::{
    Store, StoreError,
    ids::Id,
    schema::{journal, messages, sessions, turns},
};

/// The most rows that one transaction removes.
const ROWS_AT_ONCE: i64 = 200;
/// The most text that it removes, in bytes: each word of it is taken out of the search's index by itself.
const BYTES_AT_ONCE: i64 = 64 * 1024;
/// How long it goes on with the next row.
const TIME_AT_ONCE: Duration = Duration::from_millis(20);
/// The longest rest after a transaction.
const LONGEST_REST: Duration = Duration::from_millis(200);

impl Store {
    /// Removes what was deleted until then. After each part comes a rest as long as it took, in which others write: those of
    /// another process do not stand in line, but try again from time to time.
    pub async fn purge(&self, deleted_until: Timestamp) -> Result<(), StoreError> {
        loop {
            let begun = Instant::now();
            if !self.purge_some(deleted_until).await? {
                return Ok(());
            }
            tokio::time::sleep(begun.elapsed().min(LONGEST_REST)).await;
        }
    }

    /// Removes a part of what was deleted until then. Says whether there was anything; there may be more.
    pub async fn purge_some(&self, deleted_until: Timestamp) -> Result<bool, StoreError> {
        self.write(move |connection| purge_some(connection, deleted_until, Budget::new(TIME_AT_ONCE)))
            .await
    }
}

/// What one transaction may still do. One row always goes, whatever it weighs.
struct Budget {
    rows: i64,
    bytes: i64,
    is_begun: bool,
    until: Instant,
}

impl Budget {
    fn new(time: Duration) -> Self {
        Self {
            rows: ROWS_AT_ONCE,
            bytes: BYTES_AT_ONCE,
            is_begun: false,
            until: Instant::now() + time,
        }
    }

    /// Takes a row with so much text out of it. `false`: it is for the next transaction.
    fn covers(&mut self, bytes: i64) -> bool {
        if self.is_begun && (self.rows == 0 || bytes > self.bytes || Instant::now() >= self.until) {
            return false;
        }
        self.is_begun = true;
        self.rows -= 1;
        self.bytes -= bytes;
        true
    }
}

fn purge_some(
    connection: &mut SqliteConnection,
    deleted_until: Timestamp,
    mut budget: Budget,
) -> Result<bool, StoreError> {
    let session: Option<Id> = due(deleted_until)
        .select(sessions::session_id)
        .first(connection)
        .optional()?;
    let Some(session_id) = session else { return Ok(false) };
    // From here on nothing brings it back: there would be a part of it only.
    diesel::update(sessions::table.find(session_id))
        .set(sessions::deleted_at.eq(None::<i64>))
        .execute(connection)?;
    // One more than may go: where all are covered, there are no others.
    let turns_of_it: Vec<Id> = turns::table
        .filter(turns::session_id.eq(session_id))
        .select(turns::turn_id)
        .limit(ROWS_AT_ONCE + 1)
        .load(connection)?;
    for turn_id in turns_of_it {
        if !budget.covers(0) {
            return Ok(true);
        }
        diesel::delete(journal::table.filter(journal::turn_id.eq(turn_id))).execute(connection)?;
        diesel::delete(turns::table.find(turn_id)).execute(connection)?;
    }
    let messages_of_it: Vec<(Id, i64)> = messages::table
        .filter(messages::session_id.eq(session_id))
        .select((messages::message_id, sql::<BigInt>("OCTET_LENGTH(content)")))
        .limit(ROWS_AT_ONCE + 1)
        .load(connection)?;
    for (message_id, bytes) in messages_of_it {
        if !budget.covers(bytes) {
            return Ok(true);
        }
        diesel::delete(messages::table.find(message_id)).execute(connection)?;
    }
    if budget.covers(0) {
        diesel::delete(sessions::table.find(session_id)).execute(connection)?;
    }
    Ok(true)
}

/// What may be removed.
fn due(deleted_until: Timestamp) -> sessions::BoxedQuery<'static, Sqlite> {
    sessions::table
        // Written out: a value that is bound later cannot choose the index of deleted ones.
        .filter(sql::<Bool>("status = 'deleted'"))
        .filter(
            sessions::deleted_at
                .is_null()
                .or(sessions::deleted_at.le(deleted_until.0)),
        )
        .order(sessions::deleted_at)
        .into_boxed()
}

#[cfg(test)]
mod tests;
