//! Liveness and readiness.

use axum::{Json, extract::State, http::StatusCode};
use serde_json::{Value, json};

use crate::state::AppState;

/// Alive: the process answers.
pub(super) async fn healthz() -> Json<Value> {
    Json(json!({"status": "ok"}))
}

/// Ready, with its parts.
pub(super) async fn readyz(State(state): State<AppState>) -> (StatusCode, Json<Value>) {
    let (database, gateway) = state.chat.readiness().await;
    let word = |ok: bool| if ok { "ok" } else { "unavailable" };
    let status = if database && gateway {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = json!({
        "status": word(database && gateway),
        "parts": {"database": word(database), "gateway": word(gateway)},
    });
    (status, Json(body))
}
