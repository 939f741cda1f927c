//! What is sent, and what comes back.

use protocol::{
    event::{StatusUpdate, TaskStatus, TurnEvent},
    gateway::{GatewayChatRequest, GatewayMessage},
    session::TurnStatus,
    sse::Frame,
};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::gateway::{
    GatewayError, GatewayEvent,
    events::{self, Parsed},
    reason,
};

/// The body of `POST /chat/stream`: what these Gateways know, and nothing more.
#[derive(Debug, Serialize)]
pub(super) struct Ask {
    pub(super) session_id: Uuid,
    message_id: Uuid,
    agent_id: String,
    model: Option<String>,
    messages: Vec<GatewayMessage>,
}

impl From<GatewayChatRequest> for Ask {
    fn from(request: GatewayChatRequest) -> Self {
        Self {
            session_id: request.session_id,
            message_id: request.message_id,
            agent_id: request.agent_id,
            model: request.model,
            messages: request.messages,
        }
    }
}

/// Reads one frame of the response. Ids are not told: these Gateways cannot resume after them.
pub(super) fn read_frame(frame: Frame, events: &mut Vec<GatewayEvent>) -> Result<(), GatewayError> {
    let mut push = |event| events.push(GatewayEvent { id: None, event });
    if frame.data.trim() == "[DONE]" {
        push(TurnEvent::Done { status: None });
        return Ok(());
    }
    match events::parse(&frame.data)? {
        Parsed::Event(event) => push(event),
        Parsed::Unknown(kind) if kind == "error" => {
            push(TurnEvent::StatusUpdate(failure(&frame.data)));
            push(TurnEvent::Done {
                status: Some(TurnStatus::Error),
            });
        }
        Parsed::Unknown(kind) => events::pass_over(&kind),
    }
    Ok(())
}

/// An error event, as the contract tells an error.
fn failure(data: &str) -> StatusUpdate {
    let said = serde_json::from_str::<Value>(data).ok();
    StatusUpdate {
        status: TaskStatus::Error,
        detail: said.as_ref().and_then(reason::within),
        task_id: None,
        agent_id: None,
        parent_task_id: None,
        usage: None,
        cost_usd: None,
        output: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(data: &str) -> Result<Vec<TurnEvent>, GatewayError> {
        let mut events = Vec::new();
        let frame = Frame {
            id: Some("7".into()),
            data: data.into(),
        };
        read_frame(frame, &mut events)?;
        assert!(events.iter().all(|event| event.id.is_none()));
        Ok(events.into_iter().map(|event| event.event).collect())
    }

    #[test]
    fn the_four_types_are_those_of_the_contract_and_others_are_passed_over() {
        let token = TurnEvent::Token {
            content: "Hi".into(),
            offset: None,
        };
        assert_eq!(read(r#"{"type":"token","content":"Hi"}"#).unwrap(), [token]);
        for end in [r#"{"type":"done"}"#, "[DONE]", " [DONE] "] {
            assert_eq!(read(end).unwrap(), [TurnEvent::Done { status: None }], "{end}");
        }
        assert_eq!(read(r#"{"type":"ping"}"#).unwrap(), []);
        assert!(matches!(read("[DONE"), Err(GatewayError::Protocol(_))));
    }

    #[test]
    fn an_error_event_ends_the_answer_with_its_reason() {
        for (data, expected) in [
            (r#"{"type":"error","message":"No agent."}"#, Some("No agent.")),
            (r#"{"type":"error","error":"No\nagent."}"#, Some("No agent.")),
            (
                r#"{"type":"error","detail":{"message":"No agent."}}"#,
                Some("No agent."),
            ),
            (r#"{"type":"error","content":"No agent."}"#, Some("No agent.")),
            (r#"{"type":"error","message":"<html>502</html>"}"#, None),
            (r#"{"type":"error"}"#, None),
        ] {
            let [TurnEvent::StatusUpdate(update), end] = &read(data).unwrap()[..] else {
                panic!("{data}");
            };
            assert_eq!(
                (update.status, update.detail.as_deref()),
                (TaskStatus::Error, expected),
                "{data}"
            );
            let failed = Some(TurnStatus::Error);
            assert_eq!(end, &TurnEvent::Done { status: failed });
        }
    }
}
