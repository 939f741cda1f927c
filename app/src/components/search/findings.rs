//! What a search found, in the place of the sidebar's list: conversations by their titles, and below, messages.

use leptos::{ev::MouseEvent, prelude::*};
use protocol::{
    history::{SearchHit, SearchResults},
    session::{MessageType, SessionStatus, SessionSummary},
};
use uuid::Uuid;

use super::{Outcome, Search, marked};
use crate::{
    components::{
        icon::{self, Icon},
        tier::TierMark,
    },
    error::PageError,
    state::{Chat, message_address, use_chat},
};

/// What is found of the words in the sidebar's field.
#[component]
pub(crate) fn Findings() -> impl IntoView {
    let chat = use_chat();
    let search = Search::new(Signal::derive(move || chat.find.get()));
    view! {
        <Show when=move || search.is_slow.get()>
            <p class="nothing searching">
                <i class="spinner" aria-hidden="true"></i>
                "Searching…"
            </p>
        </Show>
        {move || match search.outcome.get() {
            Outcome::Idle => ().into_any(),
            Outcome::Found(results) => view! { <Results results/> }.into_any(),
            Outcome::Failed(error) => view! { <Failed error search/> }.into_any(),
        }}
    }
}

#[component]
fn Results(results: SearchResults) -> impl IntoView {
    let SearchResults { hits, note } = results;
    let is_empty = hits.is_empty();
    let (messages, titles): (Vec<_>, Vec<_>) = hits.into_iter().partition(|hit| hit.message_id.is_some());
    view! {
        {note.map(|note| view! { <p class="nothing note">{note}</p> })}
        {is_empty
            .then(|| {
                view! {
                    <p class="nothing">
                        "Nothing found in titles and messages. Fewer words, or their beginnings, find more."
                    </p>
                }
            })}
        <Group title="Conversations" hits=titles/>
        <Group title="Messages" hits=messages/>
    }
}

#[component]
fn Group(title: &'static str, hits: Vec<SearchHit>) -> impl IntoView {
    (!hits.is_empty()).then(|| {
        view! {
            <section>
                <h2>{title}</h2>
                <ul>{hits.into_iter().map(|hit| view! { <Hit hit/> }).collect_view()}</ul>
            </section>
        }
    })
}

#[component]
fn Hit(hit: SearchHit) -> impl IntoView {
    let chat = use_chat();
    let (session_id, message_id) = (hit.session_id, hit.message_id);
    let address = match message_id {
        Some(message_id) => message_address(session_id, message_id),
        None => format!("/llm/{session_id}"),
    };
    let open = move |event: MouseEvent| {
        // With a key held, the browser opens it elsewhere.
        if event.ctrl_key() || event.meta_key() || event.shift_key() {
            return;
        }
        event.prevent_default();
        open(chat, session_id, message_id);
    };
    let about = about(&hit);
    let when = hit.timestamp;
    view! {
        <li class="hit">
            <a href=address on:click=open>
                <TierMark agent_id=Signal::stored(hit.agent_id)/>
                <span class="words">
                    {message_id.map(|_| view! { <small dir="auto">{hit.title}</small> })}
                    <span class="snippet" dir="auto">{marked(hit.snippet)}</span>
                    <small>{about} {move || chat.clock.brief(when)}</small>
                </span>
            </a>
        </li>
    }
}

/// Who wrote it, or to whom it was said, and whether it is put away.
fn about(hit: &SearchHit) -> String {
    let who = match hit.message_type {
        Some(MessageType::User) => "You to ".to_owned() + &hit.agent_name,
        _ => hit.agent_name.clone(),
    };
    match hit.status {
        SessionStatus::Archived => who + " · archived · ",
        _ => who + " · ",
    }
}

/// Opens what was found.
fn open(chat: Chat, session_id: Uuid, message_id: Option<Uuid>) {
    match message_id {
        Some(message_id) => chat.open_at(session_id, message_id),
        None => chat.open(session_id),
    }
}

/// It could not be searched. The titles that are listed here are known all the same.
#[component]
fn Failed(error: PageError, search: Search) -> impl IntoView {
    let chat = use_chat();
    let found = move || {
        let words = chat.find.get();
        chat.sessions.with(|all| titled(all, &words))
    };
    view! {
        <div class="nothing failed">
            <p>
                <b>{error.error.message}</b>
                " "
                {error.error.action}
            </p>
            <button type="button" class="small" on:click=move |_| search.ask()>
                <Icon glyph=icon::REDO/>
                "Retry"
            </button>
        </div>
        {move || {
            let found = found();
            (!found.is_empty())
                .then(|| {
                    view! {
                        <section>
                            <h2>"Titles listed here"</h2>
                            <ul>
                                {found
                                    .into_iter()
                                    .map(|session| {
                                        view! {
                                            <li class="hit">
                                                <a href=format!("/llm/{}", session.session_id)>
                                                    <TierMark agent_id=Signal::stored(session.agent_id)/>
                                                    <span class="words"><span class="snippet" dir="auto">{session.title}</span></span>
                                                </a>
                                            </li>
                                        }
                                    })
                                    .collect_view()}
                            </ul>
                        </section>
                    }
                })
        }}
    }
}

/// The sessions in whose titles every word occurs.
pub(super) fn titled(all: &[SessionSummary], words: &str) -> Vec<SessionSummary> {
    let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
    all.iter()
        .filter(|session| {
            let title = session.title.to_lowercase();
            words.iter().all(|word| title.contains(word.as_str()))
        })
        .cloned()
        .collect()
}
