//! Over the conversation: with whom, with what model, in which role, and how full the context is.

use leptos::prelude::*;

use super::{
    gauge::Gauge,
    icon::{self, Icon},
    menu_button::MenuButton,
    picker::{AgentPicker, ModelPicker},
};
use crate::{
    parts::{self, Conversation},
    state::{View, use_chat},
};

/// The head of the page.
#[component]
pub(crate) fn Toolbar() -> impl IntoView {
    let chat = use_chat();
    let session_id = Memo::new(move |_| chat.session_id.get().filter(|_| chat.view.get() == View::Open));
    let tools = move || {
        session_id
            .get()
            .map(|session_id| parts::late::<Conversation>(move |part| (part.tools)(session_id), || ().into_any()))
    };
    view! {
        <header class="head">
            <div class="toolbar">
                <MenuButton/>
                <AgentPicker/>
                <ModelPicker/>
                <span class="space"></span>
                <button type="button" class="quiet on-phones" aria-label="New" on:click=move |_| chat.begin()>
                    <Icon glyph=icon::PLUS/>
                </button>
                {tools}
            </div>
            <div class="status-row">
                <Role/>
                <Gauge/>
            </div>
        </header>
    }
}

/// As whom the person speaks, and to whom.
#[component]
fn Role() -> impl IntoView {
    let chat = use_chat();
    view! {
        <p class="role">
            {move || match chat.own_role() {
                Some(role) => {
                    view! {
                        "Your role: "
                        <b>{role}</b>
                        <span class="arrow">" → "</span>
                        "Directing: "
                        <b>{chat.agent_name()}</b>
                    }
                        .into_any()
                }
                None if chat.agent_id.with(String::is_empty) => ().into_any(),
                None => {
                    view! {
                        "Speaking to: "
                        <b>{chat.agent_name()}</b>
                    }
                        .into_any()
                }
            }}
        </p>
    }
}
