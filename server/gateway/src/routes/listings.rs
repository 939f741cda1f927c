//! Agents, models, health.

use axum::{Json, extract::State};
use protocol::{
    gateway::GatewayStatus,
    registry::{GatewayAgentList, GatewayModelList},
};

use crate::{
    Gateway,
    models::{self, Model},
};

pub(super) async fn list_agents(State(gateway): State<Gateway>) -> Json<GatewayAgentList> {
    let list = gateway.inner.models.fresh().await;
    let agents = gateway
        .inner
        .registry()
        .listing(|agent| models::default_of(agent, &list));
    Json(GatewayAgentList { agents })
}

pub(super) async fn list_models(State(gateway): State<Gateway>) -> Json<GatewayModelList> {
    let list = gateway.inner.models.fresh().await;
    let models = list.iter().map(Model::shown).collect();
    Json(GatewayModelList { models })
}

pub(super) async fn get_health() -> Json<GatewayStatus> {
    Json(GatewayStatus { status: "ok".into() })
}
