//! The field over the list, and what stands in the place of the list while something is typed in it.

use leptos::{ev::KeyboardEvent, prelude::*};

use super::list::Sessions;
use crate::{
    browser::{self, Step},
    components::{
        icon::{self, Icon},
        search::{HINT, is_question},
    },
    parts::{self, Tools},
    state::use_chat,
};

/// What Enter in the field opens.
const FIRST_HIT: &str = ".findings a";

/// The field.
#[component]
pub(super) fn Find() -> impl IntoView {
    let chat = use_chat();
    let on_key = move |event: KeyboardEvent| match event.key().as_str() {
        "ArrowDown" => {
            event.prevent_default();
            go(Step::Next);
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
                    prop:value=move || chat.find.get()
                    on:focus=expect_tools
                    on:input=move |event| chat.find.set(event_target_value(&event))
                    on:keydown=on_key
                />
                <kbd aria-hidden="true">"Ctrl K"</kbd>
            </label>
            // Whoever clicks on it goes on typing.
            <p
                id="find-hint"
                class="find-hint"
                class:asked=move || chat.find.with(|words| words.trim() == "?")
                on:mousedown=|event| event.prevent_default()
            >
                {HINT}
            </p>
        </search>
    }
}

/// What is found, or all there are.
#[component]
pub(super) fn Results() -> impl IntoView {
    let chat = use_chat();
    let is_searching = Memo::new(move |_| chat.find.with(|words| !is_question(words)));
    move || {
        if is_searching.get() {
            let found = parts::late::<Tools>(|tools| (tools.findings)(), || ().into_any());
            view! { <div class="findings" on:keydown=walk>{found}</div> }.into_any()
        } else {
            view! { <Sessions/> }.into_any()
        }
    }
}

/// The arrows go through what is found.
fn walk(event: KeyboardEvent) {
    if let Some(step) = Step::of_key(&event) {
        event.prevent_default();
        go(step);
    }
}

fn go(step: Step) {
    if let Some(sidebar) = browser::find(".sidebar") {
        browser::step_focus(&sidebar, ".find input, .findings a", step);
    }
}
