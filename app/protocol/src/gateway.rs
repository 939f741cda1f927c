//! The bodies of the Gateway contract. The stream's events are [`crate::event::TurnEvent`].

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{plan::PlanDecision, session::Decision};

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
    /// The person's decision on a plan, where `message` is one: the last assistant message of `messages` is that plan,
    /// and its turn was cut off while it waited. A Gateway that does not know the field finds the decision in the message's
    /// words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<PlanDecision>,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_tells_a_decision_only_where_there_is_one() {
        let mut request = GatewayChatRequest {
            session_id: Uuid::nil(),
            message_id: Uuid::nil(),
            message: "hello".into(),
            messages: Vec::new(),
            agent_id: "architect".into(),
            parent_role: None,
            model: None,
            idempotency_key: "k".into(),
            decision: None,
        };
        let told = |request: &GatewayChatRequest| serde_json::to_value(request).unwrap().get("decision").cloned();
        assert_eq!(told(&request), None);
        request.decision = Some(PlanDecision {
            decision: Decision::Refine,
            note: Some("smaller".into()),
        });
        let wanted = serde_json::json!({"decision": "refine", "note": "smaller"});
        assert_eq!(told(&request), Some(wanted));
    }
}
