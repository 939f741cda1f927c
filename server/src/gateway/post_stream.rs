//! The client of older Gateways, the `post-stream` protocol: `POST /chat/stream`, whose response is the answer.
//!
//! The request for an answer and its stream are one there. So [`Gateway::start`] only keeps the request, and
//! [`Gateway::stream`] sends it; to let go of the stream is the only way to stop it. No event has an id, so nothing is
//! ever taken up again; and a request that the Gateway may have got is never sent a second time.
//!
//! - `turns`: what is to be sent, and the way to end what runs
//! - `dialect`: the body of the request, the events of the response
//! - `services`: the registry's services, made into a hierarchy of agents
//! - `models`: `models.toml`, for this protocol lists none

mod dialect;
mod models;
mod services;
mod turns;

use std::{
    fmt,
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
};

use protocol::{
    gateway::{GatewayApproval, GatewayChatRequest},
    registry::{GatewayAgent, GatewayModel},
};
use reqwest::Url;
use uuid::Uuid;

use super::{
    EventStream, Gateway, GatewayError, RETRY, Reply,
    link::{Link, Timeouts},
};
use dialect::Ask;
use models::ModelsFile;
use services::ServiceList;
use turns::Turns;

/// A Gateway that knows only `POST /chat/stream`; one pool of connections for all calls.
pub struct PostStreamGateway {
    link: Link,
    base: Url,
    registry: Url,
    models: ModelsFile,
    turns: Turns,
    /// Whether the registry has ever answered.
    has_listed: AtomicBool,
}

/// Why there can be no client.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each variant's message says what it is")]
pub enum StartError {
    #[error("the HTTP client could not be made")]
    Client(#[from] reqwest::Error),
    #[error("PARLEY_MODELS")]
    Models(#[from] gateway::ConfigError),
}

impl fmt::Debug for PostStreamGateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostStreamGateway")
            .field("base", &self.base.as_str())
            .finish_non_exhaustive()
    }
}

impl PostStreamGateway {
    /// A client of the Gateway at `base`, whose agents are listed at `registry` (the Gateway itself where it is `None`)
    /// and whose models are those of `models_file` (the built-in list where it is `None`).
    ///
    /// # Errors
    /// When the file of models is faulty, or the TLS library cannot be set up.
    pub fn new(
        base: Url,
        registry: Option<Url>,
        models_file: Option<PathBuf>,
        timeouts: Timeouts,
    ) -> Result<Self, StartError> {
        Ok(Self {
            link: Link::new(timeouts)?,
            registry: registry.unwrap_or_else(|| base.clone()),
            base,
            models: ModelsFile::load(models_file)?,
            turns: Turns::default(),
            has_listed: AtomicBool::new(false),
        })
    }

    /// How many answers are asked for, or being read.
    pub fn turns(&self) -> usize {
        self.turns.len()
    }
}

impl Gateway for PostStreamGateway {
    fn agents(&self) -> Reply<'_, Vec<GatewayAgent>> {
        Box::pin(async {
            let request = self.link.get(&self.registry, "/services");
            match self.link.call_json::<ServiceList>(request).await {
                Ok(list) => {
                    self.has_listed.store(true, Ordering::Relaxed);
                    Ok(services::agents(list))
                }
                Err(error) if !self.has_listed.load(Ordering::Relaxed) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(
                        error,
                        "the registry lists no agents; until it does, there is the bare model"
                    );
                    Ok(services::agents(ServiceList::default()))
                }
                Err(error) => Err(error),
            }
        })
    }

    fn models(&self) -> Reply<'_, Vec<GatewayModel>> {
        Box::pin(async { Ok(self.models.now().await) })
    }

    fn start(&self, request: GatewayChatRequest) -> Reply<'_, ()> {
        Box::pin(async move {
            self.turns.keep(Ask::from(request));
            Ok(())
        })
    }

    fn stream(&self, session_id: Uuid, last_event_id: Option<String>) -> Reply<'_, EventStream> {
        Box::pin(async move {
            if last_event_id.is_some() {
                return Err(GatewayError::Unsupported {
                    message: "This Gateway cannot take up an answer that broke off.",
                    action: RETRY,
                });
            }
            // There is none where it was sent before: whatever became of it, that was the answer.
            let turn = self.turns.begin(session_id).ok_or(GatewayError::Incomplete)?;
            let request = self.link.post(&self.base, "/chat/stream").json(turn.ask());
            let opened = tokio::select! {
                biased;
                () = turn.stopped() => return Err(GatewayError::Incomplete),
                opened = self.link.stream(request, false, dialect::read_frame) => opened,
            };
            match opened {
                Ok(events) => Ok(turn.hold(events)),
                Err(GatewayError::Unreachable(error)) if error.is_connect() => {
                    turn.keep_for_another_attempt();
                    Err(GatewayError::Unreachable(error))
                }
                Err(error) => Err(GatewayError::Sent(Box::new(error))),
            }
        })
    }

    fn cancel(&self, session_id: Uuid) -> Reply<'_, ()> {
        Box::pin(async move {
            self.turns.stop(session_id);
            Ok(())
        })
    }

    fn approve(&self, _: Uuid, _: GatewayApproval) -> Reply<'_, ()> {
        Box::pin(async {
            Err(GatewayError::Unsupported {
                message: "This Gateway takes no decisions on a plan.",
                action: "Stop the answer, and say in your next message what is to be done.",
            })
        })
    }

    fn health(&self) -> Reply<'_, ()> {
        // It need not know the route: that it refuses shows that it is there.
        Box::pin(self.link.any_reply(self.link.get(&self.base, "/health")))
    }
}
