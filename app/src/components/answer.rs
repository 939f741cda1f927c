//! An agent's answer: who, with what, when, in what state; its text; what can be done with it, and what it took.

use leptos::prelude::*;
use protocol::{
    event::TaskStatus,
    session::{Message, MessageStatus},
};
use std::time::Duration;

use super::{
    approval::Approval,
    badge::{self, Badge},
    body::Body,
    icon::{self, Icon},
    tasks::Tasks,
    tier::TierMark,
    versions::Versions,
};
use crate::{
    browser, figures,
    state::{Line, use_chat},
};

/// The answer.
#[component]
pub(super) fn Answer(line: Line) -> impl IntoView {
    let chat = use_chat();
    let message = line.message.clone();
    let agent_id = line.message.read_untracked().agent_id.clone();
    let name = {
        let agent_id = agent_id.clone();
        move || {
            chat.agent_of(&agent_id)
                .map_or_else(|| chat.agent_name(), |agent| agent.agent_name)
        }
    };
    let byline = {
        let message = message.clone();
        move || {
            let message = message.read();
            let time = chat.clock.time(message.timestamp);
            match &message.model_name {
                Some(model) => model.clone() + " · " + &time,
                None => time,
            }
        }
    };
    let status = Memo::new({
        let line = line.clone();
        move |_| line.status()
    });
    let detail = {
        let line = line.clone();
        move || {
            let message = line.message.read();
            let last = message.metadata.last_status.as_ref()?;
            let waits = || last.status == TaskStatus::AwaitingApproval && chat.waiting_task(&line).is_some();
            let stands = message.status == MessageStatus::Streaming || waits();
            last.detail.clone().filter(|_| stands)
        }
    };
    view! {
        <article class="answer" data-message-type="assistant" data-status=move || badge::name(status.get())>
            <header class="who">
                <TierMark agent_id/>
                <b>{name}</b>
                <span class="byline">{byline}</span>
                <Badge line=line.clone()/>
                <span class="detail">{detail}</span>
            </header>
            <Tasks line=line.clone()/>
            <Body line=line.clone()/>
            <Remark line=line.clone()/>
            <Failure line=line.clone()/>
            <Approval line=line.clone()/>
            <Show when=move || status.get() != MessageStatus::Streaming>
                <Foot line=line.clone()/>
            </Show>
        </article>
    }
}

/// What the agent says of how a whole answer came to its end.
#[component]
fn Remark(line: Line) -> impl IntoView {
    let remark = Memo::new(move |_| remark(&line.message.read()));
    view! {
        <Show when=move || remark.with(Option::is_some)>
            <p class="aside">{move || remark.get()}</p>
        </Show>
    }
}

/// Such as that a limit was reached. The tree of a task that was divided says it itself.
fn remark(message: &Message) -> Option<String> {
    let is_whole = message.status == MessageStatus::Complete && message.metadata.tasks.len() < 2;
    let last = message.metadata.last_status.as_ref().filter(|_| is_whole)?;
    let detail = last.detail.clone().filter(|_| last.status == TaskStatus::Complete);
    detail.filter(|detail| !detail.trim().is_empty())
}

/// Why the answer is not whole.
#[component]
fn Failure(line: Line) -> impl IntoView {
    let reason = Memo::new(move |_| {
        let message = line.message.read();
        let reason = message.metadata.error.as_ref().map(ToString::to_string);
        match message.status {
            MessageStatus::Error => reason.or_else(|| Some("The answer failed. Retry to ask again.".into())),
            // The plan says it.
            MessageStatus::Interrupted if message.undecided_task().is_some() => reason,
            MessageStatus::Interrupted => {
                reason.or_else(|| Some("The server stopped before the answer was whole. Retry to ask again.".into()))
            }
            _ => None,
        }
    });
    view! {
        <Show when=move || reason.with(Option::is_some)>
            <p class="failure" role="alert">
                <Icon glyph=icon::ALERT/>
                <span>{move || reason.get()}</span>
            </p>
        </Show>
    }
}

/// What can be done with an answer that has ended, and what it took.
#[component]
fn Foot(line: Line) -> impl IntoView {
    let chat = use_chat();
    let copied = RwSignal::new(false);
    let text = line.text.clone();
    let copy = move |_| {
        text.with_untracked(|text| browser::copy(text));
        copied.set(true);
        let forget = move || {
            let _ = copied.try_set(false);
        };
        set_timeout(forget, Duration::from_millis(1_600));
    };
    let is_whole = Memo::new({
        let line = line.clone();
        move |_| line.status() == MessageStatus::Complete
    });
    let again = {
        let line = line.clone();
        move |_| chat.answer_again(&line)
    };
    let message = line.message.clone();
    view! {
        <footer class="foot">
            <button type="button" class="quiet" aria-label="Copy answer" on:click=copy>
                <Icon glyph=Signal::derive(move || if copied.get() { icon::CHECK } else { icon::COPY })/>
            </button>
            {move || {
                let again = again.clone();
                let (class, label) = if is_whole.get() { ("quiet", None) } else { ("quiet retry", Some("Retry")) };
                view! {
                    <button
                        type="button"
                        class=class
                        aria-label=label.unwrap_or("Regenerate")
                        title=label.is_none().then_some("Answer again")
                        disabled=move || chat.is_running()
                        on:click=again
                    >
                        <Icon glyph=icon::REDO/>
                        {label}
                    </button>
                }
            }}
            <Versions line/>
            <span class="sum">{move || message.with(sum)}</span>
        </footer>
    }
}

/// `1,234 tokens · 0.6 % · $0.015 · 4.2 s`. What is not known is left out, what is estimated is marked.
fn sum(message: &Message) -> String {
    let mut parts = Vec::new();
    if let Some(usage) = message.usage {
        let mark = if usage.estimated { "~" } else { "" };
        parts.push(mark.to_owned() + &figures::thousands(usage.total_tokens) + " tokens");
        if let Some(window) = message.metadata.context_window {
            parts.push(figures::share(usage.total_tokens, window));
        }
    }
    parts.extend(message.cost_usd.map(figures::money));
    parts.extend(message.metadata.elapsed_ms.map(figures::elapsed));
    parts.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{event::StatusUpdate, session::Usage};

    #[test]
    fn what_is_said_of_an_end_is_told_beside_an_answer_that_was_not_divided() {
        let mut message = Line::awaited("architect".into(), None, protocol::timestamp::Timestamp(0))
            .message
            .get_untracked();
        let status = |task: &str, parent: Option<&str>, status, detail: &str| StatusUpdate {
            status,
            task_id: Some(task.into()),
            detail: Some(detail.into()),
            agent_id: None,
            parent_task_id: parent.map(Into::into),
            usage: None,
            cost_usd: None,
            output: None,
        };
        let note = |message: &mut Message, update| message.metadata.note(&update);
        note(&mut message, status("a", None, TaskStatus::Executing, "Asking GPT"));
        message.status = MessageStatus::Complete;
        assert_eq!(remark(&message), None, "what it did last is not how it ended");
        let end = "The length limit was reached.";
        note(&mut message, status("a", None, TaskStatus::Complete, end));
        assert_eq!(remark(&message).as_deref(), Some(end));
        note(&mut message, status("b", Some("a"), TaskStatus::Complete, "Done"));
        assert_eq!(remark(&message), None, "the tree says it");
        message.metadata.tasks.truncate(1);
        message.status = MessageStatus::Cancelled;
        assert_eq!(remark(&message), None);
    }

    #[test]
    fn the_sum_tells_what_is_known_and_marks_what_is_estimated() {
        let mut message = Line::awaited("architect".into(), None, protocol::timestamp::Timestamp(0))
            .message
            .get_untracked();
        assert_eq!(sum(&message), "");
        message.usage = Some(Usage::exact(1_000, 234));
        message.metadata.context_window = Some(200_000);
        message.metadata.elapsed_ms = Some(4_200);
        assert_eq!(sum(&message), "1,234 tokens · 0.6 % · 4.2 s");
        message.cost_usd = Some(0.015);
        message.usage = Some(Usage {
            estimated: true,
            ..Usage::exact(1_000, 234)
        });
        assert_eq!(sum(&message), "~1,234 tokens · 0.6 % · $0.015 · 4.2 s");
    }
}
