//! What a task that waits for the person's word is told: go on, change the plan, or stop.

use leptos::{html, prelude::*};
use protocol::session::{Decision, Message};

use super::icon::{self, Icon};
use crate::state::{Chat, Line, use_chat};

/// The question and its buttons, while the answer's task waits; and after its turn was cut off, until something follows it.
#[component]
pub(super) fn Approval(line: Line) -> impl IntoView {
    let chat = use_chat();
    let message = line.message.clone();
    let task = Memo::new(move |_| chat.waiting_task(&line));
    let cut = Memo::new({
        let message = message.clone();
        move |_| cut_off(&message.read())
    });
    move || match task.get() {
        Some(task_id) => {
            let question = question(chat, &message, &task_id);
            view! { <Choices task_id question cut/> }.into_any()
        }
        None => view! { <Cut cut/> }.into_any(),
    }
}

/// What is asked: by the agent whose answer it is, or by one below it, whose plan is not in the answer.
fn question(chat: Chat, message: &ArcRwSignal<Message>, task_id: &str) -> impl IntoView + use<> {
    // As it was when it was asked.
    let message = message.read_untracked();
    let mut tasks = message.metadata.tasks.iter();
    let below = tasks.find(|task| task.task_id == *task_id && task.parent_task_id.is_some());
    match below {
        None => view! { <p>"Shall I go ahead with this plan?"</p> }.into_any(),
        Some(task) => {
            let agent_id = task.agent_id.clone().unwrap_or_default();
            let name = untrack(|| chat.agent_of(&agent_id)).map_or(agent_id, |agent| agent.agent_name);
            let detail = task.detail.clone();
            let plan = task.output.clone().map(|plan| view! { <p class="plan">{plan}</p> });
            view! {
                <p>
                    <b>{name}</b>
                    " asks: "
                    {detail}
                </p>
                {plan}
            }
            .into_any()
        }
    }
}

/// What became of the turn of a plan that waited.
fn cut_off(message: &Message) -> Option<&'static str> {
    message.undecided_task()?;
    // With a reason it was not Parley itself that stopped.
    Some(match message.metadata.error {
        None => "Parley was restarted while this plan waited.",
        Some(_) => "The Gateway was lost while this plan waited.",
    })
}

/// The mark that stays on such a plan once it was decided on.
#[component]
fn Cut(cut: Memo<Option<&'static str>>) -> impl IntoView {
    view! {
        <Show when=move || cut.get().is_some()>
            <p class="aside">{move || cut.get()}</p>
        </Show>
    }
}

#[component]
fn Choices(task_id: String, question: impl IntoView + 'static, cut: Memo<Option<&'static str>>) -> impl IntoView {
    let chat = use_chat();
    let task_id = StoredValue::new(task_id);
    let deciding = RwSignal::new(false);
    let refining = RwSignal::new(false);
    let note = RwSignal::new(String::new());
    let field = NodeRef::<html::Textarea>::new();
    let decide = move |decision: Decision| {
        let note = note.get_untracked().trim().to_owned();
        let note = (decision == Decision::Refine).then_some(note);
        chat.decide(task_id.get_value(), decision, note, deciding);
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
            <Show when=move || cut.get().is_some()>
                <p class="cut">
                    <Icon glyph=icon::PAUSE/>
                    <span>{move || cut.get()} " You can still decide; a new answer follows."</span>
                </p>
            </Show>
            {question}
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

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{
        error::ErrorBody,
        event::{StatusUpdate, TaskStatus},
        session::MessageStatus,
    };

    #[test]
    fn a_plan_says_what_cut_it_off() {
        let mut message = Line::awaited("architect".into(), None, protocol::timestamp::Timestamp(0))
            .message
            .get_untracked();
        message.metadata.note(&StatusUpdate {
            status: TaskStatus::AwaitingApproval,
            task_id: Some("t".into()),
            detail: None,
            agent_id: None,
            parent_task_id: None,
            usage: None,
            cost_usd: None,
            output: None,
        });
        assert_eq!(cut_off(&message), None, "it waits");
        message.status = MessageStatus::Interrupted;
        assert_eq!(cut_off(&message), Some("Parley was restarted while this plan waited."));
        message.metadata.error = Some(ErrorBody::new("gateway_broken_off", "It broke off.", "Try again."));
        for status in [MessageStatus::Interrupted, MessageStatus::Error] {
            message.status = status;
            assert_eq!(cut_off(&message), Some("The Gateway was lost while this plan waited."));
        }
        message.status = MessageStatus::Cancelled;
        assert_eq!(cut_off(&message), None, "the person stopped it");
    }
}
