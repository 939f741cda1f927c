//! The scripted Gateway: the contract that Parley asks of any Gateway, in front of answers that cost next to nothing.
//!
//! It resumes no stream: on one machine no connection drops by itself, and one that does is a failure to be counted.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json, Router,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use parking_lot::Mutex;
use protocol::{
    gateway::{GatewayChatAccepted, GatewayChatRequest, GatewayStatus},
    registry::{GatewayAgent, GatewayAgentList, GatewayModel, GatewayModelList},
};
use uuid::Uuid;

use crate::{
    Fault,
    answer::{Answer, frames::Frames},
    clock, process,
};

/// The agent that the bench speaks to.
pub(crate) const AGENT: &str = "architect";

/// A conversation of the bench has one answer, so that its id finds it.
#[derive(Clone, Default)]
struct Answers(Arc<Mutex<HashMap<Uuid, Arc<Answer>>>>);

/// Serves it on a loopback port until the process is ended.
pub(crate) async fn serve(port: u16) -> Result<(), Fault> {
    let router = Router::new()
        .route("/agents", get(list_agents))
        .route("/models", get(list_models))
        .route("/health", get(|| async { status("ok") }))
        .route("/chat", post(start))
        .route("/chat/stream/{session_id}", get(stream))
        .route("/chat/{session_id}/cancel", post(cancel))
        .route("/bench/cancelled/{session_id}", get(cancelled_at))
        .with_state(Answers::default());
    process::serve(router, port).await
}

impl Answers {
    fn find(&self, session_id: Uuid) -> Result<Arc<Answer>, StatusCode> {
        self.0.lock().get(&session_id).cloned().ok_or(StatusCode::NOT_FOUND)
    }
}

async fn start(State(answers): State<Answers>, Json(request): Json<GatewayChatRequest>) -> Response {
    let Ok(script) = serde_json::from_str(&request.message) else {
        return (StatusCode::UNPROCESSABLE_ENTITY, "the message is not a script").into_response();
    };
    // The same request again starts nothing.
    answers
        .0
        .lock()
        .entry(request.session_id)
        .or_insert_with(|| Arc::new(Answer::new(script)));
    let accepted = GatewayChatAccepted {
        message_id: request.message_id,
        status: "processing".into(),
    };
    (StatusCode::ACCEPTED, Json(accepted)).into_response()
}

async fn stream(
    State(answers): State<Answers>,
    Path(session_id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<Response, StatusCode> {
    if headers.contains_key("last-event-id") {
        return Err(StatusCode::CONFLICT);
    }
    let events = answers.find(session_id)?.events(Frames::Gateway);
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-cache, no-transform"),
    ];
    Ok((headers, Body::from_stream(events)).into_response())
}

async fn cancel(
    State(answers): State<Answers>,
    Path(session_id): Path<Uuid>,
) -> Result<Json<GatewayStatus>, StatusCode> {
    let now = clock::now();
    answers.find(session_id)?.cancel(now);
    Ok(status("cancelled"))
}

/// Not of the contract: when the answer was told to stop, for the bench to read. `null`: it was not.
async fn cancelled_at(
    State(answers): State<Answers>,
    Path(session_id): Path<Uuid>,
) -> Result<Json<Option<u64>>, StatusCode> {
    Ok(Json(answers.find(session_id)?.cancelled_at()))
}

fn status(status: &str) -> Json<GatewayStatus> {
    Json(GatewayStatus { status: status.into() })
}

async fn list_agents() -> Json<GatewayAgentList> {
    let agent = |id: &str, name: &str, tier, parent: Option<&str>| GatewayAgent {
        agent_id: id.into(),
        agent_name: name.into(),
        tier,
        role: name.into(),
        parent_id: parent.map(Into::into),
        status: "active".into(),
        icon: None,
        description: None,
        default_model: None,
    };
    Json(GatewayAgentList {
        agents: vec![
            agent("pas-root", "PAS Root", 1, None),
            agent(AGENT, "Architect", 2, Some("pas-root")),
        ],
    })
}

async fn list_models() -> Json<GatewayModelList> {
    let model = GatewayModel {
        model_id: "scripted".into(),
        model_name: "Scripted".into(),
        provider: "bench".into(),
        context_window: 200_000,
        cost_per_1m_input: None,
        cost_per_1m_output: None,
        capabilities: Vec::new(),
        is_active: true,
        status: None,
        provider_name: None,
        health: None,
    };
    Json(GatewayModelList { models: vec![model] })
}
