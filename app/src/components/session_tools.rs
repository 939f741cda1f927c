//! What the toolbar offers for a conversation that is open.

use leptos::{html, prelude::*};
use uuid::Uuid;

use super::{
    export_menu::{ExportLinks, ExportMenu},
    icon::{self, Icon},
};
use crate::{browser, state::use_chat};

/// What can be done with the session shown. On a phone there is room for one button only, which opens the rest.
#[component]
pub(crate) fn SessionTools(session_id: Uuid) -> impl IntoView {
    let chat = use_chat();
    let more = NodeRef::<html::Details>::new();
    let close = move || browser::close(more);
    // What is in the archive is there already.
    let is_clearable = Memo::new(move |_| chat.archived().is_none());
    view! {
        <div class="tools">
            <ExportMenu session_id/>
            <Show when=move || is_clearable.get()>
                <button type="button" class="quiet" aria-label="Clear" title="Clear" on:click=move |_| chat.clear()>
                    <Icon glyph=icon::BIN/>
                </button>
            </Show>
        </div>
        <details class="more-tools" node_ref=more on:focusout=move |event| browser::close_unless_within(more, &event)>
            <summary class="button quiet" aria-label="More">
                <Icon glyph=icon::MORE/>
            </summary>
            <div class="menu">
                <ExportLinks session_id on_pick=move |()| close()/>
                <Show when=move || is_clearable.get()>
                    <button
                        type="button"
                        class="quiet"
                        on:click=move |_| {
                            close();
                            chat.clear();
                        }
                    >
                        <Icon glyph=icon::BIN/>
                        "Clear"
                    </button>
                </Show>
            </div>
        </details>
    }
}
