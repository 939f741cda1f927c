//! Searching titles and messages.

use axum::{Json as Body, extract::State};
use protocol::history::SearchResults;
use serde::Deserialize;

use crate::{
    chat::PAGE_OF_HITS,
    error::Error,
    extract::{Params, User},
    state::AppState,
};

#[derive(Debug, Deserialize)]
pub(super) struct SearchParams {
    #[serde(default)]
    q: String,
    limit: Option<u64>,
    /// How far the caller's clock is ahead of UTC.
    #[serde(default)]
    utc_offset_minutes: i32,
}

/// `GET /api/search`
pub(super) async fn search(
    State(state): State<AppState>,
    User(user): User,
    Params(params): Params<SearchParams>,
) -> Result<Body<SearchResults>, Error> {
    state.limiters.search(user)?;
    let limit = params.limit.unwrap_or(PAGE_OF_HITS);
    Ok(Body(
        state
            .chat
            .search(user, &params.q, params.utc_offset_minutes, limit)
            .await?,
    ))
}
