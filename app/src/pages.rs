//! The routes, and what stands around every page.

mod chat;
mod frame;
mod history;
mod not_found;
pub(crate) mod usage;

use leptos::{ev, prelude::*};
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    NavigateOptions, SsrMode,
    components::{FlatRoutes, Route, Router},
    hooks::{use_location, use_navigate},
    path,
};

use crate::{
    boot::{self, Boot},
    browser,
    components::{offline::OfflineBar, sidebar::Sidebar},
    keys::{self, Press},
    parts::{self, Tools},
    state::{Chat, use_chat},
};
use chat::ChatPage;
#[cfg(feature = "ssr")]
pub(crate) use history::Asked;
pub(crate) use history::Conversations;
use history::HistoryPage;
use not_found::NotFound;
use usage::UsagePage;

/// The whole page.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_context(Chat::new());
    view! {
        <Title formatter=|title: String| if title.is_empty() { "Parley".to_owned() } else { title + " · Parley" }/>
        <Router>
            <Frame/>
        </Router>
    }
}

/// What the server read for the first rendering.
pub(crate) type FirstReading = OnceResource<Boot>;

#[component]
fn Frame() -> impl IntoView {
    let chat = use_chat();
    let location = use_location();
    let (path, query) = (location.pathname.get_untracked(), location.query.get_untracked());
    provide_context::<FirstReading>(OnceResource::new_blocking(boot::load(path, query)));
    follow_destination(chat);
    wake_up(chat);
    obey_keys(chat);
    // Once they are here they stay: what closes fades.
    let has_overlays = Memo::new(move |former| {
        former == Some(&true) || chat.overlay.with(Option::is_some) || chat.question.with(Option::is_some)
    });
    let has_toasts = Memo::new(move |former| former == Some(&true) || chat.toast.with(Option::is_some));
    view! {
        <a class="skip" href="#main" rel="external">"Skip to the content"</a>
        <div class="frame">
            <Ready placeholder=Placeholder::Sidebar><Sidebar/></Ready>
            <div class="content">
                <OfflineBar/>
                <FlatRoutes fallback=NotFound>
                    <Route path=path!("/llm/:id?") view=ChatPage ssr=SsrMode::Async/>
                    <Route path=path!("/usage") view=UsagePage ssr=SsrMode::Async/>
                    <Route path=path!("/history") view=HistoryPage ssr=SsrMode::Async/>
                </FlatRoutes>
            </div>
        </div>
        <Show when=move || has_overlays.get()>{parts::late::<Tools>(|tools| (tools.overlays)(), || ().into_any())}</Show>
        <Show when=move || has_toasts.get()>{parts::late::<Tools>(|tools| (tools.toast)(), || ().into_any())}</Show>
        <p class="unseen" role="status" aria-live="polite">{move || chat.announcement.get()}</p>
    }
}

/// What stands in for a part of the page until the first reading is there. With [`SsrMode::Async`] nobody sees it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placeholder {
    /// An empty sidebar.
    Sidebar,
    /// An empty column.
    Column,
}

/// Renders its children once the first reading is there and has filled the state.
#[component]
pub(crate) fn Ready(placeholder: Placeholder, children: ChildrenFn) -> impl IntoView {
    let chat = use_chat();
    let reading: FirstReading = expect_context();
    let fallback = move || match placeholder {
        Placeholder::Sidebar => view! { <div class="sidebar"></div> }.into_any(),
        Placeholder::Column => view! { <main class="chat"></main> }.into_any(),
    };
    view! {
        <Suspense fallback>
            {move || {
                let children = children.clone();
                Suspend::new(async move {
                    chat.start(reading.await);
                    children()
                })
            }}
        </Suspense>
    }
}

/// The state says where to go, the router goes there.
fn follow_destination(chat: Chat) {
    let navigate = use_navigate();
    Effect::new(move |_| {
        if let Some((path, replace)) = chat.destination.get() {
            chat.destination.set(None);
            let options = NavigateOptions {
                replace,
                scroll: false,
                ..Default::default()
            };
            navigate(&path, options);
        }
    });
}

/// Keys that do something wherever the focus is, unless a question waits for its answer.
fn obey_keys(chat: Chat) {
    Effect::new(move |_| {
        let listener = window_event_listener(ev::keydown, move |event| {
            if event.is_composing() || event.default_prevented() || chat.question.with_untracked(Option::is_some) {
                return;
            }
            if event.key() == "Escape" && chat.drawer.get_untracked() && chat.overlay.with_untracked(Option::is_none) {
                event.prevent_default();
                chat.close_drawer();
                return;
            }
            let press = Press {
                key: &event.key(),
                is_control: event.ctrl_key() || event.meta_key(),
                is_shift: event.shift_key(),
                is_alt: event.alt_key(),
                is_writing: browser::is_writing(&event),
            };
            if let Some(command) = keys::command(press) {
                event.prevent_default();
                chat.run(command);
            }
        });
        on_cleanup(move || listener.remove());
    });
}

/// What happens in the browser once the page is alive.
fn wake_up(chat: Chat) {
    Effect::new(move |_| {
        chat.clock.utc_offset_minutes.set(browser::utc_offset_minutes());
        chat.clock.now.set(browser::now());
        chat.hear_tabs();
        chat.poll();
        // A tab that comes to the front, and a window that one turns to.
        let shown = window_event_listener_untyped("visibilitychange", move |_| chat.look_again());
        let focused = window_event_listener(ev::focus, move |_| chat.look_again());
        on_cleanup(move || {
            shown.remove();
            focused.remove();
        });
        browser::mark_hydrated();
    });
}
