//! One answer: its log, the way to stop it, and the decision it may wait for.

use parking_lot::Mutex;
use protocol::{
    gateway::{GatewayApproval, GatewayChatRequest},
    session::Decision,
};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::log::Log;
use crate::error::Refusal;

/// One answer.
pub(crate) struct Answer {
    pub(crate) session_id: Uuid,
    pub(crate) message_id: Uuid,
    pub(crate) key: String,
    pub(crate) log: Log,
    stop: CancellationToken,
    waiting: Mutex<Option<Waiting>>,
}

struct Waiting {
    task_id: String,
    decided: oneshot::Sender<(Decision, Option<String>)>,
}

impl Answer {
    pub(super) fn new(request: &GatewayChatRequest, stop: CancellationToken) -> Self {
        Self {
            session_id: request.session_id,
            message_id: request.message_id,
            key: request.idempotency_key.clone(),
            // Not the message's id: a message may be answered again, and a cursor into one answer means nothing in another.
            log: Log::new(Uuid::new_v4()),
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
    pub(super) fn wait_for(&self, task_id: String) -> oneshot::Receiver<(Decision, Option<String>)> {
        let (decided, decision) = oneshot::channel();
        *self.waiting.lock() = Some(Waiting { task_id, decided });
        decision
    }

    /// Gives the decision that the task waits for.
    pub(crate) fn decide(&self, approval: GatewayApproval) -> Result<(), Refusal> {
        let waiting = self.waiting.lock().take_if(|w| w.task_id == approval.task_id);
        let waiting = waiting.ok_or(Refusal::NothingAwaitsApproval)?;
        let sent = waiting.decided.send((approval.decision, approval.note));
        sent.map_err(|_| Refusal::NothingAwaitsApproval)
    }
}
