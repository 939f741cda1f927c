//! The state of an answer, in a word and a colour.

use leptos::prelude::*;
use protocol::{event::TaskStatus, session::MessageStatus};

use crate::state::Line;

/// The badge of an answer.
#[component]
pub(super) fn Badge(line: Line) -> impl IntoView {
    let state = Memo::new(move |_| {
        let message = line.message.read();
        if message.undecided_task().is_some() {
            // It failed at nothing: its plan can be decided on.
            return ("badge awaiting", "Interrupted");
        }
        // Whoever below waits for the person, the whole answer does.
        let waiting = message.task_below_that_waits().map(|task| task.status);
        let last = message.metadata.last_status.as_ref().map(|last| last.status);
        badge(message.status, waiting.or(last))
    });
    view! { <span class=move || state.get().0>{move || state.get().1}</span> }
}

/// The name of a status on the wire, for `data-status`.
pub(super) fn name(status: MessageStatus) -> &'static str {
    match status {
        MessageStatus::Streaming => "streaming",
        MessageStatus::Complete => "complete",
        MessageStatus::Error => "error",
        MessageStatus::Cancelled => "cancelled",
        MessageStatus::Interrupted => "interrupted",
    }
}

fn badge(status: MessageStatus, task: Option<TaskStatus>) -> (&'static str, &'static str) {
    match (status, task) {
        (MessageStatus::Streaming, Some(TaskStatus::Planning)) => ("badge planning", "Planning"),
        (MessageStatus::Streaming, Some(TaskStatus::AwaitingApproval)) => ("badge awaiting", "Awaiting approval"),
        (MessageStatus::Streaming, _) => ("badge executing", "Executing"),
        (MessageStatus::Complete, _) => ("badge complete", "Complete"),
        (MessageStatus::Error, _) => ("badge error", "Error"),
        (MessageStatus::Cancelled, _) => ("badge stopped", "Stopped"),
        (MessageStatus::Interrupted, _) => ("badge error", "Interrupted"),
    }
}
