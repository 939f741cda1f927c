//! Everything the page asks of the browser beyond what Leptos offers. On the server each does nothing.

#[cfg(not(target_arch = "wasm32"))]
mod absent;
#[cfg(target_arch = "wasm32")]
mod present;

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use absent::*;
#[cfg(target_arch = "wasm32")]
pub(crate) use present::*;

use leptos::{ev, html, prelude::*, wasm_bindgen::JsCast, web_sys::Node};
use protocol::{error::ErrorBody, import::ImportLine};
use std::{future::Future, pin::pin, time::Duration};

/// What an import tells as it goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    not(target_arch = "wasm32"),
    expect(dead_code, reason = "only a browser hears of anything")
)]
pub(crate) enum Heard {
    /// So much of a hundred of the file is sent.
    Sent(u64),
    /// What the server says.
    Line(ImportLine),
    /// It was refused, or broke off.
    Failed(ErrorBody),
}

/// Where the focus goes among several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// To the one after; from outside, to the first.
    Next,
    /// To the one before.
    Previous,
    /// To the first.
    First,
    /// To the last.
    Last,
}

impl Step {
    /// What a key press in a list or a menu asks for.
    pub(crate) fn of_key(event: &ev::KeyboardEvent) -> Option<Self> {
        if event.ctrl_key() || event.meta_key() || event.alt_key() || event.shift_key() {
            return None;
        }
        match event.key().as_str() {
            "ArrowDown" => Some(Self::Next),
            "ArrowUp" => Some(Self::Previous),
            "Home" => Some(Self::First),
            "End" => Some(Self::Last),
            _ => None,
        }
    }
}

/// Waits for that, but no longer than `limit`; then it is dropped. A request has no limit of its own: on a network that has
/// gone without a word it would wait for minutes.
pub(crate) async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    match futures::future::select(pin!(future), pin!(sleep(limit))).await {
        futures::future::Either::Left((value, _)) => Some(value),
        futures::future::Either::Right(_) => None,
    }
}

/// Closes what a summary has opened.
pub(crate) fn close(details: NodeRef<html::Details>) {
    if let Some(details) = details.get_untracked() {
        let _ = details.remove_attribute("open");
    }
}

/// Closes it where the focus has gone elsewhere.
pub(crate) fn close_unless_within(details: NodeRef<html::Details>, event: &ev::FocusEvent) {
    let next = event.related_target().and_then(|next| next.dyn_into::<Node>().ok());
    if details
        .get_untracked()
        .is_some_and(|details| !details.contains(next.as_ref()))
    {
        close(details);
    }
}

/// Whether a key press in a field sends. Enter that ends the composing of a word does not, whatever the browser calls it.
pub(crate) fn sends(event: &ev::KeyboardEvent) -> bool {
    event.key() == "Enter" && !event.shift_key() && !event.is_composing() && event.key_code() != 229
}
