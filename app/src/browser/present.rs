//! The browser, in the browser.

mod channel;
mod import;
mod save;
mod sight;

pub(crate) use channel::{hear_tabs, tell_tabs};
pub(crate) use import::{Importing, PickedFile, dropped_file, import, picked_file};
pub(crate) use save::save_many;
pub(crate) use sight::*;

use futures::channel::oneshot;
use leptos::{leptos_dom::helpers::TimeoutHandle, prelude::*};
use leptos_router::params::ParamsMap;
use protocol::timestamp::Timestamp;
use std::time::Duration;
use uuid::Uuid;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlDialogElement, HtmlDocument, HtmlElement, HtmlTextAreaElement, Storage};

/// The token that every unsafe request carries.
pub(crate) fn csrf_token() -> String {
    document()
        .query_selector(r#"meta[name="csrf-token"]"#)
        .ok()
        .flatten()
        .and_then(|meta| meta.get_attribute("content"))
        .unwrap_or_default()
}

/// The present, by the person's clock.
pub(crate) fn now() -> Timestamp {
    Timestamp(js_sys::Date::now() as i64 * 1_000)
}

/// How far local time is ahead of UTC.
pub(crate) fn utc_offset_minutes() -> i32 {
    -(js_sys::Date::new_0().get_timezone_offset() as i32)
}

/// What the browser believes of its connection.
pub(crate) fn is_online() -> bool {
    window().navigator().on_line()
}

/// Whether the page is on the screen, as far as the browser knows.
pub(crate) fn is_visible() -> bool {
    !document().hidden()
}

/// Lets time pass. Nothing of it is left when it is dropped.
pub(crate) async fn sleep(duration: Duration) {
    struct Alarm(Option<TimeoutHandle>);

    impl Drop for Alarm {
        fn drop(&mut self) {
            if let Some(timer) = self.0 {
                timer.clear();
            }
        }
    }

    let (ring, rung) = oneshot::channel::<()>();
    let _alarm = Alarm(set_timeout_with_handle(move || drop(ring), duration).ok());
    // The sender is dropped, not used: either way the wait is over.
    let _ = rung.await;
}

/// Says that the page answers to clicks now.
pub(crate) fn mark_hydrated() {
    if let Some(html) = document().document_element() {
        let _ = html.set_attribute("data-hydrated", "true");
    }
}

/// Applies a theme, `None` being the system's, and remembers it for a year.
pub(crate) fn set_theme(theme: Option<&str>) {
    if let Some(html) = document().document_element() {
        let _ = match theme {
            Some(theme) => html.set_attribute("data-theme", theme),
            None => html.remove_attribute("data-theme"),
        };
    }
    if let Ok(document) = document().dyn_into::<HtmlDocument>() {
        let _ = document.set_cookie(&match theme {
            Some(theme) => format!("parley_theme={theme}; Path=/; SameSite=Lax; Max-Age=31536000"),
            None => "parley_theme=; Path=/; SameSite=Lax; Max-Age=0".to_owned(),
        });
    }
}

fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

fn draft_key(session_id: Option<Uuid>) -> String {
    match session_id {
        Some(id) => format!("parley.draft.{id}"),
        None => "parley.draft.new".to_owned(),
    }
}

/// What was typed there and never sent.
pub(crate) fn draft(session_id: Option<Uuid>) -> String {
    storage()
        .and_then(|storage| storage.get_item(&draft_key(session_id)).ok().flatten())
        .unwrap_or_default()
}

/// Keeps what is typed there.
pub(crate) fn keep_draft(session_id: Option<Uuid>, text: &str) {
    let Some(storage) = storage() else { return };
    let key = draft_key(session_id);
    let _ = if text.is_empty() {
        storage.remove_item(&key)
    } else {
        storage.set_item(&key, text)
    };
}

/// What stands in the composer before the page is alive.
pub(crate) fn typed() -> String {
    document()
        .get_element_by_id("message")
        .and_then(|field| field.dyn_into::<HtmlTextAreaElement>().ok())
        .map(|field| field.value())
        .unwrap_or_default()
}

/// Puts a text on the clipboard. Over plain HTTP there is only the old way.
pub(crate) fn copy(text: &str) {
    if window().is_secure_context() {
        let _ = window().navigator().clipboard().write_text(text);
        return;
    }
    let (Ok(area), Some(body), Ok(html)) = (
        document().create_element("textarea"),
        document().body(),
        document().dyn_into::<HtmlDocument>(),
    ) else {
        return;
    };
    let area: HtmlTextAreaElement = area.unchecked_into();
    area.set_value(text);
    if body.append_child(&area).is_ok() {
        area.select();
        let _ = html.exec_command("copy");
        area.remove();
    }
}

/// Copies the code or the table whose copy button was clicked, if `within` is in one.
pub(crate) fn copy_block(within: &Element) {
    let Some(button) = within.closest("[data-copy]").ok().flatten() else {
        return;
    };
    let found = |block, part| {
        button
            .closest(block)
            .ok()
            .flatten()?
            .query_selector(part)
            .ok()
            .flatten()
    };
    let text = match (found(".code", "code"), found(".table", "table")) {
        (Some(code), _) => Some(
            code.text_content()
                .unwrap_or_default()
                .trim_end_matches('\n')
                .to_owned(),
        ),
        (None, Some(table)) => Some(tabbed(&table)),
        (None, None) => None,
    };
    if let Some(text) = text {
        copy(&text);
        let _ = button.set_attribute("data-copy", "done");
        set_timeout(
            move || {
                let _ = button.set_attribute("data-copy", "");
            },
            Duration::from_millis(1_600),
        );
    }
}

/// A table as spreadsheets take it in: a line for each row, a tab between two cells.
fn tabbed(table: &Element) -> String {
    let cell = |cell: Element| {
        let text = cell.text_content().unwrap_or_default();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let row = |row: Element| {
        let cells = find_all(&row, "th, td").into_iter().map(cell);
        cells.collect::<Vec<_>>().join("\t")
    };
    find_all(table, "tr")
        .into_iter()
        .map(row)
        .collect::<Vec<_>>()
        .join("\n")
}

/// Makes a text field as high as its text.
pub(crate) fn fit_height(area: &HtmlTextAreaElement) {
    // The CSP forbids style attributes in markup, not the style object.
    let style = HtmlElement::style(area);
    let _ = style.set_property("height", "auto");
    let _ = style.set_property("height", &format!("{}px", area.scroll_height()));
}

/// Saves what is at an address of ours as a file.
pub(crate) fn download(address: &str) {
    let (Ok(link), Some(body)) = (document().create_element("a"), document().body()) else {
        return;
    };
    let is_set = link
        .set_attribute("href", address)
        .and(link.set_attribute("download", ""));
    if is_set.is_ok() && body.append_child(&link).is_ok() {
        link.unchecked_ref::<HtmlElement>().click();
        link.remove();
    }
}

/// Whether a key pressed now writes into a field.
pub(crate) fn is_writing(event: &leptos::ev::KeyboardEvent) -> bool {
    event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok())
        .is_some_and(|element| {
            element
                .matches("input:not([type='checkbox']), textarea, select, [contenteditable]")
                .unwrap_or(false)
        })
}

/// Opens a `<dialog>` as a modal one, or closes it.
pub(crate) fn open_dialog(dialog: &Element, open: bool) {
    let Some(dialog) = dialog.dyn_ref::<HtmlDialogElement>() else {
        return;
    };
    if open && !dialog.open() {
        let _ = dialog.show_modal();
    } else if !open && dialog.open() {
        dialog.close();
    }
}

/// What stands in the named fields of a form.
pub(crate) fn fields(form: &Element) -> ParamsMap {
    let text = |field: &Element, what: &str| js_sys::Reflect::get(field, &what.into()).ok()?.as_string();
    find_all(form, "input[name], select[name]")
        .iter()
        .filter_map(|field| Some((text(field, "name")?, text(field, "value")?)))
        .collect()
}
