//! All conversations, by day. A drawer on phones.

use leptos::{leptos_dom::helpers::TimeoutHandle, prelude::*};
use leptos_router::hooks::use_location;
use protocol::session::SessionSummary;
use std::time::Duration;

use super::{
    icon::{self, Icon},
    session_row::SessionRow,
    theme::ThemeSwitch,
};
use crate::{
    keys::Command,
    state::{Chat, use_chat},
};

/// How long to wait for the next letter before searching.
const PAUSE: Duration = Duration::from_millis(250);

/// The column at the side.
#[component]
pub(crate) fn Sidebar() -> impl IntoView {
    let chat = use_chat();
    let path = use_location().pathname;
    let begin = move |event: leptos::ev::MouseEvent| {
        // Without scripts it is an ordinary link.
        event.prevent_default();
        chat.begin();
    };
    view! {
        <aside class="sidebar" class:open=move || chat.drawer.get()>
            <div class="brand">
                <span class="mark"><Icon glyph=icon::TALK/></span>
                <b>"Parley"</b>
                <button
                    type="button"
                    class="quiet on-phones close"
                    aria-label="Close"
                    on:click=move |_| chat.drawer.set(false)
                >
                    <Icon glyph=icon::CLOSE/>
                </button>
            </div>
            <a class="button begin" href="/llm" role="button" on:click=begin>
                <Icon glyph=icon::PLUS/>
                "New conversation"
            </a>
            <Find/>
            <nav class="sessions" aria-label="Conversations">
                <Sessions/>
            </nav>
            <footer>
                <ThemeSwitch/>
                <a
                    class="button quiet"
                    href="/usage"
                    aria-label="Usage"
                    title="Usage"
                    aria-current=move || (path.get() == "/usage").then_some("page")
                    on:click=move |_| chat.drawer.set(false)
                >
                    <Icon glyph=icon::CHART/>
                </a>
                <button
                    type="button"
                    class="quiet"
                    aria-label="Keyboard shortcuts"
                    title="Keyboard shortcuts (?)"
                    on:click=move |_| chat.run(Command::Keys)
                >
                    <Icon glyph=icon::KEYS/>
                </button>
            </footer>
        </aside>
        <div class="scrim" on:click=move |_| chat.drawer.set(false)></div>
    }
}

#[component]
fn Find() -> impl IntoView {
    let chat = use_chat();
    let waiting = StoredValue::new(None::<TimeoutHandle>);
    let search = move |event| {
        chat.find.set(event_target_value(&event));
        waiting.update_value(|handle| {
            if let Some(handle) = handle.take() {
                handle.clear();
            }
            *handle = set_timeout_with_handle(move || chat.read_sessions(), PAUSE).ok();
        });
    };
    view! {
        <label class="find">
            <Icon glyph=icon::SEARCH/>
            <input
                type="search"
                placeholder="Find a conversation"
                aria-label="Find a conversation"
                autocomplete="off"
                on:input=search
            />
        </label>
    }
}

#[component]
fn Sessions() -> impl IntoView {
    let chat = use_chat();
    let periods = Memo::new(move |_| periods(chat));
    let has_more = move || chat.unlisted.get() > 0;
    let nothing = move || {
        if chat.find.with(|words| words.trim().is_empty()) {
            "What you begin is kept here."
        } else {
            "Nothing found."
        }
    };
    view! {
        <For each=move || periods.get() key=|(period, _)| period.clone() let((period, _))>
            {
                let title = period.clone();
                let sessions = move || {
                    periods.with(|all| {
                        all.iter().find(|(name, _)| *name == period).map(|(_, sessions)| sessions.clone()).unwrap_or_default()
                    })
                };
                view! {
                    <section>
                        <h2>{title}</h2>
                        <ul>
                            <For each=sessions key=|session| session.session_id let(session)>
                                <SessionRow session_id=session.session_id first=session/>
                            </For>
                        </ul>
                    </section>
                }
            }
        </For>
        <Show when=move || periods.with(Vec::is_empty)>
            <p class="nothing">{nothing}</p>
        </Show>
        <Show when=has_more>
            <button type="button" class="small more" on:click=move |_| chat.list_more()>
                "Show more"
            </button>
        </Show>
    }
}

/// The list, parted into pinned ones and days.
fn periods(chat: Chat) -> Vec<(String, Vec<SessionSummary>)> {
    let mut periods: Vec<(String, Vec<SessionSummary>)> = Vec::new();
    for session in chat.sessions.get() {
        let period = if session.pinned {
            "Pinned".to_owned()
        } else {
            chat.clock.period(session.updated_at)
        };
        match periods.iter_mut().find(|(name, _)| *name == period) {
            Some((_, sessions)) => sessions.push(session),
            None => periods.push((period, vec![session])),
        }
    }
    periods
}
