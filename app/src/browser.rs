//! Everything the page asks of the browser beyond what Leptos offers. On the server each does nothing.

#[cfg(not(target_arch = "wasm32"))]
mod absent;
#[cfg(target_arch = "wasm32")]
mod present;

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use absent::*;
#[cfg(target_arch = "wasm32")]
pub(crate) use present::*;
