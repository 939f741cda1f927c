//! The embedded Gateway of Parley: one HTTP contract in front of a registry of agents and whatever models are at hand.
//!
//! - [`Settings`] say where things are; [`Gateway::new`] reads and checks them; [`Gateway::router`] is the contract
//! - `registry`: agents, their hierarchy and their system prompts (`agents.toml`)
//! - `models`: which models there are and what they cost (`models.toml`, and what servers list themselves)
//! - `providers`: asks a real model; `rehearsal`: plays one when there is none
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
mod providers;
mod registry;
mod rehearsal;
mod routes;
mod settings;

use std::sync::Arc;

use answers::{Answers, writer::Writer};
use models::{Models, Provider};
use protocol::gateway::GatewayChatRequest;
use providers::{Providers, endpoint::Endpoints};
use registry::Registry;

pub use error::ConfigError;
pub use settings::Settings;

/// The embedded Gateway. Cheap to clone; all clones are the same Gateway.
#[derive(Clone)]
pub struct Gateway {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    registry: Registry,
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
        let registry = Registry::load(settings.agents_file.as_deref())?;
        let endpoints = Arc::new(Endpoints::from_settings(&settings)?);
        let providers = Providers::new(Arc::clone(&endpoints))?;
        let models = Models::load(settings.models_file.as_deref(), endpoints, providers.http())?;
        let active = models.fresh().await.iter().filter(|m| m.is_active()).count();
        tracing::info!(
            agents = registry.agents().len(),
            active_models = active,
            "gateway ready"
        );
        Ok(Gateway {
            inner: Arc::new(Inner {
                settings,
                registry,
                models,
                providers,
                answers: Arc::new(Answers::default()),
            }),
        })
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

impl Inner {
    /// Writes the answer to `request` as `agent` with `model`, to its end.
    async fn answer(&self, request: &GatewayChatRequest, model: &models::Model, writer: &Writer) -> answers::Outcome {
        let system = self
            .registry
            .system_prompt(&request.agent_id, request.parent_role.as_deref());
        if model.provider == Provider::Parley {
            let name = self
                .registry
                .agent(&request.agent_id)
                .map_or("Agent", |a| &a.agent_name);
            rehearsal::play(name, request, self.settings.rehearsal_delay, writer).await
        } else {
            self.providers.answer(model, system, request, writer).await
        }
    }
}
