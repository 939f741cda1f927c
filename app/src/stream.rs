//! The answer's server-sent events. `course` decides how a reader gets back what it lost, `follow` does it in the browser.

#[cfg(any(target_arch = "wasm32", test))]
mod course;
#[cfg(target_arch = "wasm32")]
mod follow;

#[cfg(target_arch = "wasm32")]
pub(crate) use follow::{Connection, follow, read};

/// There is no stream on the server.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) struct Connection;

#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn follow(
    _chat: crate::state::Chat,
    _session_id: uuid::Uuid,
    _cursor: protocol::event::EventId,
) -> Connection {
    Connection
}
