//! A field for the title of a conversation, in the place of its row.

use leptos::{ev, html, prelude::*};
use protocol::session::SessionSummary;

use super::session_row::dots_of;
use crate::{browser, state::use_chat};

/// The field. It saves when it is left, and gives the focus back to its row when it is left by key.
#[component]
pub(crate) fn TitleField(session: Memo<SessionSummary>, close: Callback<()>) -> impl IntoView {
    let chat = use_chat();
    let field = NodeRef::<html::Input>::new();
    field.on_load(|field| {
        let _ = field.focus();
        field.select();
    });
    let (session_id, title) = session.with_untracked(|session| (session.session_id, session.title.clone()));
    let former = title.clone();
    // As it goes it loses the focus, which is no second leaving.
    let is_left = StoredValue::new(false);
    let leave = move || {
        is_left.set_value(true);
        close.run(());
    };
    let save = move || {
        if let Some(field) = field.get_untracked() {
            let title = field.value().trim().to_owned();
            if !title.is_empty() && title != former {
                chat.rename(session_id, title, former.clone());
            }
        }
        leave();
    };
    let on_key = {
        let save = save.clone();
        move |event: ev::KeyboardEvent| {
            match event.key().as_str() {
                "Enter" if !event.is_composing() => save(),
                "Escape" => {
                    event.stop_propagation();
                    leave();
                }
                _ => return,
            }
            browser::focus(&dots_of(session_id));
        }
    };
    view! {
        <input
            type="text"
            class="rename"
            dir="auto"
            aria-label="Title"
            maxlength="200"
            value=title
            node_ref=field
            on:keydown=on_key
            on:blur=move |_| {
                if is_left.try_get_value() == Some(false) {
                    save();
                }
            }
        />
    }
}
