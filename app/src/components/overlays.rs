//! The dialogs over the page.

use leptos::prelude::*;

use super::{confirm::Confirm, key_list::KeyList, palette::Palette};

/// Each is closed until the state says otherwise.
#[component]
pub(crate) fn Overlays() -> impl IntoView {
    view! {
        <Confirm/>
        <Palette/>
        <KeyList/>
    }
}
