//! Starting an answer, stopping it, and deciding what it waits for.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use protocol::gateway::{GatewayApproval, GatewayChatAccepted, GatewayChatRequest, GatewayStatus};

use super::{SessionPath, json::Body, session};
use crate::{Gateway, answers::answer::Answer, error::Refusal};

type Accepted = (StatusCode, Json<GatewayChatAccepted>);

pub(super) async fn post_chat(
    State(gateway): State<Gateway>,
    Body(request): Body<GatewayChatRequest>,
) -> Result<Accepted, Refusal> {
    let inner = &gateway.inner;
    // Looked at before anything else: a request sent again must not fail because a model has gone meanwhile.
    if let Some(answer) = inner.answers.started_by(&request.idempotency_key) {
        return Ok(accepted(&answer));
    }
    if request.idempotency_key.is_empty() {
        return Err(Refusal::InvalidBody("`idempotency_key` is empty".into()));
    }
    if request.message.trim().is_empty() && request.messages.iter().all(|m| m.content.trim().is_empty()) {
        return Err(Refusal::InvalidBody("`message` is empty".into()));
    }
    let registry = inner.registry();
    let agent = registry.agent(&request.agent_id).cloned();
    let agent = agent.ok_or_else(|| Refusal::UnknownAgent(request.agent_id.clone()))?;
    let model = inner.models.choose(request.model.as_deref(), &agent).await?;

    let request = Arc::new(request);
    let task = (Arc::clone(inner), Arc::clone(&request));
    let answer = inner.answers.start(&request, |writer| async move {
        let (inner, request) = task;
        inner.answer(&request, registry, agent, model, &writer).await
    })?;
    Ok(accepted(&answer))
}

fn accepted(answer: &Answer) -> Accepted {
    let body = GatewayChatAccepted {
        message_id: answer.message_id,
        status: "processing".into(),
    };
    (StatusCode::ACCEPTED, Json(body))
}

pub(super) async fn post_cancel(
    State(gateway): State<Gateway>,
    path: SessionPath,
) -> Result<Json<GatewayStatus>, Refusal> {
    gateway.inner.answers.cancel(session(path)?).await.map(Json)
}

pub(super) async fn post_approval(
    State(gateway): State<Gateway>,
    path: SessionPath,
    Body(approval): Body<GatewayApproval>,
) -> Result<Json<GatewayStatus>, Refusal> {
    gateway.inner.answers.of_session(session(path)?)?.decide(approval)?;
    Ok(Json(GatewayStatus {
        status: "accepted".into(),
    }))
}
