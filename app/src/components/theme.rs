//! The theme: the system's, dark, or light.

use leptos::prelude::*;

use super::icon::{self, Icon};
use crate::state::use_chat;

/// A button that goes round the three.
#[component]
pub(super) fn ThemeSwitch() -> impl IntoView {
    let chat = use_chat();
    let turn = move |_| {
        let next = match chat.theme.get_untracked().as_deref() {
            None => Some("dark"),
            Some("dark") => Some("light"),
            Some(_) => None,
        };
        chat.use_theme(next);
    };
    let name = move || match chat.theme.get().as_deref() {
        Some("dark") => "dark",
        Some("light") => "light",
        _ => "system",
    };
    let glyph = Signal::derive(move || match name() {
        "dark" => icon::MOON,
        "light" => icon::SUN,
        _ => icon::SCREEN,
    });
    view! {
        <button
            type="button"
            class="quiet theme"
            aria-label=move || "Theme: ".to_owned() + name()
            title=move || "Theme: ".to_owned() + name()
            on:click=turn
        >
            <Icon glyph/>
        </button>
    }
}
