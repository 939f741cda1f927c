//! Messages of a session: the branch shown, a page at a time, and all of them.

use diesel::prelude::*;
use protocol::session::{Message, SessionSummary};
use uuid::Uuid;

use super::{
    Store, StoreError,
    branch::{branch, following, newest_leaf, versions},
    ids::{Id, column},
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
    /// Whether there are later ones.
    pub has_later: bool,
}

/// Which messages of a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The last ones.
    Last,
    /// Those before this one, on its own branch.
    Before(Uuid),
    /// Those after this one.
    After(Uuid),
    /// This one, with as many before it as after it.
    Around(Uuid),
}

/// What was asked for and is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// No such session, or not the user's.
    Session,
    /// No such message in it.
    Message,
    /// The message is on a branch that is not shown.
    Branch,
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
    /// A part of the branch shown of one of the user's sessions, `limit` messages at most.
    pub async fn message_page(
        &self,
        user_id: Uuid,
        session_id: Uuid,
        part: Part,
        limit: u64,
    ) -> Result<Result<MessagePage, Missing>, StoreError> {
        self.read(move |connection| {
            let Some(row) = session_row(connection, user_id, session_id)? else {
                return Ok(Err(Missing::Session));
            };
            let (session_id, head_id) = (row.session_id, row.head_id);
            let session = summary_of(connection, row)?;
            let span = match span(connection, session_id, head_id, part, limit)? {
                Ok(span) => span,
                Err(missing) => return Ok(Err(missing)),
            };
            // One more than asked for tells whether there are older ones.
            let one_more = column(span.count).saturating_add(1);
            let mut rows = match span.last {
                None => Vec::new(),
                Some(last) => branch(connection, session_id, last, one_more)?,
            };
            let has_more = rows.len() as u64 > span.count;
            if has_more {
                rows.remove(0);
            }
            Ok(Ok(MessagePage {
                session,
                messages: with_versions(connection, session_id, rows)?,
                has_more,
                has_later: span.has_later,
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

/// `count` messages of a branch, up to and with the last one.
struct Span {
    last: Option<Id>,
    count: u64,
    has_later: bool,
}

fn span(
    connection: &mut SqliteConnection,
    session_id: Id,
    head_id: Option<Id>,
    part: Part,
    limit: u64,
) -> Result<Result<Span, Missing>, StoreError> {
    let (message_id, later) = match part {
        Part::Last => {
            return Ok(Ok(Span {
                last: head_id,
                count: limit,
                has_later: false,
            }));
        }
        Part::Before(message_id) => {
            let place = place_of(connection, session_id, Id(message_id))?;
            return Ok(place.ok_or(Missing::Message).map(|(parent, _)| Span {
                last: parent,
                count: limit,
                has_later: true,
            }));
        }
        Part::After(message_id) => (message_id, limit),
        Part::Around(message_id) => (message_id, limit / 2),
    };
    let Some((_, timestamp)) = place_of(connection, session_id, Id(message_id))? else {
        return Ok(Err(Missing::Message));
    };
    let following = match head_id {
        None => None,
        Some(head) => following(connection, session_id, head, (Id(message_id), timestamp))?,
    };
    let Some(following) = following else {
        return Ok(Err(Missing::Branch));
    };
    let shown = following.len().min(usize::try_from(later).unwrap_or(usize::MAX));
    let last = shown.checked_sub(1).and_then(|last| following.get(last).copied());
    let has_later = following.len() > shown;
    Ok(Ok(match part {
        Part::Around(_) => Span {
            last: last.or(Some(Id(message_id))),
            count: limit,
            has_later,
        },
        _ => Span {
            last,
            count: shown as u64,
            has_later,
        },
    }))
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

/// The message before this one, and when it was written; `None`: there is no such message in the session.
fn place_of(
    connection: &mut SqliteConnection,
    session_id: Id,
    message_id: Id,
) -> QueryResult<Option<(Option<Id>, i64)>> {
    messages::table
        .filter(messages::message_id.eq(message_id))
        .filter(messages::session_id.eq(session_id))
        .select((messages::parent_id, messages::timestamp))
        .first(connection)
        .optional()
}
