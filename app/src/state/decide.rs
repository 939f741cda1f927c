//! The person's word on a task that waits for it.

use leptos::{prelude::*, task::spawn_local};
use protocol::{
    event::TaskStatus,
    gateway::GatewayApproval,
    session::{Decision, MessageStatus},
};

use super::{Chat, Line, Remedy, tabs::News};
use crate::server_fns;

impl Chat {
    /// The task of an answer that waits for the person's word, the first where there are several: its turn runs, or was cut off
    /// and nothing has followed. Tracked.
    pub(crate) fn waiting_task(self, line: &Line) -> Option<String> {
        let message = line.message.read();
        if message.status == MessageStatus::Streaming {
            let last = message.metadata.last_status.as_ref();
            let waiting = last.filter(|last| last.status == TaskStatus::AwaitingApproval);
            let own = waiting.and_then(|last| last.task_id.clone());
            return own.or_else(|| message.task_below_that_waits().map(|task| task.task_id.clone()));
        }
        let task_id = message.undecided_task()?.to_owned();
        let is_last = self.lines.with(|lines| lines.last() == Some(line));
        is_last.then_some(task_id)
    }

    /// Answers the task that waits. `deciding` is true while the answer is on its way. Where the task's turn was cut off, the
    /// turn that the decision begins is followed.
    pub(crate) fn decide(self, task_id: String, decision: Decision, note: Option<String>, deciding: RwSignal<bool>) {
        let Some(session_id) = self.session_id.get_untracked().filter(|_| !deciding.get_untracked()) else {
            return;
        };
        deciding.set(true);
        let visit = self.visit.get_value();
        let approval = GatewayApproval {
            task_id,
            decision,
            note,
        };
        spawn_local(async move {
            let outcome = server_fns::decide(session_id, approval).await;
            if !matches!(outcome, Ok(Some(_))) {
                // The task may have gone on and the buttons with it.
                let _ = deciding.try_set(false);
            }
            if !self.is_visit(visit) {
                return;
            }
            match outcome {
                Ok(None) => {}
                Ok(Some(_)) => {
                    self.announce("The answer has begun.");
                    self.tell(News::Changed(session_id));
                    self.read_again(session_id);
                    self.read_sessions();
                }
                // Another tab may have decided: reading again tells where the task stands.
                Err(error) => self.report(error, Some(Remedy::Session(session_id))),
            }
        });
    }
}
