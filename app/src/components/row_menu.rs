//! What can be done to a conversation of the sidebar, as a menu under its row.

use leptos::{
    ev::{FocusEvent, KeyboardEvent},
    html,
    prelude::*,
    wasm_bindgen::JsCast,
    web_sys::Node,
};
use protocol::session::SessionSummary;
use uuid::Uuid;

use super::{
    export_menu::ExportLinks,
    icon::{self, Icon},
};
use crate::{
    browser::{self, Step},
    state::{Chat, use_chat},
};

/// What the focus goes through.
const ITEMS: &str = "button, a";

/// The menu. It has the focus while it is open, and closes when that goes elsewhere.
#[component]
pub(crate) fn RowMenu(session: Memo<SessionSummary>, rename: Callback<()>, close: Callback<()>) -> impl IntoView {
    let chat = use_chat();
    let menu = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        if let Some(menu) = menu.get() {
            browser::reveal(&menu);
            browser::step_focus(&menu, ITEMS, Step::First);
        }
    });
    let session_id = session.with_untracked(|session| session.session_id);
    let pinned = Memo::new(move |_| session.with(|session| session.pinned));
    let leave = move |event: FocusEvent| {
        let next = event.related_target().and_then(|next| next.dyn_into::<Node>().ok());
        // As it goes, so does the focus in it.
        let menu = menu.try_get_untracked().flatten();
        if menu.is_some_and(|menu| !menu.contains(next.as_ref())) {
            close.run(());
        }
    };
    let on_key = move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            // Nearer to the person than the answer that Escape would stop.
            event.stop_propagation();
            close.run(());
        } else if let (Some(step), Some(menu)) = (Step::of_key(&event), menu.get_untracked()) {
            event.prevent_default();
            browser::step_focus(&menu, ITEMS, step);
        }
    };
    let then = move |act: fn(Chat, Uuid)| {
        close.run(());
        act(chat, session_id);
    };
    view! {
        <div class="menu row-menu" role="group" aria-label="Actions" node_ref=menu on:focusout=leave on:keydown=on_key>
            <button type="button" class="quiet" on:click=move |_| rename.run(())>
                <Icon glyph=icon::PEN/>
                "Rename"
            </button>
            <button
                type="button"
                class="quiet"
                on:click=move |_| {
                    let pin = !pinned.get_untracked();
                    close.run(());
                    chat.pin(session_id, pin);
                }
            >
                <Icon glyph=icon::PIN/>
                {move || if pinned.get() { "Unpin" } else { "Pin" }}
            </button>
            <ExportLinks session_id on_pick=close/>
            <button type="button" class="quiet" on:click=move |_| then(Chat::archive)>
                <Icon glyph=icon::ARCHIVE/>
                "Archive"
            </button>
            <button type="button" class="quiet danger" on:click=move |_| then(Chat::delete)>
                <Icon glyph=icon::BIN/>
                "Delete"
            </button>
        </div>
    }
}
