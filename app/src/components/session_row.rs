//! One conversation in the sidebar: a link, and what can be done to it.

use leptos::{html, prelude::*};
use protocol::session::SessionSummary;
use std::collections::HashMap;
use uuid::Uuid;

use super::{
    icon::{self, Icon},
    tier::TierMark,
};
use crate::{
    browser,
    parts::{self, Tools},
    state::use_chat,
};

/// Where each session stands in the list, so that a row finds itself without looking through all of them.
pub(super) type Places = Memo<HashMap<Uuid, usize>>;

/// What the row shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Face {
    /// The link.
    Link,
    /// A field for its title.
    Title,
}

/// A row. It keeps its place while the list is read again, so it reads itself from the list.
#[component]
pub(super) fn SessionRow(session_id: Uuid, first: SessionSummary, places: Places) -> impl IntoView {
    let chat = use_chat();
    let session = Memo::new(move |former: Option<&SessionSummary>| {
        let place = places.with(|places| places.get(&session_id).copied());
        chat.sessions
            .with(|all| {
                all.get(place?)
                    .filter(|session| session.session_id == session_id)
                    .cloned()
            })
            .or_else(|| former.cloned())
            .unwrap_or_else(|| first.clone())
    });
    let face = RwSignal::new(Face::Link);
    view! {
        <li class="session" id=row_id(session_id)>
            {move || match face.get() {
                Face::Link => view! { <Link session face/> }.into_any(),
                Face::Title => {
                    let close = Callback::new(move |()| face.set(Face::Link));
                    parts::late::<Tools>(move |tools| (tools.title_field)(session, close), || ().into_any())
                }
            }}
        </li>
    }
}

/// What a row is found by when the focus is to come back to it.
fn row_id(session_id: Uuid) -> String {
    format!("row-{}", session_id.simple())
}

/// The button of that row which opens its menu.
pub(crate) fn dots_of(session_id: Uuid) -> String {
    format!("#{} .dots", row_id(session_id))
}

#[component]
fn Link(session: Memo<SessionSummary>, face: RwSignal<Face>) -> impl IntoView {
    let chat = use_chat();
    let session_id = session.with_untracked(|session| session.session_id);
    let is_shown = Memo::new(move |_| chat.session_id.get() == Some(session_id));
    let is_live = Memo::new(move |_| session.with(|session| session.running) || (is_shown.get() && chat.is_running()));
    let title = move || session.with(|session| session.title.clone());
    let is_open = RwSignal::new(false);
    let dots = NodeRef::<html::Button>::new();
    let close = Callback::new(move |()| {
        // What had the focus is about to go.
        let held_focus = browser::has(".row-menu:focus-within");
        is_open.set(false);
        if let Some(dots) = dots.get_untracked().filter(|_| held_focus) {
            let _ = dots.focus();
        }
    });
    let expect_tools = move |_| parts::expect::<Tools>();
    let rename = Callback::new(move |()| face.set(Face::Title));
    let menu = move || parts::late::<Tools>(move |tools| (tools.row_menu)(session, rename, close), || ().into_any());
    view! {
        <a
            href=format!("/llm/{session_id}")
            aria-current=move || is_shown.get().then_some("page")
            title=title
            on:click=move |_| chat.drawer.set(false)
        >
            <TierMark agent_id=Signal::derive(move || session.with(|session| session.agent_id.clone()))/>
            <span class="title" dir="auto">{title}</span>
            {move || {
                if is_live.get() {
                    view! { <span class="live"><span class="unseen">"Being answered"</span></span> }.into_any()
                } else {
                    view! { <time>{chat.clock.brief(session.with(|session| session.updated_at))}</time> }.into_any()
                }
            }}
        </a>
        <button
            type="button"
            class="quiet dots"
            node_ref=dots
            aria-label=move || format!("Actions for {}", title())
            aria-expanded=move || is_open.get().to_string()
            on:focus=expect_tools
            on:mousedown=move |event| {
                // The open menu keeps the focus, so that the click closes it and does not open it anew.
                if is_open.get_untracked() {
                    event.prevent_default();
                }
            }
            on:click=move |_| if is_open.get_untracked() { close.run(()) } else { is_open.set(true) }
        >
            <Icon glyph=icon::MORE/>
        </button>
        <Show when=move || is_open.get()>
            {menu()}
        </Show>
    }
}
