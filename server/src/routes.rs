//! The REST doors: parse, call the [`ChatService`](crate::chat::ChatService), answer. One file a resource.

mod export;
mod health;
mod import;
mod message;
mod registry;
mod search;
mod session;
mod stream;
mod usage;
mod version;

use axum::{
    Router,
    routing::{get, post},
};

use crate::{error::Error, state::AppState};

/// The routes of streams and of archives, which must not be compressed.
pub fn stream_router() -> Router<AppState> {
    Router::new()
        .route("/api/chat/stream/{session_id}", get(stream::stream_session))
        .route("/api/chat/sessions/export", post(export::export_many))
        .method_not_allowed_fallback(method_not_allowed)
}

/// The route that takes in files.
pub fn import_router() -> Router<AppState> {
    Router::new()
        .route("/api/import", post(import::import))
        .method_not_allowed_fallback(method_not_allowed)
}

/// All other routes of the API.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/api/csrf", get(registry::get_csrf))
        .route("/api/agents", get(registry::list_agents))
        .route("/api/models", get(registry::list_models))
        .route("/api/search", get(search::search))
        .route("/api/chat/message", post(message::send_message))
        .route("/api/chat/sessions", get(session::list_sessions))
        .route("/api/chat/sessions/many", post(session::change_many))
        .route(
            "/api/chat/sessions/{session_id}",
            get(session::show_session)
                .patch(session::update_session)
                .delete(session::delete_session),
        )
        .route("/api/chat/sessions/{session_id}/cancel", post(message::cancel_turn))
        .route(
            "/api/chat/sessions/{session_id}/approval",
            post(message::answer_approval),
        )
        .route("/api/chat/sessions/{session_id}/regenerate", post(version::regenerate))
        .route("/api/chat/sessions/{session_id}/version", post(version::show_version))
        .route("/api/chat/sessions/{session_id}/clear", post(session::clear_session))
        .route(
            "/api/chat/sessions/{session_id}/restore",
            post(session::restore_session),
        )
        .route("/api/chat/sessions/{session_id}/export", get(export::export_session))
        .route("/api/usage", get(usage::show_usage))
        .route("/api/usage.csv", get(usage::export_usage))
        .route("/api", axum::routing::any(no_such_route))
        .route("/api/{*path}", axum::routing::any(no_such_route))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .method_not_allowed_fallback(method_not_allowed)
}

async fn no_such_route() -> Error {
    Error::RouteNotFound
}

async fn method_not_allowed() -> Error {
    Error::MethodNotAllowed
}
