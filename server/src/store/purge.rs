//! Removes what was deleted a while ago, a little at a time, so that nobody waits long for the writer.

use diesel::{dsl::sql, prelude::*, sql_types::Bool, sqlite::Sqlite};
use protocol::timestamp::Timestamp;

use super::{
    Store, StoreError,
    ids::Id,
    schema::{journal, messages, sessions, turns},
};

/// The most rows that one transaction removes.
const ROWS_AT_ONCE: i64 = 200;

impl Store {
    /// Removes a part of what was deleted until then. Says whether there was anything; there may be more.
    pub async fn purge_some(&self, deleted_until: Timestamp) -> Result<bool, StoreError> {
        self.write(move |connection| purge_some(connection, deleted_until))
            .await
    }
}

fn purge_some(connection: &mut SqliteConnection, deleted_until: Timestamp) -> Result<bool, StoreError> {
    let session: Option<Id> = due(deleted_until)
        .select(sessions::session_id)
        .first(connection)
        .optional()?;
    let Some(session_id) = session else { return Ok(false) };
    // From here on nothing brings it back: there would be a part of it only.
    diesel::update(sessions::table.find(session_id))
        .set(sessions::deleted_at.eq(None::<i64>))
        .execute(connection)?;
    let turns_of_it: Vec<Id> = turns::table
        .filter(turns::session_id.eq(session_id))
        .select(turns::turn_id)
        .limit(ROWS_AT_ONCE)
        .load(connection)?;
    diesel::delete(journal::table.filter(journal::turn_id.eq_any(&turns_of_it))).execute(connection)?;
    diesel::delete(turns::table.filter(turns::turn_id.eq_any(&turns_of_it))).execute(connection)?;
    let left = ROWS_AT_ONCE - i64::try_from(turns_of_it.len()).unwrap_or(ROWS_AT_ONCE);
    let messages_of_it: Vec<Id> = messages::table
        .filter(messages::session_id.eq(session_id))
        .select(messages::message_id)
        .limit(left)
        .load(connection)?;
    diesel::delete(messages::table.filter(messages::message_id.eq_any(&messages_of_it))).execute(connection)?;
    // Less than there might have been is all that there was.
    if (messages_of_it.len() as u64) < left.unsigned_abs() {
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
