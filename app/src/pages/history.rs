//! `/history`: all conversations, to find, select and put away. The address says what is listed.

mod asked;
mod bar;
mod filters;
mod listing;
mod selection;
mod table;

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::frame::PageFrame;
use crate::{
    components::icon::{self, Icon},
    error::PageError,
    keys::Command,
    parts::{self, History},
    state::use_chat,
};
pub(crate) use asked::Asked;
use bar::Bar;
use filters::Filters;
use listing::{Listing, use_listing};
use selection::Selection;
use table::Table;

/// The page. What it shows is a part of its own.
#[component]
pub(super) fn HistoryPage() -> impl IntoView {
    let chat = use_chat();
    let tools = move || {
        view! {
            <button type="button" class="quiet" on:click=move |_| chat.run(Command::Import)>
                <Icon glyph=icon::UPLOAD/>
                "Import"
            </button>
        }
    };
    view! {
        <PageFrame name="history" title="All conversations" tools=tools>
            {parts::late::<History>(|part| (part.conversations)(), || view! { <Waiting/> }.into_any())}
        </PageFrame>
    }
}

/// Filters, list, and what can be done with those that are selected.
#[component]
pub(crate) fn Conversations() -> impl IntoView {
    let chat = use_chat();
    let query = use_query_map();
    let asked = Memo::new(move |_| query.with(Asked::read));
    let listing = Listing::new(chat, asked);
    let selection = Selection::new(listing);
    // So that a list that is read again does not make a new table.
    let shown = Memo::new(move |_| match (listing.error.get(), listing.count()) {
        (Some(error), _) => Shown::Error(error),
        (None, None) => Shown::Waiting,
        (None, Some(0)) => Shown::Nothing,
        (None, Some(_)) => Shown::Rows,
    });
    provide_context(listing);
    provide_context(selection);
    view! {
        <Filters/>
        <div class="history-list" aria-busy=move || listing.is_waiting.get().to_string()>
            {move || match shown.get() {
                Shown::Error(error) => view! { <Failed error/> }.into_any(),
                Shown::Waiting => view! { <Waiting/> }.into_any(),
                Shown::Nothing => view! { <Nothing/> }.into_any(),
                Shown::Rows => view! { <Table/> }.into_any(),
            }}
        </div>
        <Bar/>
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Shown {
    Error(PageError),
    Waiting,
    Nothing,
    Rows,
}

/// Nothing to list, why, and a way out.
#[component]
fn Nothing() -> impl IntoView {
    let listing = use_listing();
    move || {
        let asked = listing.asked.get();
        let (title, text, way, address) = if asked.after.is_some() {
            (
                "This page is empty",
                "What stood here has moved or is gone.",
                "To the first page",
                asked.first_page().address(),
            )
        } else if asked.narrows() {
            (
                "No conversation matches",
                if asked.archived {
                    "None in the archive is like that."
                } else {
                    "Archived ones are under “Archived”."
                },
                "Show all",
                asked.all().address(),
            )
        } else if asked.archived {
            (
                "The archive is empty",
                "What you clear or archive is kept here.",
                "Show active ones",
                Asked::default().address(),
            )
        } else {
            (
                "No conversations yet",
                "What you begin is kept here.",
                "Begin a conversation",
                "/llm".to_owned(),
            )
        };
        view! {
            <div class="lost">
                <h2>{title}</h2>
                <p>{text}</p>
                <a class="button primary" href=address>{way}</a>
            </div>
        }
    }
}

/// The list could not be read.
#[component]
fn Failed(error: PageError) -> impl IntoView {
    let listing = use_listing();
    view! {
        <div class="lost" role="alert">
            {if error.error.code == "cursor_invalid" {
                let first = listing.asked.with_untracked(|asked| asked.first_page().address());
                view! {
                    <h2>"This page of the list is not there"</h2>
                    <p>"Its address is of another list, or not whole."</p>
                    <a class="button primary" href=first>
                        "To the first page"
                    </a>
                }
                    .into_any()
            } else {
                view! {
                    <h2>{error.error.message}</h2>
                    <p>{error.error.action}</p>
                    <button type="button" class="primary" on:click=move |_| listing.read()>
                        "Retry"
                    </button>
                }
                    .into_any()
            }}
        </div>
    }
}

/// Grey lines where rows will be.
#[component]
fn Waiting() -> impl IntoView {
    view! {
        <div class="history-waiting" aria-busy="true">
            <p class="unseen">"Reading the conversations."</p>
            {(0..8).map(|_| view! { <i aria-hidden="true"></i> }).collect_view()}
        </div>
    }
}
