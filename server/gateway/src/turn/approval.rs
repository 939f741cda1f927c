//! A plan that waits for a person.

use std::{fmt::Write as _, time::Duration};

use protocol::{event::TaskStatus, gateway::GatewayChatRequest, session::Decision};
use tokio::time::Instant;

use super::{
    Turn,
    node::{NOT_CARRIED_OUT, Node},
    tools::Wish,
};
use crate::answers::{Outcome, writer::Writer};

/// What the person reads who has rejected a plan.
pub(crate) const REJECTED: &str = "The plan was rejected, so nothing was carried out.";

/// What came of a plan.
pub(super) enum Verdict {
    Approved,
    /// The plan is to be changed; this is what the agent is told.
    Refined(String),
    Rejected,
    /// Nobody decided; this is what the person is told.
    Undecided(String),
}

impl Turn<'_> {
    /// Puts the plan to the person: what the agent said, and to whom it would hand what.
    pub(super) async fn decide(&self, node: &Node, said: &str, wishes: &[Wish]) -> Verdict {
        let who: Vec<&str> = wishes
            .iter()
            .filter_map(|wish| match wish {
                Wish::Delegate { agent_id, .. } => Some(self.name_of(agent_id)),
                _ => None,
            })
            .collect();
        let asked = Instant::now();
        let detail = format!("Shall the plan be carried out? It would go to {}.", list(&who));
        let plan = node.parent.as_ref().map(|_| said.to_owned());
        let word = self.writer.ask(&node.task, &detail, plan, self.patience).await;
        self.allowance.give_back(asked.elapsed());
        match word {
            None => Verdict::Undecided(undecided(self.patience)),
            Some((Decision::Approve, _)) => {
                self.writer
                    .status(&node.task, TaskStatus::Executing, "The plan was approved");
                Verdict::Approved
            }
            Some((Decision::Refine, note)) => {
                self.writer
                    .status(&node.task, TaskStatus::Planning, "Changing the plan");
                let note = note.filter(|note| !note.trim().is_empty());
                Verdict::Refined(match note {
                    Some(note) => format!(
                        "{NOT_CARRIED_OUT} the person wants the plan changed. Their note: {note}\nState the changed plan, \
                         then delegate again."
                    ),
                    None => format!("{NOT_CARRIED_OUT} the person wants another plan. State it, then delegate again."),
                })
            }
            Some((Decision::Reject, _)) => {
                self.writer
                    .status(&node.task, TaskStatus::Executing, "The plan was rejected");
                Verdict::Rejected
            }
        }
    }

    /// The person's decision on an earlier plan of this agent's, whose turn was cut off while it waited. It is on the plan of
    /// the agent that was asked: those below had their part in a turn that is gone.
    pub(super) fn decision_on(&self, node: &Node) -> Option<Decision> {
        let decision = self.request.decision.as_ref().filter(|_| node.parent.is_none());
        decision.map(|decided| decided.decision)
    }

    /// Whether the plan of this agent was approved before its turn began.
    pub(super) fn was_approved(&self, node: &Node) -> bool {
        self.decision_on(node) == Some(Decision::Approve)
    }

    /// The plan in words, for a model that delegates without having said one.
    pub(super) fn plan_of(&self, wishes: &[Wish]) -> String {
        let mut plan = String::from("## Plan\n");
        for wish in wishes {
            if let Wish::Delegate { agent_id, task } = wish {
                // One line each: a task is for the agent, and may hold headings and code of its own.
                let line = task.split_whitespace().collect::<Vec<_>>().join(" ");
                let _ = write!(plan, "\n- **{}**: {line}", self.name_of(agent_id));
            }
        }
        plan.push_str("\n\n");
        plan
    }

    pub(super) fn name_of<'a>(&'a self, agent_id: &'a str) -> &'a str {
        self.registry
            .agent(agent_id)
            .map_or(agent_id, |agent| &agent.agent_name)
    }
}

/// Whether the message rejects a plan whose turn was cut off while it waited.
pub(crate) fn is_rejected(request: &GatewayChatRequest) -> bool {
    let decision = request.decision.as_ref();
    decision.is_some_and(|decided| decided.decision == Decision::Reject)
}

/// The answer to that. No model is asked, so that it costs nothing.
pub(crate) fn reject(writer: &Writer) -> Outcome {
    writer.status(&writer.root(), TaskStatus::Executing, "The plan was rejected");
    writer.token(format!("{REJECTED}\n"));
    Outcome::Complete { note: None }
}

/// What the person is told when a plan has waited for `patience` in vain.
pub(crate) fn undecided(patience: Duration) -> String {
    let minutes = patience.as_millis().div_ceil(60_000);
    let unit = if minutes == 1 { "minute" } else { "minutes" };
    format!("Nobody decided within {minutes} {unit}, so the plan was not carried out.")
}

fn list(names: &[&str]) -> String {
    match names {
        [] => "nobody".into(),
        [one] => (*one).into(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_listed_as_people_do() {
        assert_eq!(list(&["A"]), "A");
        assert_eq!(list(&["A", "B"]), "A and B");
        assert_eq!(list(&["A", "B", "C"]), "A, B and C");
    }
}
