//! What can be done with the rows that are selected, all at once.

use leptos::{ev, html, prelude::*, task::spawn_local};
use protocol::history::ManyChange;

use super::{listing::use_listing, selection::use_selection, table::check_of};
use crate::{
    browser,
    components::icon::{self, Icon},
    state::use_chat,
};

/// The bar. It stands over the list while there are any.
#[component]
pub(super) fn Bar() -> impl IntoView {
    let selection = use_selection();
    let is_any = Memo::new(move |_| selection.count() > 0);
    view! {
        <Show when=move || is_any.get()>
            <Actions/>
        </Show>
    }
}

#[component]
fn Actions() -> impl IntoView {
    let chat = use_chat();
    let listing = use_listing();
    let selection = use_selection();
    let is_archived = Memo::new(move |_| listing.asked.with(|asked| asked.archived));
    let is_busy = RwSignal::new(false);
    let change = move |change: ManyChange| {
        let session_ids = selection.chosen();
        is_busy.set(true);
        spawn_local(async move {
            let is_done = chat.change_many(session_ids, change).await;
            let _ = is_busy.try_set(false);
            if is_done {
                // What had the focus goes with the selection.
                let near = selection.nearest_left();
                selection.clear();
                listing.refresh_near(near.map_or_else(|| "#main".into(), check_of));
            }
        });
    };
    let export = Callback::new(move |format: &'static str| {
        let session_ids = selection.chosen();
        is_busy.set(true);
        spawn_local(async move {
            if let Err(error) = browser::save_many(&session_ids, format).await {
                chat.report(error, None);
            }
            let _ = is_busy.try_set(false);
            browser::focus_if_lost(".export-many summary");
        });
    });
    // Wherever the focus is, unless something nearer to the person takes it.
    let listener = window_event_listener(ev::keydown, move |event| {
        let is_covered = chat.drawer.get_untracked()
            || chat.overlay.with_untracked(Option::is_some)
            || chat.question.with_untracked(Option::is_some);
        if event.key() == "Escape" && !event.default_prevented() && !is_covered {
            event.prevent_default();
            let near = selection.chosen().first().copied();
            selection.clear();
            browser::focus_if_lost(&near.map_or_else(|| "#main".into(), check_of));
        }
    });
    on_cleanup(move || listener.remove());
    view! {
        <div class="selection" role="toolbar" aria-label="Selected conversations">
            <p>
                <b>{move || selection.count()}</b>
                " selected"
            </p>
            {move || {
                let (glyph, name, wanted) = if is_archived.get() {
                    (icon::ARROW_UP, "Restore", ManyChange::Restore)
                } else {
                    (icon::ARCHIVE, "Archive", ManyChange::Archive)
                };
                view! {
                    <button type="button" class="quiet" disabled=move || is_busy.get() on:click=move |_| change(wanted)>
                        <Icon glyph=glyph/>
                        {name}
                    </button>
                }
            }}
            <Export export is_busy/>
            <button
                type="button"
                class="quiet danger"
                disabled=move || is_busy.get()
                on:click=move |_| change(ManyChange::Delete)
            >
                <Icon glyph=icon::BIN/>
                "Delete"
            </button>
            <button type="button" class="quiet" aria-label="Select none" title="Select none (Esc)" on:click=move |_| selection.clear()>
                <Icon glyph=icon::CLOSE/>
            </button>
        </div>
    }
}

/// Saves them as one archive, in the format that is picked.
#[component]
fn Export(export: Callback<&'static str>, is_busy: RwSignal<bool>) -> impl IntoView {
    let menu = NodeRef::<html::Details>::new();
    let pick = move |format| {
        browser::close(menu);
        export.run(format);
    };
    view! {
        <details class="export-many" node_ref=menu on:focusout=move |event| browser::close_unless_within(menu, &event)>
            <summary class="button quiet" aria-disabled=move || is_busy.get().to_string()>
                <Icon glyph=icon::DOWNLOAD/>
                "Export"
            </summary>
            <div class="menu">
                {[("markdown", "Markdown"), ("json", "JSON"), ("html", "HTML")]
                    .map(|(format, name)| {
                        view! {
                            <button
                                type="button"
                                class="quiet"
                                disabled=move || is_busy.get()
                                on:click=move |_| pick(format)
                            >
                                {name}
                            </button>
                        }
                    })
                    .collect_view()}
            </div>
        </details>
    }
}
