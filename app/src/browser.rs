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
