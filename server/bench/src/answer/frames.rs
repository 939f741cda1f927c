//! How the events of an answer are written.

use std::fmt::{Arguments, Write};

use protocol::{
    event::TurnEvent,
    session::{TurnStatus, Usage},
};
use serde_json::json;

/// What stands before the text of a token in a provider's stream.
pub(crate) const CHUNK_BEGIN: &str = r#"{"choices":[{"index":0,"delta":{"content":""#;
/// What stands after it.
pub(crate) const CHUNK_END: &str = r#""}}]}"#;
/// The end of a provider's stream.
pub(crate) const DONE: &str = "[DONE]";

/// Whose stream it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Frames {
    /// A Gateway's, by the contract.
    Gateway,
    /// That of an OpenAI-compatible provider.
    Provider,
}

impl Frames {
    /// Writes a token as the event of this number. Nothing in its text needs to be escaped.
    pub(super) fn token(self, piece: &mut String, number: u64, text: &str) {
        match self {
            Self::Gateway => numbered(piece, number, format_args!(r#"{{"type":"token","content":"{text}"}}"#)),
            Self::Provider => data(piece, format_args!("{CHUNK_BEGIN}{text}{CHUNK_END}")),
        }
    }

    /// Writes what follows the last token, which had the number `last`.
    pub(super) fn end(self, piece: &mut String, last: u64, usage: Usage, status: TurnStatus) {
        match self {
            Self::Gateway => {
                let usage = TurnEvent::Usage { usage, cost_usd: None };
                let done = TurnEvent::Done { status: Some(status) };
                for (number, event) in (last + 1..).zip([usage, done]) {
                    // These types have no way to fail.
                    let event = serde_json::to_string(&event).unwrap_or_default();
                    numbered(piece, number, format_args!("{event}"));
                }
            }
            Self::Provider => end_of_provider(piece, "stop", usage),
        }
    }
}

/// What a provider writes that calls a tool: nothing else, and it counts nothing.
pub(crate) fn call(tool: &str, arguments: &serde_json::Value) -> String {
    let function = json!({"name": tool, "arguments": arguments.to_string()});
    let calls = json!([{"index": 0, "id": "call-1", "type": "function", "function": function}]);
    let mut piece = String::new();
    let chunk = json!({"choices": [{"index": 0, "delta": {"tool_calls": calls}}]});
    data(&mut piece, format_args!("{chunk}"));
    end_of_provider(&mut piece, "tool_calls", Usage::exact(0, 0));
    piece
}

/// What a provider writes that says a word which it does not count.
pub(crate) fn word(text: &str) -> String {
    let mut piece = String::new();
    data(&mut piece, format_args!("{CHUNK_BEGIN}{text}{CHUNK_END}"));
    end_of_provider(&mut piece, "stop", Usage::exact(0, 0));
    piece
}

fn end_of_provider(piece: &mut String, reason: &str, usage: Usage) {
    let end = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]});
    let usage = json!({"choices": [], "usage": usage});
    data(piece, format_args!("{end}"));
    data(piece, format_args!("{usage}"));
    data(piece, format_args!("{DONE}"));
}

fn numbered(piece: &mut String, number: u64, event: Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = writeln!(piece, "id: {number}");
    data(piece, event);
}

fn data(piece: &mut String, event: Arguments<'_>) {
    let _ = write!(piece, "data: {event}\n\n");
}
