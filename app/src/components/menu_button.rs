//! What opens the sidebar on a phone.

use leptos::prelude::*;

use super::icon::{self, Icon};
use crate::{browser, state::use_chat};

/// The button, at the beginning of each page's head.
#[component]
pub(crate) fn MenuButton() -> impl IntoView {
    let chat = use_chat();
    let open_drawer = move |_| {
        chat.drawer.set(true);
        browser::focus(".sidebar .close");
    };
    view! {
        <button
            type="button"
            class="quiet on-phones"
            aria-label="Conversations"
            aria-expanded=move || chat.drawer.get().to_string()
            on:click=open_drawer
        >
            <Icon glyph=icon::MENU/>
        </button>
    }
}
