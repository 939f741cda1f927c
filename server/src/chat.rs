//! The use cases of conversation and their rules, apart from HTTP. Both doors, REST and server functions, stand on this.
//!
//! - [`turn`]: a turn as a pure state machine
//! - [`log`]: what a turn emitted, for any number of readers
//! - [`live`]: the turns that run or have just ended
//! - [`run`]: the task that owns a turn
//! - [`journal`]: saves what running turns write
//! - [`attach`]: one reader's way through a turn

pub mod attach;
mod estimate;
pub mod journal;
pub mod live;
pub mod log;
mod run;
mod title;
pub mod turn;

use std::{sync::Arc, time::Duration};

use protocol::{
    gateway::GatewayApproval,
    registry::Model,
    session::{
        Cleared, MAX_MESSAGE_CHARS, MAX_TITLE_CHARS, Message, MessageAccepted, MessageStatus, SendMessage,
        SessionDetail, SessionList, SessionPatch, SessionSummary,
    },
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use crate::{
    error::Error,
    gateway::{
        Gateway,
        registry::{Listing, Registry},
    },
    store::{BeginTurn, Begun, PageMissing, SessionChange, SessionFilter, Store},
};
use live::LiveTurns;
use run::TurnTask;

/// How many messages a page of a conversation has unless asked otherwise.
pub const PAGE_OF_MESSAGES: u64 = 20;
/// The most that one page may have.
pub const LARGEST_PAGE: u64 = 100;

/// The use cases. Cheap to clone.
#[derive(Clone)]
pub struct ChatService(Arc<Inner>);

struct Inner {
    store: Store,
    gateway: Arc<dyn Gateway>,
    registry: Registry,
    live: Arc<LiveTurns>,
    /// Held while a turn is begun, so that nobody sees it in the database before it is among the live ones.
    beginning: tokio::sync::Mutex<()>,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

impl ChatService {
    /// The service, with its journal running. Turns that the last run left are ended as interrupted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn start(store: Store, gateway: Arc<dyn Gateway>) -> Result<Self, Error> {
        let recovered = store.recover_turns().await?;
        if recovered > 0 {
            tracing::warn!(
                turns = recovered,
                "turns cut off by the last shut-down are marked as interrupted"
            );
        }
        let live = Arc::new(LiveTurns::new(store.clone()));
        let tasks = TaskTracker::new();
        let shutdown = CancellationToken::new();
        tasks.spawn(journal::run(Arc::clone(&live), shutdown.clone()));
        Ok(Self(Arc::new(Inner {
            registry: Registry::new(Arc::clone(&gateway)),
            store,
            gateway,
            live,
            beginning: tokio::sync::Mutex::default(),
            tasks,
            shutdown,
        })))
    }

    /// Ends all running turns as interrupted and waits until they are saved, `patience` at most.
    pub async fn shut_down(&self, patience: Duration) {
        self.0.shutdown.cancel();
        self.0.tasks.close();
        if tokio::time::timeout(patience, self.0.tasks.wait()).await.is_err() {
            tracing::warn!("some turns could not be saved in time; they will be recovered at the next start");
        }
    }

    /// Cancelled when the server goes away.
    pub fn shutdown(&self) -> &CancellationToken {
        &self.0.shutdown
    }

    /// Agents and models.
    ///
    /// # Errors
    /// When the Gateway does not answer and never did.
    pub async fn listing(&self) -> Result<Arc<Listing>, Error> {
        Ok(self.0.registry.listing().await?)
    }

    /// Whether database and Gateway answer, in this order.
    pub async fn readiness(&self) -> (bool, bool) {
        let (store, gateway) = tokio::join!(self.0.store.check(), self.0.gateway.health());
        (store.is_ok(), gateway.is_ok())
    }

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
        check_message(&request.message)?;
        if let Some(request_id) = request.client_request_id
            && let Some(accepted) = self.0.store.find_request(user_id, request_id).await?
        {
            return Ok(accepted);
        }
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
        let (user_id, model, parent_role, message) = (
            begin.user_id,
            begin.model.clone(),
            begin.parent_role.clone(),
            begin.message.clone(),
        );
        let beginning = self.0.beginning.lock().await;
        let (accepted, history) = match self.0.store.begin_turn(begin).await? {
            Begun::Started { accepted, history } => (accepted, history),
            Begun::Repeated(accepted) => return Ok(accepted),
            Begun::SessionNotFound => return Err(Error::SessionNotFound),
            Begun::AgentMismatch(agent) => return Err(Error::AgentMismatch(agent)),
            Begun::SessionArchived => return Err(Error::SessionArchived),
            Begun::TurnInProgress => return Err(Error::TurnInProgress),
        };
        let live = self.0.live.insert(user_id, &accepted, self.0.shutdown.child_token());
        drop(beginning);
        let task = TurnTask {
            live,
            turns: Arc::clone(&self.0.live),
            gateway: Arc::clone(&self.0.gateway),
            shutdown: self.0.shutdown.clone(),
            model,
            request: protocol::gateway::GatewayChatRequest {
                session_id: accepted.session_id,
                message_id: accepted.message_id,
                message,
                messages: history,
                agent_id: accepted.agent_id.clone(),
                parent_role,
                model: None,
                idempotency_key: accepted.turn_id.to_string(),
            },
        };
        self.0.tasks.spawn(task.run());
        Ok(accepted)
    }

    /// Stops the running turn, at the model too.
    ///
    /// # Errors
    /// When nothing is running, or there is no such session.
    pub async fn cancel(&self, user_id: Uuid, session_id: Uuid) -> Result<(), Error> {
        if let Some(turn) = self.0.live.running(user_id, session_id) {
            return if turn.cancel().await {
                Ok(())
            } else {
                Err(Error::NothingRunning)
            };
        }
        self.own_session(user_id, session_id).await?;
        Err(Error::NothingRunning)
    }

    /// Passes on a decision on a task that waits for it.
    ///
    /// # Errors
    /// When nothing is running, or the Gateway refuses.
    pub async fn approve(&self, user_id: Uuid, session_id: Uuid, approval: GatewayApproval) -> Result<(), Error> {
        if self.0.live.running(user_id, session_id).is_none() {
            self.own_session(user_id, session_id).await?;
            return Err(Error::NothingAwaitsApproval);
        }
        match self.0.gateway.approve(session_id, approval).await {
            Err(crate::gateway::GatewayError::Refused { status: 404 | 409, .. }) => Err(Error::NothingAwaitsApproval),
            other => Ok(other?),
        }
    }

    /// The caller's sessions.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_sessions(&self, user_id: Uuid, mut filter: SessionFilter) -> Result<SessionList, Error> {
        filter.query.limit = filter.query.limit.clamp(1, LARGEST_PAGE);
        Ok(self.0.store.list_sessions(user_id, filter).await?)
    }

    /// A session with a page of its messages; the text of a running answer is as new as its log.
    ///
    /// # Errors
    /// When there is no such session, or no such message to page from.
    pub async fn session(
        &self,
        user_id: Uuid,
        session_id: Uuid,
        before: Option<Uuid>,
        limit: u64,
    ) -> Result<SessionDetail, Error> {
        let limit = limit.clamp(1, LARGEST_PAGE);
        let page = self
            .0
            .store
            .message_page(user_id, session_id, before, limit)
            .await?
            .map_err(|missing| match missing {
                PageMissing::Session => Error::SessionNotFound,
                PageMissing::Message => Error::MessageNotFound,
            })?;
        let mut detail = SessionDetail {
            session: page.session,
            messages: page.messages,
            has_more: page.has_more,
            cursor: None,
        };
        // What the database takes for streaming is in a log: logs outlive their turns by a while.
        let streaming = |message: &&mut Message| message.status == MessageStatus::Streaming;
        if let Some(answer) = detail.messages.iter_mut().find(streaming)
            && let Some(live) = self.0.live.find(user_id, session_id)
            && live.log.answer_id == answer.message_id
        {
            let snapshot = live.log.snapshot();
            answer.content = snapshot.text;
            answer.metadata.last_status = snapshot.last_status;
            detail.cursor = Some(live.log.event_id(snapshot.seq).to_string());
        }
        Ok(detail)
    }

    /// A session with all its messages.
    ///
    /// # Errors
    /// When there is no such session.
    pub async fn whole_session(
        &self,
        user_id: Uuid,
        session_id: Uuid,
    ) -> Result<(SessionSummary, Vec<Message>), Error> {
        self.0
            .store
            .all_messages(user_id, session_id)
            .await?
            .ok_or(Error::SessionNotFound)
    }

    /// Changes title, pin or model.
    ///
    /// # Errors
    /// When there is no such session, or the title or model will not do.
    pub async fn patch(&self, user_id: Uuid, session_id: Uuid, patch: SessionPatch) -> Result<SessionSummary, Error> {
        let title = patch.title.map(|title| check_title(&title)).transpose()?;
        let model = match patch.model {
            None => None,
            Some(id) => Some(
                self.listing()
                    .await?
                    .model(&id)
                    .ok_or(Error::ModelInactive(id))?
                    .clone(),
            ),
        };
        let (model_id, model_name) = model.map(|model| (model.model_id, model.model_name)).unzip();
        let change = SessionChange {
            title,
            pinned: patch.pinned,
            model_id,
            model_name,
        };
        self.0
            .store
            .change_session(user_id, session_id, change)
            .await?
            .ok_or(Error::SessionNotFound)
    }

    /// Archives a session; a running turn is stopped first.
    ///
    /// # Errors
    /// When there is no such session.
    pub async fn clear(&self, user_id: Uuid, session_id: Uuid) -> Result<Cleared, Error> {
        self.stop_if_running(user_id, session_id).await;
        let next = self
            .0
            .store
            .archive_session(user_id, session_id)
            .await?
            .ok_or(Error::SessionNotFound)?;
        Ok(Cleared {
            status: "archived".into(),
            new_session_id: next,
        })
    }

    /// Deletes a session and all its messages; a running turn is stopped first.
    ///
    /// # Errors
    /// When there is no such session.
    pub async fn delete(&self, user_id: Uuid, session_id: Uuid) -> Result<(), Error> {
        self.stop_if_running(user_id, session_id).await;
        if !self.0.store.delete_session(user_id, session_id).await? {
            return Err(Error::SessionNotFound);
        }
        self.0.live.forget(session_id);
        Ok(())
    }

    async fn stop_if_running(&self, user_id: Uuid, session_id: Uuid) {
        if let Some(turn) = self.0.live.running(user_id, session_id) {
            turn.cancel().await;
        }
    }

    async fn own_session(&self, user_id: Uuid, session_id: Uuid) -> Result<SessionSummary, Error> {
        self.0
            .store
            .find_session(user_id, session_id)
            .await?
            .ok_or(Error::SessionNotFound)
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

fn check_title(title: &str) -> Result<String, Error> {
    let title = title.trim();
    let acceptable = (1..=MAX_TITLE_CHARS).contains(&title.chars().count()) && !title.chars().any(char::is_control);
    if acceptable {
        Ok(title.to_owned())
    } else {
        Err(Error::TitleInvalid)
    }
}

/// The model asked for, which must be active, else the agent's.
fn choose_model<'a>(listing: &'a Listing, agent_id: &str, wanted: Option<&str>) -> Result<&'a Model, Error> {
    match wanted {
        Some(id) => listing.model(id).ok_or_else(|| Error::ModelInactive(id.to_owned())),
        None => listing.default_model(agent_id).ok_or(Error::NoModel),
    }
}
