//! A conversation to take along: the file `parley-conversation`, which docs/EXPORT.md and its JSON Schema describe.
//!
//! A format of its own, so that what the page is sent can change without changing what people have kept.

use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

use crate::{
    session::{MessageMetadata, MessageStatus, MessageType, SessionStatus, Usage},
    timestamp::Timestamp,
};

/// The name that the file gives to its format.
pub const FORMAT: &str = "parley-conversation";
/// The version that is written. Those from 1 on are read.
pub const VERSION: u32 = 3;

/// What a conversation can be taken along as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// The branch shown, for people and their editors.
    #[default]
    Markdown,
    /// Everything, for programs and for import.
    Json,
    /// The branch shown, as a page that needs nothing else.
    Html,
}

impl ExportFormat {
    /// All of them, the first one the default.
    pub const ALL: [Self; 3] = [Self::Markdown, Self::Json, Self::Html];

    /// The ending of the file's name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Markdown => "md",
            Self::Json => "json",
            Self::Html => "html",
        }
    }

    /// As it stands in a query.
    pub fn name(self) -> &'static str {
        match self {
            Self::Markdown => "markdown",
            Self::Json => "json",
            Self::Html => "html",
        }
    }
}

/// The file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    /// [`FORMAT`].
    pub format: String,
    /// [`VERSION`].
    pub version: u32,
    /// The conversation's own fields.
    pub session: ConversationSession,
    /// The messages of all its branches, in the order of writing.
    pub messages: Vec<ConversationMessage>,
}

/// A conversation's own fields.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConversationSession {
    /// Its id.
    pub session_id: Uuid,
    /// Its title, on one line.
    pub title: String,
    /// Its agent.
    pub agent_id: String,
    /// That agent's name when it began.
    pub agent_name: String,
    /// The role in which the person spoke to the agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_role: Option<String>,
    /// The model of the next answer.
    pub model_id: String,
    /// That model's name.
    pub model_name: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it last got a message or an answer.
    pub updated_at: Timestamp,
    /// Active or archived.
    pub status: SessionStatus,
    /// When it was archived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<Timestamp>,
    /// Kept at the top of the list.
    #[serde(default)]
    pub pinned: bool,
    /// The last message of the branch that was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head_id: Option<Uuid>,
    /// User and assistant messages, all versions of them. A sum for readers; import counts anew.
    #[serde(default)]
    pub message_count: u64,
    /// Tokens of all answers. A sum for readers; import counts anew.
    #[serde(default)]
    pub total_tokens: u64,
    /// Cost of all answers in US dollars, as far as it is known. A sum for readers; import counts anew.
    #[serde(default)]
    pub cost_usd: f64,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConversationMessage {
    /// Its id.
    pub message_id: Uuid,
    /// The message before it in its branch; left out: it begins the conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<Uuid>,
    /// Who wrote it.
    pub message_type: MessageType,
    /// Its text.
    pub content: String,
    /// The agent that wrote it, or to which it was written.
    pub agent_id: String,
    /// The model that wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_id: Option<String>,
    /// That model's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_name: Option<String>,
    /// When it was saved; strictly increasing within the conversation.
    pub timestamp: Timestamp,
    /// Its state.
    pub status: MessageStatus,
    /// Tokens of the answer, where they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// US dollars, where they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// What else is known of it.
    #[serde(default)]
    pub metadata: MessageMetadata,
}

impl Conversation {
    /// The messages of the branch shown, oldest first.
    pub fn branch(&self) -> Vec<&ConversationMessage> {
        let by_id: HashMap<Uuid, &ConversationMessage> = self
            .messages
            .iter()
            .map(|message| (message.message_id, message))
            .collect();
        // Whatever a file may say, each message is met once, so that there is an end.
        let mut met = HashSet::new();
        let mut branch = Vec::new();
        let mut next = self.session.head_id;
        while let Some(message) = next.filter(|id| met.insert(*id)).and_then(|id| by_id.get(&id)) {
            branch.push(*message);
            next = message.parent_id;
        }
        branch.reverse();
        branch
    }
}
