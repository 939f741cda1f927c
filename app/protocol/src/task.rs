//! The delegation tree of a turn, put together from its `status_update`s, in the same way by server and page.

use serde::{Deserialize, Serialize};

use crate::{
    event::{StatusUpdate, TaskStatus},
    session::Usage,
};

/// The most nodes that are kept of one turn. A Gateway that reports more is followed, but its further nodes are not shown.
pub const MAX_TASKS: usize = 200;
/// The deepest level that is told apart, the turn's own task being level 1.
pub const MAX_LEVEL: usize = 8;

/// One node: a task, and the agent at work on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Its id.
    pub task_id: String,
    /// The task that delegated it; `None`: the turn's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_task_id: Option<String>,
    /// The agent at work; `None`: the session's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// Its state.
    pub status: TaskStatus,
    /// One line for the reader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What it wrote, where the Gateway tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// Its own tokens, without those of the tasks that it delegated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// Its own cost in US dollars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
}

/// A node where it stands in the tree.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// The node.
    pub task: Task,
    /// From 1, [`MAX_LEVEL`] at most.
    pub level: usize,
    /// How many nodes stand below it.
    pub below: usize,
    /// Tokens of its own and of all below it.
    pub total_tokens: u64,
    /// Cost in US dollars of its own and of all below it, as far as it is known.
    pub cost_usd: f64,
}

/// Takes a status into the tree. What an update leaves out stays as it was. One without a task is not of the tree.
pub fn note(tasks: &mut Vec<Task>, update: &StatusUpdate) {
    let Some(task_id) = &update.task_id else { return };
    let known = tasks.iter().position(|task| task.task_id == *task_id);
    let at = match known {
        Some(at) => at,
        None if tasks.len() < MAX_TASKS => {
            tasks.push(Task {
                task_id: task_id.clone(),
                parent_task_id: None,
                agent_id: None,
                status: update.status,
                detail: None,
                output: None,
                usage: None,
                cost_usd: None,
            });
            tasks.len() - 1
        }
        None => return,
    };
    let task = &mut tasks[at];
    task.status = update.status;
    let keep = |old: &mut Option<String>, new: &Option<String>| {
        if new.is_some() {
            old.clone_from(new);
        }
    };
    keep(&mut task.parent_task_id, &update.parent_task_id);
    keep(&mut task.agent_id, &update.agent_id);
    keep(&mut task.detail, &update.detail);
    keep(&mut task.output, &update.output);
    task.usage = update.usage.or(task.usage);
    task.cost_usd = update.cost_usd.or(task.cost_usd);
}

/// The tree, each node before those below it, in the order in which they were first heard of. A node whose parent is not
/// known stands at the top, and so does one that is its own ancestor.
pub fn placed(tasks: &[Task]) -> Vec<Placed> {
    let mut all = Vec::with_capacity(tasks.len());
    let mut seen = vec![false; tasks.len()];
    let is_known = |parent: &String| tasks.iter().any(|task| task.task_id == *parent);
    for (at, task) in tasks.iter().enumerate() {
        if !task.parent_task_id.as_ref().is_some_and(is_known) {
            place(tasks, at, 1, &mut seen, &mut all);
        }
    }
    // What is left goes round in a circle.
    for at in 0..tasks.len() {
        place(tasks, at, 1, &mut seen, &mut all);
    }
    all
}

fn place(tasks: &[Task], at: usize, level: usize, seen: &mut [bool], all: &mut Vec<Placed>) {
    if std::mem::replace(&mut seen[at], true) {
        return;
    }
    let task = &tasks[at];
    let own = all.len();
    all.push(Placed {
        task: task.clone(),
        level: level.min(MAX_LEVEL),
        below: 0,
        total_tokens: task.usage.map_or(0, |usage| usage.total_tokens),
        cost_usd: task.cost_usd.unwrap_or(0.0),
    });
    for (child, other) in tasks.iter().enumerate() {
        if other.parent_task_id.as_ref() == Some(&task.task_id) && !seen[child] {
            let first = all.len();
            place(tasks, child, level + 1, seen, all);
            let (below, tokens, cost) = (all.len() - first, all[first].total_tokens, all[first].cost_usd);
            all[own].below += below;
            all[own].total_tokens += tokens;
            all[own].cost_usd += cost;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(task_id: &str, parent: Option<&str>, status: TaskStatus) -> StatusUpdate {
        StatusUpdate {
            status,
            task_id: Some(task_id.into()),
            detail: None,
            agent_id: Some(format!("agent of {task_id}")),
            parent_task_id: parent.map(Into::into),
            usage: None,
            cost_usd: None,
            output: None,
        }
    }

    fn tree(updates: &[StatusUpdate]) -> Vec<(String, usize, usize, u64)> {
        let mut tasks = Vec::new();
        for update in updates {
            note(&mut tasks, update);
        }
        let placed = placed(&tasks).into_iter();
        placed
            .map(|node| (node.task.task_id, node.level, node.below, node.total_tokens))
            .collect()
    }

    #[test]
    fn nodes_stand_below_those_that_delegated_them_and_are_summed_up() {
        use TaskStatus::{Complete, Executing, Planning};
        let spent = |mut update: StatusUpdate, tokens| {
            update.usage = Some(Usage::exact(tokens, 0));
            update
        };
        let updates = [
            update("a", None, Planning),
            update("b", Some("a"), Executing),
            update("c", Some("a"), Executing),
            update("d", Some("b"), Executing),
            spent(update("d", Some("b"), Complete), 7),
            spent(update("b", Some("a"), Complete), 20),
            spent(update("a", None, Complete), 100),
        ];
        let node = |id: &str, level, below, tokens| (id.to_owned(), level, below, tokens);
        assert_eq!(
            tree(&updates),
            [
                node("a", 1, 3, 127),
                node("b", 2, 1, 27),
                node("d", 3, 0, 7),
                node("c", 2, 0, 0)
            ]
        );
    }

    #[test]
    fn an_update_changes_only_what_it_says() {
        let mut tasks = Vec::new();
        let mut first = update("a", Some("r"), TaskStatus::Executing);
        first.detail = Some("Reading".into());
        note(&mut tasks, &first);
        note(
            &mut tasks,
            &StatusUpdate {
                agent_id: None,
                parent_task_id: None,
                output: Some("Read.".into()),
                ..update("a", None, TaskStatus::Complete)
            },
        );
        assert_eq!(tasks.len(), 1);
        assert_eq!(tasks[0].parent_task_id.as_deref(), Some("r"));
        assert_eq!(tasks[0].detail.as_deref(), Some("Reading"));
        assert_eq!(tasks[0].output.as_deref(), Some("Read."));
        assert_eq!(tasks[0].status, TaskStatus::Complete);
    }

    #[test]
    fn a_circle_and_a_flood_end() {
        let circle = [
            update("a", Some("b"), TaskStatus::Executing),
            update("b", Some("a"), TaskStatus::Executing),
            update("c", Some("c"), TaskStatus::Executing),
            update("d", Some("unknown"), TaskStatus::Executing),
        ];
        assert_eq!(tree(&circle).len(), 4);
        let flood: Vec<_> = (0..MAX_TASKS + 50)
            .map(|at| {
                update(
                    &at.to_string(),
                    at.checked_sub(1).map(|at| at.to_string()).as_deref(),
                    TaskStatus::Executing,
                )
            })
            .collect();
        let tree = tree(&flood);
        assert_eq!(tree.len(), MAX_TASKS);
        assert!(tree.iter().all(|(_, level, ..)| *level <= MAX_LEVEL));
    }
}
