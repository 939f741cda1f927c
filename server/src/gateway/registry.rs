//! What the Gateway lists, kept for a few seconds, and for as long as the Gateway is away.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::RwLock;
use protocol::registry::{Agent, GatewayAgent, GatewayModel, Model};
use tokio::sync::Mutex;

use super::{Gateway, GatewayError};

/// How long a listing is taken for new.
const FRESH: Duration = Duration::from_secs(5);

/// Agents and models, as they were last listed.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    /// Parents before children, PAS Root included.
    pub agents: Vec<Agent>,
    /// Active ones, the default first.
    pub models: Vec<Model>,
    /// The default model of each agent that has one.
    pub default_models: HashMap<String, String>,
}

impl Listing {
    /// The agent with this id that a person can talk to.
    pub fn agent(&self, agent_id: &str) -> Option<&Agent> {
        self.agents
            .iter()
            .find(|agent| agent.agent_id == agent_id && agent.parent_id.is_some())
    }

    /// The active model with this id.
    pub fn model(&self, model_id: &str) -> Option<&Model> {
        self.models.iter().find(|model| model.model_id == model_id)
    }

    /// The model an agent answers with unless another is picked.
    pub fn default_model(&self, agent_id: &str) -> Option<&Model> {
        self.default_models
            .get(agent_id)
            .and_then(|model| self.model(model))
            .or(self.models.first())
    }
}

/// The Gateway's listing, asked for when it is needed and no longer new.
pub struct Registry {
    gateway: Arc<dyn Gateway>,
    kept: RwLock<Option<(Instant, Arc<Listing>)>>,
    asking: Mutex<()>,
}

impl Registry {
    /// A registry that has not asked yet.
    pub fn new(gateway: Arc<dyn Gateway>) -> Self {
        Self {
            gateway,
            kept: RwLock::default(),
            asking: Mutex::default(),
        }
    }

    /// The listing: new, or the last one known where the Gateway does not answer.
    ///
    /// # Errors
    /// When the Gateway does not answer and never did.
    pub async fn listing(&self) -> Result<Arc<Listing>, GatewayError> {
        if let Some(fresh) = self.fresh() {
            return Ok(fresh);
        }
        // One asks, the others wait for what it hears.
        let _asking = self.asking.lock().await;
        if let Some(fresh) = self.fresh() {
            return Ok(fresh);
        }
        match self.ask().await {
            Ok(listing) => {
                let listing = Arc::new(listing);
                *self.kept.write() = Some((Instant::now(), Arc::clone(&listing)));
                Ok(listing)
            }
            Err(error) => {
                let mut kept = self.kept.write();
                let Some((asked, listing)) = kept.as_mut() else {
                    return Err(error);
                };
                tracing::warn!(error = &error as &dyn std::error::Error, "registry not refreshed");
                // Not every request is to wait for a Gateway that is away.
                *asked = Instant::now();
                Ok(Arc::clone(listing))
            }
        }
    }

    /// The listing without waiting for the Gateway, where one is known; where that is no longer new, another is asked for
    /// meanwhile.
    ///
    /// # Errors
    /// When none is known and the Gateway does not answer.
    pub async fn last_known(self: &Arc<Self>) -> Result<Arc<Listing>, GatewayError> {
        let kept = self
            .kept
            .read()
            .as_ref()
            .map(|(asked, listing)| (*asked, Arc::clone(listing)));
        let Some((asked, listing)) = kept else {
            return self.listing().await;
        };
        if asked.elapsed() >= FRESH && self.asking.try_lock().is_ok() {
            let registry = Arc::clone(self);
            tokio::spawn(async move { registry.listing().await.map(drop) });
        }
        Ok(listing)
    }

    /// Takes what is known for old: a turn has told something of its model that the Gateway will list.
    pub fn expire(&self) {
        if let (Some((asked, _)), Some(old)) = (self.kept.write().as_mut(), Instant::now().checked_sub(FRESH)) {
            *asked = old.min(*asked);
        }
    }

    fn fresh(&self) -> Option<Arc<Listing>> {
        let kept = self.kept.read();
        kept.as_ref()
            .filter(|(asked, _)| asked.elapsed() < FRESH)
            .map(|(_, listing)| Arc::clone(listing))
    }

    async fn ask(&self) -> Result<Listing, GatewayError> {
        let (agents, models) = tokio::try_join!(self.gateway.agents(), self.gateway.models())?;
        Ok(listing(agents, models))
    }
}

fn listing(agents: Vec<GatewayAgent>, models: Vec<GatewayModel>) -> Listing {
    let names: HashMap<String, String> = agents
        .iter()
        .map(|agent| (agent.agent_id.clone(), agent.agent_name.clone()))
        .collect();
    let default_models = agents
        .iter()
        .filter_map(|agent| Some((agent.agent_id.clone(), agent.default_model.clone()?)))
        .collect();
    let agents = agents
        .into_iter()
        .map(|agent| Agent {
            parent_role: agent.parent_id.as_ref().and_then(|parent| names.get(parent)).cloned(),
            agent_id: agent.agent_id,
            agent_name: agent.agent_name,
            tier: agent.tier,
            role: agent.role,
            parent_id: agent.parent_id,
            status: agent.status,
            icon: agent.icon,
            description: agent.description,
        })
        .collect();
    let models = models
        .into_iter()
        .filter(|model| model.is_active)
        .map(|model| Model {
            model_id: model.model_id,
            model_name: model.model_name,
            provider: model.provider,
            context_window: model.context_window,
            cost_per_1m_input: model.cost_per_1m_input,
            cost_per_1m_output: model.cost_per_1m_output,
            capabilities: model.capabilities,
            status: model.status.unwrap_or_else(|| "active".into()),
            provider_name: model.provider_name,
            health: model.health,
        })
        .collect();
    Listing {
        agents: parents_first(agents),
        models,
        default_models,
    }
}

/// Each agent right after its parent's earlier children, the way a tree is read; agents whose parent is not listed last.
fn parents_first(agents: Vec<Agent>) -> Vec<Agent> {
    let known: std::collections::HashSet<_> = agents.iter().map(|agent| agent.agent_id.clone()).collect();
    let is_root = |agent: &Agent| agent.parent_id.as_ref().is_none_or(|parent| !known.contains(parent));
    let (roots, mut rest): (Vec<Agent>, Vec<Agent>) = agents.into_iter().partition(is_root);
    let mut ordered = Vec::with_capacity(known.len());
    let mut stack: Vec<Agent> = roots.into_iter().rev().collect();
    while let Some(agent) = stack.pop() {
        let (mut children, others): (Vec<Agent>, Vec<Agent>) = rest
            .into_iter()
            .partition(|child| child.parent_id.as_ref() == Some(&agent.agent_id));
        rest = others;
        children.sort_by_key(|child| std::cmp::Reverse(child.tier == 2));
        stack.extend(children.into_iter().rev());
        ordered.push(agent);
    }
    // Only agents in a circle are left; they are listed all the same.
    ordered.extend(rest);
    ordered
}

#[cfg(test)]
mod tests {
    use protocol::gateway::{GatewayApproval, GatewayChatRequest};
    use uuid::Uuid;

    use super::*;
    use crate::gateway::{EventStream, Reply};

    /// A Gateway that has hung.
    struct Hanging;

    impl Gateway for Hanging {
        fn agents(&self) -> Reply<'_, Vec<GatewayAgent>> {
            Box::pin(std::future::pending())
        }
        fn models(&self) -> Reply<'_, Vec<GatewayModel>> {
            Box::pin(std::future::pending())
        }
        fn start(&self, _: GatewayChatRequest) -> Reply<'_, ()> {
            Box::pin(std::future::pending())
        }
        fn stream(&self, _: Uuid, _: Option<String>) -> Reply<'_, EventStream> {
            Box::pin(std::future::pending())
        }
        fn cancel(&self, _: Uuid) -> Reply<'_, ()> {
            Box::pin(std::future::pending())
        }
        fn approve(&self, _: Uuid, _: GatewayApproval) -> Reply<'_, ()> {
            Box::pin(std::future::pending())
        }
        fn health(&self) -> Reply<'_, ()> {
            Box::pin(std::future::pending())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_makes_do_with_what_is_known_does_not_wait_for_the_gateway() {
        let registry = Arc::new(Registry::new(Arc::new(Hanging)));
        let old = Instant::now().checked_sub(FRESH * 2).unwrap();
        let known = Arc::new(listing(vec![agent("a", None)], vec![]));
        *registry.kept.write() = Some((old, Arc::clone(&known)));
        let minute = Duration::from_secs(60);
        for _ in 0..2 {
            let heard = tokio::time::timeout(minute, registry.last_known()).await;
            assert_eq!(heard.unwrap().unwrap(), known);
        }
        let asked = tokio::time::timeout(minute, registry.listing()).await;
        assert!(asked.is_err(), "who wants what is new waits");
    }

    fn agent(id: &str, parent: Option<&str>) -> GatewayAgent {
        GatewayAgent {
            agent_id: id.into(),
            agent_name: id.to_uppercase(),
            tier: 3,
            role: "r".into(),
            parent_id: parent.map(Into::into),
            status: "active".into(),
            icon: None,
            description: None,
            default_model: None,
        }
    }

    #[test]
    fn agents_come_as_a_tree_with_the_names_of_their_parents() {
        let agents = vec![
            agent("c", Some("b")),
            agent("b", Some("a")),
            agent("d", Some("a")),
            agent("a", None),
            agent("x", Some("y")),
            agent("y", Some("x")),
        ];
        let listing = listing(agents, vec![]);
        let ids: Vec<_> = listing.agents.iter().map(|agent| agent.agent_id.as_str()).collect();
        assert_eq!(ids, ["a", "b", "c", "d", "x", "y"]);
        assert_eq!(listing.agent("c").unwrap().parent_role.as_deref(), Some("B"));
        assert!(
            listing.agent("a").is_none(),
            "nobody talks to the root: it is the person's own seat"
        );
    }
}
