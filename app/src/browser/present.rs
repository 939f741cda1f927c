//! The browser, in the browser.

mod channel;

pub(crate) use channel::{hear_tabs, tell_tabs};

use futures::channel::oneshot;
use leptos::{leptos_dom::helpers::TimeoutHandle, prelude::*};
use leptos_router::params::ParamsMap;
use protocol::timestamp::Timestamp;
use std::time::Duration;
use uuid::Uuid;
use wasm_bindgen::JsCast;
use web_sys::{
    Element, FocusOptions, HtmlDialogElement, HtmlDocument, HtmlElement, HtmlTextAreaElement, ScrollIntoViewOptions,
    ScrollLogicalPosition, Storage,
};

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
                .matches("input, textarea, select, [contenteditable]")
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

/// How far the reader is from the beginning and from the end, in pixels.
pub(crate) fn scroll_position(scroller: &HtmlElement) -> (i32, i32) {
    let top = scroller.scroll_top();
    (top, scroller.scroll_height() - top - scroller.client_height())
}

/// The first visible pixel of the element in `scroller` that matches, and how many pixels of the scroller are visible.
pub(crate) fn in_sight(scroller: &HtmlElement, selector: &str) -> (f64, f64) {
    let view = scroller.get_bounding_client_rect();
    let top = scroller
        .query_selector(selector)
        .ok()
        .flatten()
        .map_or(0.0, |content| view.top() - content.get_bounding_client_rect().top());
    (top, view.height())
}

/// The heights of the elements that match, each with the value of that attribute.
pub(crate) fn heights(within: &HtmlElement, selector: &str, attribute: &str) -> Vec<(String, f64)> {
    find_all(within, selector)
        .into_iter()
        .filter_map(|element| {
            let name = element.get_attribute(attribute)?;
            Some((name, element.get_bounding_client_rect().height()))
        })
        .collect()
}

/// Whether there is an element in the document that matches.
pub(crate) fn has(selector: &str) -> bool {
    matches!(document().query_selector(selector), Ok(Some(_)))
}

/// The elements inside `within` that match.
pub(crate) fn find_all(within: &Element, selector: &str) -> Vec<Element> {
    let Ok(found) = within.query_selector_all(selector) else {
        return Vec::new();
    };
    (0..found.length())
        .filter_map(|at| found.item(at)?.dyn_into::<Element>().ok())
        .collect()
}

/// The space between the rows of the element that matches.
pub(crate) fn row_gap(within: &HtmlElement, selector: &str) -> f64 {
    let element = within.query_selector(selector).ok().flatten();
    element
        .and_then(|element| window().get_computed_style(&element).ok().flatten())
        .and_then(|style| style.get_property_value("row-gap").ok())
        .and_then(|gap| gap.trim_end_matches("px").parse().ok())
        .unwrap_or(0.0)
}

/// Goes to that distance from the end, in pixels.
pub(crate) fn scroll_from_end(scroller: &HtmlElement, distance: i32) {
    scroller.set_scroll_top(scroller.scroll_height() - scroller.client_height() - distance);
}

/// Scrolls as little as it takes to see the element of that id.
pub(crate) fn bring_into_view(id: &str) {
    if let Some(element) = document().get_element_by_id(id) {
        reveal(&element);
    }
}

/// Focuses the first element that matches, once the present update is on the screen.
pub(crate) fn focus(selector: &'static str) {
    request_animation_frame(move || {
        if let Some(element) = document().query_selector(selector).ok().flatten()
            && let Some(element) = element.dyn_ref::<HtmlElement>()
        {
            let _ = element.focus();
        }
    });
}

/// The first element in the document that matches.
pub(crate) fn find(selector: &str) -> Option<Element> {
    document().query_selector(selector).ok().flatten()
}

/// Clicks the first element that matches.
pub(crate) fn click(selector: &str) {
    if let Some(element) = find(selector).and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        element.click();
    }
}

/// Moves the focus to the next or former of the elements inside `within` that match; from outside, to the first.
pub(crate) fn step_focus(within: &Element, selector: &str, forward: bool) {
    let all = find_all(within, selector);
    let active = document().active_element();
    let at = active.and_then(|active| all.iter().position(|element| *element == active));
    let next = match at {
        None => Some(0),
        Some(at) if forward => Some(at + 1),
        Some(at) => at.checked_sub(1),
    };
    if let Some(element) = next.and_then(|next| all.get(next)?.dyn_ref::<HtmlElement>()) {
        let _ = element.focus();
    }
}

/// Scrolls as little as it takes to see the whole element.
pub(crate) fn reveal(element: &Element) {
    scroll_to(element, ScrollLogicalPosition::Nearest);
}

/// Scrolls until the element is in the middle of what is in sight, or as near to it as can be.
pub(crate) fn to_the_middle(element: &Element) {
    scroll_to(element, ScrollLogicalPosition::Center);
}

fn scroll_to(element: &Element, place: ScrollLogicalPosition) {
    let options = ScrollIntoViewOptions::new();
    options.set_block(place);
    element.scroll_into_view_with_scroll_into_view_options(&options);
}

/// Whether fewer pixels than that are left below what is in sight.
pub(crate) fn is_near_end(scroller: &Element, distance: i32) -> bool {
    scroller.scroll_height() - scroller.scroll_top() - scroller.client_height() < distance
}

/// Goes to the beginning of what scrolls in the first element that matches.
pub(crate) fn to_the_top(selector: &str) {
    if let Some(element) = find(selector) {
        element.set_scroll_top(0);
    }
}

/// Gives it the focus without scrolling.
pub(crate) fn focus_in_place(element: &Element) {
    let options = FocusOptions::new();
    options.set_prevent_scroll(true);
    if let Some(element) = element.dyn_ref::<HtmlElement>() {
        let _ = element.focus_with_options(&options);
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
