//! The contract, through the router: in one binary, because linking is what takes the time.
//!
//! - `common`: a client of the router, and a stub of a provider
//! - `routes`: listings, refusals, access
//! - `document`: the OpenAPI document beside the router
//! - `answers`: starting, reading, resuming, cancelling, deciding; Rehearsal is the partner
//! - `decision`: a plan whose turn was cut off while it waited
//! - `delegation`: a hierarchy at work, to a model that calls tools
//! - `reload`: agents.toml and models.toml change while the Gateway runs
//! - `named`: several providers that speak alike, and how models do
//! - `file`: a file that a test changes
//! - `openai`, `providers`: real HTTP to stubs that speak as the providers do

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking and is documented by its name"
)]

mod answers;
mod common;
mod decision;
mod delegation;
mod document;
mod file;
mod named;
mod openai;
mod providers;
mod reload;
mod routes;
