//! What was just done, with the way back.

use leptos::{ev, prelude::*};

use super::icon::{self, Icon};
use crate::{
    browser,
    state::{Chat, use_chat},
};

/// One at a time. The page's polite line has said it already, so that this is no second one.
#[component]
pub(crate) fn ToastBar() -> impl IntoView {
    let chat = use_chat();
    undo_by_key(chat);
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

/// Ctrl+Z takes it back wherever the focus is, but not where one writes: there it is the field's own.
fn undo_by_key(chat: Chat) {
    Effect::new(move |_| {
        let listener = window_event_listener(ev::keydown, move |event| {
            let is_key = (event.ctrl_key() || event.meta_key())
                && !event.shift_key()
                && !event.alt_key()
                && event.key().eq_ignore_ascii_case("z");
            let is_offered = chat.toast.with_untracked(Option::is_some);
            if is_key && is_offered && !event.default_prevented() && !browser::is_writing(&event) {
                event.prevent_default();
                chat.undo();
            }
        });
        on_cleanup(move || listener.remove());
    });
}
