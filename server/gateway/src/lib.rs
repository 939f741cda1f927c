//! The embedded Gateway of Parley: one HTTP contract in front of a registry of agents and whatever models are at hand.
//!
//! - [`Settings`] say where things are; [`Gateway::new`] reads and checks them; [`Gateway::router`] is the contract
//! - `registry`: agents, their hierarchy and their system prompts (`agents.toml`)
//! - `reload`: takes changes of the files over; `place`: where in a file something is wrong
//! - `models`: which models there are and what they cost (`models.toml`, and what servers list themselves)
//! - `providers`: asks a real model; `rehearsal`: plays one when there is none
//! - `turn`: an agent's rounds with its model, and those of the agents it delegates to
//! - `answers`: an answer's task, its log, and the readers of that log
//! - `routes`: HTTP in front of it all

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        reason = "a test fails by panicking"
    )
)]

mod answers;
mod error;
mod models;
mod place;
mod providers;
mod registry;
mod rehearsal;
mod reload;
mod routes;
mod settings;
mod turn;

use std::{path::Path, sync::Arc};

use answers::{Answers, writer::Writer};
use models::{Catalog, Model, Models, health::Health};
use parking_lot::RwLock;
use protocol::{gateway::GatewayChatRequest, registry::GatewayModel};
use providers::Providers;
use registry::Registry;
use reload::Texts;

pub use error::ConfigError;
pub use settings::{ContextOverflow, Settings};
pub use turn::limits::Limits;

/// The embedded Gateway. Cheap to clone; all clones are the same Gateway.
#[derive(Clone)]
pub struct Gateway {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    registry: RwLock<Arc<Registry>>,
    models: Models,
    providers: Providers,
    answers: Arc<Answers>,
}

impl Gateway {
    /// Reads and checks everything that `settings` name, and asks the configured servers once what they offer.
    ///
    /// # Errors
    ///
    /// A file that cannot be read or is wrong, or an address that is none; the error names the file and field, or the
    /// variable. A server that does not answer is not an error: its models come when it does.
    pub async fn new(settings: Settings) -> Result<Gateway, ConfigError> {
        // Read before they are taken over, so that no change in between is missed.
        let files = Texts::read(settings.agents_file.as_deref(), settings.models_file.as_deref());
        let catalog = Catalog::load(&settings)?;
        let registry = Registry::load(settings.agents_file.as_deref(), &catalog)?;
        let health = Arc::new(Health::default());
        let providers = Providers::new(Arc::clone(&health))?;
        let models = Models::new(catalog, health, providers.http());
        let active = models.fresh().await.iter().filter(|m| m.is_active()).count();
        tracing::info!(
            agents = registry.agents().len(),
            active_models = active,
            "gateway ready"
        );
        let has_files = settings.agents_file.is_some() || settings.models_file.is_some();
        let inner = Arc::new(Inner {
            settings,
            registry: RwLock::new(Arc::new(registry)),
            models,
            providers,
            answers: Arc::new(Answers::default()),
        });
        if has_files {
            tokio::spawn(reload::watch(Arc::downgrade(&inner), files));
        }
        Ok(Gateway { inner })
    }

    /// The contract's routes.
    pub fn router(&self) -> axum::Router {
        routes::router(self.clone())
    }

    /// Ends all running answers as `interrupted`, refuses new ones, and returns when every task has stopped.
    pub async fn shutdown(&self) {
        self.inner.answers.shutdown().await;
    }
}

/// The models that `file` lists (the built-in list where it is `None`), all of them active, whoever their provider is: for
/// a Gateway that lists none itself.
///
/// # Errors
///
/// A file that cannot be read or is wrong; the error names the file and field.
pub fn models_of(file: Option<&Path>) -> Result<Vec<GatewayModel>, ConfigError> {
    let catalog = Catalog::of_another_gateway(file)?;
    Ok(catalog.models.iter().map(Model::shown).collect())
}

impl Inner {
    /// The agents as they are now.
    fn registry(&self) -> Arc<Registry> {
        Arc::clone(&self.registry.read())
    }

    /// Writes the answer to `request` as `agent` with `model`, to its end.
    async fn answer(
        &self,
        request: &GatewayChatRequest,
        registry: Arc<Registry>,
        agent: registry::AgentEntry,
        model: models::Model,
        writer: &Writer,
    ) -> answers::Outcome {
        if turn::is_rejected(request) {
            turn::reject(writer)
        } else if model.is_rehearsal()
            && !(rehearsal::is_delegated(request) && registry.children(&agent.agent_id).next().is_some())
        {
            let Settings {
                rehearsal_delay,
                approval_timeout,
                ..
            } = self.settings;
            rehearsal::play(&agent.agent_name, request, rehearsal_delay, approval_timeout, writer).await
        } else {
            turn::run(self, registry, agent, model, request, writer).await
        }
    }
}
