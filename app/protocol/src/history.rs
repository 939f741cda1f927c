//! Finding conversations again: which to list, and what a search finds.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    session::{MessageType, SessionStatus},
    timestamp::Timestamp,
};

/// Which sessions to list; what is `None` does not narrow. The query of `GET /api/chat/sessions`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionQuery {
    /// Words that the title must contain; empty: any.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub q: String,
    /// With this agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// Whose next answer is this model's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_id: Option<String>,
    /// In this state; `None`: active ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<SessionStatus>,
    /// Last written to at this instant or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Last written to before this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// In which order.
    #[serde(default)]
    pub sort: SessionSort,
    /// [`SessionList::next`](crate::session::SessionList) of the page before; `None`: the first page. It goes with the
    /// same query only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// How many to pass over, for who would rather count than keep a cursor.
    #[serde(default)]
    pub offset: u64,
    /// How many to return.
    #[serde(default = "default_limit")]
    pub limit: u64,
}

fn default_limit() -> u64 {
    50
}

/// The order of a list of sessions. What is equal stands newest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionSort {
    /// Pinned first, then last written to first.
    #[default]
    Recent,
    /// Last written to first, pinned or not.
    Newest,
    /// Last written to last.
    Oldest,
    /// By title.
    Title,
    /// Most messages first.
    Messages,
    /// Most expensive first.
    Cost,
}

/// What to do to many sessions at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ManyChange {
    /// Take them out of the list.
    Archive,
    /// Take back what was last done to each.
    Restore,
    /// Delete them; for a minute they can be restored.
    Delete,
}

/// What it is that is taken back. Asked for it again, a session that is not so stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestoreFrom {
    /// That it was deleted: it is what it was before, active or archived.
    Deleted,
    /// That it was archived.
    Archived,
}

/// The body of `POST /api/chat/sessions/many`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeMany {
    /// Which ones, [`MAX_MANY`] at most.
    pub session_ids: Vec<Uuid>,
    /// What to do to them.
    pub change: ManyChange,
    /// What to take back where they are restored; `None`: what was last done to each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<RestoreFrom>,
}

/// The most sessions that one request changes.
pub const MAX_MANY: usize = 10_000;

/// The body of the answer to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedMany {
    /// How many of them it was done to; the others are not the caller's, or no more.
    pub changed: u64,
}

/// The body of `GET /api/search`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchResults {
    /// One page, best first.
    pub hits: Vec<SearchHit>,
    /// What of the question was not understood, in plain words, such as a date that is none; the rest was searched for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A message, or a title, in which the words occur.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchHit {
    /// The conversation.
    pub session_id: Uuid,
    /// Its title.
    pub title: String,
    /// Its agent.
    pub agent_id: String,
    /// That agent's name when it began.
    pub agent_name: String,
    /// Its state: active or archived.
    pub status: SessionStatus,
    /// The message; `None`: the title itself was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<Uuid>,
    /// Who wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_type: Option<MessageType>,
    /// When it was written.
    pub timestamp: Timestamp,
    /// Where the words stand, on one line.
    pub snippet: Vec<SnippetPart>,
}

/// A piece of a snippet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnippetPart {
    /// The text, as it was written: never markup.
    pub text: String,
    /// Whether it is what was searched for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_match: bool,
}
