//! Everything the page asks of the browser beyond what Leptos offers. On the server each does nothing.

#[cfg(not(target_arch = "wasm32"))]
mod absent;
#[cfg(target_arch = "wasm32")]
mod present;

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use absent::*;
#[cfg(target_arch = "wasm32")]
pub(crate) use present::*;

use std::{future::Future, pin::pin, time::Duration};

/// Waits for that, but no longer than `limit`; then it is dropped. A request has no limit of its own: on a network that has
/// gone without a word it would wait for minutes.
pub(crate) async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    match futures::future::select(pin!(future), pin!(sleep(limit))).await {
        futures::future::Either::Left((value, _)) => Some(value),
        futures::future::Either::Right(_) => None,
    }
}

/// Whether a key press in a field sends. Enter that ends the composing of a word does not, whatever the browser calls it.
pub(crate) fn sends(event: &leptos::ev::KeyboardEvent) -> bool {
    event.key() == "Enter" && !event.shift_key() && !event.is_composing() && event.key_code() != 229
}
