//! Sending, stopping, deciding.

use axum::{Json as Body, extract::State, http::StatusCode};
use protocol::{
    gateway::GatewayApproval,
    plan::Decided,
    session::{Cancelled, MessageAccepted, SendMessage},
};

use crate::{
    error::Error,
    extract::{Json, SessionId, User},
    state::AppState,
};

/// `POST /api/chat/message`
pub(super) async fn send_message(
    State(state): State<AppState>,
    User(user): User,
    Json(message): Json<SendMessage>,
) -> Result<(StatusCode, Body<MessageAccepted>), Error> {
    state.limiters.message(user)?;
    let accepted = state.chat.send(user, message).await?;
    Ok((StatusCode::ACCEPTED, Body(accepted)))
}

/// `POST /api/chat/sessions/{id}/cancel`
pub(super) async fn cancel_turn(
    State(state): State<AppState>,
    User(user): User,
    SessionId(session): SessionId,
) -> Result<Body<Cancelled>, Error> {
    state.chat.cancel(user, session).await?;
    Ok(Body(Cancelled {
        status: "cancelled".into(),
    }))
}

/// `POST /api/chat/sessions/{id}/approval`: 200 where the turn goes on, 202 where the decision began another.
pub(super) async fn answer_approval(
    State(state): State<AppState>,
    User(user): User,
    SessionId(session): SessionId,
    Json(approval): Json<GatewayApproval>,
) -> Result<(StatusCode, Body<Decided>), Error> {
    let decision = approval.decision;
    let admit = || state.limiters.message(user);
    let turn = state.chat.decide(user, session, approval, admit).await?;
    let status = if turn.is_some() {
        StatusCode::ACCEPTED
    } else {
        StatusCode::OK
    };
    let decided = Decided {
        status: "accepted".into(),
        decision,
        turn,
    };
    Ok((status, Body(decided)))
}
