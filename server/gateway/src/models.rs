//! The models: which there are, which can be asked now, and what an answer costs.
//!
//! `models.toml` names models and prices; `discovery` asks the servers what they offer; `listing` makes one list.

mod catalog;
mod discovery;
pub(crate) mod health;
mod listing;
mod price;

use std::sync::Arc;

use parking_lot::RwLock;
use protocol::registry::{GatewayModel, ModelHealth};

use crate::{error::Refusal, providers::endpoint::Endpoint, registry::AgentEntry};
use discovery::Discovery;
use health::Health;

pub(crate) use catalog::Catalog;
pub(crate) use price::Price;

/// A model, known from the file or discovered.
#[derive(Clone)]
pub(crate) struct Model {
    pub(crate) id: String,
    pub(crate) name: String,
    /// The id of its provider.
    pub(crate) provider: String,
    /// Where it is asked; `None`: its provider is not configured, or it is Rehearsal. A running turn keeps its own,
    /// whatever becomes of the file.
    pub(crate) endpoint: Option<Arc<Endpoint>>,
    /// What its provider calls it.
    pub(crate) asked_as: String,
    /// 0: not known.
    pub(crate) context_window: u64,
    pub(crate) price: Price,
    pub(crate) capabilities: Vec<String>,
    /// Why it cannot be asked now; `None`: it can.
    pub(crate) inactive: Option<String>,
    /// How it has been doing; `None`: not known.
    pub(crate) health: Option<ModelHealth>,
}

/// An endpoint holds a key.
impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at {}", self.asked_as, self.provider)
    }
}

impl Model {
    pub(crate) fn is_active(&self) -> bool {
        self.inactive.is_none()
    }

    /// Whether nobody is behind it.
    pub(crate) fn is_rehearsal(&self) -> bool {
        self.provider == catalog::PARLEY
    }

    /// Whether to offer it tools. Of a model whose capabilities are not known it is found out by trying.
    pub(crate) fn may_call_tools(&self) -> bool {
        self.capabilities.is_empty() || self.capabilities.iter().any(|c| c == "tools")
    }

    pub(crate) fn shown(&self) -> GatewayModel {
        GatewayModel {
            model_id: self.id.clone(),
            model_name: self.name.clone(),
            provider: self.provider.clone(),
            provider_name: self.endpoint.as_ref().and_then(|endpoint| endpoint.name.clone()),
            context_window: self.context_window,
            cost_per_1m_input: self.price.input,
            cost_per_1m_output: self.price.output,
            capabilities: self.capabilities.clone(),
            is_active: self.is_active(),
            status: self.inactive.clone(),
            health: self.health.clone(),
        }
    }

    /// Whether this is the one that `wish` names: by its id, or as `provider/model`.
    fn is_called(&self, wish: &str) -> bool {
        self.id == wish
            || wish
                .split_once('/')
                .is_some_and(|(at, name)| self.provider == at && self.asked_as == name)
    }
}

/// All models, and the way to find out what the servers offer.
pub(crate) struct Models {
    catalog: RwLock<Arc<Catalog>>,
    discovery: Discovery,
    health: Arc<Health>,
    known: RwLock<Arc<Vec<Model>>>,
}

impl Models {
    pub(crate) fn new(catalog: Catalog, health: Arc<Health>, http: reqwest::Client) -> Self {
        Self {
            discovery: Discovery::new(http, catalog.listing()),
            catalog: RwLock::new(Arc::new(catalog)),
            health,
            known: RwLock::default(),
        }
    }

    /// The list as it is now: active models first, the default at the head.
    pub(crate) async fn fresh(&self) -> Arc<Vec<Model>> {
        let offers = self.discovery.ask().await;
        let catalog = Arc::clone(&self.catalog.read());
        let list = Arc::new(listing::assemble(&catalog, &offers, &self.health));
        *self.known.write() = Arc::clone(&list);
        list
    }

    /// Takes another catalog over. It counts from the next [`Self::fresh`] on.
    pub(crate) fn replace_catalog(&self, catalog: Catalog) {
        self.discovery.replace(catalog.listing());
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
        match self.fresh().await.iter().find(|m| m.is_called(id)) {
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
    list.iter().find(|m| m.is_called(id) && m.is_active())
}
