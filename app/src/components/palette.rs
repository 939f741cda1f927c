//! The palette: every conversation and every command, by a few letters.

use leptos::prelude::*;
use protocol::{history::SearchHit, session::SessionSummary};
use uuid::Uuid;

use super::{
    overlays::open_while,
    picker::{Choice, Finder},
    search::{HINT, Outcome, Search},
};
use crate::{
    keys::Command,
    state::{Chat, Overlay, View, use_chat},
};

/// How many of the sidebar's conversations are offered while nothing is typed.
const LISTED: usize = 50;

/// A dialog with a field that has the focus, and what it finds.
#[component]
pub(super) fn Palette() -> impl IntoView {
    let chat = use_chat();
    let is_open = Memo::new(move |_| chat.overlay.get() == Some(Overlay::Palette));
    let dialog = open_while(move || is_open.get());
    let close = Callback::new(move |()| {
        if is_open.get_untracked() {
            chat.overlay.set(None);
        }
    });
    view! {
        <dialog
            class="palette"
            node_ref=dialog
            aria-label="Conversations and commands"
            on:close=move |_| close.run(())
            on:click=move |event| {
                // A click on the dialog itself is one beside what it shows.
                if dialog.get_untracked().is_some_and(|dialog| event.target().as_ref() == Some(dialog.as_ref())) {
                    close.run(());
                }
            }
        >
            <Show when=move || is_open.get()>
                <Everything close/>
            </Show>
        </dialog>
    }
}

#[component]
fn Everything(close: Callback<()>) -> impl IntoView {
    let chat = use_chat();
    let words = RwSignal::new(String::new());
    let search = Search::new(words.into());
    let choices = Memo::new(move |_| {
        let mut choices = commands(chat);
        choices.extend(match search.outcome.get() {
            Outcome::Found(results) => results.hits.into_iter().map(found).collect(),
            // What the sidebar lists is there at once, and where the server cannot be asked; the offline bar says why.
            Outcome::Idle | Outcome::Failed(_) => chat
                .sessions
                .with(|all| all.iter().take(LISTED).map(conversation).collect::<Vec<_>>()),
        });
        choices
    });
    let on_pick = Callback::new(move |picked: String| {
        let (session_id, message_id) = picked.split_once('#').unwrap_or((&picked, ""));
        match (Uuid::try_parse(session_id), Uuid::try_parse(message_id)) {
            (Ok(session_id), Ok(message_id)) => chat.open_at(session_id, message_id),
            (Ok(session_id), Err(_)) => chat.open(session_id),
            (Err(_), _) => {
                let offered = Command::OFFERED.into_iter().find(|(_, name, _)| *name == picked);
                if let Some((command, ..)) = offered {
                    chat.run(command);
                    if command == Command::Clear {
                        chat.clear();
                    }
                }
            }
        }
    });
    let empty = Signal::derive(move || match search.outcome.get() {
        _ if search.is_under_way.get() => None,
        // The foot says why.
        Outcome::Failed(_) => Some("Could not be searched."),
        // How to search is asked.
        Outcome::Idle => None,
        Outcome::Found(_) => Some("Nothing found."),
    });
    view! {
        <Finder
            id="palette"
            label="Conversations and commands"
            find="Search, or run a command"
            field=".palette input"
            words
            choices
            chosen=Signal::stored(String::new())
            empty
            on_pick
            close
        />
        <p class="palette-foot">
            {move || match search.outcome.get() {
                Outcome::Found(results) if results.note.is_some() => results.note.unwrap_or_default(),
                Outcome::Failed(error) => error.error.to_string(),
                _ if search.is_slow.get() => "Searching…".into(),
                _ => HINT.into(),
            }}
        </p>
    }
}

fn commands(chat: Chat) -> Vec<Choice> {
    let has_conversation = chat.conversation().is_some();
    let is_archived = untrack(|| chat.archived()).is_some();
    let is_chat = chat.view.get_untracked() != View::Elsewhere;
    Command::OFFERED
        .into_iter()
        .filter(|(command, ..)| has_conversation || !command.needs_conversation())
        .filter(|(command, ..)| *command != Command::Clear || !is_archived)
        .filter(|(command, ..)| is_chat || !command.needs_chat())
        .map(|(_, name, keys)| Choice {
            id: name.into(),
            heading: "Commands".into(),
            title: name.into(),
            aside: keys.into(),
            ..Default::default()
        })
        .collect()
}

fn conversation(session: &SessionSummary) -> Choice {
    Choice {
        id: session.session_id.to_string(),
        heading: "Conversations".into(),
        title: session.title.clone(),
        aside: session.agent_name.clone(),
        ..Default::default()
    }
}

/// A message or a title that the server has found.
fn found(hit: SearchHit) -> Choice {
    let session_id = hit.session_id;
    match hit.message_id {
        Some(message_id) => Choice {
            id: format!("{session_id}#{message_id}"),
            heading: "Messages".into(),
            title: hit.title,
            snippet: hit.snippet,
            aside: hit.agent_name,
            is_found: true,
            ..Default::default()
        },
        None => Choice {
            id: session_id.to_string(),
            heading: "Conversations".into(),
            title: hit.title,
            marked_title: hit.snippet,
            aside: hit.agent_name,
            is_found: true,
            ..Default::default()
        },
    }
}
