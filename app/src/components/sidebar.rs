//! All conversations, by day. A drawer on phones.

mod find;
mod list;

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::{
    icon::{self, Glyph, Icon},
    theme::ThemeSwitch,
};
use crate::{keys::Command, state::use_chat};
use find::{Find, Results};
use list::list_more_near_end;

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
                    on:click=move |_| chat.close_drawer()
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
        <div class="scrim" on:click=move |_| chat.close_drawer()></div>
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
