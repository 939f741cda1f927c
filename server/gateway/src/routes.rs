//! The contract's routes. Every refusal, axum's own included, is put into the one envelope.

mod access;
mod chat;
mod json;
mod listings;
mod stream;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Path, rejection::PathRejection},
    middleware,
    routing::{get, post},
};
use uuid::Uuid;

use crate::{Gateway, error::Refusal};

/// Room for a long conversation; a single message is bounded by whoever accepts it.
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

pub(crate) fn router(gateway: Gateway) -> Router {
    Router::new()
        .route("/agents", get(listings::list_agents))
        .route("/models", get(listings::list_models))
        .route("/chat", post(chat::post_chat))
        .route("/chat/stream/{session_id}", get(stream::get_stream))
        .route("/chat/{session_id}/cancel", post(chat::post_cancel))
        .route("/chat/{session_id}/approval", post(chat::post_approval))
        .route("/health", get(listings::get_health))
        .method_not_allowed_fallback(|| async { Refusal::MethodNotAllowed })
        .fallback(|| async { Refusal::UnknownRoute })
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(middleware::from_fn_with_state(gateway.clone(), access::demand_token))
        .with_state(gateway)
}

/// The session a path names. What is no id names no session.
type SessionPath = Result<Path<Uuid>, PathRejection>;

fn session(path: SessionPath) -> Result<Uuid, Refusal> {
    path.map(|Path(id)| id).map_err(|_| Refusal::UnknownSession)
}
