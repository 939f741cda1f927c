//! One answer: its log, its accounts, the way to stop it, and the decisions it may wait for.

use std::collections::HashMap;

use parking_lot::Mutex;
use protocol::{
    gateway::{GatewayApproval, GatewayChatRequest},
    session::Decision,
};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{ledger::Ledger, log::Log};
use crate::error::Refusal;

/// One answer.
pub(crate) struct Answer {
    pub(crate) session_id: Uuid,
    pub(crate) message_id: Uuid,
    pub(crate) key: String,
    pub(crate) log: Log,
    pub(crate) ledger: Ledger,
    stop: CancellationToken,
    /// The tasks that wait for a decision.
    waiting: Mutex<HashMap<String, oneshot::Sender<Word>>>,
}

/// A person's decision, and the note to it.
pub(crate) type Word = (Decision, Option<String>);

impl Answer {
    pub(super) fn new(request: &GatewayChatRequest, stop: CancellationToken) -> Self {
        Self {
            session_id: request.session_id,
            message_id: request.message_id,
            key: request.idempotency_key.clone(),
            // Not the message's id: a message may be answered again, and a cursor into one answer means nothing in another.
            log: Log::new(Uuid::new_v4()),
            ledger: Ledger::default(),
            stop,
            waiting: Mutex::default(),
        }
    }

    /// Asks it to stop; `false`: there is nothing to stop, or it has been asked already.
    pub(super) fn cancel(&self) -> bool {
        // Both looked at under one lock, so that of two people who press Stop one is told that it was done already.
        let _one_at_a_time = self.waiting.lock();
        if self.log.has_ended() || self.stop.is_cancelled() {
            return false;
        }
        self.stop.cancel();
        true
    }

    pub(super) async fn cancelled(&self) {
        self.stop.cancelled().await;
    }

    /// From now on a decision on `task_id` can be given; the receiver gets it.
    pub(super) fn wait_for(&self, task_id: &str) -> oneshot::Receiver<Word> {
        let (decided, decision) = oneshot::channel();
        self.waiting.lock().insert(task_id.to_owned(), decided);
        decision
    }

    /// Nobody waits for a decision on `task_id` any more.
    pub(super) fn give_up_on(&self, task_id: &str) {
        self.waiting.lock().remove(task_id);
    }

    /// Gives the decision that the task waits for.
    pub(crate) fn decide(&self, approval: GatewayApproval) -> Result<(), Refusal> {
        let decided = self.waiting.lock().remove(&approval.task_id);
        let sent = decided.map(|decided| decided.send((approval.decision, approval.note)));
        match sent {
            Some(Ok(())) if !self.log.has_ended() => Ok(()),
            _ => Err(Refusal::NothingAwaitsApproval),
        }
    }
}
