//! The delegation tree: who works on what, in what state, and what it took.

use leptos::{attr::custom::custom_attribute, prelude::*};
use protocol::{
    event::TaskStatus,
    session::MessageStatus,
    task::{self, Placed},
};

use super::tier::TierMark;
use crate::{
    figures,
    state::{Line, use_chat},
};

/// The tree, where the answer's task was divided.
#[component]
pub(super) fn Tasks(line: Line) -> impl IntoView {
    let message = line.message.clone();
    let nodes = Memo::new(move |_| message.with(|message| task::placed(&message.metadata.tasks)));
    let is_running = Memo::new(move |_| line.status() == MessageStatus::Streaming);
    let ids = move || {
        let ids = |nodes: &Vec<Placed>| nodes.iter().map(|node| node.task.task_id.clone()).collect::<Vec<_>>();
        nodes.with(ids)
    };
    // As it was when the answer was first shown: it does not close under the eyes of who reads in it.
    let is_open = is_running.get_untracked();
    view! {
        <Show when=move || { nodes.with(|nodes| nodes.len() > 1) }>
            <details class="tasks" open=is_open>
                <summary>
                    <span>{move || nodes.with(|nodes| summary(nodes))}</span>
                </summary>
                <ol>
                    <For
                        each=ids
                        key=Clone::clone
                        children=move |id| view! { <Node id nodes is_running/> }
                    />
                </ol>
            </details>
        </Show>
    }
}

#[component]
fn Node(id: String, nodes: Memo<Vec<Placed>>, is_running: Memo<bool>) -> impl IntoView {
    let chat = use_chat();
    let node = Memo::new(move |former: Option<&Option<Placed>>| {
        let found = nodes.with(|nodes| nodes.iter().find(|node| node.task.task_id == id).cloned());
        found.or_else(|| former.cloned().flatten())
    });
    let agent_id = Signal::derive(move || {
        let own = node.with(|node| node.as_ref().and_then(|node| node.task.agent_id.clone()));
        own.unwrap_or_else(|| chat.agent_id.get())
    });
    let name = move || {
        let agent_id = agent_id.get();
        chat.agent_of(&agent_id).map_or(agent_id, |agent| agent.agent_name)
    };
    let badge = move || {
        let status = node.with(|node| node.as_ref().map(|node| node.task.status));
        badge(status, is_running.get())
    };
    let text = move |of: fn(&Placed) -> Option<String>| node.with(|node| node.as_ref().and_then(of));
    let detail = move || text(|node| node.task.detail.clone());
    let figures = move || text(|node| Some(figures_of(node)));
    let output = Memo::new(move |_| text(|node| node.task.output.clone()).unwrap_or_default());
    let level = move || node.with(|node| node.as_ref().map_or(1, |node| node.level)).to_string();
    // Leptos has no name for it.
    let aria_level = custom_attribute("aria-level", level);
    view! {
        <li {..aria_level} data-level=level>
            <details>
                <summary>
                    <TierMark agent_id/>
                    <b>{name}</b>
                    <span class=move || badge().0>{move || badge().1}</span>
                    <span class="detail">{detail}</span>
                    <span class="sum">{figures}</span>
                </summary>
                {move || {
                    if output.with(String::is_empty) {
                        view! { <p class="none">"It has not said anything yet."</p> }.into_any()
                    } else {
                        view! { <p class="output">{output.get()}</p> }.into_any()
                    }
                }}
            </details>
        </li>
    }
}

fn summary(nodes: &[Placed]) -> String {
    let ended = |node: &&Placed| matches!(node.task.status, TaskStatus::Complete | TaskStatus::Error);
    let done = nodes.iter().filter(ended).count();
    let failed = nodes
        .iter()
        .filter(|node| node.task.status == TaskStatus::Error)
        .count();
    let mut text = format!("{done} of {} tasks done", nodes.len());
    if failed > 0 {
        text += &format!(", {failed} failed");
    }
    text
}

/// Its own tokens and cost, and with those below it.
fn figures_of(node: &Placed) -> String {
    let tokens = |tokens: u64| figures::thousands(tokens) + " tokens";
    let mut parts = Vec::new();
    if let Some(usage) = node.task.usage {
        let mark = if usage.estimated { "~" } else { "" };
        parts.push(mark.to_owned() + &tokens(usage.total_tokens));
    }
    parts.extend(node.task.cost_usd.map(figures::money));
    let own = parts.join(" · ");
    if node.below == 0 || node.total_tokens == 0 {
        return own;
    }
    let cost = if node.cost_usd > 0.0 {
        " · ".to_owned() + &figures::money(node.cost_usd)
    } else {
        String::new()
    };
    let whole = format!("{}{cost} with all below", tokens(node.total_tokens));
    if own.is_empty() { whole } else { own + " / " + &whole }
}

/// What was at work when its turn ended has stopped.
fn badge(status: Option<TaskStatus>, is_running: bool) -> (&'static str, &'static str) {
    match (status, is_running) {
        (Some(TaskStatus::Complete), _) => ("badge complete", "Complete"),
        (Some(TaskStatus::Error), _) => ("badge error", "Error"),
        (_, false) => ("badge stopped", "Stopped"),
        (Some(TaskStatus::Planning), _) => ("badge planning", "Planning"),
        (Some(TaskStatus::AwaitingApproval), _) => ("badge awaiting", "Awaiting approval"),
        (Some(TaskStatus::Executing) | None, _) => ("badge executing", "Executing"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{session::Usage, task::Task};

    fn node(status: TaskStatus, below: usize, total_tokens: u64) -> Placed {
        Placed {
            task: Task {
                task_id: "t".into(),
                parent_task_id: None,
                agent_id: None,
                status,
                detail: None,
                output: None,
                usage: Some(Usage::exact(1_000, 200)),
                cost_usd: Some(0.01),
            },
            level: 1,
            below,
            total_tokens,
            cost_usd: 0.05,
        }
    }

    #[test]
    fn a_node_tells_its_own_figures_and_those_of_its_tree() {
        assert_eq!(
            figures_of(&node(TaskStatus::Complete, 0, 1_200)),
            "1,200 tokens · $0.01"
        );
        assert_eq!(
            figures_of(&node(TaskStatus::Complete, 2, 9_000)),
            "1,200 tokens · $0.01 / 9,000 tokens · $0.05 with all below"
        );
    }

    #[test]
    fn the_tree_says_how_far_it_is() {
        let nodes = [
            node(TaskStatus::Executing, 2, 0),
            node(TaskStatus::Complete, 0, 0),
            node(TaskStatus::Error, 0, 0),
        ];
        assert_eq!(summary(&nodes), "2 of 3 tasks done, 1 failed");
        assert_eq!(badge(Some(TaskStatus::Executing), false), ("badge stopped", "Stopped"));
    }
}
