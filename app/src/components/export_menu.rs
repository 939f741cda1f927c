//! In which formats a conversation can be saved.

use leptos::{html, prelude::*};
use protocol::conversation::ExportFormat;
use uuid::Uuid;

use super::icon::{self, Icon};
use crate::{browser, state::export_address};

/// A link for each format.
#[component]
pub(super) fn ExportLinks(session_id: Uuid, #[prop(into)] on_pick: Callback<()>) -> impl IntoView {
    ExportFormat::ALL
        .map(|format| {
            view! {
                <a
                    class="button quiet"
                    href=export_address(session_id, format)
                    download=""
                    rel="external"
                    on:click=move |_| on_pick.run(())
                >
                    <Icon glyph=icon::DOWNLOAD/>
                    {words(format)}
                </a>
            }
        })
        .collect_view()
}

/// A button that opens them.
#[component]
pub(super) fn ExportMenu(session_id: Uuid) -> impl IntoView {
    let menu = NodeRef::<html::Details>::new();
    view! {
        <details class="export" node_ref=menu on:focusout=move |event| browser::close_unless_within(menu, &event)>
            <summary class="button quiet" aria-label="Export" title="Export">
                <Icon glyph=icon::DOWNLOAD/>
            </summary>
            <div class="menu">
                <ExportLinks session_id on_pick=move |()| browser::close(menu)/>
            </div>
        </details>
    }
}

fn words(format: ExportFormat) -> &'static str {
    match format {
        ExportFormat::Markdown => "Export as Markdown",
        ExportFormat::Json => "Export as JSON",
        ExportFormat::Html => "Export as HTML",
    }
}
