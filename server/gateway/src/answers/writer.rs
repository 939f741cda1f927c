//! The only way to write into an answer's log.

use std::{sync::Arc, time::Duration};

use protocol::{
    event::{StatusUpdate, TaskStatus, TurnEvent},
    session::{Decision, TurnStatus, Usage},
};

use super::{Outcome, answer::Answer};

/// How long a decision is waited for.
const PATIENCE: Duration = Duration::from_secs(60 * 60);

/// Writes one answer.
pub(crate) struct Writer {
    answer: Arc<Answer>,
}

impl Writer {
    pub(super) fn new(answer: Arc<Answer>) -> Self {
        Self { answer }
    }

    pub(super) fn answer(&self) -> &Arc<Answer> {
        &self.answer
    }

    /// A piece of the answer.
    pub(crate) fn token(&self, content: String) {
        if !content.is_empty() {
            self.answer.log.append(&TurnEvent::Token { content, offset: None });
        }
    }

    /// The state of the answer, with a line for the reader.
    pub(crate) fn status(&self, status: TaskStatus, detail: impl Into<String>) {
        let detail = Some(detail.into()).filter(|d| !d.is_empty());
        self.answer.log.append(&TurnEvent::StatusUpdate(StatusUpdate {
            status,
            task_id: Some(self.task_id()),
            detail,
            agent_id: None,
            parent_task_id: None,
            cost_usd: None,
            output: None,
            usage: None,
        }));
    }

    /// Asks the person to decide and waits; `None`: nobody decided.
    pub(crate) async fn ask(&self, detail: &str) -> Option<(Decision, Option<String>)> {
        // The slot comes before the event: whoever reads the event can decide at once.
        let decision = self.answer.wait_for(self.task_id());
        self.status(TaskStatus::AwaitingApproval, detail);
        tokio::time::timeout(PATIENCE, decision).await.ok()?.ok()
    }

    /// Ends the answer as its author told.
    pub(super) fn conclude(&self, outcome: Outcome) {
        match outcome {
            Outcome::Complete { note, usage } => {
                self.status(TaskStatus::Complete, note.unwrap_or_default());
                if let Some((usage, cost_usd)) = usage {
                    self.usage(usage, cost_usd);
                }
                self.finish(TurnStatus::Complete);
            }
            Outcome::Failed { reason } => {
                self.status(TaskStatus::Error, reason);
                self.finish(TurnStatus::Error);
            }
        }
    }

    /// Ends the answer.
    pub(super) fn finish(&self, status: TurnStatus) {
        self.answer.log.append(&TurnEvent::Done { status: Some(status) });
    }

    fn usage(&self, usage: Usage, cost_usd: Option<f64>) {
        self.answer.log.append(&TurnEvent::Usage { usage, cost_usd });
    }

    /// One task an answer: it carries the id of the message.
    fn task_id(&self) -> String {
        self.answer.message_id.to_string()
    }
}
