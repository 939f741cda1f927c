//! The bodies of the Gateway contract. The stream's events are [`crate::event::TurnEvent`].

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::session::Decision;

/// The body of `POST /chat`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayChatRequest {
    /// The conversation; the stream is asked for by it.
    pub session_id: Uuid,
    /// The message being answered.
    pub message_id: Uuid,
    /// Its text.
    pub message: String,
    /// The conversation so far, oldest first, `message` included as the last.
    pub messages: Vec<GatewayMessage>,
    /// The agent that is to answer.
    pub agent_id: String,
    /// The role in which the person speaks to it.
    #[serde(default)]
    pub parent_role: Option<String>,
    /// The model to answer with; `None`: the agent's default.
    #[serde(default)]
    pub model: Option<String>,
    /// The same key again starts nothing.
    pub idempotency_key: String,
}

/// One message of the conversation, as a model sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayMessage {
    /// Who said it.
    pub role: GatewayRole,
    /// What was said.
    pub content: String,
}

/// Who said a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GatewayRole {
    /// Instructions.
    System,
    /// The person.
    User,
    /// The agent.
    Assistant,
}

/// The body of the 202 that answers `POST /chat`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayChatAccepted {
    /// As sent.
    pub message_id: Uuid,
    /// `processing`.
    pub status: String,
}

/// The body of the answer to `POST /chat/{session_id}/cancel`, and of `GET /health`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayStatus {
    /// `cancelled`, or `ok`.
    pub status: String,
}

/// The body of `POST /chat/{session_id}/approval`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayApproval {
    /// The task that waits.
    pub task_id: String,
    /// The person's word.
    pub decision: Decision,
    /// What to change, with `refine`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}
