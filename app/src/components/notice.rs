//! What went wrong, what to do, and a button that does it.

use leptos::prelude::*;

use super::icon::{self, Icon};
use crate::state::use_chat;

/// The notice over the composer, and the word that the connection is being restored.
#[component]
pub(crate) fn NoticeBar() -> impl IntoView {
    let chat = use_chat();
    let notice = Memo::new(move |_| chat.notice.get());
    view! {
        {move || {
            notice
                .get()
                .map(|notice| {
                    view! {
                        <div class="notice" role="alert">
                            <Icon glyph=icon::ALERT/>
                            <p>
                                <b>{notice.error.error.message.clone()}</b>
                                " "
                                {notice.error.error.action.clone()}
                            </p>
                            {notice
                                .remedy
                                .map(|_| {
                                    view! {
                                        <button type="button" class="small" on:click=move |_| chat.remedy()>
                                            "Retry"
                                        </button>
                                    }
                                })}
                            <button
                                type="button"
                                class="quiet"
                                aria-label="Dismiss"
                                on:click=move |_| chat.notice.set(None)
                            >
                                <Icon glyph=icon::CLOSE/>
                            </button>
                        </div>
                    }
                })
        }}
        // The page's one polite line says it to those who do not see it.
        <Show when=move || chat.reconnecting.get()>
            <p class="reconnecting">
                <i class="spinner" aria-hidden="true"></i>
                "Reconnecting…"
            </p>
        </Show>
    }
}
