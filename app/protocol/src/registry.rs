//! Agents and models: as the page sees them, and as a Gateway lists them.

use serde::{Deserialize, Serialize};

use crate::timestamp::Timestamp;

/// An agent, as `GET /api/agents` shows it. No port and no address: only the Gateway knows those.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// Its stable id, such as `architect`.
    pub agent_id: String,
    /// Its name for people, such as `Dir-Code`.
    pub agent_name: String,
    /// Its level: 1 PAS Root, 2 Architect, 3 Director, 4 Manager, 5 Programmer.
    pub tier: u8,
    /// What it does, such as `Director`.
    pub role: String,
    /// The agent above it; `None` for PAS Root.
    pub parent_id: Option<String>,
    /// The name of the agent above it: the role a person takes on when speaking to it.
    pub parent_role: Option<String>,
    /// `active`, or why not.
    pub status: String,
    /// A short mark for lists, one or two letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// One line on what it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// The tier of PAS Root: the person's own seat, never in the picker.
pub const TIER_PAS_ROOT: u8 = 1;
/// The tier of the Architect, the agent a new conversation starts with.
pub const TIER_ARCHITECT: u8 = 2;

/// The body of `GET /api/agents`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentList {
    /// Parents before children.
    pub agents: Vec<Agent>,
}

/// A model, as `GET /api/models` shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// Its id at the Gateway.
    pub model_id: String,
    /// Its name for people.
    pub model_name: String,
    /// Who runs it, such as `anthropic` or `ollama`.
    pub provider: String,
    /// Tokens that prompt and answer may fill together.
    pub context_window: u64,
    /// US dollars per million prompt tokens; `None` where it is not known.
    pub cost_per_1m_input: Option<f64>,
    /// US dollars per million answer tokens; `None` where it is not known.
    pub cost_per_1m_output: Option<f64>,
    /// Such as `tools` or `vision`.
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// `active`, or why not.
    pub status: String,
    /// Its provider's name for people, where that is not to be made from [`Model::provider`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_name: Option<String>,
    /// How it has been doing; `None`: nobody has asked it lately.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<ModelHealth>,
}

impl Model {
    /// Whether it failed when it was asked last.
    pub fn is_failing(&self) -> bool {
        self.health
            .as_ref()
            .is_some_and(|health| health.state == HealthState::Failing)
    }
}

/// How a model has been doing, by the last request that says something of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelHealth {
    /// Whether it answered.
    pub state: HealthState,
    /// When that was.
    pub at: Timestamp,
    /// Why it did not, in plain words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// Whether a model answered when it was asked last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthState {
    /// It answered.
    Healthy,
    /// It could not be reached, refused, or broke off.
    Failing,
}

/// The body of `GET /api/models`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelList {
    /// Active models only, the default first.
    pub models: Vec<Model>,
}

/// An agent, as a Gateway's `GET /agents` lists it. Unknown fields (`port` among them) are dropped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayAgent {
    /// As [`Agent::agent_id`].
    pub agent_id: String,
    /// As [`Agent::agent_name`].
    pub agent_name: String,
    /// As [`Agent::tier`].
    pub tier: u8,
    /// As [`Agent::role`].
    pub role: String,
    /// As [`Agent::parent_id`].
    #[serde(default)]
    pub parent_id: Option<String>,
    /// As [`Agent::status`].
    #[serde(default = "active")]
    pub status: String,
    /// As [`Agent::icon`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// As [`Agent::description`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The model it answers with unless the person picks another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_model: Option<String>,
}

/// The body of a Gateway's `GET /agents`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayAgentList {
    /// In any order.
    pub agents: Vec<GatewayAgent>,
}

/// A model, as a Gateway's `GET /models` lists it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GatewayModel {
    /// As [`Model::model_id`].
    pub model_id: String,
    /// As [`Model::model_name`].
    pub model_name: String,
    /// As [`Model::provider`].
    pub provider: String,
    /// As [`Model::context_window`].
    pub context_window: u64,
    /// As [`Model::cost_per_1m_input`].
    #[serde(default)]
    pub cost_per_1m_input: Option<f64>,
    /// As [`Model::cost_per_1m_output`].
    #[serde(default)]
    pub cost_per_1m_output: Option<f64>,
    /// As [`Model::capabilities`].
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// Whether it can be asked now.
    #[serde(default = "yes")]
    pub is_active: bool,
    /// Why it cannot, where it cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// As [`Model::provider_name`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_name: Option<String>,
    /// As [`Model::health`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<ModelHealth>,
}

/// The body of a Gateway's `GET /models`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GatewayModelList {
    /// The default first.
    pub models: Vec<GatewayModel>,
}

fn active() -> String {
    "active".into()
}

fn yes() -> bool {
    true
}
