//! The HTTP tests: the whole router with a scripted Gateway and a temporary database. One file a resource.
#![expect(unreachable_pub, reason = "one crate, nothing outside it")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod approval;
mod common;
mod highlight;
mod keeping;
mod kill;
mod message;
mod orphan;
mod page;
mod post_stream;
mod registry;
mod remains;
mod safety;
mod search;
mod session;
mod soak;
mod stop;
mod stream;
mod take;
mod unkind;
mod usage;
mod version;
