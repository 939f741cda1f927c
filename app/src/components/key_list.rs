//! The list of keys.

use leptos::prelude::*;

use super::overlays::open_while;
use crate::{
    keys,
    state::{Overlay, use_chat},
};

/// A modal dialog; the browser keeps the focus in it, and Escape closes it.
#[component]
pub(super) fn KeyList() -> impl IntoView {
    let chat = use_chat();
    let is_open = Memo::new(move |_| chat.overlay.get() == Some(Overlay::Keys));
    let dialog = open_while(move || is_open.get());
    let close = move || {
        if is_open.get_untracked() {
            chat.overlay.set(None);
        }
    };
    view! {
        <dialog class="confirm keys" node_ref=dialog aria-labelledby="keys-title" on:close=move |_| close()>
            <h2 id="keys-title">"Keyboard shortcuts"</h2>
            <dl>
                {keys::LIST
                    .into_iter()
                    .map(|(keys, does)| {
                        view! {
                            <div>
                                <dt>{does}</dt>
                                <dd>{chords(keys)}</dd>
                            </div>
                        }
                    })
                    .collect_view()}
            </dl>
            <p>"On a Mac, Cmd does what Ctrl does."</p>
            <div class="choices">
                <button type="button" autofocus on:click=move |_| close()>
                    "Close"
                </button>
            </div>
        </dialog>
    }
}

/// Each key as a key; a stroke between alternatives stays a stroke.
fn chords(keys: &'static str) -> impl IntoView {
    keys.split(' ')
        .map(|key| {
            if key == "/" && keys.contains(" / ") {
                view! { <span>" or "</span> }.into_any()
            } else {
                view! { <kbd>{key}</kbd> }.into_any()
            }
        })
        .collect_view()
}
