//! One conversation in the sidebar: a link, and what can be done to it.

use leptos::{ev, html, prelude::*};
use protocol::session::SessionSummary;
use uuid::Uuid;

use super::{
    icon::{self, Icon},
    tier::TierMark,
};
use crate::state::use_chat;

/// What the row shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Face {
    /// The link.
    Link,
    /// The actions in its place.
    Actions,
    /// A field for its title.
    Title,
}

/// A row. It keeps its place while the list is read again, so it reads itself from the list.
#[component]
pub(super) fn SessionRow(session_id: Uuid, first: SessionSummary) -> impl IntoView {
    let chat = use_chat();
    let session = Memo::new(move |former: Option<&SessionSummary>| {
        chat.sessions
            .with(|all| all.iter().find(|session| session.session_id == session_id).cloned())
            .or_else(|| former.cloned())
            .unwrap_or_else(|| first.clone())
    });
    let face = RwSignal::new(Face::Link);
    view! {
        <li class="session">
            {move || match face.get() {
                Face::Link => view! { <Link session face/> }.into_any(),
                Face::Actions => view! { <Actions session face/> }.into_any(),
                Face::Title => view! { <TitleField session face/> }.into_any(),
            }}
        </li>
    }
}

#[component]
fn Link(session: Memo<SessionSummary>, face: RwSignal<Face>) -> impl IntoView {
    let chat = use_chat();
    let session_id = session.with_untracked(|session| session.session_id);
    let is_shown = Memo::new(move |_| chat.session_id.get() == Some(session_id));
    let is_live = Memo::new(move |_| session.with(|session| session.running) || (is_shown.get() && chat.is_running()));
    let title = move || session.with(|session| session.title.clone());
    view! {
        <a
            href=format!("/llm/{session_id}")
            aria-current=move || is_shown.get().then_some("page")
            title=title
            on:click=move |_| chat.drawer.set(false)
        >
            <TierMark agent_id=Signal::derive(move || session.with(|session| session.agent_id.clone()))/>
            <span class="title">{title}</span>
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
            aria-label=move || format!("Actions for {}", title())
            on:click=move |_| face.set(Face::Actions)
        >
            <Icon glyph=icon::MORE/>
        </button>
    }
}

#[component]
fn Actions(session: Memo<SessionSummary>, face: RwSignal<Face>) -> impl IntoView {
    let chat = use_chat();
    let first = NodeRef::<html::Button>::new();
    first.on_load(|button| {
        let _ = button.focus();
    });
    let session_id = session.with_untracked(|session| session.session_id);
    let pinned = move || session.with(|session| session.pinned);
    let pin = move |_| {
        chat.pin(session_id, !pinned());
        face.set(Face::Link);
    };
    let delete = move |_| {
        face.set(Face::Link);
        chat.delete(session_id);
    };
    view! {
        <div class="actions" role="group" aria-label="Actions" on:keydown=move |event| close_on_escape(&event, face)>
            <button type="button" class="quiet" node_ref=first on:click=move |_| face.set(Face::Title)>
                <Icon glyph=icon::PEN/>
                "Rename"
            </button>
            <button type="button" class="quiet" aria-pressed=move || pinned().to_string() on:click=pin>
                <Icon glyph=icon::PIN/>
                {move || if pinned() { "Unpin" } else { "Pin" }}
            </button>
            <button type="button" class="quiet danger" on:click=delete>
                <Icon glyph=icon::BIN/>
                "Delete"
            </button>
            <button type="button" class="quiet" aria-label="Close" on:click=move |_| face.set(Face::Link)>
                <Icon glyph=icon::CLOSE/>
            </button>
        </div>
    }
}

#[component]
fn TitleField(session: Memo<SessionSummary>, face: RwSignal<Face>) -> impl IntoView {
    let chat = use_chat();
    let field = NodeRef::<html::Input>::new();
    field.on_load(|field| {
        let _ = field.focus();
        field.select();
    });
    let (session_id, title) = session.with_untracked(|session| (session.session_id, session.title.clone()));
    let former = title.clone();
    let save = move || {
        if let Some(field) = field.get_untracked() {
            let title = field.value().trim().to_owned();
            if !title.is_empty() && title != former {
                chat.rename(session_id, title);
            }
        }
        face.set(Face::Link);
    };
    let on_key = {
        let save = save.clone();
        move |event: ev::KeyboardEvent| {
            if event.key() == "Enter" && !event.is_composing() {
                save();
            }
            close_on_escape(&event, face);
        }
    };
    view! {
        <input
            type="text"
            class="rename"
            aria-label="Title"
            maxlength="200"
            value=title
            node_ref=field
            on:keydown=on_key
            on:blur=move |_| if face.try_get_untracked() == Some(Face::Title) { save() }
        />
    }
}

fn close_on_escape(event: &ev::KeyboardEvent, face: RwSignal<Face>) {
    if event.key() == "Escape" {
        event.stop_propagation();
        face.set(Face::Link);
    }
}
