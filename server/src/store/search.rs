//! Finding texts: what in the index fits, newest first. SQLite's full-text search is spoken to here and in its migration alone.
//!
//! The index is asked for the newest texts in which all words occur, as many as can be ranked, and not for the best ones: to
//! tell those, it would have to count each word in every text first, which takes the longer the more common a word is.

use std::fmt::Write;

use diesel::{
    prelude::*,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{BigInt, Nullable, Text},
    sqlite::Sqlite,
};
use protocol::{
    session::{MessageType, SessionStatus},
    timestamp::Timestamp,
};
use uuid::Uuid;

use super::{
    Store, StoreError,
    ids::{Id, named},
    schema::search_scopes,
    sessions::DELETED,
};
use crate::search::question::Sought;

/// The most texts that are looked at, and the most titles besides.
const MOST_TEXTS: i64 = 300;
const MOST_TITLES: i64 = 100;
/// The most of a text that is looked at, in characters.
const LOOKED_AT: usize = 16_000;
/// How much time one number of a document stands for, in microseconds; as the migration says.
const STEP: i64 = 131_072;
/// Where many were written at one time, their numbers run ahead; by no more than this many.
const AHEAD: i64 = 700_000;
/// The most combinations of agent and model that a search is narrowed to.
const MOST_SCOPES: usize = 200;

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
            let find = |titles_only| Find {
                user_id: Id(user_id),
                words: match_expression(user_id, &query, titles_only),
                first: query.from.map_or(i64::MIN, |from| from.0 / STEP),
                last: query
                    .until
                    .map_or(i64::MAX, |until| (until.0 / STEP).saturating_add(AHEAD)),
                from: query.from.map_or(i64::MIN, |from| from.0),
                until: query.until.map_or(i64::MAX, |until| until.0),
                limit: if titles_only { MOST_TITLES } else { MOST_TEXTS },
            };
            let mut found: Vec<FoundRow> = find(true).load(connection)?;
            if !query.sought.is_empty() {
                let texts: Vec<FoundRow> = find(false).load(connection)?;
                found.extend(texts.into_iter().filter(|row| row.message_id.is_some()));
            }
            found.into_iter().map(FoundRow::into_text).collect()
        })
        .await
    }

    /// The whole text of a message.
    pub async fn text_of(&self, message_id: Uuid) -> Result<Option<String>, StoreError> {
        use super::schema::messages;
        self.read(move |connection| {
            Ok(messages::table
                .find(Id(message_id))
                .select(messages::content)
                .first(connection)
                .optional()?)
        })
        .await
    }
}

/// What the index is asked. Words are put between quotation marks and hold letters and digits alone, so that none of them is
/// ever taken for an operator.
fn match_expression(user_id: Uuid, query: &TextQuery, titles_only: bool) -> String {
    // A combination is one person's.
    let mut expression = match &query.scopes {
        None => format!("scope : (\"u{}\"", user_id.simple()),
        Some(scopes) => {
            let numbers = scopes.iter().take(MOST_SCOPES).map(|scope| format!("\"s{scope}\""));
            format!("scope : (({})", numbers.collect::<Vec<_>>().join(" OR "))
        }
    };
    expression.push_str(if titles_only { " AND \"t\")" } else { ")" });
    for sought in &query.sought {
        let is_word = |c: &char| *c != '"' && *c != '\0';
        let words: String = sought.words.join(" ").chars().filter(is_word).collect();
        // Writing to a String cannot fail.
        let _ = write!(
            expression,
            " AND text : \"{words}\"{}",
            if sought.is_prefix { " *" } else { "" }
        );
    }
    expression
}

/// The newest texts that fit.
#[derive(Debug, QueryId)]
struct Find {
    user_id: Id,
    words: String,
    first: i64,
    last: i64,
    from: i64,
    until: i64,
    limit: i64,
}

#[derive(Debug, Queryable)]
struct FoundRow {
    session_id: Id,
    title: String,
    agent_id: String,
    agent_name: String,
    status: String,
    message_id: Option<Id>,
    message_type: Option<String>,
    timestamp: i64,
    text: String,
}

impl FoundRow {
    fn into_text(self) -> Result<FoundText, StoreError> {
        Ok(FoundText {
            session_id: self.session_id.0,
            title: self.title,
            agent_id: self.agent_id,
            agent_name: self.agent_name,
            status: named(&self.status)?,
            message_id: self.message_id.map(|id| id.0),
            message_type: self.message_type.as_deref().map(named).transpose()?,
            timestamp: Timestamp(self.timestamp),
            text: self.text,
        })
    }
}

impl Query for Find {
    type SqlType = (
        Text,
        Text,
        Text,
        Text,
        Text,
        Nullable<Text>,
        Nullable<Text>,
        BigInt,
        Text,
    );
}

impl RunQueryDsl<SqliteConnection> for Find {}

impl QueryFragment<Sqlite> for Find {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        // The index gives the numbers, newest first and only as many as are wanted; all else is looked up by keys.
        out.push_sql(
            "SELECT sessions.session_id, sessions.title, sessions.agent_id, sessions.agent_name, sessions.status,
                    search_documents.message_id, messages.message_type,
                    COALESCE(messages.timestamp, sessions.created_at) AS written_at,
                    SUBSTR(COALESCE(messages.content, sessions.title), 1, ",
        );
        out.push_bind_param::<BigInt, _>(&(LOOKED_AT as i64))?;
        out.push_sql(
            ") FROM search_index
             CROSS JOIN search_documents ON search_documents.document_id = search_index.rowid
             CROSS JOIN sessions ON sessions.session_id = search_documents.session_id
             LEFT JOIN messages ON messages.message_id = search_documents.message_id
             WHERE search_index MATCH ",
        );
        out.push_bind_param::<Text, _>(&self.words)?;
        out.push_sql(" AND search_index.rowid >= ");
        out.push_bind_param::<BigInt, _>(&self.first)?;
        out.push_sql(" AND search_index.rowid <= ");
        out.push_bind_param::<BigInt, _>(&self.last)?;
        // Whatever the index may say, what is another's is not shown; and what is deleted is not found at once.
        out.push_sql(" AND sessions.user_id = ");
        out.push_bind_param::<Text, _>(&self.user_id)?;
        out.push_sql(" AND sessions.status <> ");
        out.push_bind_param::<Text, _>(DELETED)?;
        out.push_sql(" AND written_at >= ");
        out.push_bind_param::<BigInt, _>(&self.from)?;
        out.push_sql(" AND written_at < ");
        out.push_bind_param::<BigInt, _>(&self.until)?;
        out.push_sql(" ORDER BY search_index.rowid DESC LIMIT ");
        out.push_bind_param::<BigInt, _>(&self.limit)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
