//! The wire types of Parley, the same in the browser, the server and the Gateway.
//!
//! - [`event`]: what a turn emits, and the ids that make a stream resumable
//! - [`task`]: the delegation tree of a turn
//! - [`session`]: sessions, messages, usage, and the bodies of the chat routes
//! - [`plan`]: a plan that waits for the person, and what is decided on it
//! - [`registry`]: agents and models, as the page sees them and as a Gateway lists them
//! - [`gateway`]: the bodies of the Gateway contract
//! - [`highlight`]: code with what each part of it is
//! - [`history`]: which conversations to list, and what a search finds
//! - [`usage`]: what answers took, added up
//! - [`conversation`]: a conversation as a file; [`import`]: what comes of taking one in
//! - [`error`]: the one error envelope
//! - [`sse`]: the framing of streams
//! - [`timestamp`]: instants, RFC 3339 on the wire; [`day`]: days of UTC

pub mod conversation;
pub mod day;
pub mod error;
pub mod event;
pub mod gateway;
pub mod highlight;
pub mod history;
pub mod import;
pub mod plan;
pub mod registry;
pub mod session;
pub mod sse;
pub mod task;
pub mod timestamp;
pub mod usage;
