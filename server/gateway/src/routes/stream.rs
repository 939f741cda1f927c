//! The stream of a session's current answer.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::Stream;

use super::{SessionPath, session};
use crate::{Gateway, answers::answer::Answer, error::Refusal};

/// After this much silence a comment is sent, so that nothing between here and the reader gives up.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

pub(super) async fn get_stream(
    State(gateway): State<Gateway>,
    path: SessionPath,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let answer = gateway.inner.answers.of_session(session(path)?)?;
    let last_event_id = headers.get("last-event-id").and_then(|v| v.to_str().ok());
    let cursor = answer.log.cursor(last_event_id);
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-cache, no-transform"),
        // Else nginx collects the stream into lumps.
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, Body::from_stream(follow(answer, cursor))).into_response())
}

/// What follows `cursor`, and then what comes, until `done`.
fn follow(answer: Arc<Answer>, mut cursor: usize) -> impl Stream<Item = Result<Bytes, Infallible>> {
    async_stream::stream! {
        let mut length = answer.log.subscribe();
        loop {
            let batch = answer.log.read(cursor);
            cursor = batch.next;
            if !batch.bytes.is_empty() {
                yield Ok(batch.bytes);
                if !batch.ended {
                    continue;
                }
            }
            if batch.ended {
                break;
            }
            // Returns at once where something was written since the last look, so nothing is missed in between.
            if tokio::time::timeout(KEEP_ALIVE, length.changed()).await.is_err() {
                yield Ok(Bytes::from_static(b":keep-alive\n\n"));
            }
        }
    }
}
