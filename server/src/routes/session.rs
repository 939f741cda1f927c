//! Sessions: list, show, change, archive, delete, restore, one or many.

use axum::{Json as Body, extract::State, http::StatusCode};
use protocol::{
    history::{ChangeMany, ChangedMany, RestoreFrom, SessionQuery},
    session::{Cleared, SessionDetail, SessionList, SessionPatch, SessionSummary},
};
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    chat::PAGE_OF_MESSAGES,
    error::Error,
    extract::{Json, Params, SessionId, User},
    state::AppState,
    store::{Change, Part},
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
    after: Option<Uuid>,
    around: Option<Uuid>,
    limit: Option<u64>,
}

impl ShowParams {
    fn part(&self) -> Result<Part, Error> {
        match (self.before, self.after, self.around) {
            (None, None, None) => Ok(Part::Last),
            (Some(message_id), None, None) => Ok(Part::Before(message_id)),
            (None, Some(message_id), None) => Ok(Part::After(message_id)),
            (None, None, Some(message_id)) => Ok(Part::Around(message_id)),
            _ => Err(Error::InvalidRequest("it takes one of before, after and around".into())),
        }
    }
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
    Ok(Body(state.chat.session(user, session, params.part()?, limit).await?))
}

/// `POST /api/chat/sessions/many`
pub(super) async fn change_many(
    State(state): State<AppState>,
    User(user): User,
    Json(many): Json<ChangeMany>,
) -> Result<Body<ChangedMany>, Error> {
    let change = Change::new(many.change, many.from);
    let changed = state.chat.change_many(user, many.session_ids, change).await?;
    Ok(Body(ChangedMany { changed }))
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

#[derive(Debug, Deserialize)]
pub(super) struct RestoreParams {
    from: Option<RestoreFrom>,
}

/// `POST /api/chat/sessions/{id}/restore?from=deleted|archived`
pub(super) async fn restore_session(
    State(state): State<AppState>,
    User(user): User,
    SessionId(session): SessionId,
    Params(params): Params<RestoreParams>,
) -> Result<Body<SessionSummary>, Error> {
    Ok(Body(state.chat.restore(user, session, params.from).await?))
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
