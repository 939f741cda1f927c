//! What a task that waits for the person's word is told: go on, change the plan, or stop.

use leptos::{html, prelude::*};
use protocol::{
    event::TaskStatus,
    session::{Decision, MessageStatus},
};

use super::icon::{self, Icon};
use crate::state::{Line, use_chat};

/// The question and its buttons, while the answer's task waits.
#[component]
pub(super) fn Approval(line: Line) -> impl IntoView {
    let message = line.message;
    let task = Memo::new(move |_| {
        let message = message.read();
        let last = message.metadata.last_status.as_ref()?;
        let waits = message.status == MessageStatus::Streaming && last.status == TaskStatus::AwaitingApproval;
        waits.then(|| last.task_id.clone()).flatten()
    });
    view! {
        <Show when=move || task.with(Option::is_some)>
            <Choices task/>
        </Show>
    }
}

#[component]
fn Choices(task: Memo<Option<String>>) -> impl IntoView {
    let chat = use_chat();
    let deciding = RwSignal::new(false);
    let refining = RwSignal::new(false);
    let note = RwSignal::new(String::new());
    let field = NodeRef::<html::Textarea>::new();
    let decide = move |decision: Decision| {
        if let Some(task_id) = task.get_untracked() {
            let note = note.get_untracked().trim().to_owned();
            let note = (decision == Decision::Refine).then_some(note);
            chat.decide(task_id, decision, note, deciding);
        }
    };
    let refine = move |_| {
        if !refining.get_untracked() {
            refining.set(true);
        } else if !note.with_untracked(|note| note.trim().is_empty()) {
            decide(Decision::Refine);
        }
    };
    // Whoever asks to refine writes next.
    Effect::new(move |_| {
        if let Some(field) = field.get() {
            let _ = field.focus();
        }
    });
    view! {
        <section class="approval" aria-label="Approval">
            <p>"Shall I go ahead with this plan?"</p>
            <Show when=move || refining.get()>
                <textarea
                    node_ref=field
                    rows="3"
                    aria-label="What to change"
                    placeholder="What should change?"
                    prop:value=move || note.get()
                    on:input=move |event| note.set(event_target_value(&event))
                ></textarea>
            </Show>
            <div class="choices">
                <button
                    type="button"
                    class="primary"
                    disabled=move || deciding.get()
                    on:click=move |_| decide(Decision::Approve)
                >
                    <Icon glyph=icon::CHECK/>
                    "Approve"
                </button>
                <button
                    type="button"
                    disabled=move || {
                        deciding.get() || refining.get() && note.with(|note| note.trim().is_empty())
                    }
                    on:click=refine
                >
                    <Icon glyph=icon::PEN/>
                    {move || if refining.get() { "Send changes" } else { "Refine" }}
                </button>
                <button
                    type="button"
                    class="quiet"
                    disabled=move || deciding.get()
                    on:click=move |_| decide(Decision::Reject)
                >
                    <Icon glyph=icon::CLOSE/>
                    "Cancel"
                </button>
            </div>
        </section>
    }
}
