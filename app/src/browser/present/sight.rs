//! Where things are in the document and on the screen: finding, scrolling, focus.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, FocusOptions, HtmlElement, ScrollIntoViewOptions, ScrollLogicalPosition};

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
