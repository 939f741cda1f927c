//! The use cases of conversation and their rules, apart from HTTP. Both doors, REST and server functions, stand on this.
//!
//! - [`turn`]: a turn as a pure state machine
//! - [`log`]: what a turn emitted, for any number of readers
//! - [`live`]: the turns that run or have just ended
//! - `send` and `run`: how a turn is begun, and the task that owns it
//! - `decide`: what a plan that waits is told; `halt`: what the Gateway is told to stop
//! - [`estimate`] and `told`: tokens and cost where the Gateway does not tell them of the whole
//! - [`journal`]: saves what running turns write
//! - [`attach`]: one reader's way through a turn
//! - `many`: what is done to many sessions at once
//! - `pace`: in larger pieces where many turns run
//! - `purge`: removes what was deleted a while ago
//! - `search`: finds what was said
//! - `usage`: what answers took
//! - `take`: conversations as a whole, on their way out and in

pub mod attach;
mod decide;
pub mod estimate;
mod halt;
pub mod journal;
pub mod live;
pub mod log;
mod many;
mod pace;
mod periodic;
mod purge;
mod run;
mod search;
mod send;
mod take;
pub(crate) mod title;
pub(crate) mod told;
pub mod turn;
mod usage;

use std::{sync::Arc, time::Duration};

use protocol::{
    history::{RestoreFrom, SessionQuery},
    session::{
        Cleared, MAX_TITLE_CHARS, Message, MessageMetadata, MessageStatus, SessionDetail, SessionList, SessionPatch,
        SessionSummary,
    },
};
use tokio::sync::{RwLock, RwLockWriteGuard};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

pub use search::PAGE_OF_HITS;

use crate::{
    error::Error,
    gateway::{
        Gateway,
        registry::{Listing, Registry},
    },
    store::{Missing, Part, SessionChange, Shown, Store, UnreadableCursor},
};
use halt::{Halt, Left};
use live::{LiveCount, LiveTurns};

/// How many messages a page of a conversation has unless asked otherwise.
pub const PAGE_OF_MESSAGES: u64 = 20;
/// The most that one page may have.
pub const LARGEST_PAGE: u64 = 100;

/// How often and how long.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// How often running turns are saved: what a crash can cost.
    pub journal_period: Duration,
    /// How long the log of an ended turn is kept for readers on their way back.
    pub logs_kept: Duration,
    /// How long to try to take up a Gateway's stream that broke off.
    pub resume_within: Duration,
    /// How long a deleted session can be restored.
    pub deleted_kept: Duration,
    /// How often what was deleted before that is removed.
    pub purge_period: Duration,
    /// How long a Gateway may take to be told to stop; the reader does not wait for it.
    pub stop_within: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            journal_period: Duration::from_millis(100),
            logs_kept: Duration::from_secs(60),
            resume_within: Duration::from_secs(5),
            deleted_kept: Duration::from_secs(60),
            purge_period: Duration::from_secs(60),
            stop_within: Duration::from_secs(4),
        }
    }
}

/// The use cases. Cheap to clone.
#[derive(Clone)]
pub struct ChatService(Arc<Inner>);

struct Inner {
    store: Store,
    gateway: Arc<dyn Gateway>,
    registry: Arc<Registry>,
    timing: Timing,
    live: Arc<LiveTurns>,
    halt: Halt,
    left: Arc<Left>,
    /// Shared by those who begin a turn; who holds it alone sees no turn in the database before it is among the live ones.
    beginning: Arc<RwLock<()>>,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

impl ChatService {
    /// The service, with its journal and its purge running. Turns that the last run left are ended as interrupted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn start(store: Store, gateway: Arc<dyn Gateway>, timing: Timing) -> Result<Self, Error> {
        let recovered = store.recover_turns(None, None).await?;
        if !recovered.is_empty() {
            tracing::warn!(
                turns = recovered.len(),
                "turns cut off by the last shut-down are marked as interrupted"
            );
        }
        let live = Arc::new(LiveTurns::new(store.clone(), timing.logs_kept));
        let tasks = TaskTracker::new();
        let shutdown = CancellationToken::new();
        tasks.spawn(journal::run(Arc::clone(&live), timing.journal_period, shutdown.clone()));
        tasks.spawn(purge::run(store.clone(), timing, shutdown.clone()));
        let halt = Halt {
            gateway: Arc::clone(&gateway),
            shutdown: shutdown.clone(),
            within: timing.stop_within,
        };
        let left = Arc::new(Left::of(&recovered));
        if !recovered.is_empty() {
            let (left, halt) = (Arc::clone(&left), halt.clone());
            tasks.spawn(async move { left.stop(halt).await });
        }
        Ok(Self(Arc::new(Inner {
            registry: Arc::new(Registry::new(Arc::clone(&gateway))),
            store,
            gateway,
            timing,
            live,
            halt,
            left,
            beginning: Arc::default(),
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

    /// How much is going on: turns with their readers, and tasks, the journal and the purge among them.
    pub fn activity(&self) -> (LiveCount, usize) {
        (self.0.live.count(), self.0.tasks.len())
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

    /// The caller's sessions.
    ///
    /// # Errors
    /// When the page is to begin where no other ended.
    pub async fn list_sessions(&self, user_id: Uuid, mut query: SessionQuery) -> Result<SessionList, Error> {
        query.limit = query.limit.clamp(1, LARGEST_PAGE);
        let read = async || {
            let list = self.0.store.list_sessions(user_id, query.clone()).await?;
            list.map_err(|UnreadableCursor| Error::CursorInvalid)
        };
        let list = read().await?;
        let mut recovered = false;
        for session in list.sessions.iter().filter(|session| session.running) {
            recovered |= self.recover_if_orphan(session.session_id).await?;
        }
        if recovered {
            return read().await;
        }
        Ok(list)
    }

    /// A session with a part of its messages; the text of a running answer is as new as its log.
    ///
    /// # Errors
    /// When there is no such session, or no such message to page from on the branch shown.
    pub async fn session(
        &self,
        user_id: Uuid,
        session_id: Uuid,
        part: Part,
        limit: u64,
    ) -> Result<SessionDetail, Error> {
        let limit = limit.clamp(1, LARGEST_PAGE);
        let detail = self.session_now(user_id, session_id, part, limit).await?;
        if detail.session.running && self.recover_if_orphan(session_id).await? {
            return self.session_now(user_id, session_id, part, limit).await;
        }
        Ok(detail)
    }

    /// A session with the messages around one of them; its branch is shown from now on where another one was.
    ///
    /// # Errors
    /// When there is no such message, or another branch is shown for as long as a turn writes to it.
    pub async fn session_around(
        &self,
        user_id: Uuid,
        session_id: Uuid,
        message_id: Uuid,
    ) -> Result<SessionDetail, Error> {
        let part = Part::Around(message_id);
        match self.session(user_id, session_id, part, PAGE_OF_MESSAGES).await {
            Err(Error::MessageNotShown) => {
                self.show_version(user_id, session_id, message_id).await?;
                self.session(user_id, session_id, part, PAGE_OF_MESSAGES).await
            }
            outcome => outcome,
        }
    }

    async fn session_now(
        &self,
        user_id: Uuid,
        session_id: Uuid,
        part: Part,
        limit: u64,
    ) -> Result<SessionDetail, Error> {
        let page = self
            .0
            .store
            .message_page(user_id, session_id, part, limit)
            .await?
            .map_err(not_found)?;
        let mut detail = SessionDetail {
            session: page.session,
            messages: page.messages,
            has_more: page.has_more,
            has_later: page.has_later,
            cursor: None,
        };
        let streaming = |message: &&mut Message| message.status == MessageStatus::Streaming;
        if let Some(answer) = detail.messages.iter_mut().find(streaming) {
            let (id, content, metadata) = (answer.message_id, &mut answer.content, &mut answer.metadata);
            detail.cursor = self.catch_up(user_id, session_id, id, content, metadata);
        }
        Ok(detail)
    }

    /// Makes text and metadata of an answer, which the database takes for streaming, as new as its log: logs outlive their
    /// turns by a while. Gives the last event that is in them; `None`: there is no log.
    fn catch_up(
        &self,
        user_id: Uuid,
        session_id: Uuid,
        answer_id: Uuid,
        content: &mut String,
        metadata: &mut MessageMetadata,
    ) -> Option<String> {
        let live = self.0.live.find(user_id, session_id)?;
        if live.log.answer_id != answer_id {
            return None;
        }
        let snapshot = live.log.snapshot();
        *content = snapshot.text;
        metadata.last_status = snapshot.last_status;
        metadata.tasks = snapshot.tasks;
        Some(live.log.event_id(snapshot.seq).to_string())
    }

    /// Shows, from now on, the branch that contains this message (of several, the one that was written to last), and
    /// gives the last messages of it.
    ///
    /// # Errors
    /// When there is no such message, or a turn is running: what it writes is what is shown.
    pub async fn show_version(
        &self,
        user_id: Uuid,
        session_id: Uuid,
        message_id: Uuid,
    ) -> Result<SessionDetail, Error> {
        let mut shown = self.0.store.show_branch(user_id, session_id, message_id).await?;
        if shown == Shown::TurnInProgress && self.recover_if_orphan(session_id).await? {
            shown = self.0.store.show_branch(user_id, session_id, message_id).await?;
        }
        match shown {
            Shown::Now => self.session(user_id, session_id, Part::Last, PAGE_OF_MESSAGES).await,
            Shown::Missing(missing) => Err(not_found(missing)),
            Shown::TurnInProgress => Err(Error::TurnInProgress),
        }
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
        // One that was begun meanwhile; no other can be.
        self.stop_if_running(user_id, session_id).await;
        Ok(Cleared {
            status: "archived".into(),
            new_session_id: next,
        })
    }

    /// Deletes a session; a running turn is stopped. For a while it can be restored, then all of it is removed.
    ///
    /// # Errors
    /// When there is no such session.
    pub async fn delete(&self, user_id: Uuid, session_id: Uuid) -> Result<(), Error> {
        self.stop_if_running(user_id, session_id).await;
        if !self.0.store.delete_session(user_id, session_id).await? {
            return Err(Error::SessionNotFound);
        }
        // One that was begun meanwhile; no other can be. Its end is saved with it: it may be restored.
        self.stop_if_running(user_id, session_id).await;
        self.0.live.forget(user_id, session_id);
        Ok(())
    }

    /// Takes back what was last done to a session: a deleted one is what it was before, an archived one is active. Where it is
    /// said what to take back, another state stays as it is.
    ///
    /// # Errors
    /// When there is no such session, or no more.
    pub async fn restore(
        &self,
        user_id: Uuid,
        session_id: Uuid,
        from: Option<RestoreFrom>,
    ) -> Result<SessionSummary, Error> {
        let restored = self.0.store.restore_session(user_id, session_id, from).await?;
        restored.ok_or(Error::SessionNotFound)
    }

    async fn stop_if_running(&self, user_id: Uuid, session_id: Uuid) {
        if let Some(turn) = self.0.live.running(user_id, session_id) {
            turn.cancel().await;
        }
    }

    /// Ends the session's turn as interrupted where the database takes it for running and nobody runs it. Says whether
    /// there was one.
    async fn recover_if_orphan(&self, session_id: Uuid) -> Result<bool, Error> {
        if self.0.live.is_running(session_id) {
            return Ok(false);
        }
        let beginning = self.0.beginning.write().await;
        self.recover_orphan(session_id, &beginning).await
    }

    /// The same, for a caller that keeps others from beginning a turn meanwhile.
    async fn recover_orphan(&self, session_id: Uuid, _beginning: &RwLockWriteGuard<'_, ()>) -> Result<bool, Error> {
        if self.0.live.is_running(session_id) {
            return Ok(false);
        }
        let recovered = self.0.live.recover(session_id).await?;
        if !recovered.is_empty() {
            tracing::warn!(%session_id, "a turn that nobody ran is marked as interrupted");
        }
        Ok(!recovered.is_empty())
    }

    async fn own_session(&self, user_id: Uuid, session_id: Uuid) -> Result<SessionSummary, Error> {
        self.0
            .store
            .find_session(user_id, session_id)
            .await?
            .ok_or(Error::SessionNotFound)
    }
}

fn not_found(missing: Missing) -> Error {
    match missing {
        Missing::Session => Error::SessionNotFound,
        Missing::Message => Error::MessageNotFound,
        Missing::Branch => Error::MessageNotShown,
    }
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
