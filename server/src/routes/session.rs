//! Sessions: list, show, change, archive, delete, restore.

use axum::{Json as Body, extract::State, http::StatusCode};
use protocol::{
    history::SessionQuery,
    session::{Cleared, SessionDetail, SessionList, SessionPatch, SessionSummary},
};
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    chat::PAGE_OF_MESSAGES,
    error::Error,
    extract::{Json, Params, SessionId, User},
    state::AppState,
};

/// `GET /api/chat/sessions`
pub(super) async fn list_sessions(
    State(state): State<AppState>,
    User(user): User,
    Params(query): Params<SessionQuery>,
) -> Result<Body<SessionList>, Error> {
    state.limiters.session_read(user)?;
    Ok(Body(state.chat.list_sessions(user, query).await?))
}

#[derive(Debug, Deserialize)]
pub(super) struct ShowParams {
    before: Option<Uuid>,
    limit: Option<u64>,
}

/// `GET /api/chat/sessions/{id}`
pub(super) async fn show_session(
    State(state): State<AppState>,
    User(user): User,
    SessionId(session): SessionId,
    Params(params): Params<ShowParams>,
) -> Result<Body<SessionDetail>, Error> {
    state.limiters.session_read(user)?;
    let limit = params.limit.unwrap_or(PAGE_OF_MESSAGES);
    Ok(Body(state.chat.session(user, session, params.before, limit).await?))
}

/// `PATCH /api/chat/sessions/{id}`
pub(super) async fn update_session(
    State(state): State<AppState>,
    User(user): User,
    SessionId(session): SessionId,
    Json(patch): Json<SessionPatch>,
) -> Result<Body<SessionSummary>, Error> {
    Ok(Body(state.chat.patch(user, session, patch).await?))
}

/// `POST /api/chat/sessions/{id}/clear`
pub(super) async fn clear_session(
    State(state): State<AppState>,
    User(user): User,
    SessionId(session): SessionId,
) -> Result<Body<Cleared>, Error> {
    Ok(Body(state.chat.clear(user, session).await?))
}

/// `POST /api/chat/sessions/{id}/restore`
pub(super) async fn restore_session(
    State(state): State<AppState>,
    User(user): User,
    SessionId(session): SessionId,
) -> Result<Body<SessionSummary>, Error> {
    Ok(Body(state.chat.restore(user, session).await?))
}

/// `DELETE /api/chat/sessions/{id}`
pub(super) async fn delete_session(
    State(state): State<AppState>,
    User(user): User,
    SessionId(session): SessionId,
) -> Result<StatusCode, Error> {
    state.chat.delete(user, session).await?;
    Ok(StatusCode::NO_CONTENT)
}
