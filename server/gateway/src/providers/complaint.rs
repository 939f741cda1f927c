//! What Ollama says when an answer that has begun fails: `{"error": "…"}` on a line of its own. The client passes over what
//! it does not know, so the lines are looked at beside it.

use std::sync::{Arc, OnceLock};

use genai::{Error, ModelIden, chat::ChatOptions};
use serde_json::Value;

/// The complaint of one answer, once it was made.
#[derive(Clone, Default)]
pub(super) struct Complaint(Arc<OnceLock<Value>>);

impl Complaint {
    /// `options` with which it is heard.
    pub(super) fn heard_with(&self, options: ChatOptions) -> ChatOptions {
        let complaint = self.clone();
        options.with_raw_frame_fn(move |_, line| complaint.hear(line.data))
    }

    fn hear(&self, line: &str) {
        // Most lines are words, and need not be read twice; within those words a quotation mark is escaped.
        if !line.contains(r#""error""#) {
            return;
        }
        match serde_json::from_str::<Value>(line) {
            Ok(body) if body.get("error").is_some_and(|error| !error.is_null()) => {
                let _ = self.0.set(body);
            }
            _ => {}
        }
    }

    /// The complaint, as the error that the client makes of those of others.
    pub(super) fn error(&self, model: &ModelIden) -> Option<Error> {
        self.0.get().map(|body| Error::ChatResponse {
            model_iden: model.clone(),
            body: body.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_complaint_is_one() {
        let complaint = Complaint::default();
        for line in [
            r#"{"message":{"content":"{\"error\": \"x\"}"},"done":false}"#,
            r#"{"message":{"content":"x"},"error":null}"#,
            r#"{"message":{"error":"x"}}"#,
            r#"{"error""#,
        ] {
            complaint.hear(line);
            assert_eq!(complaint.0.get(), None, "{line}");
        }
        complaint.hear(r#"{"error":"out of memory"}"#);
        assert_eq!(complaint.0.get().unwrap()["error"], "out of memory");
    }
}
