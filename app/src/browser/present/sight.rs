//! Where things are in the document and on the screen: finding, scrolling, focus.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, FocusOptions, HtmlElement, ScrollIntoViewOptions, ScrollLogicalPosition};

use crate::browser::Step;

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
pub(crate) fn focus(selector: &str) {
    let selector = selector.to_owned();
    request_animation_frame(move || {
        if let Some(element) = document().query_selector(&selector).ok().flatten()
            && let Some(element) = element.dyn_ref::<HtmlElement>()
        {
            let _ = element.focus();
        }
    });
}

/// Focuses the first element that matches, once the present update is on the screen, if what had the focus went with it.
pub(crate) fn focus_if_lost(selector: &str) {
    let selector = selector.to_owned();
    request_animation_frame(move || {
        if is_focus_lost()
            && let Some(element) = find(&selector)
        {
            focus_in_place(&element);
        }
    });
}

/// Rows are about to be listed anew. What has the focus keeps it, even if its row is moved in the document, which would take
/// it away.
pub(crate) fn keep_focus() {
    let Some(active) = document().active_element() else {
        return;
    };
    request_animation_frame(move || {
        if is_focus_lost() && active.is_connected() {
            focus_in_place(&active);
        }
    });
}

/// A row is about to go. If it holds the focus, the one that comes in its place is given it, at `control`.
pub(crate) fn hand_on_focus(rows: &'static str, control: &'static str) {
    let of_document = || document().document_element().map(|root| find_all(&root, rows));
    let active = document().active_element();
    let held = |row: &Element| active.as_ref().is_some_and(|active| row.contains(Some(active)));
    let Some(at) = of_document().and_then(|all| all.iter().position(held)) else {
        return;
    };
    request_animation_frame(move || {
        let left = of_document().unwrap_or_default();
        if is_focus_lost()
            && let Some(row) = left.get(at.min(left.len().saturating_sub(1)))
            && let Ok(Some(control)) = row.query_selector(control)
        {
            focus_in_place(&control);
        }
    });
}

/// Whether nothing has the focus.
fn is_focus_lost() -> bool {
    document()
        .active_element()
        .is_none_or(|active| active.tag_name().eq_ignore_ascii_case("body"))
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

/// Moves the focus among the elements inside `within` that match.
pub(crate) fn step_focus(within: &Element, selector: &str, step: Step) {
    let all = find_all(within, selector);
    let active = document().active_element();
    let at = active.and_then(|active| all.iter().position(|element| *element == active));
    let next = match (step, at) {
        (Step::First, _) | (Step::Next, None) => Some(0),
        (Step::Next, Some(at)) => Some(at + 1),
        (Step::Previous, at) => at.and_then(|at| at.checked_sub(1)),
        (Step::Last, _) => all.len().checked_sub(1),
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

/// How far the first element that matches is scrolled, in pixels.
pub(crate) fn scroll_place(selector: &str) -> i32 {
    find(selector).map_or(0, |element| element.scroll_top())
}

/// Scrolls the first element that matches there.
pub(crate) fn scroll_to_place(selector: &str, place: i32) {
    if let Some(element) = find(selector) {
        element.set_scroll_top(place);
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
