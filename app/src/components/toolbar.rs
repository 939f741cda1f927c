//! Over the conversation: with whom, with what model, in which role, and how full the context is.

use leptos::{html, prelude::*};
use uuid::Uuid;

use super::{
    export_menu::{ExportLinks, ExportMenu},
    gauge::Gauge,
    icon::{self, Icon},
    picker::{AgentPicker, ModelPicker},
};
use crate::{
    browser,
    state::{View, use_chat},
};

/// The head of the page.
#[component]
pub(crate) fn Toolbar() -> impl IntoView {
    let chat = use_chat();
    let session_id = Memo::new(move |_| chat.session_id.get().filter(|_| chat.view.get() == View::Open));
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
                {move || session_id.get().map(|session_id| view! { <SessionTools session_id/> })}
            </div>
            <div class="status-row">
                <Role/>
                <Gauge/>
            </div>
        </header>
    }
}

/// What can be done with the session shown. On a phone there is room for one button only, which opens the rest.
#[component]
fn SessionTools(session_id: Uuid) -> impl IntoView {
    let chat = use_chat();
    let more = NodeRef::<html::Details>::new();
    let close = move || browser::close(more);
    view! {
        <div class="tools">
            <ExportMenu session_id/>
            <button type="button" class="quiet" aria-label="Clear" title="Clear" on:click=move |_| chat.clear()>
                <Icon glyph=icon::BIN/>
            </button>
        </div>
        <details class="more-tools" node_ref=more on:focusout=move |event| browser::close_unless_within(more, &event)>
            <summary class="button quiet" aria-label="More">
                <Icon glyph=icon::MORE/>
            </summary>
            <div class="menu">
                <ExportLinks session_id on_pick=move |()| close()/>
                <button
                    type="button"
                    class="quiet"
                    on:click=move |_| {
                        close();
                        chat.clear();
                    }
                >
                    <Icon glyph=icon::BIN/>
                    "Clear"
                </button>
            </div>
        </details>
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
