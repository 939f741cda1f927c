//! Messages of a session, a page at a time.

use diesel::prelude::*;
use protocol::session::{Message, SessionSummary};
use uuid::Uuid;

use super::{
    Store, StoreError,
    ids::Id,
    rows::MessageRow,
    schema::messages,
    sessions::{session_row, summary},
};

/// A session with a page of its messages, oldest first.
#[derive(Debug)]
pub struct MessagePage {
    /// The session.
    pub session: SessionSummary,
    /// The page.
    pub messages: Vec<Message>,
    /// Whether there are older ones.
    pub has_more: bool,
}

/// Why a page could not be had.
#[derive(Debug, PartialEq, Eq)]
pub enum PageMissing {
    /// No such session, or not the user's.
    Session,
    /// No such message in it.
    Message,
}

impl Store {
    /// The last `limit` messages of one of the user's sessions, or those before the message `before`.
    pub async fn message_page(
        &self,
        user_id: Uuid,
        session_id: Uuid,
        before: Option<Uuid>,
        limit: u64,
    ) -> Result<Result<MessagePage, PageMissing>, StoreError> {
        self.read(move |connection| {
            let Some(session) = summary(connection, user_id, session_id)? else {
                return Ok(Err(PageMissing::Session));
            };
            let until: i64 = match before {
                None => i64::MAX,
                Some(before) => {
                    let timestamp = messages::table
                        .filter(messages::message_id.eq(Id(before)))
                        .filter(messages::session_id.eq(Id(session_id)))
                        .select(messages::timestamp)
                        .first(connection)
                        .optional()?;
                    let Some(timestamp) = timestamp else {
                        return Ok(Err(PageMissing::Message));
                    };
                    timestamp
                }
            };
            // One more than asked for tells whether there are older ones.
            let mut rows: Vec<MessageRow> = messages::table
                .filter(messages::session_id.eq(Id(session_id)))
                .filter(messages::timestamp.lt(until))
                .order(messages::timestamp.desc())
                .limit(i64::try_from(limit).unwrap_or(i64::MAX - 1).saturating_add(1))
                .select(MessageRow::as_select())
                .load(connection)?;
            let has_more = rows.len() as u64 > limit;
            rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            rows.reverse();
            let messages = rows
                .into_iter()
                .map(MessageRow::into_message)
                .collect::<Result<_, _>>()?;
            Ok(Ok(MessagePage {
                session,
                messages,
                has_more,
            }))
        })
        .await
    }

    /// All messages of one of the user's sessions, oldest first.
    pub async fn all_messages(
        &self,
        user_id: Uuid,
        session_id: Uuid,
    ) -> Result<Option<(SessionSummary, Vec<Message>)>, StoreError> {
        let page = self.message_page(user_id, session_id, None, u64::MAX).await?;
        Ok(page.ok().map(|page| (page.session, page.messages)))
    }
}

/// All messages of a session that the user owns, oldest first; `None`: no such session.
pub(super) fn conversation(
    connection: &mut SqliteConnection,
    user_id: Uuid,
    session_id: Uuid,
) -> Result<Option<Vec<MessageRow>>, StoreError> {
    if session_row(connection, user_id, session_id)?.is_none() {
        return Ok(None);
    }
    Ok(Some(
        messages::table
            .filter(messages::session_id.eq(Id(session_id)))
            .order(messages::timestamp)
            .select(MessageRow::as_select())
            .load(connection)?,
    ))
}
