//! What answers took, as a report and as tables for a spreadsheet.

mod csv;

use axum::{
    Json as Body,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use protocol::{
    day::Day,
    usage::{UsageBy, UsageRange, UsageReport},
};
use serde::Deserialize;

use crate::{
    error::Error,
    extract::{Params, User},
    state::AppState,
    store::now,
};

#[derive(Debug, Deserialize)]
pub(super) struct ReportParams {
    #[serde(default)]
    range: UsageRange,
}

/// `GET /api/usage`
pub(super) async fn show_usage(
    State(state): State<AppState>,
    User(user): User,
    Params(params): Params<ReportParams>,
) -> Result<Body<UsageReport>, Error> {
    state.limiters.session_read(user)?;
    Ok(Body(state.chat.usage(user, params.range).await?))
}

#[derive(Debug, Deserialize)]
pub(super) struct TableParams {
    #[serde(default)]
    range: UsageRange,
    by: UsageBy,
}

/// `GET /api/usage.csv`
pub(super) async fn export_usage(
    State(state): State<AppState>,
    User(user): User,
    Params(TableParams { range, by }): Params<TableParams>,
) -> Result<Response, Error> {
    state.limiters.session_read(user)?;
    let table = match by {
        UsageBy::Day => csv::by_day(&state.chat.usage_by_day(user, range).await?),
        UsageBy::Agent => csv::by_agent(&state.chat.usage_by_agent(user, range).await?),
        UsageBy::Model => csv::by_model(&state.chat.usage_by_model(user, range).await?),
        UsageBy::Session => csv::by_session(&state.chat.usage_by_session(user, range).await?),
    };
    let (by, range, today) = (by.name(), range.name(), Day::of(now()));
    let disposition = format!("attachment; filename=\"parley_usage_by_{by}_{range}_{today}.csv\"");
    Ok((
        [
            (
                header::CONTENT_TYPE,
                "text/csv; charset=utf-8; header=present".to_owned(),
            ),
            (header::CONTENT_DISPOSITION, disposition),
        ],
        table,
    )
        .into_response())
}
