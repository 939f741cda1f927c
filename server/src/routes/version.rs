//! Versions: another answer, and which branch is shown.

use axum::{Json as Body, extract::State, http::StatusCode};
use protocol::session::{MessageAccepted, Regenerate, SessionDetail, ShowVersion};

use crate::{
    error::Error,
    extract::{Json, SessionId, User},
    state::AppState,
};

/// `POST /api/chat/sessions/{id}/regenerate`
pub(super) async fn regenerate(
    State(state): State<AppState>,
    User(user): User,
    SessionId(session): SessionId,
    Json(regenerate): Json<Regenerate>,
) -> Result<(StatusCode, Body<MessageAccepted>), Error> {
    state.limiters.message(user)?;
    let accepted = state.chat.regenerate(user, session, regenerate).await?;
    Ok((StatusCode::ACCEPTED, Body(accepted)))
}

/// `POST /api/chat/sessions/{id}/version`
pub(super) async fn show_version(
    State(state): State<AppState>,
    User(user): User,
    SessionId(session): SessionId,
    Json(ShowVersion { message_id }): Json<ShowVersion>,
) -> Result<Body<SessionDetail>, Error> {
    state.limiters.session_read(user)?;
    Ok(Body(state.chat.show_version(user, session, message_id).await?))
}
