//! Parley's server.
//!
//! - [`router`]: the whole app as one axum router, which tests use too
//! - [`chat`]: the use cases, the turn engine among them
//! - [`gateway`]: the link to the Gateway; [`embedded`] runs one inside this process
//! - [`store`]: Diesel and SQLite
//! - [`search`]: what a search is, apart from the database
//! - [`highlight`]: what code consists of, for the page to colour
//! - [`export`]: conversations to take along; [`import`]: conversations brought in
//! - [`keeping`]: backup, prune and export from the command line
//! - [`routes`] and [`page`]: the two doors, REST and Leptos; [`assets`]: the page's files
//! - [`demo`]: conversations to try Parley with
//! - [`listen`] accepts connections
//! - [`config`], [`identity`], [`limits`], [`middleware`], [`error`]: what all of them share

pub mod assets;
pub mod chat;
pub mod config;
pub mod demo;
pub mod embedded;
pub mod error;
pub mod export;
pub mod extract;
pub mod gateway;
pub mod highlight;
pub mod identity;
pub mod import;
pub mod keeping;
pub mod limits;
pub mod listen;
pub mod middleware;
pub mod page;
pub mod routes;
pub mod search;
pub mod state;
pub mod store;

use std::time::Duration;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::{HeaderName, header},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::CompressionLayer,
    limit::RequestBodyLimitLayer,
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    trace::TraceLayer,
};

use error::Error;
use extract::MAX_BODY_BYTES;
use state::AppState;

/// How long a request that is not a stream may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// The whole app.
pub fn router(state: AppState) -> Router {
    let request_id = HeaderName::from_static("x-request-id");
    let trace = TraceLayer::new_for_http().make_span_with(|request: &Request| {
        // The path alone: a query may hold what a person searched for.
        let id = request
            .headers()
            .get("x-request-id")
            .and_then(|id| id.to_str().ok())
            .unwrap_or_default();
        tracing::info_span!("request", method = %request.method(), path = request.uri().path(), id)
    });
    // Streams stay outside of what compresses: it would hold events back, and costs memory for each reader.
    routes::router()
        .merge(page::router(&state))
        .layer(CompressionLayer::new())
        .merge(routes::stream_router())
        .layer(RequestBodyLimitLayer::new(MAX_BODY_BYTES))
        .layer(from_fn(refuse_large))
        .layer(from_fn(time_out))
        // What takes in files has bounds of its own.
        .merge(routes::import_router())
        .layer(from_fn_with_state(state.clone(), middleware::guard_unsafe))
        .layer(from_fn_with_state(state.clone(), middleware::identify))
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn(middleware::harden))
        .layer(CatchPanicLayer::custom(|_| {
            tracing::error!("a handler panicked");
            Error::Panicked.into_response()
        }))
        .layer(trace)
        .layer(PropagateRequestIdLayer::new(request_id.clone()))
        .layer(SetRequestIdLayer::new(request_id, MakeRequestUuid))
        .with_state(state)
}

/// Refuses in the envelope what says of itself that it is too large; what says nothing is cut off by the limit itself.
async fn refuse_large(request: Request, next: Next) -> Response {
    let length = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > MAX_BODY_BYTES as u64) {
        return Error::BodyTooLarge.into_response();
    }
    next.run(request).await
}

/// Bounds the time until a response begins; a stream's body may take as long as it likes.
async fn time_out(request: Request, next: Next) -> Response {
    match tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Error::TimedOut.into_response(),
    }
}

/// Leptos's own options, compiled in from `Leptos.toml` and overridden by `LEPTOS_*` in the environment.
///
/// # Errors
/// When a variable has a value that Leptos cannot use.
pub fn leptos_options() -> Result<leptos::config::LeptosOptions, leptos::config::errors::LeptosConfigError> {
    leptos::config::get_config_from_str(include_str!("../../Leptos.toml"))
}

#[cfg(test)]
mod tests {
    /// cargo-leptos reads one file and the server the other; where they differ, the page asks for files that are not
    /// there.
    #[test]
    fn leptos_toml_says_what_cargo_toml_says() {
        let read = |text: &str| text.parse::<toml::Table>().unwrap();
        let build = read(include_str!("../../Cargo.toml"));
        let build = build["workspace"]["metadata"]["leptos"][0].as_table().unwrap().clone();
        let run = read(include_str!("../../Leptos.toml"));
        let run = run["package"]["metadata"]["leptos"].as_table().unwrap();
        assert!(run.len() >= 5);
        for (key, value) in run {
            assert_eq!(build.get(key), Some(value), "{key}");
        }
    }
}
