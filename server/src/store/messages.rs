//! Messages of a session: the branch shown, a page at a time, and all of them.

use diesel::prelude::*;
use protocol::session::{Message, SessionSummary};
use uuid::Uuid;

use super::{
    Store, StoreError,
    branch::{branch, newest_leaf, versions},
    ids::Id,
    rows::MessageRow,
    schema::{messages, sessions},
    sessions::{session_row, summary_of},
    turns::is_running,
};

/// A session with a page of the messages of a branch, oldest first.
#[derive(Debug)]
pub struct MessagePage {
    /// The session.
    pub session: SessionSummary,
    /// The page.
    pub messages: Vec<Message>,
    /// Whether there are older ones.
    pub has_more: bool,
}

/// What was asked for and is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// No such session, or not the user's.
    Session,
    /// No such message in it.
    Message,
}

/// What came of showing a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// It is shown from now on.
    Now,
    /// There is none such.
    Missing(Missing),
    /// A turn is running in the session, and its answer is what is shown.
    TurnInProgress,
}

impl Store {
    /// The last `limit` messages of the branch shown of one of the user's sessions, or those before the message `before`
    /// on its branch.
    pub async fn message_page(
        &self,
        user_id: Uuid,
        session_id: Uuid,
        before: Option<Uuid>,
        limit: u64,
    ) -> Result<Result<MessagePage, Missing>, StoreError> {
        self.read(move |connection| {
            let Some(row) = session_row(connection, user_id, session_id)? else {
                return Ok(Err(Missing::Session));
            };
            let (session_id, head_id) = (row.session_id, row.head_id);
            let session = summary_of(connection, row)?;
            let last = match before {
                None => head_id,
                Some(before) => match parent_of(connection, session_id, Id(before))? {
                    None => return Ok(Err(Missing::Message)),
                    Some(parent) => parent,
                },
            };
            // One more than asked for tells whether there are older ones.
            let one_more = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
            let mut rows = match last {
                None => Vec::new(),
                Some(last) => branch(connection, session_id, last, one_more)?,
            };
            let has_more = rows.len() as u64 > limit;
            if has_more {
                rows.remove(0);
            }
            Ok(Ok(MessagePage {
                session,
                messages: with_versions(connection, session_id, rows)?,
                has_more,
            }))
        })
        .await
    }

    /// Shows, from now on, the branch that contains this message; of several, the one that was written to last.
    pub async fn show_branch(&self, user_id: Uuid, session_id: Uuid, with: Uuid) -> Result<Shown, StoreError> {
        self.write(move |connection| {
            let Some(session) = session_row(connection, user_id, session_id)? else {
                return Ok(Shown::Missing(Missing::Session));
            };
            if is_running(connection, session.session_id)? {
                return Ok(Shown::TurnInProgress);
            }
            let Some(head) = newest_leaf(connection, session.session_id, Id(with))? else {
                return Ok(Shown::Missing(Missing::Message));
            };
            diesel::update(sessions::table.find(session.session_id))
                .set(sessions::head_id.eq(Some(head)))
                .execute(connection)?;
            Ok(Shown::Now)
        })
        .await
    }
}

fn with_versions(
    connection: &mut SqliteConnection,
    session_id: Id,
    rows: Vec<MessageRow>,
) -> Result<Vec<Message>, StoreError> {
    let mut versions = versions(connection, session_id, &rows)?;
    rows.into_iter()
        .map(|row| {
            let version = versions.remove(&row.message_id.0);
            row.into_message(version)
        })
        .collect()
}

/// The message before this one; `None`: there is no such message in the session.
fn parent_of(connection: &mut SqliteConnection, session_id: Id, message_id: Id) -> QueryResult<Option<Option<Id>>> {
    messages::table
        .filter(messages::message_id.eq(message_id))
        .filter(messages::session_id.eq(session_id))
        .select(messages::parent_id)
        .first(connection)
        .optional()
}
