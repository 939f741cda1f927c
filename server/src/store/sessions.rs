//! Sessions: read, change, archive, delete, restore; `list` lists them. Each query carries the user.

mod list;
mod place;

pub use list::UnreadableCursor;

use std::collections::HashSet;

use diesel::{dsl::sql, prelude::*, sql_types::Bool};
use protocol::{
    history::ManyChange,
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
            diesel::update(own(user_id, session_id))
                .set((
                    sessions::status.eq(name_of(SessionStatus::Archived)?),
                    sessions::archived_at.eq(Some(now().0)),
                    sessions::next_session_id.eq(Some(next)),
                ))
                .execute(connection)?;
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
        self.write(move |connection| {
            let deleted = diesel::update(own(user_id, session_id))
                .set((sessions::status.eq(DELETED), sessions::deleted_at.eq(Some(now().0))))
                .execute(connection)?;
            Ok(deleted > 0)
        })
        .await
    }

    /// Takes back what was last done to one of the user's sessions: a deleted one is what it was before, as long as its
    /// removal has not begun; an archived one is active. `None`: there is no such session, or no more.
    pub async fn restore_session(&self, user_id: Uuid, session_id: Uuid) -> Result<Option<SessionSummary>, StoreError> {
        self.write(move |connection| {
            restore(connection, user_id, session_id)?;
            summary(connection, user_id, session_id)
        })
        .await
    }

    /// Does the same to those of these sessions that are the user's, in one transaction. Says how many were changed.
    pub async fn change_many(
        &self,
        user_id: Uuid,
        session_ids: Vec<Uuid>,
        change: ManyChange,
    ) -> Result<u64, StoreError> {
        self.write(move |connection| {
            let own = sessions::table
                .filter(sessions::session_id.eq_any(session_ids.iter().copied().map(Id)))
                .filter(sessions::user_id.eq(Id(user_id)));
            let changed = match change {
                ManyChange::Archive => diesel::update(own)
                    .filter(sessions::status.eq(name_of(SessionStatus::Active)?))
                    .set((
                        sessions::status.eq(name_of(SessionStatus::Archived)?),
                        sessions::archived_at.eq(Some(now().0)),
                    ))
                    .execute(connection)?,
                ManyChange::Delete => diesel::update(own)
                    .filter(sessions::status.ne(DELETED))
                    .set((sessions::status.eq(DELETED), sessions::deleted_at.eq(Some(now().0))))
                    .execute(connection)?,
                ManyChange::Restore => {
                    let mut restored = 0;
                    for session_id in session_ids {
                        restored += usize::from(restore(connection, user_id, session_id)?);
                    }
                    restored
                }
            };
            Ok(changed as u64)
        })
        .await
    }
}

/// Takes back what was last done to a session. Says whether there was anything.
fn restore(connection: &mut SqliteConnection, user_id: Uuid, session_id: Uuid) -> Result<bool, StoreError> {
    let status = sessions::table
        .filter(sessions::session_id.eq(Id(session_id)))
        .filter(sessions::user_id.eq(Id(user_id)))
        .filter(sessions::status.ne(DELETED).or(sessions::deleted_at.is_not_null()))
        .filter(sessions::status.ne(name_of(SessionStatus::Active)?))
        .select((sessions::status, sessions::archived_at))
        .first::<(String, Option<i64>)>(connection)
        .optional()?;
    let Some((status, archived_at)) = status else {
        return Ok(false);
    };
    let (restored, archived_at) = match archived_at.filter(|_| status == DELETED) {
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
