//! What the page needs of the server, and nothing more. The server binds it to the caller and puts it into the context.

use std::{future::Future, pin::Pin, sync::Arc};

use protocol::{
    error::ErrorBody,
    gateway::GatewayApproval,
    highlight::{Code, Runs},
    history::{ManyChange, RestoreFrom, SearchResults, SessionQuery},
    registry::{Agent, Model},
    session::{
        Cleared, MessageAccepted, Regenerate, SendMessage, SessionDetail, SessionList, SessionPatch, SessionSummary,
    },
    usage::{UsageRange, UsageReport},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a use case answers: the value, or a refusal with its HTTP status.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Refusal>> + Send + 'a>>;

/// Why a use case did not happen.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The HTTP status to answer with.
    pub status: u16,
    /// What the person is told.
    pub body: ErrorBody,
}

/// Agents and models, as the Gateway lists them now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Registry {
    /// Parents before children, PAS Root included.
    pub agents: Vec<Agent>,
    /// Active ones, the default first.
    pub models: Vec<Model>,
    /// For each agent that has one, its id and the id of its default model.
    pub default_models: Vec<(String, String)>,
}

/// The use cases of the page, bound to one caller.
pub trait Backend: Send + Sync + 'static {
    /// Agents and models. Refused while the Gateway cannot be reached and was never reached before.
    fn registry(&self) -> Answer<'_, Registry>;
    /// A page of the caller's sessions.
    fn sessions(&self, query: SessionQuery) -> Answer<'_, SessionList>;
    /// What is found in the caller's titles and messages, best first. Whatever is typed is a question; the
    /// days that it names begin where the caller's clock is that far ahead of UTC, in minutes.
    fn search(&self, q: String, limit: u64, utc_offset_minutes: i32) -> Answer<'_, SearchResults>;
    /// A session with the last messages of the branch shown, or those before the message `before`.
    fn session(&self, session_id: Uuid, before: Option<Uuid>) -> Answer<'_, SessionDetail>;
    /// A session with the messages after this one on the branch shown.
    fn session_after(&self, session_id: Uuid, after: Uuid) -> Answer<'_, SessionDetail>;
    /// A session with the messages around one of them; its branch is shown from now on where another one was.
    fn session_around(&self, session_id: Uuid, message_id: Uuid) -> Answer<'_, SessionDetail>;
    /// Archives, restores or deletes those of these sessions that are the caller's; `from` is what a restoring takes back. Says how
    /// many were changed.
    fn change_many(&self, session_ids: Vec<Uuid>, change: ManyChange, from: Option<RestoreFrom>) -> Answer<'_, u64>;
    /// Saves a message and starts its turn.
    fn send(&self, message: SendMessage) -> Answer<'_, MessageAccepted>;
    /// Starts a turn that writes another answer to an old message.
    fn regenerate(&self, session_id: Uuid, regenerate: Regenerate) -> Answer<'_, MessageAccepted>;
    /// Shows the branch that contains this message, from now on; gives its last messages.
    fn show_version(&self, session_id: Uuid, message_id: Uuid) -> Answer<'_, SessionDetail>;
    /// Stops the running turn.
    fn cancel(&self, session_id: Uuid) -> Answer<'_, ()>;
    /// Takes a decision on the task that waits for it. Where that task's turn was cut off, it begins another, which is returned.
    fn decide(&self, session_id: Uuid, approval: GatewayApproval) -> Answer<'_, Option<MessageAccepted>>;
    /// Changes title, pin or model.
    fn patch(&self, session_id: Uuid, patch: SessionPatch) -> Answer<'_, SessionSummary>;
    /// Archives a session.
    fn clear(&self, session_id: Uuid) -> Answer<'_, Cleared>;
    /// Takes back what was last done to a session: a deleted one is what it was before, an archived one is active.
    fn restore(&self, session_id: Uuid, from: RestoreFrom) -> Answer<'_, SessionSummary>;
    /// What each part of these blocks of code is, in order. `None`: the language is not known, or it would take too long.
    fn highlight(&self, blocks: Vec<Code>) -> Answer<'_, Vec<Option<Runs>>>;
    /// What was told of these blocks before; nothing is worked out.
    fn highlighted(&self, blocks: &[Code]) -> Vec<Option<Runs>>;
    /// What the caller's answers took, added up.
    fn usage(&self, range: UsageRange) -> Answer<'_, UsageReport>;
    /// Deletes a session; for a minute it can be restored.
    fn delete(&self, session_id: Uuid) -> Answer<'_, ()>;
}

/// The [`Backend`] as the server puts it into the context of a request.
pub type SharedBackend = Arc<dyn Backend>;

/// What the document needs to know of the request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// Sent back on every unsafe request; written into `<meta name="csrf-token">`.
    pub csrf_token: String,
    /// `dark`, `light`, or nothing (follow the system), from the cookie `parley_theme`.
    pub theme: Option<String>,
}
