//! A provider's failure in plain words: its own reason, never an address, a key or a debug dump.

use genai::{Error, webc::StreamTimeout};
use serde_json::Value;

use super::SILENCE_TIMEOUT;

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

/// Whether the connection broke without a word from the provider.
pub(super) fn is_lost_connection(error: &Error) -> bool {
    let transport = match error {
        Error::WebStream { error, .. } => match error.downcast_ref::<Error>() {
            Some(inner) => return is_lost_connection(inner),
            None => error.downcast_ref::<reqwest::Error>(),
        },
        Error::WebModelCall {
            webc_error: genai::webc::Error::Reqwest(error),
            ..
        } => Some(error),
        _ => None,
    };
    transport.is_some_and(|error| error.is_request() && !error.is_timeout() && !error.is_connect())
}

fn refused(who: &str, status: reqwest::StatusCode, body: &str) -> String {
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
    use reqwest::StatusCode;
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
