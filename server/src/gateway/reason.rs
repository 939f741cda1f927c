//! Why a Gateway refuses or fails, in whatever shape it says so: for people, so one plain line.

use protocol::error::{ErrorBody, ErrorEnvelope};
use serde_json::Value;

use super::RETRY;

/// The longest reason that is told, in characters.
const MAX_CHARS: usize = 400;

/// The reason in the body of a refusal; `None`: it has none that a person could read.
pub(super) fn of_refusal(body: &[u8]) -> Option<ErrorBody> {
    let value: Value = serde_json::from_slice(body).ok()?;
    // Who keeps the contract writes for people; the page shows it as text, whatever it contains.
    if let Ok(ErrorEnvelope { error }) = serde_json::from_value(value.clone()) {
        return Some(error);
    }
    Some(ErrorBody::new("gateway_refused", within(&value)?, RETRY))
}

/// The reason in an object that tells one under any of the names that servers use.
pub(super) fn within(value: &Value) -> Option<String> {
    ["message", "error", "detail", "content"]
        .into_iter()
        .filter_map(|name| value.get(name))
        .find_map(said_by)
}

fn said_by(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => plain(text),
        Value::Object(fields) => fields.get("message").or(fields.get("msg")).and_then(said_by),
        // What a body lacks is often told as a list, one entry a field.
        Value::Array(entries) => entries.iter().find_map(said_by),
        _ => None,
    }
}

/// The text as one line of bounded length; `None` where that leaves nothing, or where it is a page instead of a reason.
fn plain(text: &str) -> Option<String> {
    if is_page(text) {
        return None;
    }
    let spaced = text.replace(char::is_control, " ");
    let line = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut chars = line.chars();
    let start: String = chars.by_ref().take(MAX_CHARS).collect();
    match chars.next() {
        Some(_) => Some(start + "…"),
        None => Some(start).filter(|line| !line.is_empty()),
    }
}

fn is_page(text: &str) -> bool {
    let text = text.trim_start().to_ascii_lowercase();
    text.starts_with('<')
        || ["<!doctype", "<html", "<body", "</"]
            .iter()
            .any(|mark| text.contains(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_found_wherever_servers_put_it() {
        for said in [
            r#"{"message":"Busy."}"#,
            r#"{"error":"Busy."}"#,
            r#"{"detail":"Busy."}"#,
            r#"{"content":"Busy."}"#,
            r#"{"error":{"message":"Busy."}}"#,
            r#"{"error":{"code":"busy","message":"Busy."}}"#,
            r#"{"detail":[{"loc":["body"],"msg":"Busy."}]}"#,
            r#"{"message":"","error":null,"detail":"Busy."}"#,
        ] {
            let reason = of_refusal(said.as_bytes()).unwrap();
            assert_eq!(
                (reason.message.as_str(), reason.action.as_str()),
                ("Busy.", RETRY),
                "{said}"
            );
        }
        let whole = br#"{"error":{"code":"busy","message":"Busy.","action":"Wait a minute."}}"#;
        assert_eq!(of_refusal(whole).unwrap().action, "Wait a minute.");
    }

    #[test]
    fn what_is_no_reason_is_not_told() {
        for said in [
            "",
            "Busy.",
            "[]",
            "null",
            r#"{"error":500}"#,
            r#"{"error":{"code":"busy"}}"#,
            r#"{"error":" \u0000 "}"#,
            r#"{"detail":"<h1>Bad Gateway</h1>"}"#,
            r#"{"detail":"Error: <html><body>x"}"#,
        ] {
            assert_eq!(of_refusal(said.as_bytes()), None, "{said}");
        }
    }

    #[test]
    fn a_reason_is_one_line_of_bounded_length() {
        assert_eq!(plain(" a\r\n\tb  c\u{7f}d ").as_deref(), Some("a b c d"));
        assert_eq!(plain("1 < 2, so x<y").as_deref(), Some("1 < 2, so x<y"));
        let long = plain(&"é".repeat(MAX_CHARS + 1)).unwrap();
        assert_eq!(long, "é".repeat(MAX_CHARS) + "…");
        assert_eq!(plain(&"é".repeat(MAX_CHARS)).unwrap().chars().count(), MAX_CHARS);
    }
}
