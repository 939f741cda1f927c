//! The person's decision on a plan: passed on where the turn runs, and the beginning of another turn where it was cut off while
//! it waited.

use protocol::{gateway::GatewayApproval, plan::PlanDecision, session::MessageAccepted};
use uuid::Uuid;

use super::{ChatService, send::check_message};
use crate::{
    error::Error,
    gateway::GatewayError,
    store::{Part, Prompt},
};

impl ChatService {
    /// Takes a decision on a task that waits for it. Where that task's turn was cut off, by a restart or because the Gateway
    /// was lost, the decision is the next message of its session; `admit` says whether the person may send one, and the turn
    /// that it begins is returned.
    ///
    /// # Errors
    /// When nothing waits for a decision, or does no longer; when the Gateway refuses; when no turn can be begun.
    pub async fn decide(
        &self,
        user_id: Uuid,
        session_id: Uuid,
        approval: GatewayApproval,
        admit: impl FnOnce() -> Result<(), Error>,
    ) -> Result<Option<MessageAccepted>, Error> {
        if self.0.live.running(user_id, session_id).is_some() {
            return match self.0.gateway.approve(session_id, approval).await {
                Err(GatewayError::Refused { status: 404 | 409, .. }) => Err(Error::NothingAwaitsApproval),
                other => Ok(other.map(|()| None)?),
            };
        }
        if self.0.shutdown.is_cancelled() {
            return Err(Error::ShuttingDown);
        }
        let detail = self.session(user_id, session_id, Part::Last, 1).await?;
        let last = detail.messages.last();
        let plan = last.filter(|message| message.undecided_task() == Some(&approval.task_id));
        let on = plan.ok_or(Error::NothingAwaitsApproval)?.message_id;
        let decision = PlanDecision {
            decision: approval.decision,
            note: approval.note.filter(|note| !note.trim().is_empty()),
        };
        let text = decision.in_words();
        check_message(&text)?;
        admit()?;
        let prompt = Prompt::Decision { text, decision, on };
        match self.go_on(user_id, detail.session, prompt, None, None).await {
            // Another tab was faster.
            Err(Error::MessageNotFound | Error::TurnInProgress) => Err(Error::NothingAwaitsApproval),
            begun => begun.map(Some),
        }
    }
}
