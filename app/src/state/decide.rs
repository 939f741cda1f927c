//! The person's word on a task that waits for it.

use leptos::{prelude::*, task::spawn_local};
use protocol::{gateway::GatewayApproval, session::Decision};

use super::{Chat, Remedy};
use crate::server_fns;

impl Chat {
    /// Answers the task that waits. `deciding` is true while the answer is on its way.
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
            let outcome = server_fns::approve(session_id, approval).await;
            // The task may have gone on and the buttons with it.
            let _ = deciding.try_set(false);
            if let Err(error) = outcome
                && self.is_visit(visit)
            {
                // Another tab may have decided: reading again tells where the task stands.
                self.report(error, Some(Remedy::Session(session_id)));
            }
        });
    }
}
