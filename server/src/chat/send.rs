//! Sending a message, or asking for another answer: the rules that it must meet, and the turn that it begins.

use std::{sync::Arc, time::Instant};

use protocol::{
    gateway::{GatewayChatRequest, GatewayMessage},
    plan::PlanDecision,
    registry::{Agent, Model},
    session::{MAX_MESSAGE_CHARS, MessageAccepted, Regenerate, SendMessage, SessionSummary},
};
use uuid::Uuid;

use super::{ChatService, estimate::Estimator, halt::Previous, run::TurnTask, title, turn::Turn};
use crate::{
    error::Error,
    gateway::registry::Listing,
    store::{BeginTurn, Begun, Prompt},
};

impl ChatService {
    /// Saves a message and starts its turn. Where it replaces one, it is a new version of that.
    ///
    /// # Errors
    /// When the message, its agent or its model will not do, or a turn is running.
    pub async fn send(&self, user_id: Uuid, message: SendMessage) -> Result<MessageAccepted, Error> {
        let request_id = message.client_request_id;
        self.once(user_id, request_id, self.send_new(user_id, message)).await
    }

    /// Starts a turn that writes another answer to the message that an answer of this session was given to.
    ///
    /// # Errors
    /// When there is no such answer, the agent or the model will not do, or a turn is running.
    pub async fn regenerate(
        &self,
        user_id: Uuid,
        session_id: Uuid,
        request: Regenerate,
    ) -> Result<MessageAccepted, Error> {
        let request_id = request.client_request_id;
        let answered = self.answer_again(user_id, session_id, request);
        self.once(user_id, request_id, answered).await
    }

    /// Does this; but a request that was taken once gets its answer again, whatever has changed since: an agent that
    /// went, a Gateway that is away.
    async fn once(
        &self,
        user_id: Uuid,
        request_id: Option<Uuid>,
        work: impl Future<Output = Result<MessageAccepted, Error>>,
    ) -> Result<MessageAccepted, Error> {
        if self.0.shutdown.is_cancelled() {
            return Err(Error::ShuttingDown);
        }
        let outcome = work.await;
        if let (Err(_), Some(request_id)) = (&outcome, request_id)
            && let Ok(Some(accepted)) = self.0.store.find_request(user_id, request_id).await
        {
            return Ok(accepted);
        }
        outcome
    }

    async fn send_new(&self, user_id: Uuid, request: SendMessage) -> Result<MessageAccepted, Error> {
        check_message(&request.message)?;
        if request.replaces.is_some() && request.session_id.is_none() {
            return Err(Error::InvalidRequest("`replaces` needs `session_id`".into()));
        }
        let session = match request.session_id {
            None => None,
            Some(id) => match self.0.store.find_session(user_id, id).await? {
                None if !self.0.store.is_promised(user_id, id).await? => return Err(Error::SessionNotFound),
                found => found,
            },
        };
        let model = request.model.as_deref();
        let (agent, model) = self.choose(&request.agent_id, model, session.as_ref()).await?;
        let title = title::from_message(&request.message);
        let text = request.message;
        let begin = BeginTurn {
            user_id,
            session_id: request.session_id,
            title,
            prompt: match request.replaces {
                None => Prompt::New(text),
                Some(of) => Prompt::Version { text, of },
            },
            agent_id: agent.agent_id,
            agent_name: agent.agent_name,
            parent_role: agent.parent_role,
            model,
            client_request_id: request.client_request_id,
        };
        self.begin(begin).await
    }

    async fn answer_again(
        &self,
        user_id: Uuid,
        session_id: Uuid,
        request: Regenerate,
    ) -> Result<MessageAccepted, Error> {
        let session = self.own_session(user_id, session_id).await?;
        let prompt = Prompt::Again(request.message_id);
        let model = request.model.as_deref();
        self.go_on(user_id, session, prompt, model, request.client_request_id)
            .await
    }

    /// Begins a turn in a session that there is, with its agent.
    pub(super) async fn go_on(
        &self,
        user_id: Uuid,
        session: SessionSummary,
        prompt: Prompt,
        model: Option<&str>,
        client_request_id: Option<Uuid>,
    ) -> Result<MessageAccepted, Error> {
        let (agent, model) = self.choose(&session.agent_id, model, Some(&session)).await?;
        let begin = BeginTurn {
            user_id,
            session_id: Some(session.session_id),
            title: session.title,
            prompt,
            agent_id: agent.agent_id,
            agent_name: agent.agent_name,
            parent_role: agent.parent_role,
            model,
            client_request_id,
        };
        self.begin(begin).await
    }

    /// The agent and the model: as they were last known, so that no message waits for a slow Gateway; asked for anew only
    /// where they were not among them.
    async fn choose(
        &self,
        agent_id: &str,
        wanted: Option<&str>,
        session: Option<&SessionSummary>,
    ) -> Result<(Agent, Model), Error> {
        let wanted = wanted.or(session.map(|session| session.model_id.as_str()));
        let choice = |listing: &Listing| -> Result<(Agent, Model), Error> {
            let agent = listing
                .agent(agent_id)
                .ok_or_else(|| Error::AgentUnknown(agent_id.to_owned()))?;
            Ok((agent.clone(), choose_model(listing, &agent.agent_id, wanted)?.clone()))
        };
        let known = self.0.registry.last_known().await?;
        match choice(&known) {
            Err(_) => choice(&*self.listing().await?),
            found => found,
        }
    }

    async fn begin(&self, begin: BeginTurn) -> Result<MessageAccepted, Error> {
        for is_first_attempt in [true, false] {
            let beginning = Arc::clone(&self.0.beginning).read_owned().await;
            let service = self.clone();
            let asked = Asked::new(&begin);
            // Launched where it is committed: a client that goes away must not leave a saved turn that nobody runs.
            let launch = move |begun| match begun {
                Begun::Started {
                    accepted,
                    history,
                    decision,
                } => {
                    service.launch(asked, &accepted, history, decision);
                    drop(beginning);
                    Ok(accepted)
                }
                Begun::Repeated(accepted) => Ok(accepted),
                Begun::SessionNotFound => Err(Error::SessionNotFound),
                Begun::MessageNotFound => Err(Error::MessageNotFound),
                Begun::AgentMismatch(agent) => Err(Error::AgentMismatch(agent)),
                Begun::SessionArchived => Err(Error::SessionArchived),
                Begun::TurnInProgress => Err(Error::TurnInProgress),
            };
            let outcome = self.0.store.begin_turn(begin.clone(), launch).await?;
            match (&outcome, begin.session_id) {
                (Err(Error::TurnInProgress), Some(session_id))
                    if is_first_attempt && self.recover_if_orphan(session_id).await? => {}
                _ => return outcome,
            }
        }
        Err(Error::TurnInProgress)
    }

    /// Starts the task of a turn that was just saved.
    fn launch(
        &self,
        asked: Asked,
        accepted: &MessageAccepted,
        history: Vec<GatewayMessage>,
        decision: Option<PlanDecision>,
    ) {
        let (live, previous) = self
            .0
            .live
            .insert(asked.user_id, accepted, self.0.shutdown.child_token());
        let previous = previous.as_deref().map(Previous::from);
        let left = self.0.left.take(accepted.session_id);
        let turn = Turn::new(Estimator::new(&history, &asked.model));
        let task = TurnTask {
            live,
            previous: previous.or(left),
            turns: Arc::clone(&self.0.live),
            registry: Arc::clone(&self.0.registry),
            was_failing: asked.model.is_failing(),
            tasks: self.0.tasks.clone(),
            halt: self.0.halt.clone(),
            resume_within: self.0.timing.resume_within,
            context_window: asked.model.context_window,
            session_id: accepted.session_id,
            started: asked.at,
        };
        let request = GatewayChatRequest {
            session_id: accepted.session_id,
            message_id: accepted.message_id,
            message: history.last().map(|asked| asked.content.clone()).unwrap_or_default(),
            messages: history,
            agent_id: accepted.agent_id.clone(),
            parent_role: asked.parent_role,
            model: Some(asked.model.model_id),
            idempotency_key: accepted.turn_id.to_string(),
            decision,
        };
        self.0.tasks.spawn(task.run(turn, request));
    }
}

/// What a turn's task needs to know of what was asked.
struct Asked {
    user_id: Uuid,
    model: Model,
    parent_role: Option<String>,
    at: Instant,
}

impl Asked {
    fn new(begin: &BeginTurn) -> Self {
        Self {
            user_id: begin.user_id,
            model: begin.model.clone(),
            parent_role: begin.parent_role.clone(),
            at: Instant::now(),
        }
    }
}

pub(super) fn check_message(message: &str) -> Result<(), Error> {
    if message.trim().is_empty() {
        return Err(Error::MessageEmpty);
    }
    let chars = message.chars().count();
    if chars > MAX_MESSAGE_CHARS {
        return Err(Error::MessageTooLong(chars));
    }
    Ok(())
}

/// The model asked for, which must be active, else the agent's.
fn choose_model<'a>(listing: &'a Listing, agent_id: &str, wanted: Option<&str>) -> Result<&'a Model, Error> {
    match wanted {
        Some(id) => listing.model(id).ok_or_else(|| Error::ModelInactive(id.to_owned())),
        None => listing.default_model(agent_id).ok_or(Error::NoModel),
    }
}
