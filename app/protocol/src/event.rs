//! What a turn emits. The four types are fixed; fields may be added to them.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

use crate::session::{TurnStatus, Usage};

/// One event of a turn, the `data` of one server-sent event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum TurnEvent {
    /// A piece of the answer's text.
    Token {
        /// The text to append.
        content: String,
        /// Where in the answer, in UTF-8 bytes, `content` begins. Present on the first token after an
        /// attach without a usable cursor, so that the reader replaces its text instead of doubling it. Absent: append.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        offset: Option<usize>,
    },
    /// The state of the turn, or of one node of its delegation tree.
    StatusUpdate(StatusUpdate),
    /// Tokens and cost of the whole turn. Once, right before `done`.
    Usage {
        /// Token counts.
        usage: Usage,
        /// Cost in US dollars; `null` where the model's price is not known.
        cost_usd: Option<f64>,
    },
    /// The end. Nothing follows.
    Done {
        /// How the turn ended; a Gateway may leave it out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<TurnStatus>,
    },
}

/// The body of a `status_update`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatusUpdate {
    /// The state entered.
    pub status: TaskStatus,
    /// The task that entered it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
    /// One line for the reader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The agent at work, where it is not the session's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// The task that delegated this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_task_id: Option<String>,
    /// The node's own usage, without that of the nodes below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// The node's own cost in US dollars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// What the node wrote, whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
}

/// The state of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    /// Working out what to do.
    Planning,
    /// Doing it.
    Executing,
    /// Done.
    Complete,
    /// Failed.
    Error,
    /// Waiting for a person's decision.
    AwaitingApproval,
}

/// The id of an event: `<turn>-<seq>`. Sent back as `Last-Event-ID` (or `?after=`) it is the reader's cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventId {
    /// The turn that emitted it.
    pub turn_id: Uuid,
    /// Its number within the turn, from 1.
    pub seq: u64,
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.turn_id.simple(), self.seq)
    }
}

/// The text is not an event id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidEventId;

impl FromStr for EventId {
    type Err = InvalidEventId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (turn, seq) = text.rsplit_once('-').ok_or(InvalidEventId)?;
        Ok(Self {
            turn_id: Uuid::try_parse(turn).map_err(|_| InvalidEventId)?,
            seq: seq.parse().map_err(|_| InvalidEventId)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_have_the_shape_the_contract_names() {
        let cases = [
            (
                TurnEvent::Token {
                    content: "I'll".into(),
                    offset: None,
                },
                r#"{"type":"token","content":"I'll"}"#,
            ),
            (
                TurnEvent::StatusUpdate(StatusUpdate {
                    status: TaskStatus::AwaitingApproval,
                    task_id: Some("t1".into()),
                    detail: None,
                    agent_id: None,
                    parent_task_id: None,
                    cost_usd: None,
                    output: None,
                    usage: None,
                }),
                r#"{"type":"status_update","status":"awaiting_approval","task_id":"t1"}"#,
            ),
            (
                TurnEvent::Usage {
                    usage: Usage::exact(123, 456),
                    cost_usd: Some(0.015),
                },
                r#"{"type":"usage","usage":{"prompt_tokens":123,"completion_tokens":456,"total_tokens":579},"cost_usd":0.015}"#,
            ),
            (TurnEvent::Done { status: None }, r#"{"type":"done"}"#),
        ];
        for (event, text) in cases {
            assert_eq!(serde_json::to_string(&event).unwrap(), text);
            assert_eq!(serde_json::from_str::<TurnEvent>(text).unwrap(), event);
        }
    }

    #[test]
    fn an_event_id_survives_the_round_trip_and_garbage_is_refused() {
        let id = EventId {
            turn_id: Uuid::new_v4(),
            seq: 42,
        };
        assert_eq!(id.to_string().parse(), Ok(id));
        for garbage in [
            "",
            "-",
            "abc-1",
            "7",
            &format!("{}-x", id.turn_id.simple()),
            &format!("{}--1", id.turn_id.simple()),
        ] {
            assert_eq!(garbage.parse::<EventId>(), Err(InvalidEventId), "{garbage}");
        }
    }
}
