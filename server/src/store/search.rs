//! Finding texts: what in the index fits, newest first. SQLite's full-text search is spoken to here and in its migration alone.
//!
//! The index is asked for the newest texts in which all words occur, as many as can be ranked, and not for the best ones: to
//! tell those, it would have to count each word in every text first, which takes the longer the more common a word is.

mod find;

use diesel::{prelude::*, sqlite::Sqlite};
use protocol::{
    session::{MessageType, SessionStatus},
    timestamp::Timestamp,
};
use uuid::Uuid;

use super::{
    Store, StoreError,
    ids::Id,
    schema::{messages, search_people, search_scopes, sessions},
    sessions::DELETED,
};
use crate::search::question::Sought;
use find::{Find, FoundRow, Kind, PersonNumbers};
pub(crate) use find::{MOST_MESSAGES, MOST_TITLES, STEP};

/// What to find.
#[derive(Debug, Clone, Default)]
pub struct TextQuery {
    /// All of these must occur; none: any title will do.
    pub sought: Vec<Sought>,
    /// In one of these combinations of agent and model; `None`: any.
    pub scopes: Option<Vec<i64>>,
    /// Written at this instant or later.
    pub from: Option<Timestamp>,
    /// Written before this instant.
    pub until: Option<Timestamp>,
}

/// An agent and a model that a person has talked to.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = search_scopes, check_for_backend(Sqlite))]
pub struct Scope {
    /// Its number.
    pub scope_id: i64,
    /// The agent.
    pub agent_id: String,
    /// Its name at that time.
    pub agent_name: String,
    /// The model.
    pub model_id: String,
    /// Its name at that time.
    pub model_name: String,
}

/// A text that was found.
#[derive(Debug)]
pub struct FoundText {
    /// The conversation.
    pub session_id: Uuid,
    /// Its title.
    pub title: String,
    /// Its agent.
    pub agent_id: String,
    /// That agent's name.
    pub agent_name: String,
    /// Its state.
    pub status: SessionStatus,
    /// The message; `None`: it is the title.
    pub message_id: Option<Uuid>,
    /// Who wrote it.
    pub message_type: Option<MessageType>,
    /// When it was written.
    pub timestamp: Timestamp,
    /// The text, or the beginning of a long one.
    pub text: String,
}

impl Store {
    /// The combinations of agent and model that the user has talked to.
    pub async fn scopes(&self, user_id: Uuid) -> Result<Vec<Scope>, StoreError> {
        self.read(move |connection| {
            Ok(search_scopes::table
                .filter(search_scopes::user_id.eq(Id(user_id)))
                .order(search_scopes::scope_id.desc())
                .select(Scope::as_select())
                .load(connection)?)
        })
        .await
    }

    /// The newest of the user's titles and messages that fit, a title once.
    pub async fn find_texts(&self, user_id: Uuid, query: TextQuery) -> Result<Vec<FoundText>, StoreError> {
        self.read(move |connection| {
            let person = search_people::table
                .filter(search_people::user_id.eq(Id(user_id)))
                .select(PersonNumbers::as_select())
                .first(connection)
                .optional()?;
            let Some(person) = person else { return Ok(Vec::new()) };
            let find = |kind| Find::new(user_id, person, &query, kind);
            let mut found: Vec<FoundRow> = find(Kind::Titles).load(connection)?;
            if !query.sought.is_empty() {
                found.extend(find(Kind::Messages).load::<FoundRow>(connection)?);
            }
            found.into_iter().map(FoundRow::into_text).collect()
        })
        .await
    }

    /// The whole text of one of the user's messages.
    pub async fn text_of(&self, user_id: Uuid, message_id: Uuid) -> Result<Option<String>, StoreError> {
        self.read(move |connection| {
            Ok(messages::table
                .inner_join(sessions::table)
                .filter(messages::message_id.eq(Id(message_id)))
                .filter(sessions::user_id.eq(Id(user_id)))
                .filter(sessions::status.ne(DELETED))
                .select(messages::content)
                .first(connection)
                .optional()?)
        })
        .await
    }
}

#[cfg(test)]
mod tests;
