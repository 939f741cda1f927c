//! The only way to write into an answer's log.

use std::{sync::Arc, time::Duration};

use protocol::{
    event::{StatusUpdate, TaskStatus, TurnEvent},
    session::TurnStatus,
};

use super::{
    Outcome,
    answer::{Answer, Word},
    ledger::{Ledger, Spent},
};

/// Writes one answer. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Writer {
    answer: Arc<Answer>,
}

/// One node of the delegation tree, as the reader knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Task {
    pub(crate) id: String,
    /// The task that delegated it; `None`: the answer's own.
    pub(crate) parent_id: Option<String>,
    /// Who is at work; `None`: the agent that was asked.
    pub(crate) agent_id: Option<String>,
}

impl Writer {
    pub(super) fn new(answer: Arc<Answer>) -> Self {
        Self { answer }
    }

    pub(super) fn answer(&self) -> &Arc<Answer> {
        &self.answer
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.answer.ledger
    }

    /// The answer's own task: it carries the id of the message.
    pub(crate) fn root(&self) -> Task {
        Task {
            id: self.answer.message_id.to_string(),
            parent_id: None,
            agent_id: None,
        }
    }

    /// A piece of the answer.
    pub(crate) fn token(&self, content: String) {
        if !content.is_empty() {
            self.answer.log.append(&TurnEvent::Token { content, offset: None });
        }
    }

    /// The state of a task, with a line for the reader, and with what the task has taken itself.
    pub(crate) fn status(&self, task: &Task, status: TaskStatus, detail: impl Into<String>) {
        self.update(task, status, detail.into(), None);
    }

    /// The end of a task that was delegated, with what it wrote.
    pub(crate) fn ended(&self, task: &Task, status: TaskStatus, detail: impl Into<String>, output: String) {
        self.update(task, status, detail.into(), Some(output).filter(|o| !o.is_empty()));
    }

    fn update(&self, task: &Task, status: TaskStatus, detail: String, output: Option<String>) {
        let spent = self.answer.ledger.of_task(&task.id);
        self.answer.log.append(&TurnEvent::StatusUpdate(StatusUpdate {
            status,
            task_id: Some(task.id.clone()),
            detail: Some(detail).filter(|d| !d.is_empty()),
            agent_id: task.agent_id.clone(),
            parent_task_id: task.parent_id.clone(),
            usage: spent.map(|s| s.usage),
            cost_usd: spent.and_then(|s| s.cost_usd()),
            output,
        }));
    }

    /// Asks the person to decide on `task` and waits; `None`: nobody decided within `patience`. `plan` is what a delegated task
    /// has said: unlike the answer's own, its words are not read on the way.
    pub(crate) async fn ask(
        &self,
        task: &Task,
        detail: &str,
        plan: Option<String>,
        patience: Duration,
    ) -> Option<Word> {
        // The slot comes before the event: whoever reads the event can decide at once.
        let decision = self.answer.wait_for(&task.id);
        self.update(task, TaskStatus::AwaitingApproval, detail.to_owned(), plan);
        let word = tokio::time::timeout(patience, decision).await;
        self.answer.give_up_on(&task.id);
        word.ok()?.ok()
    }

    /// Ends the answer as its author told.
    pub(super) fn conclude(&self, outcome: Outcome) {
        match outcome {
            Outcome::Complete { note } => {
                self.status(&self.root(), TaskStatus::Complete, note.unwrap_or_default());
                self.finish(TurnStatus::Complete);
            }
            Outcome::Failed { reason } => {
                self.status(&self.root(), TaskStatus::Error, reason);
                self.finish(TurnStatus::Error);
            }
        }
    }

    /// Ends the answer: what it took, where anything is known of it, and `done`.
    pub(super) fn finish(&self, status: TurnStatus) {
        if let Some(spent) = self.answer.ledger.total() {
            self.usage(spent);
        }
        self.answer.log.append(&TurnEvent::Done { status: Some(status) });
    }

    fn usage(&self, spent: Spent) {
        self.answer.log.append(&TurnEvent::Usage {
            usage: spent.usage,
            cost_usd: spent.cost_usd(),
        });
    }
}
