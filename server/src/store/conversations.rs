//! Whole conversations, as they are taken along and as they are removed for good.

use diesel::{dsl::sql, prelude::*, sql_types::BigInt, sqlite::Sqlite};
use protocol::{
    conversation::{Conversation, ConversationMessage, ConversationSession, FORMAT, VERSION},
    session::{MessageStatus, SessionStatus, SessionSummary},
    timestamp::Timestamp,
};
use uuid::Uuid;

use super::{
    Store, StoreError,
    ids::{Id, count, from_json, name_of, named},
    rows::{MessageRow, dollars},
    schema::{journal, messages, session_totals, sessions, turns},
    sessions::{DELETED, session_row, summary_of},
};

/// A place in the order of all conversations: by user, then by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Whose it is.
    pub user_id: Uuid,
    /// Which it is.
    pub session_id: Uuid,
}

impl Store {
    /// One of the user's conversations with everything in it.
    pub async fn conversation(&self, user_id: Uuid, session_id: Uuid) -> Result<Option<Conversation>, StoreError> {
        self.read(move |connection| conversation(connection, user_id, session_id))
            .await
    }

    /// Which of these are the user's, in the same order.
    pub async fn own_among(&self, user_id: Uuid, session_ids: Vec<Uuid>) -> Result<Vec<Uuid>, StoreError> {
        self.read(move |connection| {
            let mut own = Vec::new();
            for session_id in session_ids {
                if session_row(connection, user_id, session_id)?.is_some() {
                    own.push(session_id);
                }
            }
            Ok(own)
        })
        .await
    }

    /// The conversations of all users that are not deleted, `limit` at most, that come after this place.
    pub async fn places_after(&self, after: Option<Place>, limit: i64) -> Result<Vec<Place>, StoreError> {
        self.read(move |connection| {
            let mut query = sessions::table
                .filter(sessions::status.ne(DELETED))
                .order((sessions::user_id, sessions::session_id))
                .select((sessions::user_id, sessions::session_id))
                .limit(limit)
                .into_boxed();
            if let Some(Place { user_id, session_id }) = after {
                let further = sessions::user_id
                    .eq(Id(user_id))
                    .and(sessions::session_id.gt(Id(session_id)));
                query = query.filter(sessions::user_id.gt(Id(user_id)).or(further));
            }
            let rows: Vec<(Id, Id)> = query.load(connection)?;
            Ok(rows.into_iter().map(place).collect())
        })
        .await
    }

    /// How many conversations there are that are not deleted.
    pub async fn count_conversations(&self) -> Result<u64, StoreError> {
        self.read(|connection| {
            let found: i64 = sessions::table
                .filter(sessions::status.ne(DELETED))
                .count()
                .get_result(connection)?;
            Ok(count(found))
        })
        .await
    }

    /// The conversations of all users that were archived until then, oldest first. What was brought in is in the archive here since
    /// it came, whatever its file says.
    pub async fn archived_until(&self, until: Timestamp) -> Result<Vec<Place>, StoreError> {
        self.read(move |connection| {
            let rows: Vec<(Id, Id)> = archived(until)
                .order(sessions::archived_at)
                .select((sessions::user_id, sessions::session_id))
                .load(connection)?;
            Ok(rows.into_iter().map(place).collect())
        })
        .await
    }

    /// How many tokens these conversations took, and how many dollars: what goes from the report of usage with them.
    pub async fn spent_until(&self, archived_until: Timestamp) -> Result<(u64, f64), StoreError> {
        self.read(move |connection| {
            let sums: Vec<(i64, i64)> = session_totals::table
                .filter(session_totals::session_id.eq_any(archived(archived_until).select(sessions::session_id)))
                .select((session_totals::total_tokens, session_totals::cost_micros))
                .load(connection)?;
            let (tokens, micros) = sums.into_iter().fold((0_i64, 0_i64), |(tokens, micros), (more, cost)| {
                (tokens.saturating_add(more), micros.saturating_add(cost))
            });
            Ok((count(tokens), dollars(micros)))
        })
        .await
    }

    /// Takes an archived conversation out for good, where it is still exactly this one: nothing brings it back, and
    /// [`Store::purge_some`] removes its rows. `false`: it has changed, or is gone.
    pub async fn retire(&self, user_id: Uuid, expected: Conversation) -> Result<bool, StoreError> {
        self.write(move |connection| {
            let session_id = expected.session.session_id;
            let is_archived = expected.session.status == SessionStatus::Archived;
            if !is_archived || conversation(connection, user_id, session_id)?.as_ref() != Some(&expected) {
                return Ok(false);
            }
            diesel::update(sessions::table.find(Id(session_id)))
                .set((sessions::status.eq(DELETED), sessions::deleted_at.eq(None::<i64>)))
                .execute(connection)?;
            Ok(true)
        })
        .await
    }
}

fn archived(until: Timestamp) -> sessions::BoxedQuery<'static, Sqlite> {
    let since = sql::<BigInt>("MAX(sessions.archived_at, COALESCE(sessions.imported_at, sessions.archived_at))");
    sessions::table
        .filter(sessions::status.eq("archived"))
        .filter(since.le(until.0))
        .into_boxed()
}

fn place((user_id, session_id): (Id, Id)) -> Place {
    Place {
        user_id: user_id.0,
        session_id: session_id.0,
    }
}

pub(super) fn conversation(
    connection: &mut SqliteConnection,
    user_id: Uuid,
    session_id: Uuid,
) -> Result<Option<Conversation>, StoreError> {
    let Some(row) = session_row(connection, user_id, session_id)? else {
        return Ok(None);
    };
    let head_id = row.head_id.map(|id| id.0);
    let summary = summary_of(connection, row)?;
    let mut rows: Vec<MessageRow> = messages::table
        .filter(messages::session_id.eq(Id(session_id)))
        .order(messages::timestamp)
        .select(MessageRow::as_select())
        .load(connection)?;
    let streaming = name_of(MessageStatus::Streaming)?;
    for row in rows.iter_mut().filter(|row| row.status == streaming) {
        row.content = written_so_far(connection, row.message_id)?;
    }
    Ok(Some(Conversation {
        format: FORMAT.into(),
        version: VERSION,
        session: session_of(summary, head_id),
        messages: rows.into_iter().map(message_of).collect::<Result<_, _>>()?,
    }))
}

/// What a running turn has saved of its answer.
fn written_so_far(connection: &mut SqliteConnection, answer_id: Id) -> QueryResult<String> {
    let turns_of_it: Vec<Id> = turns::table
        .filter(turns::answer_id.eq(answer_id))
        .select(turns::turn_id)
        .load(connection)?;
    let parts: Vec<String> = journal::table
        .filter(journal::turn_id.eq_any(turns_of_it))
        .order(journal::journal_id)
        .select(journal::content)
        .load(connection)?;
    Ok(parts.concat())
}

fn session_of(summary: SessionSummary, head_id: Option<Uuid>) -> ConversationSession {
    ConversationSession {
        session_id: summary.session_id,
        title: summary.title,
        agent_id: summary.agent_id,
        agent_name: summary.agent_name,
        parent_role: summary.parent_role,
        model_id: summary.model_id,
        model_name: summary.model_name,
        created_at: summary.created_at,
        updated_at: summary.updated_at,
        status: summary.status,
        archived_at: summary.archived_at,
        pinned: summary.pinned,
        head_id,
        message_count: summary.message_count,
        total_tokens: summary.total_tokens,
        cost_usd: summary.cost_usd,
    }
}

fn message_of(row: MessageRow) -> Result<ConversationMessage, StoreError> {
    Ok(ConversationMessage {
        message_id: row.message_id.0,
        parent_id: row.parent_id.map(|id| id.0),
        message_type: named(&row.message_type)?,
        content: row.content,
        agent_id: row.agent_id,
        model_id: row.model_id,
        model_name: row.model_name,
        timestamp: Timestamp(row.timestamp),
        status: named(&row.status)?,
        usage: row.usage.usage(),
        cost_usd: row.usage.cost_usd(),
        metadata: from_json(&row.metadata)?,
    })
}
