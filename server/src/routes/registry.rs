//! Agents, models, and the token that a script needs.

use axum::{Extension, Json, extract::State};
use protocol::{
    registry::{AgentList, ModelList},
    session::CsrfToken,
};

use crate::{error::Error, extract::User, identity::UserId, state::AppState};

/// `GET /api/csrf`
pub(super) async fn get_csrf(State(state): State<AppState>, Extension(user): Extension<UserId>) -> Json<CsrfToken> {
    Json(CsrfToken {
        csrf_token: state.keys.csrf_token(user),
        user_id: user.0,
    })
}

/// `GET /api/agents`
pub(super) async fn list_agents(State(state): State<AppState>, User(user): User) -> Result<Json<AgentList>, Error> {
    state.limiters.model_read(user)?;
    Ok(Json(AgentList {
        agents: state.chat.listing().await?.agents.clone(),
    }))
}

/// `GET /api/models`
pub(super) async fn list_models(State(state): State<AppState>, User(user): User) -> Result<Json<ModelList>, Error> {
    state.limiters.model_read(user)?;
    Ok(Json(ModelList {
        models: state.chat.listing().await?.models.clone(),
    }))
}
