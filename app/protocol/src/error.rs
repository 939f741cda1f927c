//! The one error envelope: `{"error":{"code":…,"message":…,"action":…}}`.

use serde::{Deserialize, Serialize};

/// The body of every refused request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorEnvelope {
    /// What went wrong and what to do.
    pub error: ErrorBody,
}

/// What went wrong, for a program (`code`) and for a person (`message`, `action`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// A stable snake_case name, such as `session_not_found`.
    pub code: String,
    /// What happened, in one plain sentence.
    pub message: String,
    /// What to do about it, in one plain sentence.
    pub action: String,
}

impl ErrorBody {
    /// Builds a body from its three parts.
    pub fn new(code: impl Into<String>, message: impl Into<String>, action: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            action: action.into(),
        }
    }
}

impl std::fmt::Display for ErrorBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.message, self.action)
    }
}
