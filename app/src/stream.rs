//! The answer's server-sent events. The browser itself comes back after a lost connection, with the last event's id.

#[cfg(target_arch = "wasm32")]
mod follow;

#[cfg(target_arch = "wasm32")]
pub(crate) use follow::{Connection, follow};

/// There is no stream on the server.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) struct Connection;

#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn follow(_chat: crate::state::Chat, _session_id: uuid::Uuid, _cursor: Option<String>) -> Connection {
    Connection
}
