//! Sessions: read, change, archive, delete, restore; `list` lists them. Each query carries the user.

mod list;
mod place;

pub use list::UnreadableCursor;

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use diesel::{dsl::sql, prelude::*, sql_types::Bool};
use protocol::{
    history::{ManyChange, RestoreFrom},
    session::{SessionStatus, SessionSummary},
};
use uuid::Uuid;

use super::{
    Store, StoreError,
    ids::{Id, name_of},
    now,
    rows::{SessionRow, TotalsRow},
    schema::{session_totals, sessions, turns},
};

/// The status of what can be restored for a while, and is not found by anything else.
pub(super) const DELETED: &str = "deleted";

/// How long a transaction goes on with the next session: to delete or restore one, its answers are counted anew.
const TIME_AT_ONCE: Duration = Duration::from_millis(20);

/// What to do to many sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Take them out of the list.
    Archive,
    /// Take back what was last done to each, or only this.
    Restore(Option<RestoreFrom>),
    /// Delete them.
    Delete,
}

impl Change {
    /// As it was asked for: to restore takes back what was last done, or only what `from` says.
    pub fn new(change: ManyChange, from: Option<RestoreFrom>) -> Self {
        match change {
            ManyChange::Archive => Self::Archive,
            ManyChange::Restore => Self::Restore(from),
            ManyChange::Delete => Self::Delete,
        }
    }
}

/// What came of changing many sessions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChangedSome {
    /// How many of them, from the first on, are done with.
    pub done: usize,
    /// How many of these were changed; the others are not the user's, or were so already.
    pub changed: u64,
}

/// What to change in a session; what is `None` stays.
#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = sessions)]
pub struct SessionChange {
    /// Its title.
    pub title: Option<String>,
    /// Whether it stays at the top of the list.
    pub pinned: Option<bool>,
    /// The model of the next answer.
    pub model_id: Option<String>,
    /// That model's name.
    pub model_name: Option<String>,
}

impl Store {
    /// One of the user's sessions, without its messages.
    pub async fn find_session(&self, user_id: Uuid, session_id: Uuid) -> Result<Option<SessionSummary>, StoreError> {
        self.read(move |connection| summary(connection, user_id, session_id))
            .await
    }

    /// Changes one of the user's sessions.
    pub async fn change_session(
        &self,
        user_id: Uuid,
        session_id: Uuid,
        change: SessionChange,
    ) -> Result<Option<SessionSummary>, StoreError> {
        self.write(move |connection| {
            let nothing = change.title.is_none() && change.pinned.is_none() && change.model_id.is_none();
            if !nothing {
                diesel::update(own(user_id, session_id))
                    .set(&change)
                    .execute(connection)?;
            }
            summary(connection, user_id, session_id)
        })
        .await
    }

    /// Takes one of the user's sessions out of the list and promises an id to the one that takes its place: the same
    /// one, however often it is asked for, until the session is restored and its place is taken. `None`: there is no such
    /// session.
    pub async fn archive_session(&self, user_id: Uuid, session_id: Uuid) -> Result<Option<Uuid>, StoreError> {
        self.write(move |connection| {
            let Some((status, promised)) = own(user_id, session_id)
                .select((sessions::status, sessions::next_session_id))
                .first::<(String, Option<Id>)>(connection)
                .optional()?
            else {
                return Ok(None);
            };
            let is_archived = status == name_of(SessionStatus::Archived)?;
            let next = match promised {
                Some(next) if is_archived || !exists(connection, next)? => next,
                _ => Id(Uuid::new_v4()),
            };
            if promised != Some(next) {
                diesel::update(own(user_id, session_id))
                    .set(sessions::next_session_id.eq(Some(next)))
                    .execute(connection)?;
            }
            archive(connection, user_id, session_id)?;
            Ok::<_, StoreError>(Some(next.0))
        })
        .await
    }

    /// Whether this id was promised to the user for a session that is yet to begin.
    pub async fn is_promised(&self, user_id: Uuid, session_id: Uuid) -> Result<bool, StoreError> {
        self.read(move |connection| Ok(promised(connection, user_id, session_id)?))
            .await
    }

    /// Deletes one of the user's sessions: from now on it is not found, and after a while it is removed. `false`: there is
    /// no such session.
    pub async fn delete_session(&self, user_id: Uuid, session_id: Uuid) -> Result<bool, StoreError> {
        self.write(move |connection| delete(connection, user_id, session_id))
            .await
    }

    /// Takes back what was last done to one of the user's sessions, or only its deletion, or only that it was archived: a deleted
    /// one is what it was before, as long as its removal has not begun; an archived one is active. What there is nothing to
    /// take back of stays as it is. `None`: there is no such session, or no more.
    pub async fn restore_session(
        &self,
        user_id: Uuid,
        session_id: Uuid,
        from: Option<RestoreFrom>,
    ) -> Result<Option<SessionSummary>, StoreError> {
        self.write(move |connection| {
            restore(connection, user_id, session_id, from)?;
            summary(connection, user_id, session_id)
        })
        .await
    }

    /// Does the same to those of these sessions that are the user's, in one transaction: to the first of them, and to the next
    /// ones for as long as others may be kept waiting.
    pub async fn change_some(
        &self,
        user_id: Uuid,
        session_ids: Vec<Uuid>,
        change: Change,
    ) -> Result<ChangedSome, StoreError> {
        self.write(move |connection| change_some(connection, user_id, &session_ids, change, TIME_AT_ONCE))
            .await
    }
}

fn change_some(
    connection: &mut SqliteConnection,
    user_id: Uuid,
    session_ids: &[Uuid],
    change: Change,
    time: Duration,
) -> Result<ChangedSome, StoreError> {
    let begun = Instant::now();
    let mut some = ChangedSome::default();
    for session_id in session_ids {
        let is_changed = match change {
            Change::Archive => archive(connection, user_id, *session_id)?,
            Change::Delete => delete(connection, user_id, *session_id)?,
            Change::Restore(from) => restore(connection, user_id, *session_id, from)?,
        };
        some.done += 1;
        some.changed += u64::from(is_changed);
        if begun.elapsed() >= time {
            break;
        }
    }
    Ok(some)
}

/// Takes an active session out of the list. Says whether it was one.
fn archive(connection: &mut SqliteConnection, user_id: Uuid, session_id: Uuid) -> Result<bool, StoreError> {
    let archived = diesel::update(own(user_id, session_id))
        .filter(sessions::status.eq(name_of(SessionStatus::Active)?))
        .set((
            sessions::status.eq(name_of(SessionStatus::Archived)?),
            sessions::archived_at.eq(Some(now().0)),
        ))
        .execute(connection)?;
    Ok(archived > 0)
}

/// Says whether there was such a session.
fn delete(connection: &mut SqliteConnection, user_id: Uuid, session_id: Uuid) -> Result<bool, StoreError> {
    let deleted = diesel::update(own(user_id, session_id))
        .set((sessions::status.eq(DELETED), sessions::deleted_at.eq(Some(now().0))))
        .execute(connection)?;
    Ok(deleted > 0)
}

/// Takes back what was done to a session, one thing at a time. Says whether there was anything.
fn restore(
    connection: &mut SqliteConnection,
    user_id: Uuid,
    session_id: Uuid,
    from: Option<RestoreFrom>,
) -> Result<bool, StoreError> {
    let found = sessions::table
        .filter(sessions::session_id.eq(Id(session_id)))
        .filter(sessions::user_id.eq(Id(user_id)))
        .filter(sessions::status.ne(DELETED).or(sessions::deleted_at.is_not_null()))
        .filter(sessions::status.ne(name_of(SessionStatus::Active)?))
        .select((sessions::status, sessions::archived_at))
        .first::<(String, Option<i64>)>(connection)
        .optional()?;
    let Some((status, archived_at)) = found else {
        return Ok(false);
    };
    let is_from = match status.as_str() {
        DELETED => RestoreFrom::Deleted,
        _ => RestoreFrom::Archived,
    };
    if from.is_some_and(|from| from != is_from) {
        return Ok(false);
    }
    let (restored, archived_at) = match archived_at.filter(|_| is_from == RestoreFrom::Deleted) {
        Some(at) => (SessionStatus::Archived, Some(at)),
        None => (SessionStatus::Active, None),
    };
    diesel::update(sessions::table.find(Id(session_id)))
        .set((
            sessions::status.eq(name_of(restored)?),
            sessions::archived_at.eq(archived_at),
            sessions::deleted_at.eq(None::<i64>),
        ))
        .execute(connection)?;
    Ok(true)
}

/// One of the user's sessions; a deleted one is none.
#[diesel::dsl::auto_type(no_type_alias)]
fn own(user_id: Uuid, session_id: Uuid) -> _ {
    let (session_id, user_id): (Id, Id) = (Id(session_id), Id(user_id));
    let deleted: &'static str = DELETED;
    sessions::table
        .filter(sessions::session_id.eq(session_id))
        .filter(sessions::user_id.eq(user_id))
        .filter(sessions::status.ne(deleted))
}

fn exists(connection: &mut SqliteConnection, session_id: Id) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(sessions::table.find(session_id))).get_result(connection)
}

pub(super) fn session_row(
    connection: &mut SqliteConnection,
    user_id: Uuid,
    session_id: Uuid,
) -> QueryResult<Option<SessionRow>> {
    own(user_id, session_id)
        .select(SessionRow::as_select())
        .first(connection)
        .optional()
}

pub(super) fn promised(connection: &mut SqliteConnection, user_id: Uuid, session_id: Uuid) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(
        sessions::table
            .filter(sessions::next_session_id.eq(Id(session_id)))
            .filter(sessions::user_id.eq(Id(user_id)))
            .filter(sessions::status.ne(DELETED)),
    ))
    .get_result(connection)
}

pub(super) fn summary(
    connection: &mut SqliteConnection,
    user_id: Uuid,
    session_id: Uuid,
) -> Result<Option<SessionSummary>, StoreError> {
    session_row(connection, user_id, session_id)?
        .map(|row| summary_of(connection, row))
        .transpose()
}

pub(super) fn summary_of(connection: &mut SqliteConnection, row: SessionRow) -> Result<SessionSummary, StoreError> {
    let totals = session_totals::table
        .find(row.session_id)
        .select(TotalsRow::as_select())
        .first(connection)?;
    let running = running_among(connection, vec![row.session_id])?;
    let is_running = running.contains(&row.session_id);
    row.into_summary(totals, is_running)
}

/// Those of these sessions in which a turn is running.
fn running_among(connection: &mut SqliteConnection, ids: Vec<Id>) -> QueryResult<HashSet<Id>> {
    let running: Vec<Id> = turns::table
        .filter(turns::session_id.eq_any(ids))
        // Written out: a value that is bound later cannot choose the index of running ones.
        .filter(sql::<Bool>("status = 'running'"))
        .select(turns::session_id)
        .load(connection)?;
    Ok(running.into_iter().collect())
}

#[cfg(test)]
mod tests;
