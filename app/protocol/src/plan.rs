//! A plan that waits for the person, and what is decided on it.

use serde::{Deserialize, Serialize};

use crate::{
    event::TaskStatus,
    session::{Decision, Message, MessageAccepted, MessageStatus},
    task::Task,
};

/// A person's word on a plan whose own turn was cut off while it waited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanDecision {
    /// The word.
    pub decision: Decision,
    /// What to change, with `refine`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

const APPROVED: &str = "Approved: carry out the plan.";
const CHANGED: &str = "Change the plan";
const REJECTED: &str = "Rejected: do not carry out the plan.";

impl PlanDecision {
    /// The decision as the person would say it: what the history shows, and what a Gateway goes by that knows no decisions.
    pub fn in_words(&self) -> String {
        match (self.decision, &self.note) {
            (Decision::Approve, _) => APPROVED.into(),
            (Decision::Refine, Some(note)) => format!("{CHANGED}: {note}"),
            (Decision::Refine, None) => format!("{CHANGED}."),
            (Decision::Reject, _) => REJECTED.into(),
        }
    }

    /// Whether a message of the history reads like a decision in words.
    pub fn is_in_words(text: &str) -> bool {
        [APPROVED, CHANGED, REJECTED]
            .iter()
            .any(|words| text.starts_with(words))
    }
}

/// The body of the answer to a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// `accepted`.
    pub status: String,
    /// As sent.
    pub decision: Decision,
    /// The turn that the decision began, where the plan's own was cut off while it waited. Left out: that one goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<MessageAccepted>,
}

impl Message {
    /// The task whose plan waited for the person when its turn was cut off, by a restart or because the Gateway was lost.
    /// It can still be decided on, for as long as nothing follows the message.
    pub fn undecided_task(&self) -> Option<&str> {
        if !matches!(self.status, MessageStatus::Interrupted | MessageStatus::Error) {
            return None;
        }
        let last = self.metadata.last_status.as_ref()?;
        match (last.status, &last.task_id) {
            (TaskStatus::AwaitingApproval, task_id) => task_id.as_deref(),
            // That the Gateway was lost is no task's status: the plan stands as it did.
            (TaskStatus::Error, None) => {
                let own = self.metadata.tasks.iter().find(|task| task.parent_task_id.is_none());
                let waiting = own.filter(|task| task.status == TaskStatus::AwaitingApproval);
                waiting.map(|task| task.task_id.as_str())
            }
            _ => None,
        }
    }

    /// The first of the tasks that were delegated whose plan waits for the person.
    pub fn task_below_that_waits(&self) -> Option<&Task> {
        let waits = |task: &&Task| task.status == TaskStatus::AwaitingApproval && task.parent_task_id.is_some();
        self.metadata.tasks.iter().find(waits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_decision_is_known_by_its_words() {
        let words = |decision, note: Option<&str>| {
            let note = note.map(Into::into);
            PlanDecision { decision, note }.in_words()
        };
        let said = [
            words(Decision::Approve, None),
            words(Decision::Refine, None),
            words(Decision::Refine, Some("smaller")),
            words(Decision::Reject, None),
        ];
        assert_eq!(said[2], "Change the plan: smaller");
        assert!(said.iter().all(|text| PlanDecision::is_in_words(text)));
        assert!(!PlanDecision::is_in_words("Plan the change"));
    }

    fn answer(status: &str, told: &[serde_json::Value]) -> Message {
        let mut answer: Message = serde_json::from_value(json!({
            "message_id": uuid::Uuid::nil(), "session_id": uuid::Uuid::nil(), "message_type": "assistant",
            "content": "Plan.", "agent_id": "architect", "timestamp": "2026-11-25T00:00:00Z", "status": status,
        }))
        .unwrap();
        for status in told {
            answer.metadata.note(&serde_json::from_value(status.clone()).unwrap());
        }
        answer
    }

    #[test]
    fn only_a_plan_that_was_cut_off_while_it_waited_is_still_undecided() {
        let waiting = [json!({"task_id": "t", "status": "awaiting_approval"})];
        for (status, undecided) in [
            ("interrupted", Some("t")),
            ("streaming", None),
            ("complete", None),
            ("cancelled", None),
        ] {
            assert_eq!(answer(status, &waiting).undecided_task(), undecided, "{status}");
        }
        let decided = [waiting[0].clone(), json!({"task_id": "t", "status": "executing"})];
        assert_eq!(answer("interrupted", &decided).undecided_task(), None);
        let decided = [waiting[0].clone(), json!({"status": "executing"})];
        assert_eq!(
            answer("interrupted", &decided).undecided_task(),
            None,
            "whatever task says so"
        );
    }

    #[test]
    fn the_loss_of_the_gateway_decides_nothing_and_its_own_failure_does() {
        let waiting = json!({"task_id": "t", "status": "awaiting_approval"});
        let lost = [waiting.clone(), json!({"status": "error", "detail": "It broke off."})];
        assert_eq!(answer("error", &lost).undecided_task(), Some("t"));
        let failed = [
            waiting,
            json!({"task_id": "t", "status": "error", "detail": "Nobody decided."}),
        ];
        assert_eq!(answer("error", &failed).undecided_task(), None);
    }

    #[test]
    fn the_plan_of_an_agent_below_waits_only_while_its_turn_runs() {
        let told = [
            json!({"task_id": "r", "status": "executing"}),
            json!({"task_id": "t", "parent_task_id": "r", "status": "awaiting_approval"}),
        ];
        let below = answer("streaming", &told)
            .task_below_that_waits()
            .map(|task| task.task_id.clone());
        assert_eq!(below.as_deref(), Some("t"));
        // Who delegated it is gone: it could be told of no decision.
        assert_eq!(answer("interrupted", &told).undecided_task(), None);
    }
}
