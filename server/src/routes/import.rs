//! Conversations brought in.

use axum::{
    body::Body,
    extract::{Request, State},
    http::header,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::StreamExt;
use serde::Deserialize;

use crate::{
    error::Error,
    extract::{Params, User},
    import::{
        check, take_in,
        upload::{self, Pace, Upload},
    },
    state::AppState,
};

#[derive(Debug, Deserialize)]
pub(super) struct ImportParams {
    #[serde(default)]
    dry_run: bool,
}

/// `POST /api/import`: the body is the file. Whatever is wrong with it is answered as for any request; then the answer is
/// NDJSON, [`ImportLine`](protocol::import::ImportLine) by line, as the import goes on.
pub(super) async fn import(
    State(state): State<AppState>,
    User(user): User,
    Params(params): Params<ImportParams>,
    request: Request,
) -> Result<Response, Error> {
    state.limiters.session_read(user)?;
    let place = state.limiters.import(user)?;
    let megabytes = state.limiters.import_megabytes();
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > megabytes.saturating_mul(1024 * 1024)) {
        return Err(Error::ImportTooLarge(megabytes));
    }
    let room = state.limiters.import_room();
    let Upload { file, room } = upload::receive(request.into_body(), megabytes, room, Pace::default()).await?;
    // Not before: who sends slowly keeps nobody from reading.
    let reading = state.limiters.reading().await?;
    let listing = state.chat.listing().await?;
    let (file, checked) = tokio::task::spawn_blocking(move || {
        let checked = check(&file, megabytes);
        (file, checked)
    })
    .await?;
    let checked = checked.map_err(|malformed| Error::ImportMalformed(malformed.to_string()))?;
    let lines = take_in(state.chat.clone(), listing, user, file, checked, params.dry_run).map(move |line| {
        let _held = (&place, &room, &reading);
        let mut line = serde_json::to_vec(&line)?;
        line.push(b'\n');
        Ok::<_, serde_json::Error>(Bytes::from(line))
    });
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, Body::from_stream(lines)).into_response())
}
