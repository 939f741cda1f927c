//! The page's doors to the server, under `/fn`. Each obtains the [`SharedBackend`] of the request and calls it.

use leptos::{prelude::*, server_fn::Http};
use protocol::{
    highlight::{Code, Runs},
    history::{ManyChange, RestoreFrom, SearchResults, SessionQuery},
    session::{Cleared, MessageAccepted, SessionDetail, SessionList, SessionPatch, SessionSummary},
    usage::{UsageRange, UsageReport},
};
use uuid::Uuid;

use crate::{
    backend,
    client::{CsrfClient, Json},
    error::PageError,
};

/// Agents and models.
#[server(prefix = "/fn", endpoint = "registry", protocol = Http<Json, Json>, client = CsrfClient)]
pub(crate) async fn registry() -> Result<backend::Registry, PageError> {
    door::answer(door::backend()?.registry().await)
}

/// The caller's sessions.
#[server(prefix = "/fn", endpoint = "sessions", protocol = Http<Json, Json>, client = CsrfClient)]
pub(crate) async fn sessions(query: SessionQuery) -> Result<SessionList, PageError> {
    door::answer(door::backend()?.sessions(query).await)
}

/// What is found in the caller's titles and messages.
#[server(prefix = "/fn", endpoint = "search", protocol = Http<Json, Json>, client = CsrfClient)]
pub(crate) async fn search(q: String, limit: u64, utc_offset_minutes: i32) -> Result<SearchResults, PageError> {
    door::answer(door::backend()?.search(q, limit, utc_offset_minutes).await)
}

/// A session with its last messages, or those before `before`.
#[server(prefix = "/fn", endpoint = "session", protocol = Http<Json, Json>, client = CsrfClient)]
pub(crate) async fn session(session_id: Uuid, before: Option<Uuid>) -> Result<SessionDetail, PageError> {
    door::answer(door::backend()?.session(session_id, before).await)
}

/// A session with the messages after this one on the branch shown.
#[server(prefix = "/fn", endpoint = "session_after", protocol = Http<Json, Json>, client = CsrfClient)]
pub(crate) async fn session_after(session_id: Uuid, after: Uuid) -> Result<SessionDetail, PageError> {
    door::answer(door::backend()?.session_after(session_id, after).await)
}

/// A session with the messages around one of them; its branch is shown from now on where another one was.
#[server(prefix = "/fn", endpoint = "session_around", protocol = Http<Json, Json>, client = CsrfClient)]
pub(crate) async fn session_around(session_id: Uuid, message_id: Uuid) -> Result<SessionDetail, PageError> {
    door::answer(door::backend()?.session_around(session_id, message_id).await)
}

/// Archives, restores or deletes many sessions. Says how many were changed.
#[server(prefix = "/fn", endpoint = "change_many", protocol = Http<Json, Json>, client = CsrfClient)]
pub(crate) async fn change_many(
    session_ids: Vec<Uuid>,
    change: ManyChange,
    from: Option<RestoreFrom>,
) -> Result<u64, PageError> {
    door::answer(door::backend()?.change_many(session_ids, change, from).await)
}

/// Saves a message and starts its turn.
#[server(prefix = "/fn", endpoint = "send_message", protocol = Http<Json, Json>, client = CsrfClient)]
pub(crate) async fn send_message(message: protocol::session::SendMessage) -> Result<MessageAccepted, PageError> {
    door::answer(door::backend()?.send(message).await)
}

/// Starts a turn that writes another answer to an old message.
#[server(prefix = "/fn", endpoint = "regenerate", protocol = Http<Json, Json>, client = CsrfClient)]
pub(crate) async fn regenerate(
    session_id: Uuid,
    regenerate: protocol::session::Regenerate,
) -> Result<MessageAccepted, PageError> {
    door::answer(door::backend()?.regenerate(session_id, regenerate).await)
}

/// Shows the branch that contains this message, from now on; gives its last messages.
#[server(prefix = "/fn", endpoint = "show_version", protocol = Http<Json, Json>, client = CsrfClient)]
pub(crate) async fn show_version(session_id: Uuid, message_id: Uuid) -> Result<SessionDetail, PageError> {
    door::answer(door::backend()?.show_version(session_id, message_id).await)
}

/// Stops the running turn.
#[server(prefix = "/fn", endpoint = "cancel", protocol = Http<Json, Json>, client = CsrfClient)]
pub(crate) async fn cancel(session_id: Uuid) -> Result<(), PageError> {
    door::answer(door::backend()?.cancel(session_id).await)
}

/// Takes a decision on the task that waits for it. Where that task's turn was cut off, it begins another, which is returned.
#[server(prefix = "/fn", endpoint = "decide", protocol = Http<Json, Json>, client = CsrfClient)]
pub(crate) async fn decide(
    session_id: Uuid,
    approval: protocol::gateway::GatewayApproval,
) -> Result<Option<MessageAccepted>, PageError> {
    door::answer(door::backend()?.decide(session_id, approval).await)
}

/// Changes title, pin or model.
#[server(prefix = "/fn", endpoint = "patch", protocol = Http<Json, Json>, client = CsrfClient)]
pub(crate) async fn patch(session_id: Uuid, patch: SessionPatch) -> Result<SessionSummary, PageError> {
    door::answer(door::backend()?.patch(session_id, patch).await)
}

/// Archives a session.
#[server(prefix = "/fn", endpoint = "clear", protocol = Http<Json, Json>, client = CsrfClient)]
pub(crate) async fn clear(session_id: Uuid) -> Result<Cleared, PageError> {
    door::answer(door::backend()?.clear(session_id).await)
}

/// Takes back what was last done to a session: a deleted one is what it was before, an archived one is active.
#[server(prefix = "/fn", endpoint = "restore", protocol = Http<Json, Json>, client = CsrfClient)]
pub(crate) async fn restore(session_id: Uuid, from: RestoreFrom) -> Result<SessionSummary, PageError> {
    door::answer(door::backend()?.restore(session_id, from).await)
}

/// What each part of these blocks of code is.
#[server(prefix = "/fn", endpoint = "highlight", protocol = Http<Json, Json>, client = CsrfClient)]
pub(crate) async fn highlight(blocks: Vec<Code>) -> Result<Vec<Option<Runs>>, PageError> {
    door::answer(door::backend()?.highlight(blocks).await)
}

/// What the caller's answers took, added up.
#[server(prefix = "/fn", endpoint = "usage", protocol = Http<Json, Json>, client = CsrfClient)]
pub(crate) async fn usage(range: UsageRange) -> Result<UsageReport, PageError> {
    door::answer(door::backend()?.usage(range).await)
}

/// Deletes a session; for a minute it can be restored.
#[server(prefix = "/fn", endpoint = "delete", protocol = Http<Json, Json>, client = CsrfClient)]
pub(crate) async fn delete(session_id: Uuid) -> Result<(), PageError> {
    door::answer(door::backend()?.delete(session_id).await)
}

/// What all doors share.
#[cfg(feature = "ssr")]
mod door {
    use leptos::prelude::use_context;

    use crate::{
        backend::{Refusal, SharedBackend},
        error::{PageError, set_status},
    };

    pub(super) fn backend() -> Result<SharedBackend, PageError> {
        use_context::<SharedBackend>().ok_or_else(|| {
            PageError::new(
                "unavailable",
                "Parley is not ready to answer.",
                "Try again in a moment.",
            )
        })
    }

    pub(super) fn answer<T>(outcome: Result<T, Refusal>) -> Result<T, PageError> {
        outcome.map_err(|refusal| {
            set_status(refusal.status);
            refusal.body.into()
        })
    }
}
