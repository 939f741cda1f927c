//! Sending a message: the rules that it must meet, and the turn that it begins.

use std::{sync::Arc, time::Instant};

use protocol::{
    gateway::GatewayChatRequest,
    registry::Model,
    session::{MAX_MESSAGE_CHARS, MessageAccepted, SendMessage},
};
use uuid::Uuid;

use super::{ChatService, estimate::Estimator, run::TurnTask, title, turn::Turn};
use crate::{
    error::Error,
    gateway::registry::Listing,
    store::{BeginTurn, Begun},
};

impl ChatService {
    /// Saves a message and starts its turn.
    ///
    /// # Errors
    /// When the message, its agent or its model will not do, or a turn is running.
    pub async fn send(&self, user_id: Uuid, message: SendMessage) -> Result<MessageAccepted, Error> {
        if self.0.shutdown.is_cancelled() {
            return Err(Error::ShuttingDown);
        }
        // In a task of its own: a client that goes away must not leave a saved turn that nobody runs.
        let service = self.clone();
        self.0
            .tasks
            .spawn(async move { service.send_whole(user_id, message).await })
            .await?
    }

    async fn send_whole(&self, user_id: Uuid, request: SendMessage) -> Result<MessageAccepted, Error> {
        let request_id = request.client_request_id;
        let outcome = self.send_new(user_id, request).await;
        // A request that was taken once gets its answer again, whatever has changed since: an agent that went, a Gateway
        // that is away.
        if let (Err(_), Some(request_id)) = (&outcome, request_id)
            && let Ok(Some(accepted)) = self.0.store.find_request(user_id, request_id).await
        {
            return Ok(accepted);
        }
        outcome
    }

    async fn send_new(&self, user_id: Uuid, request: SendMessage) -> Result<MessageAccepted, Error> {
        check_message(&request.message)?;
        let session = match request.session_id {
            None => None,
            Some(id) => match self.0.store.find_session(user_id, id).await? {
                None if !self.0.store.is_promised(user_id, id).await? => return Err(Error::SessionNotFound),
                found => found,
            },
        };
        let listing = self.listing().await?;
        let agent = listing
            .agent(&request.agent_id)
            .ok_or_else(|| Error::AgentUnknown(request.agent_id.clone()))?;
        let wanted = request
            .model
            .as_deref()
            .or(session.as_ref().map(|session| session.model_id.as_str()));
        let model = choose_model(&listing, &agent.agent_id, wanted)?.clone();
        let begin = BeginTurn {
            user_id,
            session_id: request.session_id,
            title: title::from_message(&request.message),
            message: request.message,
            agent_id: agent.agent_id.clone(),
            agent_name: agent.agent_name.clone(),
            parent_role: agent.parent_role.clone(),
            model,
            client_request_id: request.client_request_id,
        };
        self.begin(begin).await
    }

    async fn begin(&self, begin: BeginTurn) -> Result<MessageAccepted, Error> {
        let started = Instant::now();
        let (user_id, model, parent_role, message) = (
            begin.user_id,
            begin.model.clone(),
            begin.parent_role.clone(),
            begin.message.clone(),
        );
        let beginning = self.0.beginning.lock().await;
        let mut begun = self.0.store.begin_turn(begin.clone()).await?;
        if let (Begun::TurnInProgress, Some(session_id)) = (&begun, begin.session_id)
            && self.recover_orphan(session_id, &beginning).await?
        {
            begun = self.0.store.begin_turn(begin).await?;
        }
        let (accepted, history) = match begun {
            Begun::Started { accepted, history } => (accepted, history),
            Begun::Repeated(accepted) => return Ok(accepted),
            Begun::SessionNotFound => return Err(Error::SessionNotFound),
            Begun::AgentMismatch(agent) => return Err(Error::AgentMismatch(agent)),
            Begun::SessionArchived => return Err(Error::SessionArchived),
            Begun::TurnInProgress => return Err(Error::TurnInProgress),
        };
        let (live, previous) = self.0.live.insert(user_id, &accepted, self.0.shutdown.child_token());
        drop(beginning);
        let turn = Turn::new(Estimator::new(&history, &model));
        let task = TurnTask {
            live,
            previous,
            turns: Arc::clone(&self.0.live),
            gateway: Arc::clone(&self.0.gateway),
            shutdown: self.0.shutdown.clone(),
            resume_within: self.0.timing.resume_within,
            context_window: model.context_window,
            request: GatewayChatRequest {
                session_id: accepted.session_id,
                message_id: accepted.message_id,
                message,
                messages: history,
                agent_id: accepted.agent_id.clone(),
                parent_role,
                model: Some(model.model_id),
                idempotency_key: accepted.turn_id.to_string(),
            },
            started,
        };
        self.0.tasks.spawn(task.run(turn));
        Ok(accepted)
    }
}

fn check_message(message: &str) -> Result<(), Error> {
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
