//! All conversations, by day. A drawer on phones.

use leptos::{ev::KeyboardEvent, html, prelude::*};
use leptos_router::hooks::use_location;
use protocol::session::SessionSummary;
use std::collections::HashMap;

use super::{
    icon::{self, Glyph, Icon},
    search::{HINT, is_question},
    session_row::SessionRow,
    theme::ThemeSwitch,
};
use crate::{
    browser,
    keys::Command,
    parts::{self, Tools},
    state::{Chat, use_chat},
};

/// How much of the list may be left below what is in sight before the next page is read, in pixels.
const AHEAD: i32 = 600;
/// What Enter in the field opens.
const FIRST_HIT: &str = ".findings a";

/// The column at the side.
#[component]
pub(crate) fn Sidebar() -> impl IntoView {
    let chat = use_chat();
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
            <nav class="sessions" aria-label="Conversations" on:scroll=move |_| list_more_near_end(chat)>
                <Results/>
            </nav>
            <footer>
                <Page address="/history" name="All conversations" glyph=icon::LIST is_named=true/>
                <Page address="/usage" name="Usage" glyph=icon::CHART is_named=false/>
                <span class="space"></span>
                <ThemeSwitch/>
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

/// The way to a page beside the chat.
#[component]
fn Page(address: &'static str, name: &'static str, glyph: Glyph, is_named: bool) -> impl IntoView {
    let chat = use_chat();
    let path = use_location().pathname;
    let is_here = Memo::new(move |_| path.with(|path| path == address));
    view! {
        <a
            class="button quiet page-link"
            href=address
            title=name
            aria-label=(!is_named).then_some(name)
            aria-current=move || is_here.get().then_some("page")
            on:click=move |_| chat.drawer.set(false)
        >
            <Icon glyph/>
            {is_named.then_some(name)}
        </a>
    }
}

/// The field over the list. While something is typed in it, what is found stands in the place of the list.
#[component]
fn Find() -> impl IntoView {
    let chat = use_chat();
    let field = NodeRef::<html::Input>::new();
    let on_key = move |event: KeyboardEvent| match event.key().as_str() {
        "ArrowDown" => {
            event.prevent_default();
            step(true);
        }
        "Enter" if !event.is_composing() => browser::click(FIRST_HIT),
        "Escape" if !chat.find.with_untracked(String::is_empty) => {
            // Nearer to the person than the answer that Escape would stop.
            event.prevent_default();
            chat.find.set(String::new());
        }
        _ => {}
    };
    let expect_tools = move |_| parts::expect::<Tools>();
    view! {
        <search class="finder">
            <label class="find">
                <Icon glyph=icon::SEARCH/>
                <input
                    type="search"
                    placeholder="Search"
                    aria-label="Search titles and messages"
                    aria-describedby="find-hint"
                    autocomplete="off"
                    spellcheck="false"
                    node_ref=field
                    prop:value=move || chat.find.get()
                    on:focus=expect_tools
                    on:input=move |event| chat.find.set(event_target_value(&event))
                    on:keydown=on_key
                />
                <kbd aria-hidden="true">"Ctrl K"</kbd>
            </label>
            <p id="find-hint" class="find-hint" class:asked=move || chat.find.with(|words| words.trim() == "?")>
                {HINT}
            </p>
        </search>
    }
}

/// What is found, or all there are.
#[component]
fn Results() -> impl IntoView {
    let chat = use_chat();
    let is_searching = Memo::new(move |_| chat.find.with(|words| !is_question(words)));
    move || {
        if is_searching.get() {
            let found = parts::late::<Tools>(|tools| tools.findings, || ().into_any());
            view! { <div class="findings" on:keydown=walk>{found}</div> }.into_any()
        } else {
            view! { <Sessions/> }.into_any()
        }
    }
}

/// The arrows go through what is found.
fn walk(event: KeyboardEvent) {
    let forward = match event.key().as_str() {
        "ArrowDown" => true,
        "ArrowUp" => false,
        _ => return,
    };
    event.prevent_default();
    step(forward);
}

fn step(forward: bool) {
    if let Some(sidebar) = browser::find(".sidebar") {
        browser::step_focus(&sidebar, ".find input, .findings a", forward);
    }
}

#[component]
fn Sessions() -> impl IntoView {
    let chat = use_chat();
    let periods = Memo::new(move |_| periods(chat));
    let places = Memo::new(move |_| {
        let id = |(at, session): (usize, &SessionSummary)| (session.session_id, at);
        chat.sessions
            .with(|all| all.iter().enumerate().map(id).collect::<HashMap<_, _>>())
    });
    let has_more = Memo::new(move |_| chat.next_page.with(Option::is_some));
    // A page may be shorter than the screen.
    Effect::new(move |_| {
        chat.sessions.track();
        request_animation_frame(move || list_more_near_end(chat));
    });
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
                                <SessionRow session_id=session.session_id first=session places/>
                            </For>
                        </ul>
                    </section>
                }
            }
        </For>
        <Show when=move || periods.with(Vec::is_empty)>
            <p class="nothing">"What you begin is kept here."</p>
        </Show>
        <Show when=move || has_more.get()>
            <button
                type="button"
                class="small more"
                aria-busy=move || chat.is_listing_more.get().to_string()
                on:click=move |_| chat.list_more()
            >
                "Show more"
            </button>
        </Show>
    }
}

/// The next page is on its way before the end of the list is in sight.
fn list_more_near_end(chat: Chat) {
    let Some(scroller) = browser::find(".sessions") else {
        return;
    };
    if browser::is_near_end(&scroller, AHEAD) && !chat.is_failing_to_list.get_value() {
        chat.list_more();
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
