//! Over the conversation: with whom, with what model, in which role, and how full the context is.

use leptos::prelude::*;

use super::{
    gauge::Gauge,
    icon::{self, Icon},
    picker::{AgentPicker, ModelPicker},
};
use crate::{
    browser,
    state::{Question, use_chat},
};

/// The head of the page.
#[component]
pub(crate) fn Toolbar() -> impl IntoView {
    let chat = use_chat();
    let session_id = Memo::new(move |_| chat.session_id.get());
    let open_drawer = move |_| {
        chat.drawer.set(true);
        browser::focus(".sidebar .close");
    };
    view! {
        <header class="head">
            <div class="toolbar">
                <button
                    type="button"
                    class="quiet on-phones"
                    aria-label="Conversations"
                    aria-expanded=move || chat.drawer.get().to_string()
                    on:click=open_drawer
                >
                    <Icon glyph=icon::MENU/>
                </button>
                <AgentPicker/>
                <ModelPicker/>
                <span class="space"></span>
                <button type="button" class="quiet on-phones" aria-label="New" on:click=move |_| chat.begin()>
                    <Icon glyph=icon::PLUS/>
                </button>
                {move || {
                    session_id
                        .get()
                        .map(|id| {
                            view! {
                                <a
                                    class="button quiet"
                                    href=format!("/api/chat/sessions/{id}/export?format=markdown")
                                    download=""
                                    rel="external"
                                    aria-label="Export"
                                    title="Export as Markdown"
                                >
                                    <Icon glyph=icon::DOWNLOAD/>
                                </a>
                                <button
                                    type="button"
                                    class="quiet"
                                    aria-label="Clear"
                                    title="Clear"
                                    on:click=move |_| chat.question.set(Some(Question::Clear))
                                >
                                    <Icon glyph=icon::BIN/>
                                </button>
                            }
                        })
                }}
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
