//! The question before something that cannot be taken back.

use leptos::prelude::*;

use super::overlays::open_while;
use crate::state::{Question, use_chat};

/// A modal dialog; the browser keeps the focus in it, and Escape means no.
#[component]
pub(super) fn Confirm() -> impl IntoView {
    let chat = use_chat();
    let dialog = open_while(move || chat.question.with(Option::is_some));
    // What it asked stays readable while it fades.
    let words = Memo::new(move |former: Option<&Words>| {
        chat.question
            .with(|question| question.as_ref().map(words))
            .or_else(|| former.cloned())
            .unwrap_or_default()
    });
    view! {
        <dialog
            class="confirm"
            node_ref=dialog
            aria-labelledby="confirm-title"
            aria-describedby="confirm-text"
            on:close=move |_| chat.question.set(None)
        >
            <h2 id="confirm-title">{move || words.get().title}</h2>
            <p id="confirm-text">{move || words.get().text}</p>
            <div class="choices">
                <button type="button" autofocus on:click=move |_| chat.question.set(None)>
                    {move || words.get().no}
                </button>
                <button
                    type="button"
                    class="primary"
                    on:click=move |_| chat.confirm()
                >
                    {move || words.get().yes}
                </button>
            </div>
        </dialog>
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Words {
    title: String,
    text: String,
    yes: &'static str,
    no: &'static str,
}

fn words(question: &Question) -> Words {
    match question {
        Question::SwitchAgent(agent) => Words {
            title: format!("Begin a new conversation with {}?", agent.agent_name),
            text: "A conversation has one agent. This one stays in the list; nothing said here is passed on.".into(),
            yes: "Begin",
            no: "No",
        },
    }
}
