//! The page of Parley, rendered on the server and brought to life in the browser.
//!
//! - `shell`, `pages`, `components`: document, routes, and what they are made of; one component a file
//! - `state`: what the page knows, as signals, and the verbs that change it; `boot` fills it, `stream` feeds it
//! - [`backend`], `server_fns`, `client`, [`error`]: what is asked of the server, through which doors, and how it fails
//! - `parts`: what is fetched only when it is wanted
//! - [`markdown`]: text to HTML that is safe; `figures`, `calendar`: numbers and times; `browser`: the rest of the browser

#![recursion_limit = "512"]

pub mod backend;
mod boot;
mod browser;
mod calendar;
mod client;
#[expect(unreachable_pub, reason = "the component macro makes its inner function public")]
mod components;
pub mod error;
mod figures;
mod keys;
pub mod markdown;
#[expect(unreachable_pub, reason = "the component macro makes its inner function public")]
mod pages;
mod parts;
mod server_fns;
mod shell;
mod state;
mod stream;

pub use pages::App;
pub use parts::prepare;
pub use shell::{Assets, shell};
