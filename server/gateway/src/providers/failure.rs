//! A provider's failure in plain words: its own reason, never an address, a key or a debug dump.

use genai::{Error, webc::StreamTimeout};
use reqwest::{StatusCode, header::HeaderMap};
use serde_json::Value;

use super::{Ailment, SILENCE_TIMEOUT};

const MAX_REASON_CHARS: usize = 300;

/// One or two sentences on what went wrong at `who`.
pub(super) fn plain(error: &Error, who: &str) -> String {
    match error {
        Error::HttpError { status, body, .. } => refused(who, *status, body),
        Error::ChatResponse { body, .. } => match reason_in(body) {
            Some(reason) => format!("{who} reported: {reason}"),
            None => format!("{who} reported an error without a reason."),
        },
        Error::StreamParse { .. } => format!("{who} sent something that is not an answer."),
        Error::WebStream { error, .. } => {
            if let Some(inner) = error.downcast_ref::<Error>() {
                plain(inner, who)
            } else if let Some(timeout) = error.downcast_ref::<StreamTimeout>() {
                let seconds = SILENCE_TIMEOUT.as_secs();
                match timeout {
                    StreamTimeout::Headers => format!("{who} did not begin to answer within {seconds} s."),
                    StreamTimeout::Read => format!("{who} sent nothing for {seconds} s."),
                }
            } else if let Some(error) = error.downcast_ref::<reqwest::Error>() {
                transport(error, who)
            } else {
                broke_off(who)
            }
        }
        Error::WebModelCall {
            webc_error: genai::webc::Error::Reqwest(error),
            ..
        } => transport(error, who),
        Error::WebModelCall {
            webc_error: genai::webc::Error::ResponseFailedStatus { status, body, .. },
            ..
        } => refused(who, *status, body),
        _ => format!("{who} could not be asked."),
    }
}

/// The status with which the provider refused.
pub(super) fn status(error: &Error) -> Option<StatusCode> {
    inner(error).status()
}

/// The headers of the refusal.
pub(super) fn headers(error: &Error) -> Option<&HeaderMap> {
    inner(error).headers()
}

/// Whether the provider refused because this model takes no tools.
pub(super) fn is_about_tools(error: &Error) -> bool {
    refusal(error).is_some_and(|reason| {
        reason.contains("tool")
            && ["support", "enable-auto-tool", "not allowed", "unknown"]
                .iter()
                .any(|w| reason.contains(w))
    })
}

/// Whether the provider refused because the conversation is longer than the model can read.
pub(super) fn is_about_length(error: &Error) -> bool {
    const SAID: [&str; 7] = [
        "context_length_exceeded",
        "context length",
        "context window",
        "context size",
        "prompt is too long",
        "input token count",
        "too many tokens",
    ];
    refusal(error).is_some_and(|reason| SAID.iter().any(|said| reason.contains(said)))
}

/// What the provider says is wrong with the request itself, in small letters.
fn refusal(error: &Error) -> Option<String> {
    match inner(error) {
        Error::HttpError { status, body, .. }
        | Error::WebModelCall {
            webc_error: genai::webc::Error::ResponseFailedStatus { status, body, .. },
            ..
        } if status.is_client_error() => Some(body.to_lowercase()),
        _ => None,
    }
}

/// The error that the client has wrapped.
fn inner(error: &Error) -> &Error {
    match error {
        Error::WebStream { error: wrapped, .. } => wrapped.downcast_ref().map_or(error, inner),
        error => error,
    }
}

/// What the error says of the model, rather than of the one request.
pub(super) fn ailment(error: &Error) -> Option<Ailment> {
    match status(error) {
        // Another key, another name, a quieter minute: all requests go the same way until then.
        Some(
            StatusCode::UNAUTHORIZED
            | StatusCode::PAYMENT_REQUIRED
            | StatusCode::FORBIDDEN
            | StatusCode::NOT_FOUND
            | StatusCode::REQUEST_TIMEOUT
            | StatusCode::TOO_MANY_REQUESTS,
        ) => Some(Ailment::Failing),
        Some(status) if status.is_client_error() => None,
        None if transport_error(error).is_some_and(reqwest::Error::is_connect) => Some(Ailment::Unreachable),
        _ => Some(Ailment::Failing),
    }
}

/// Whether the connection broke without a word from the provider.
pub(super) fn is_lost_connection(error: &Error) -> bool {
    transport_error(error).is_some_and(|error| error.is_request() && !error.is_timeout() && !error.is_connect())
}

/// The connection's own error, where that is what failed.
fn transport_error(error: &Error) -> Option<&reqwest::Error> {
    match inner(error) {
        Error::WebStream { error, .. } => error.downcast_ref(),
        Error::WebModelCall {
            webc_error: genai::webc::Error::Reqwest(error),
            ..
        } => Some(error),
        _ => None,
    }
}

fn refused(who: &str, status: StatusCode, body: &str) -> String {
    let reason = match serde_json::from_str(body) {
        Ok(json) => reason_in(&json),
        // A page of HTML, from a proxy perhaps, says nothing to a reader.
        Err(_) if body.trim_start().starts_with('<') => None,
        Err(_) => tidy(body),
    };
    match reason {
        Some(reason) => format!("{who} answered {status}: {reason}"),
        None => format!("{who} answered {status}."),
    }
}

fn transport(error: &reqwest::Error, who: &str) -> String {
    if error.is_timeout() {
        format!("{who} did not answer in time.")
    } else if error.is_connect() {
        format!("{who} could not be reached.")
    } else {
        broke_off(who)
    }
}

fn broke_off(who: &str) -> String {
    // In the middle of a sentence.
    match who.strip_prefix("The ") {
        Some(rest) => format!("The connection to the {rest} broke off."),
        None => format!("The connection to {who} broke off."),
    }
}

/// The sentence meant for people, wherever this provider puts it.
fn reason_in(body: &Value) -> Option<String> {
    [
        "/error/message",
        "/0/error/message",
        "/message",
        "/error",
        "/detail",
        "/error/error/message",
        "",
    ]
    .iter()
    .find_map(|place| tidy(body.pointer(place)?.as_str()?))
}

/// One line of bounded length.
fn tidy(text: &str) -> Option<String> {
    let line = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|w| !w.is_empty());
    let line = line.collect::<Vec<_>>().join(" ");
    if line.chars().count() > MAX_REASON_CHARS {
        let cut: String = line.chars().take(MAX_REASON_CHARS).collect();
        return Some(format!("{cut}…"));
    }
    (!line.is_empty()).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_providers_own_reason_is_found() {
        let cases = [
            (json!({"error": {"message": "No credit."}}), Some("No credit.")),
            (json!([{"error": {"message": "Bad key."}}]), Some("Bad key.")),
            (json!({"error": "model not found"}), Some("model not found")),
            (json!({"detail": "Not Found"}), Some("Not Found")),
            (
                json!({"type": "error", "error": {"type": "x", "message": "Over\nloaded"}}),
                Some("Over loaded"),
            ),
            (json!("plain"), Some("plain")),
            (json!({"error": null}), None),
        ];
        for (body, expected) in cases {
            assert_eq!(reason_in(&body).as_deref(), expected, "{body}");
        }
    }

    #[test]
    fn what_a_refusal_is_about_is_known_by_its_words() {
        let refused = |status, body: &str| Error::HttpError {
            status,
            canonical_reason: String::new(),
            body: body.into(),
            headers: Box::default(),
        };
        let bad = |body: &str| refused(StatusCode::BAD_REQUEST, body);
        assert!(is_about_tools(&bad(r#"{"error":"qwen does not support tools"}"#)));
        assert!(!is_about_tools(&bad(r#"{"error":"does not support images"}"#)));
        for body in [
            r#"{"error":{"code":"context_length_exceeded","message":"..."}}"#,
            r#"{"error":{"message":"prompt is too long: 210000 tokens > 200000 maximum"}}"#,
            r#"{"error":{"message":"The input token count (9) exceeds the maximum number of tokens allowed (8)."}}"#,
        ] {
            assert!(is_about_length(&bad(body)), "{body}");
        }
        assert!(!is_about_length(&refused(StatusCode::BAD_GATEWAY, "context window")));
    }

    #[test]
    fn a_refusal_names_status_and_reason_and_never_html() {
        let said = |body: &str| refused("OpenAI", StatusCode::UNAUTHORIZED, body);
        assert_eq!(
            said(r#"{"error":{"message":"Bad key."}}"#),
            "OpenAI answered 401 Unauthorized: Bad key."
        );
        assert_eq!(said("nope"), "OpenAI answered 401 Unauthorized: nope");
        assert_eq!(said("<html>no</html>"), "OpenAI answered 401 Unauthorized.");
        assert_eq!(said(""), "OpenAI answered 401 Unauthorized.");
        assert!(said(&"x".repeat(5_000)).chars().count() < 400);
    }
}
