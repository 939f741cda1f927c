//! A plan that waits for a person.

use std::{fmt::Write as _, time::Duration};

use protocol::{event::TaskStatus, session::Decision};
use tokio::time::Instant;

use super::{
    Turn,
    node::{NOT_CARRIED_OUT, Node},
    tools::Wish,
};

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
    pub(super) async fn decide(&self, node: &Node, wishes: &[Wish]) -> Verdict {
        let who: Vec<&str> = wishes
            .iter()
            .filter_map(|wish| match wish {
                Wish::Delegate { agent_id, .. } => Some(self.name_of(agent_id)),
                _ => None,
            })
            .collect();
        let asked = Instant::now();
        let detail = format!("Shall the plan be carried out? It would go to {}.", list(&who));
        let word = self.writer.ask(&node.task, &detail, self.patience).await;
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
