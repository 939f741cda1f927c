//! The events of a response, as they come off the wire.

use std::time::Duration;

use futures::StreamExt;
use protocol::{
    event::TurnEvent,
    sse::{Decoder, Frame},
};
use reqwest::Response;

use super::{EventStream, GatewayError, GatewayEvent};

/// How long a Gateway may take to close a stream that is done.
const PATIENCE_AFTER_DONE: Duration = Duration::from_secs(1);

/// Reads one frame and appends what it says.
pub(super) type ReadFrame = fn(Frame, &mut Vec<GatewayEvent>) -> Result<(), GatewayError>;

/// The events of a response, until `done`.
pub(super) fn of(
    response: Response,
    first_event_within: Option<Duration>,
    idle: Duration,
    read: ReadFrame,
) -> EventStream {
    Box::pin(async_stream::try_stream! {
        let mut pieces = response.bytes_stream();
        let mut decoder = Decoder::default();
        let mut frames = Vec::new();
        let mut first_event_due = first_event_within.map(|time| tokio::time::Instant::now() + time);
        loop {
            let idle_due = tokio::time::Instant::now() + idle;
            // Keep-alives show that the Gateway lives, not that the model does.
            let due = first_event_due.map_or(idle_due, |first| first.min(idle_due));
            let overdue = if first_event_due.is_some() { "to begin its answer" } else { "in the middle of its answer" };
            let piece = tokio::time::timeout_at(due, pieces.next())
                .await
                .map_err(|_| GatewayError::Timeout(overdue))?
                .ok_or(GatewayError::Incomplete)?
                .map_err(|error| GatewayError::Broken(error.without_url()))?;
            let decoded = decoder.feed_into(&piece, &mut frames);
            let mut events = Vec::with_capacity(frames.len());
            let fault = frames.drain(..).try_for_each(|frame| read(frame, &mut events)).err();
            let fault = fault.or(decoded.err().map(|error| GatewayError::Protocol(error.to_string())));
            if !events.is_empty() {
                first_event_due = None;
                let ended = events.iter().any(|event| matches!(event.event, TurnEvent::Done { .. }));
                if ended {
                    // A connection whose response was read to its end serves the next request too.
                    let rest = async move { while let Some(Ok(_)) = pieces.next().await {} };
                    tokio::spawn(tokio::time::timeout(PATIENCE_AFTER_DONE, rest));
                    yield events;
                    return;
                }
                yield events;
            }
            if let Some(fault) = fault {
                Err(fault)?;
            }
        }
    })
}

/// What an event's data is.
#[derive(Debug, PartialEq)]
pub(super) enum Parsed {
    Event(TurnEvent),
    /// A type that Parley does not know, which a newer Gateway may well send.
    Unknown(String),
}

/// Reads the data of one event.
pub(super) fn parse(data: &str) -> Result<Parsed, GatewayError> {
    #[derive(serde::Deserialize)]
    struct Typed {
        r#type: String,
    }
    // Nearly all are tokens, and telling by the tag what to read costs more than the reading.
    #[derive(serde::Deserialize)]
    struct Token {
        #[expect(dead_code, reason = "read for what it must be")]
        r#type: TokenTag,
        content: String,
        #[serde(default)]
        offset: Option<usize>,
    }
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum TokenTag {
        Token,
    }
    if let Ok(Token { content, offset, .. }) = serde_json::from_str(data) {
        return Ok(Parsed::Event(TurnEvent::Token { content, offset }));
    }
    match serde_json::from_str(data) {
        Ok(event) => Ok(Parsed::Event(event)),
        Err(error) => match serde_json::from_str::<Typed>(data) {
            Ok(Typed { r#type }) if !matches!(r#type.as_str(), "token" | "status_update" | "usage" | "done") => {
                Ok(Parsed::Unknown(r#type))
            }
            _ => Err(GatewayError::Protocol(format!("an event cannot be read: {error}"))),
        },
    }
}

/// An event of an unknown type is no fault.
pub(super) fn pass_over(kind: &str) {
    tracing::debug!(kind, "event of an unknown type passed over");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_types_are_told_apart_and_broken_ones_refused() {
        let unknown = parse(r#"{"type":"thought","content":"hm"}"#).unwrap();
        assert_eq!(unknown, Parsed::Unknown("thought".into()));
        let done = parse(r#"{"type":"done"}"#).unwrap();
        assert_eq!(done, Parsed::Event(TurnEvent::Done { status: None }));
        for broken in [r#"{"type":"token"}"#, "{", "null", "[1]", r#"{"type":5}"#] {
            assert!(matches!(parse(broken), Err(GatewayError::Protocol(_))), "{broken}");
        }
    }
}
