//! What a turn's tasks have told of their tokens and cost, where nobody tells of the turn as a whole.

use protocol::{
    event::TaskStatus,
    session::Usage,
    task::{MAX_TASKS, Task},
};

use crate::store::{dollars, micros};

/// The sum of what the tasks have told, its cost in US dollars; `None`: they have told nothing. It is marked as an estimate
/// where there is more that was not told.
pub(crate) fn told(tasks: &[Task]) -> Option<(Usage, Option<f64>)> {
    let told: Vec<(Usage, Option<i64>)> = tasks
        .iter()
        .filter_map(|task| Some((task.usage?, task.cost_usd.map(micros))))
        .collect();
    // Of those beyond the last that is kept nothing is known.
    let is_part =
        told.len() < tasks.len() || tasks.len() >= MAX_TASKS || tasks.iter().any(|task| is_asking(task, tasks));
    let (mut sum, mut cost) = told.first().copied()?;
    for (usage, micros) in &told[1..] {
        sum = Usage {
            prompt_tokens: sum.prompt_tokens.saturating_add(usage.prompt_tokens),
            completion_tokens: sum.completion_tokens.saturating_add(usage.completion_tokens),
            total_tokens: sum.total_tokens.saturating_add(usage.total_tokens),
            estimated: sum.estimated || usage.estimated,
        };
        // A sum that leaves out a part whose price is not known would be a false one.
        cost = cost.zip(*micros).map(|(cost, micros)| cost.saturating_add(micros));
    }
    sum.estimated |= is_part;
    Some((sum, cost.map(dollars)))
}

/// Whether a task is at its model, which tells what that took only once it has answered: it is at work, and waits for none
/// that it delegated.
fn is_asking(task: &Task, tasks: &[Task]) -> bool {
    let is_below = |other: &&Task| other.parent_task_id.as_ref() == Some(&task.task_id);
    is_at_work(task)
        && !tasks
            .iter()
            .filter(is_below)
            .any(|below| is_at_work(below) || waits(below))
}

fn is_at_work(task: &Task) -> bool {
    matches!(task.status, TaskStatus::Planning | TaskStatus::Executing)
}

fn waits(task: &Task) -> bool {
    task.status == TaskStatus::AwaitingApproval
}

#[cfg(test)]
mod tests {
    use super::*;
    use TaskStatus::{AwaitingApproval, Complete, Executing};

    fn task(id: &str, parent: Option<&str>, status: TaskStatus, told: Option<(u64, Option<f64>)>) -> Task {
        Task {
            task_id: id.into(),
            parent_task_id: parent.map(Into::into),
            agent_id: None,
            status,
            detail: None,
            output: None,
            usage: told.map(|(tokens, _)| Usage::exact(tokens, 10)),
            cost_usd: told.and_then(|(_, cost)| cost),
        }
    }

    /// Tokens, whether they are estimated, and the cost.
    fn sum(tasks: &[Task]) -> Option<(u64, bool, Option<f64>)> {
        told(tasks).map(|(usage, cost)| (usage.total_tokens, usage.estimated, cost))
    }

    #[test]
    fn what_was_told_is_summed_to_the_micro_dollar() {
        let tasks = [
            task("a", None, Complete, Some((100, Some(0.1)))),
            task("b", Some("a"), Complete, Some((200, Some(0.2)))),
            task("c", Some("a"), Complete, Some((300, Some(0.000_001)))),
        ];
        assert_eq!(sum(&tasks), Some((630, false, Some(0.300_001))));
        assert_eq!(sum(&[]), None);
        assert_eq!(sum(&[task("a", None, Executing, None)]), None, "nothing was told");
    }

    #[test]
    fn a_plan_that_waits_has_told_everything() {
        let tasks = [task("a", None, AwaitingApproval, Some((100, Some(0.5))))];
        assert_eq!(sum(&tasks), Some((110, false, Some(0.5))));
    }

    #[test]
    fn what_was_not_told_makes_it_an_estimate() {
        let whole = task("a", None, Complete, Some((100, Some(0.5))));
        let silent = task("b", Some("a"), Complete, None);
        assert_eq!(sum(&[whole.clone(), silent]), Some((110, true, Some(0.5))));

        // One that has told of an earlier request, and is at its model again.
        let asking = task("a", None, Executing, Some((100, Some(0.5))));
        assert_eq!(sum(std::slice::from_ref(&asking)), Some((110, true, Some(0.5))));
        let done = task("b", Some("a"), Complete, Some((100, Some(0.5))));
        assert_eq!(sum(&[asking.clone(), done]), Some((220, true, Some(1.0))));
        // One that waits for another, whose plan waits for the person, asks nobody.
        let below = task("b", Some("a"), AwaitingApproval, Some((100, Some(0.5))));
        assert_eq!(sum(&[asking, below]), Some((220, false, Some(1.0))));

        let mut guessed = whole.clone();
        guessed.usage = guessed.usage.map(|usage| Usage {
            estimated: true,
            ..usage
        });
        assert_eq!(sum(&[guessed, whole]), Some((220, true, Some(1.0))));
    }

    #[test]
    fn a_price_that_is_not_known_makes_the_cost_unknown() {
        let tasks = [
            task("a", None, Complete, Some((100, None))),
            task("b", Some("a"), Complete, Some((100, Some(0.5)))),
        ];
        assert_eq!(sum(&tasks), Some((220, false, None)));
    }
}
