//! The one SSE route.

use std::{fmt::Write, time::Duration};

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use bytes::{BufMut, Bytes, BytesMut};
use futures::{Stream, StreamExt};
use protocol::event::{EventId, TurnEvent};
use serde::Deserialize;

use crate::{
    error::Error,
    extract::{Params, SessionId, User},
    state::AppState,
};

/// A comment is sent after this much silence, so that nobody between takes the connection for dead.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// What a client without a rule of its own waits before it comes back, in milliseconds.
const RETRY: &str = "retry: 1000\n\n";
/// How long readers have to hear of their turns' ends at shut-down.
const PATIENCE_AT_SHUTDOWN: Duration = Duration::from_secs(4);

#[derive(Debug, Deserialize)]
pub(super) struct StreamParams {
    after: Option<String>,
}

/// `GET /api/chat/stream/{session_id}`
pub(super) async fn stream_session(
    State(state): State<AppState>,
    User(user): User,
    SessionId(session): SessionId,
    Params(params): Params<StreamParams>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let place = state.limiters.stream(user)?;
    // What a browser sends on its way back is newer than the address it first asked for.
    let last_event_id = headers
        .get("last-event-id")
        .map(|id| String::from_utf8_lossy(id.as_bytes()).into_owned());
    let cursor = last_event_id.or(params.after);
    let events = state.chat.attach(user, session, cursor.as_deref()).await?.events();
    let shutdown = state.chat.shutdown().clone();
    let gone = async move {
        shutdown.cancelled().await;
        // Turns end as interrupted now, and their readers are to hear of it; only a reader of a turn that cannot be
        // ended is cut off.
        tokio::time::sleep(PATIENCE_AT_SHUTDOWN).await;
    };
    let frames = frames(events, gone).map(move |bytes| {
        let _held_until_the_reader_is_gone = &place;
        Ok::<_, std::convert::Infallible>(bytes)
    });
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-cache, no-transform"),
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, Body::from_stream(frames)).into_response())
}

/// The events as server-sent events, with comments in the silences, until `gone`.
fn frames(
    events: impl Stream<Item = Vec<(EventId, TurnEvent)>>,
    gone: impl Future<Output = ()>,
) -> impl Stream<Item = Bytes> {
    async_stream::stream! {
        let mut events = std::pin::pin!(events);
        let mut gone = std::pin::pin!(gone);
        // Goes along with the first event: a piece of its own would cost every reader a system call.
        let mut retry = Some(RETRY);
        loop {
            tokio::select! {
                batch = events.next() => match batch {
                    Some(batch) => yield encode(retry.take(), &batch),
                    None => return,
                },
                () = tokio::time::sleep(KEEP_ALIVE) => yield Bytes::from_static(b":keep-alive\n\n"),
                () = &mut gone => return,
            }
        }
    }
}

fn encode(retry: Option<&str>, batch: &[(EventId, TurnEvent)]) -> Bytes {
    let mut bytes = BytesMut::with_capacity(batch.len() * 160);
    bytes.extend_from_slice(retry.unwrap_or_default().as_bytes());
    for (id, event) in batch {
        // Neither of these can fail: the buffer grows, and the types are plain.
        if write!(bytes, "id: {id}\ndata: ").is_err() {
            tracing::error!("an event's id could not be encoded");
        }
        // In one line: JSON escapes line feeds.
        if serde_json::to_writer((&mut bytes).writer(), event).is_err() {
            tracing::error!("an event could not be encoded");
        }
        bytes.extend_from_slice(b"\n\n");
    }
    bytes.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_line_feed_in_the_text_stays_in_its_event() {
        let id = EventId {
            turn_id: Uuid::nil(),
            seq: 3,
        };
        let event = TurnEvent::Token {
            content: "a\n\nb\r".into(),
            offset: None,
        };
        let text = encode(None, &[(id, event)]);
        let expected =
            "id: 00000000000000000000000000000000-3\ndata: {\"type\":\"token\",\"content\":\"a\\n\\nb\\r\"}\n\n";
        assert_eq!(std::str::from_utf8(&text).unwrap(), expected);
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_filled_with_comments_before_the_first_token_too() {
        let events = async_stream::stream! {
            tokio::time::sleep(Duration::from_secs(31)).await;
            yield vec![(EventId { turn_id: Uuid::nil(), seq: 1 }, TurnEvent::Done { status: None })];
        };
        let frames: Vec<Bytes> = frames(events, std::future::pending()).collect().await;
        assert_eq!(frames.len(), 3);
        assert_eq!(frames[0], ":keep-alive\n\n");
        assert_eq!(frames[1], ":keep-alive\n\n");
        assert!(frames[2].starts_with(b"retry: 1000\n\nid: "));
        assert!(frames[2].ends_with(b"{\"type\":\"done\"}\n\n"));
    }
}
