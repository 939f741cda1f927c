//! Agent and model.

use leptos::prelude::*;
use protocol::registry::{Agent, TIER_ARCHITECT, TIER_PAS_ROOT};

use super::{Chat, Question, View};
use crate::browser;

impl Chat {
    /// The Architect, or the first agent there is.
    pub(super) fn choose_default_agent(self) {
        let agent_id = self.registry.with_untracked(|registry| {
            let seats = || registry.agents.iter().filter(|agent| agent.tier != TIER_PAS_ROOT);
            seats()
                .find(|agent| agent.tier == TIER_ARCHITECT)
                .or_else(|| seats().next())
                .map(|agent| agent.agent_id.clone())
        });
        self.speak_to(&agent_id.unwrap_or_default());
    }

    /// Keeps whom one speaks to for a new conversation, as far as they are there: a conversation that was shown may have been
    /// with an agent, or by a model, that is here no longer.
    pub(super) fn choose_who_is_there(self) {
        if untrack(|| self.agent()).is_none() {
            self.choose_default_agent();
        } else if untrack(|| self.model()).is_none() {
            self.speak_to(&self.agent_id.get_untracked());
        }
    }

    /// Speaks to that agent from now on, with its own model.
    fn speak_to(self, agent_id: &str) {
        let model_id = self.registry.with_untracked(|registry| {
            let own = registry
                .default_models
                .iter()
                .find(|(agent, _)| agent == agent_id)
                .map(|(_, model)| model.clone())
                .filter(|model| registry.models.iter().any(|known| known.model_id == *model));
            own.or_else(|| registry.models.first().map(|model| model.model_id.clone()))
        });
        self.agent_id.set(agent_id.to_owned());
        self.model_id.set(model_id.unwrap_or_default());
    }

    /// Picks an agent. A conversation has one for life, so in one that has begun this asks first.
    pub(crate) fn pick_agent(self, agent: Agent) {
        if agent.agent_id == self.agent_id.get_untracked() {
            return;
        }
        match self.view.get_untracked() {
            View::New => self.speak_to(&agent.agent_id),
            View::Open | View::Loading => self.question.set(Some(Question::SwitchAgent(agent))),
            View::Missing | View::Failed | View::Elsewhere => self.begin_with(&agent.agent_id),
        }
    }

    /// Begins a new conversation with that agent.
    pub(super) fn begin_with(self, agent_id: &str) {
        self.begin();
        self.speak_to(agent_id);
    }

    /// Begins a new conversation.
    pub(crate) fn begin(self) {
        if self.view.get_untracked() != View::New {
            self.show(crate::boot::Place::New, None);
            self.go("/llm".into(), false);
        }
        self.drawer.set(false);
        browser::focus("#message");
    }

    /// Picks the model of the next answer.
    pub(crate) fn pick_model(self, model_id: String) {
        let former = self.model_id.get_untracked();
        if former == model_id {
            return;
        }
        self.model_id.set(model_id.clone());
        if let Some(session_id) = self.session_id.get_untracked() {
            self.save_model(session_id, model_id, former);
        }
    }
}
