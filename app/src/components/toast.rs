//! What was just done, with the way back.

use leptos::prelude::*;

use super::icon::{self, Icon};
use crate::state::use_chat;

/// One at a time. The page's polite line has said it already, so that this is no second one.
#[component]
pub(crate) fn ToastBar() -> impl IntoView {
    let chat = use_chat();
    let text = Memo::new(move |_| chat.toast.with(|toast| toast.as_ref().map(|toast| toast.text.clone())));
    view! {
        <Show when=move || text.with(Option::is_some)>
            <div class="toast">
                <p>{move || text.get()}</p>
                <button type="button" class="small" title="Undo (Ctrl Z)" on:click=move |_| chat.undo()>
                    "Undo"
                </button>
                <button type="button" class="quiet" aria-label="Dismiss" on:click=move |_| chat.forget_toast()>
                    <Icon glyph=icon::CLOSE/>
                </button>
            </div>
        </Show>
    }
}
