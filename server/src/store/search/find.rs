//! The question to the index.

use diesel::{
    prelude::*,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{BigInt, Nullable, Text},
    sqlite::Sqlite,
};
use protocol::timestamp::Timestamp;
use uuid::Uuid;

use super::{FoundText, TextQuery};
use crate::store::{
    StoreError,
    ids::{Id, named},
    schema::search_people,
    sessions::DELETED,
};

/// The most messages that are looked at, and the most titles besides.
pub(crate) const MOST_MESSAGES: usize = 200;
pub(crate) const MOST_TITLES: usize = 100;
/// The most of a text that is looked at, in characters.
const LOOKED_AT: i64 = 16_000;
/// How much time one number of a document stands for, in microseconds; as the migration says.
pub(crate) const STEP: i64 = 131_072;
/// How many numbers the titles of a person have, and how many the messages; as the migration says.
const SPAN: i64 = 1 << 40;
/// The most combinations of agent and model that a search is narrowed to.
const MOST_SCOPES: usize = 200;

/// Titles and messages have spans of numbers of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Titles = 0,
    Messages = 1,
}

/// Which numbers a person's texts have.
#[derive(Debug, Clone, Copy, Queryable, Selectable)]
#[diesel(table_name = search_people, check_for_backend(Sqlite))]
pub(super) struct PersonNumbers {
    pub(super) person_id: i64,
    /// The most by which one of them is higher than its time has it.
    pub(super) ahead: i64,
}

/// The newest texts that fit.
#[derive(Debug)]
pub(super) struct Find {
    user_id: Id,
    /// In the index's own terms; `None`: any.
    words: Option<String>,
    first: i64,
    last: i64,
    from: i64,
    to: i64,
    limit: i64,
}

impl Find {
    pub(super) fn new(user_id: Uuid, person: PersonNumbers, query: &TextQuery, kind: Kind) -> Self {
        let start = (person.person_id * 2 + kind as i64) * SPAN;
        let step = |time: Timestamp| (time.0 / STEP).clamp(0, SPAN - 1);
        // Where many were written at one time, their numbers run ahead of it.
        let last = query
            .until
            .map_or(SPAN, |until| step(until).saturating_add(person.ahead))
            .min(SPAN - 1);
        Self {
            user_id: Id(user_id),
            words: match_expression(query),
            first: start + query.from.map_or(0, step),
            last: start + last,
            from: query.from.map_or(i64::MIN, |from| from.0),
            to: query.until.map_or(i64::MAX, |until| until.0.saturating_sub(1)),
            limit: match kind {
                Kind::Titles => MOST_TITLES as i64,
                Kind::Messages => MOST_MESSAGES as i64,
            },
        }
    }
}

/// What the index is asked; `None`: nothing, any text will do. Words are put between quotation marks and hold letters and
/// digits alone, so that none of them is ever taken for an operator.
fn match_expression(query: &TextQuery) -> Option<String> {
    let mut parts = Vec::new();
    if let Some(scopes) = &query.scopes {
        let numbers = scopes.iter().take(MOST_SCOPES).map(|scope| format!("\"s{scope}\""));
        parts.push(format!("scope : ({})", numbers.collect::<Vec<_>>().join(" OR ")));
    }
    for sought in &query.sought {
        let is_of_a_word = |c: &char| *c != '"' && *c != '\0';
        let words: String = sought.words.join(" ").chars().filter(is_of_a_word).collect();
        let goes_on = if sought.is_prefix { " *" } else { "" };
        parts.push(format!("text : \"{words}\"{goes_on}"));
    }
    (!parts.is_empty()).then(|| parts.join(" AND "))
}

#[derive(Debug, Queryable)]
pub(super) struct FoundRow {
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
    pub(super) fn into_text(self) -> Result<FoundText, StoreError> {
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

/// With words it is another query than without.
impl QueryId for Find {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
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
        out.push_bind_param::<BigInt, _>(&LOOKED_AT)?;
        out.push_sql(") FROM ");
        let number = if self.words.is_some() {
            out.push_sql(
                "search_index CROSS JOIN search_documents ON search_documents.document_id = search_index.rowid",
            );
            "search_index.rowid"
        } else {
            out.push_sql("search_documents");
            "search_documents.document_id"
        };
        out.push_sql(
            " CROSS JOIN sessions ON sessions.session_id = search_documents.session_id
              LEFT JOIN messages ON messages.message_id = search_documents.message_id WHERE ",
        );
        if let Some(words) = &self.words {
            out.push_sql("search_index MATCH ");
            out.push_bind_param::<Text, _>(words)?;
            out.push_sql(" AND ");
        }
        out.push_sql(number);
        out.push_sql(" >= ");
        out.push_bind_param::<BigInt, _>(&self.first)?;
        out.push_sql(" AND ");
        out.push_sql(number);
        out.push_sql(" <= ");
        out.push_bind_param::<BigInt, _>(&self.last)?;
        // Whatever the index may say, what is another's is not shown; and what is deleted is not found at once.
        out.push_sql(" AND sessions.user_id = ");
        out.push_bind_param::<Text, _>(&self.user_id)?;
        out.push_sql(" AND sessions.status <> ");
        out.push_bind_param::<Text, _>(DELETED)?;
        out.push_sql(" AND written_at >= ");
        out.push_bind_param::<BigInt, _>(&self.from)?;
        out.push_sql(" AND written_at <= ");
        out.push_bind_param::<BigInt, _>(&self.to)?;
        out.push_sql(" ORDER BY ");
        out.push_sql(number);
        out.push_sql(" DESC LIMIT ");
        out.push_bind_param::<BigInt, _>(&self.limit)?;
        Ok(())
    }
}
