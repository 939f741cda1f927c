//! The models: which there are, which can be asked now, and what an answer costs.
//!
//! `models.toml` names models and prices; `discovery` asks the servers what they offer; `listing` makes one list.

pub(crate) mod catalog;
mod discovery;
mod listing;
mod price;

use std::{path::Path, sync::Arc};

use parking_lot::RwLock;
use protocol::registry::GatewayModel;
use serde::Deserialize;

use crate::{
    error::{ConfigError, Refusal},
    providers::endpoint::Endpoints,
    registry::AgentEntry,
};
use discovery::Discovery;

pub(crate) use price::Price;

/// Who runs a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Provider {
    OpenAi,
    Anthropic,
    Gemini,
    Ollama,
    /// Rehearsal: nobody.
    #[serde(skip)]
    Parley,
}

impl Provider {
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::Ollama => "ollama",
            Self::Parley => "parley",
        }
    }
}

/// A model, known from the file or discovered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Model {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) provider: Provider,
    /// 0: not known.
    pub(crate) context_window: u64,
    pub(crate) price: Price,
    pub(crate) capabilities: Vec<String>,
    /// Why it cannot be asked now; `None`: it can.
    pub(crate) inactive: Option<String>,
}

impl Model {
    pub(crate) fn is_active(&self) -> bool {
        self.inactive.is_none()
    }

    /// Whether to offer it tools. Of a model whose capabilities are not known it is found out by trying.
    pub(crate) fn may_call_tools(&self) -> bool {
        self.capabilities.is_empty() || self.capabilities.iter().any(|c| c == "tools")
    }

    pub(crate) fn shown(&self) -> GatewayModel {
        GatewayModel {
            model_id: self.id.clone(),
            model_name: self.name.clone(),
            provider: self.provider.id().into(),
            context_window: self.context_window,
            cost_per_1m_input: self.price.input,
            cost_per_1m_output: self.price.output,
            capabilities: self.capabilities.clone(),
            is_active: self.is_active(),
            status: self.inactive.clone(),
        }
    }
}

/// All models, and the way to find out what the servers offer.
pub(crate) struct Models {
    catalog: RwLock<Arc<Vec<Model>>>,
    endpoints: Arc<Endpoints>,
    discovery: Discovery,
    known: RwLock<Arc<Vec<Model>>>,
}

impl Models {
    /// Reads `file`, or the built-in list.
    pub(crate) fn load(
        file: Option<&Path>,
        endpoints: Arc<Endpoints>,
        http: reqwest::Client,
    ) -> Result<Self, ConfigError> {
        Ok(Self {
            catalog: RwLock::new(Arc::new(catalog::load(file)?)),
            discovery: Discovery::new(http, Arc::clone(&endpoints)),
            endpoints,
            known: RwLock::default(),
        })
    }

    /// The list as it is now: active models first, the default at the head.
    pub(crate) async fn fresh(&self) -> Arc<Vec<Model>> {
        let (openai, ollama) = self.discovery.ask().await;
        let catalog = Arc::clone(&self.catalog.read());
        let configured = |provider| self.endpoints.is_configured(provider);
        let list = Arc::new(listing::assemble(&catalog, configured, &openai, &ollama));
        *self.known.write() = Arc::clone(&list);
        list
    }

    /// Takes another list of the file over. It counts from the next [`Self::fresh`] on.
    pub(crate) fn replace_catalog(&self, catalog: Vec<Model>) {
        *self.catalog.write() = Arc::new(catalog);
    }

    /// The agent's own model, where it was active when last looked.
    pub(crate) fn known_of(&self, agent: &AgentEntry) -> Option<Model> {
        let known = Arc::clone(&self.known.read());
        active(&known, agent.default_model.as_deref()?).cloned()
    }

    /// The model that is to answer: the one asked for, else the agent's, else the default.
    ///
    /// A model that was active when last looked is taken without asking the servers again, so that no message waits
    /// for a listing; should it have gone since, asking it says so.
    pub(crate) async fn choose(&self, asked: Option<&str>, agent: &AgentEntry) -> Result<Model, Refusal> {
        let Some(id) = asked else {
            let list = self.fresh().await;
            let own = agent.default_model.as_deref().and_then(|id| active(&list, id));
            return own
                .or(list.first())
                .cloned()
                .ok_or(Refusal::UnknownModel(String::new()));
        };
        let known = Arc::clone(&self.known.read());
        if let Some(model) = active(&known, id) {
            return Ok(model.clone());
        }
        match self.fresh().await.iter().find(|m| m.id == id) {
            None => Err(Refusal::UnknownModel(id.into())),
            Some(model) => match &model.inactive {
                None => Ok(model.clone()),
                Some(why) => Err(Refusal::InactiveModel {
                    model: id.into(),
                    why: why.clone(),
                }),
            },
        }
    }
}

/// The model an agent would answer with; `None`: it has no wish, the default answers.
pub(crate) fn default_of(agent: &AgentEntry, list: &[Model]) -> Option<String> {
    let wish = agent.default_model.as_deref()?;
    active(list, wish).or(list.first()).map(|m| m.id.clone())
}

fn active<'a>(list: &'a [Model], id: &str) -> Option<&'a Model> {
    list.iter().find(|m| m.id == id && m.is_active())
}
