//! Sessions, messages, usage, and the bodies of the chat routes.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    event::StatusUpdate,
    plan::PlanDecision,
    task::{self, Task},
    timestamp::Timestamp,
};

/// The longest message a person may send, in characters (Unicode scalar values).
pub const MAX_MESSAGE_CHARS: usize = 50_000;
/// The longest title, in characters.
pub const MAX_TITLE_CHARS: usize = 200;

/// The body of `POST /api/chat/message`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendMessage {
    /// The session to go on with; left out: a new one.
    #[serde(default)]
    pub session_id: Option<Uuid>,
    /// The text, 1 to [`MAX_MESSAGE_CHARS`] characters.
    pub message: String,
    /// The agent spoken to; must be the session's.
    pub agent_id: String,
    /// The model to answer; left out: the session's, else the agent's default.
    #[serde(default)]
    pub model: Option<String>,
    /// The same id again returns the same answer and starts nothing.
    #[serde(default)]
    pub client_request_id: Option<Uuid>,
    /// One of the session's user messages, of which this one is a new version: it follows the same message, and the
    /// old one stays.
    #[serde(default)]
    pub replaces: Option<Uuid>,
}

/// The body of `POST /api/chat/sessions/{id}/regenerate`: another answer to the message that an answer was given to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Regenerate {
    /// The answer of which another version is asked for.
    pub message_id: Uuid,
    /// The model to answer; left out: the session's.
    #[serde(default)]
    pub model: Option<String>,
    /// The same id again returns the same answer and starts nothing.
    #[serde(default)]
    pub client_request_id: Option<Uuid>,
}

/// The body of `POST /api/chat/sessions/{id}/version`: the branch that is to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShowVersion {
    /// A message of that branch.
    pub message_id: Uuid,
}

/// The body of the 202 that answers a message sent or an answer asked for again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageAccepted {
    /// The session, new or old.
    pub session_id: Uuid,
    /// The person's message that is being answered, as saved.
    pub message_id: Uuid,
    /// The answer that is being written.
    pub answer_id: Uuid,
    /// The turn that writes it.
    pub turn_id: Uuid,
    /// The agent that answers.
    pub agent_id: String,
    /// `streaming`.
    pub status: String,
}

/// The state of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionStatus {
    /// In the list.
    Active,
    /// Out of the list, kept.
    Archived,
    /// Found by nobody; to be removed, unless it is restored before.
    Deleted,
}

/// A session in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionSummary {
    /// Its id.
    pub session_id: Uuid,
    /// From the first message, editable.
    pub title: String,
    /// Its agent, for life.
    pub agent_id: String,
    /// The agent's name when the session began.
    pub agent_name: String,
    /// The role in which the person speaks to the agent.
    pub parent_role: Option<String>,
    /// The model of the next answer.
    pub model_id: String,
    /// That model's name.
    pub model_name: String,
    /// User and assistant messages, all versions of them.
    pub message_count: u64,
    /// Tokens of all its answers, all versions of them.
    pub total_tokens: u64,
    /// Cost of all its answers, all versions of them, in US dollars, as far as prices are known.
    pub cost_usd: f64,
    /// Whether some of its tokens or cost are an estimate.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub usage_estimated: bool,
    /// When it began.
    pub created_at: Timestamp,
    /// When it last got a message or an answer.
    pub updated_at: Timestamp,
    /// Its state.
    pub status: SessionStatus,
    /// When it was archived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<Timestamp>,
    /// Kept at the top of the list.
    pub pinned: bool,
    /// Whether an answer is being written now.
    pub running: bool,
}

/// The body of `GET /api/chat/sessions`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionList {
    /// One page, in the order asked for.
    pub sessions: Vec<SessionSummary>,
    /// How many there are in all.
    pub total: u64,
    /// Where the next page begins: `?after=` with the same query. `None`: this is the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// The body of `GET /api/chat/sessions/{id}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionDetail {
    /// The session's own fields.
    #[serde(flatten)]
    pub session: SessionSummary,
    /// A page of the messages of the branch shown, oldest first.
    pub messages: Vec<Message>,
    /// Whether there are older ones (`?before=` the first message's id).
    pub has_more: bool,
    /// Whether there are later ones (`?after=` the last message's id).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_later: bool,
    /// Where to attach to the running turn: the id of the last event already in `messages`. `None`: nothing runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Its id.
    pub message_id: Uuid,
    /// Its session.
    pub session_id: Uuid,
    /// The message before it in its branch; `None`: it begins the conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<Uuid>,
    /// Who wrote it.
    pub message_type: MessageType,
    /// Its text; Markdown where an agent wrote it.
    pub content: String,
    /// The agent that wrote it, or to which it was written.
    pub agent_id: String,
    /// The model that wrote it.
    #[serde(default)]
    pub model_name: Option<String>,
    /// When it was saved; strictly increasing within a session.
    pub timestamp: Timestamp,
    /// Its state.
    pub status: MessageStatus,
    /// Tokens and cost of the answer, once known.
    #[serde(default)]
    pub usage: Option<Usage>,
    /// US dollars; `None` where tokens or prices are not known.
    #[serde(default)]
    pub cost_usd: Option<f64>,
    /// What else is known of it.
    #[serde(default)]
    pub metadata: MessageMetadata,
    /// Its place among its versions, where it has others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
}

/// The place of a message among its versions: the messages of its type that follow the same message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// From 1, in the order in which they were written.
    pub number: u64,
    /// How many there are, two at least.
    pub count: u64,
    /// The version before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Uuid>,
    /// The version after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Uuid>,
}

/// What else is known of a message.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MessageMetadata {
    /// The Gateway's task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
    /// From sending to the end of the answer, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elapsed_ms: Option<u64>,
    /// The context window of the model that wrote it, in tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_window: Option<u64>,
    /// Why the answer ended without being complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<crate::error::ErrorBody>,
    /// The last status its agent reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_status: Option<StatusUpdate>,
    /// The delegation tree, where a Gateway told of one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<Task>,
    /// The decision that this message of the person's is: on the plan before it, whose turn was cut off while it waited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<PlanDecision>,
}

impl MessageMetadata {
    /// Takes in a status of the answer's agent, or of one below it.
    pub fn note(&mut self, status: &StatusUpdate) {
        task::note(&mut self.tasks, status);
        if status.parent_task_id.is_none() {
            self.last_status = Some(status.clone());
        }
    }
}

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageType {
    /// The person.
    User,
    /// The agent.
    Assistant,
    /// Instructions.
    System,
    /// A note on what happened.
    Status,
}

/// The state of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageStatus {
    /// Being written.
    Streaming,
    /// Whole.
    Complete,
    /// Cut short by a failure.
    Error,
    /// Cut short by the person.
    Cancelled,
    /// Cut short by the server's end.
    Interrupted,
}

/// How a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TurnStatus {
    /// The answer is whole.
    Complete,
    /// The Gateway or the model failed.
    Error,
    /// The person stopped it.
    Cancelled,
    /// The server went away.
    Interrupted,
}

impl From<TurnStatus> for MessageStatus {
    fn from(status: TurnStatus) -> Self {
        match status {
            TurnStatus::Complete => Self::Complete,
            TurnStatus::Error => Self::Error,
            TurnStatus::Cancelled => Self::Cancelled,
            TurnStatus::Interrupted => Self::Interrupted,
        }
    }
}

/// Token counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens read.
    pub prompt_tokens: u64,
    /// Tokens written.
    pub completion_tokens: u64,
    /// Both together.
    pub total_tokens: u64,
    /// Counted by us, not by the model.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub estimated: bool,
}

impl Usage {
    /// Counts that the model reported itself.
    pub fn exact(prompt_tokens: u64, completion_tokens: u64) -> Self {
        Self {
            prompt_tokens,
            completion_tokens,
            total_tokens: prompt_tokens.saturating_add(completion_tokens),
            estimated: false,
        }
    }
}

/// A person's word on a task that waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Go on.
    Approve,
    /// Change the plan as the note says.
    Refine,
    /// Stop.
    Reject,
}

/// The body of `PATCH /api/chat/sessions/{id}`. What is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionPatch {
    /// 1 to [`MAX_TITLE_CHARS`] characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Whether to keep it at the top.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<bool>,
    /// The model of the next answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// The body of the answer to cancel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancelled {
    /// `cancelled`.
    pub status: String,
}

/// The body of the answer to clear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cleared {
    /// `archived`.
    pub status: String,
    /// The id that the next message may begin a session with.
    pub new_session_id: Uuid,
}

/// The body of `GET /api/csrf`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CsrfToken {
    /// To be sent back as `X-CSRF-Token` on every unsafe request.
    pub csrf_token: String,
    /// Whom this browser is taken for; not a secret, and of no use to anybody without the cookie.
    pub user_id: Uuid,
}
