//! The way to the Gateway: one trait, and a client for each of the two protocols that Gateways speak.
//!
//! - [`http`]: the contract (`turns`), spoken by the embedded Gateway too
//! - [`post_stream`]: older Gateways, which know one route
//! - `link`, `events`, `reason`: what both need of HTTP, streams and refusals
//! - [`registry`]: agents and models, kept

mod events;
pub mod http;
mod link;
pub mod post_stream;
mod reason;
pub mod registry;

use std::{future::Future, pin::Pin};

use futures::Stream;
use protocol::{
    error::ErrorBody,
    event::TurnEvent,
    gateway::{GatewayApproval, GatewayChatRequest},
    registry::{GatewayAgent, GatewayModel},
};
use uuid::Uuid;

/// What a call to the Gateway answers.
pub type Reply<'a, T> = Pin<Box<dyn Future<Output = Result<T, GatewayError>> + Send + 'a>>;
/// The events of one answer, as many at a time as have come.
pub type EventStream = Pin<Box<dyn Stream<Item = Result<Vec<GatewayEvent>, GatewayError>> + Send>>;

/// An event, with the id under which the Gateway can resume after it.
#[derive(Debug, Clone, PartialEq)]
pub struct GatewayEvent {
    /// As the Gateway sent it; `None`: it gave this event none.
    pub id: Option<String>,
    /// What it says.
    pub event: TurnEvent,
}

/// The Gateway, as the turn engine sees it.
pub trait Gateway: Send + Sync + 'static {
    /// All agents, in any order.
    fn agents(&self) -> Reply<'_, Vec<GatewayAgent>>;
    /// All models, the default first.
    fn models(&self) -> Reply<'_, Vec<GatewayModel>>;
    /// Starts an answer.
    fn start(&self, request: GatewayChatRequest) -> Reply<'_, ()>;
    /// The events of the session's current answer, from its start or strictly after `last_event_id`.
    fn stream(&self, session_id: Uuid, last_event_id: Option<String>) -> Reply<'_, EventStream>;
    /// Stops the answer at the model.
    fn cancel(&self, session_id: Uuid) -> Reply<'_, ()>;
    /// Passes on a person's decision.
    fn approve(&self, session_id: Uuid, approval: GatewayApproval) -> Reply<'_, ()>;
    /// Whether it answers.
    fn health(&self) -> Reply<'_, ()>;
}

/// What to do where nothing better can be said.
const RETRY: &str = "Try again; if it goes on, look at the Gateway.";

/// Why the Gateway did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each variant's message says what it is")]
pub enum GatewayError {
    #[error("the Gateway cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    #[error("the Gateway took too long: {0}")]
    Timeout(&'static str),
    #[error("the connection to the Gateway broke off")]
    Broken(#[source] reqwest::Error),
    #[error("the Gateway ended the stream before the answer was done")]
    Incomplete,
    #[error("the Gateway refused with status {status}")]
    Refused { status: u16, reason: Option<ErrorBody> },
    #[error("the Gateway broke the contract: {0}")]
    Protocol(String),
    /// It may be at work on the request, so this is never passing.
    #[error("the Gateway may have got the request, which is not sent again")]
    Sent(#[source] Box<GatewayError>),
    #[error("the Gateway has no way to do this: {message}")]
    Unsupported {
        message: &'static str,
        action: &'static str,
    },
}

impl GatewayError {
    /// What a person is told.
    pub fn body(&self) -> ErrorBody {
        match self {
            Self::Unreachable(_) => ErrorBody::new("gateway_unreachable", "The Gateway cannot be reached.", RETRY),
            Self::Timeout(what) => {
                ErrorBody::new("gateway_timeout", format!("The Gateway took too long {what}."), RETRY)
            }
            Self::Broken(_) | Self::Incomplete => ErrorBody::new(
                "gateway_broken_off",
                "The Gateway broke off in the middle of the answer.",
                RETRY,
            ),
            Self::Refused {
                reason: Some(reason), ..
            } => ErrorBody::new("gateway_refused", reason.message.clone(), reason.action.clone()),
            Self::Refused { status, reason: None } => ErrorBody::new(
                "gateway_refused",
                format!("The Gateway refused with status {status}."),
                RETRY,
            ),
            Self::Protocol(_) => ErrorBody::new(
                "gateway_protocol",
                "The Gateway sent something that Parley does not understand.",
                RETRY,
            ),
            Self::Sent(error) => match &**error {
                Self::Unreachable(_) => ErrorBody::new(
                    "gateway_broken_off",
                    "The Gateway broke the connection off before it answered.",
                    RETRY,
                ),
                other => other.body(),
            },
            Self::Unsupported { message, action } => ErrorBody::new("gateway_unsupported", *message, *action),
        }
    }

    /// Whether the connection broke where the answer may still go on.
    pub fn is_disconnect(&self) -> bool {
        matches!(self, Self::Broken(_) | Self::Incomplete)
    }

    /// Whether the Gateway may be back in a moment.
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Unreachable(_) | Self::Broken(_) | Self::Refused { status: 502..=504, .. }
        )
    }
}
