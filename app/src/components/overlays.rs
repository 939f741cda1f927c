//! The dialogs over the page.

use leptos::{html, prelude::*};

use super::{confirm::Confirm, import::Import, key_list::KeyList, palette::Palette};
use crate::browser;

/// Each is closed until the state says otherwise.
#[component]
pub(crate) fn Overlays() -> impl IntoView {
    view! {
        <Confirm/>
        <Palette/>
        <KeyList/>
        <Import/>
    }
}

/// A modal dialog that is open while `is_open` says so; the browser keeps the focus in it.
pub(super) fn open_while(is_open: impl Fn() -> bool + 'static) -> NodeRef<html::Dialog> {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let open = is_open();
        if let Some(dialog) = dialog.get() {
            browser::open_dialog(&dialog, open);
        }
    });
    dialog
}
