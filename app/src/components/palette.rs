//! The palette: every conversation and every command, by a few letters.

use leptos::{leptos_dom::helpers::TimeoutHandle, prelude::*, task::spawn_local};
use protocol::{history::SessionQuery, session::SessionSummary};
use std::time::Duration;
use uuid::Uuid;

use super::{
    overlays::open_while,
    picker::{Choice, Finder},
};
use crate::{
    keys::Command,
    server_fns,
    state::{Chat, Overlay, View, use_chat},
};

/// How long to wait for the next letter before searching.
const PAUSE: Duration = Duration::from_millis(150);
/// The most conversations that a search brings.
const MOST: u64 = 20;

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
                <Search close/>
            </Show>
        </dialog>
    }
}

#[component]
fn Search(close: Callback<()>) -> impl IntoView {
    let chat = use_chat();
    let words = RwSignal::new(String::new());
    // What the sidebar lists is there at once; the server knows the others.
    let found = RwSignal::new(chat.sessions.get_untracked());
    ask_as_one_types(chat, words, found);
    let choices = Memo::new(move |_| {
        let mut choices = commands(chat);
        choices.extend(found.with(|sessions| sessions.iter().map(conversation).collect::<Vec<_>>()));
        choices
    });
    let on_pick = Callback::new(move |picked: String| match Uuid::try_parse(&picked) {
        Ok(session_id) => chat.open(session_id),
        Err(_) => {
            let offered = Command::OFFERED.into_iter().find(|(_, name, _)| *name == picked);
            if let Some((command, ..)) = offered {
                chat.run(command);
            }
        }
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
            on_pick
            close
        />
    }
}

fn commands(chat: Chat) -> Vec<Choice> {
    let has_conversation = chat.conversation().is_some();
    let is_chat = chat.view.get_untracked() != View::Elsewhere;
    Command::OFFERED
        .into_iter()
        .filter(|(command, ..)| has_conversation || !command.needs_conversation())
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

fn ask_as_one_types(chat: Chat, words: RwSignal<String>, found: RwSignal<Vec<SessionSummary>>) {
    let waiting = StoredValue::new(None::<TimeoutHandle>);
    let ask = move || {
        let q = words.get_untracked();
        let query = SessionQuery {
            q: q.clone(),
            limit: MOST,
            ..Default::default()
        };
        spawn_local(async move {
            // Where the server cannot be asked, what the sidebar lists must do; the offline bar says why.
            if let Ok(list) = server_fns::sessions(query).await
                && words.try_get_untracked().is_some_and(|words| words == q)
            {
                found.set(list.sessions);
            }
        });
    };
    Effect::new(move |former: Option<()>| {
        let is_empty = words.with(|words| words.trim().is_empty());
        waiting.update_value(|handle| {
            if let Some(handle) = handle.take() {
                handle.clear();
            }
            if is_empty {
                if former.is_some() {
                    found.set(chat.sessions.get_untracked());
                }
            } else {
                *handle = set_timeout_with_handle(ask, PAUSE).ok();
            }
        });
    });
    on_cleanup(move || {
        waiting.update_value(|handle| {
            if let Some(handle) = handle.take() {
                handle.clear();
            }
        });
    });
}
