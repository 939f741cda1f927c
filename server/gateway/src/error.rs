//! What can be wrong: with the settings ([`ConfigError`]), and with a request ([`Refusal`]).

use std::path::PathBuf;

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use protocol::error::{ErrorBody, ErrorEnvelope};

/// Why the Gateway cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file could not be read.
    #[error("{file}: cannot be read: {source}", file = file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is not the TOML it should be.
    #[error("{file}: {source}")]
    Syntax {
        /// The file.
        file: String,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// A field of a file has a value that makes no sense.
    #[error("{file}:{line}: {field}: {problem}")]
    Field {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The field, such as `agents[2].parent_id`.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A variable holds something that is no address.
    #[error("{variable}: {problem}")]
    Address {
        /// The variable.
        variable: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The HTTP client could not be made.
    #[error("the HTTP client could not be made: {0}")]
    Client(#[from] reqwest::Error),
    /// The client of the model providers could not be made.
    #[error("the client for models could not be made: {0}")]
    Providers(String),
}

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    Unauthorized,
    UnknownRoute,
    MethodNotAllowed,
    NotJson,
    TooLarge,
    Unreadable,
    MalformedJson(String),
    InvalidBody(String),
    UnknownSession,
    UnknownAgent(String),
    UnknownModel(String),
    InactiveModel { model: String, why: String },
    TurnInProgress,
    NothingRuns,
    NothingAwaitsApproval,
    Busy,
    ShuttingDown,
}

impl Refusal {
    fn parts(&self) -> (StatusCode, &'static str, String, &'static str) {
        use StatusCode as S;
        match self {
            Self::Unauthorized => (
                S::UNAUTHORIZED,
                "unauthorized",
                "This Gateway asks for an access token.".into(),
                "Send it as `Authorization: Bearer <token>`.",
            ),
            Self::UnknownRoute => (
                S::NOT_FOUND,
                "route_not_found",
                "There is no such route.".into(),
                "See the Gateway contract for the routes there are.",
            ),
            Self::MethodNotAllowed => (
                S::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "This route does not take that method.".into(),
                "See the Gateway contract for the method it takes.",
            ),
            Self::NotJson => (
                S::UNSUPPORTED_MEDIA_TYPE,
                "not_json",
                "The body is not marked as JSON.".into(),
                "Send it with `Content-Type: application/json`.",
            ),
            Self::TooLarge => (
                S::PAYLOAD_TOO_LARGE,
                "body_too_large",
                "The body is too large.".into(),
                "Send fewer or shorter messages.",
            ),
            Self::Unreadable => (
                S::BAD_REQUEST,
                "body_unreadable",
                "The body broke off.".into(),
                "Send the request again.",
            ),
            Self::MalformedJson(why) => (
                S::BAD_REQUEST,
                "malformed_json",
                format!("The body is not JSON: {why}."),
                "Send well-formed JSON.",
            ),
            Self::InvalidBody(why) => (
                S::UNPROCESSABLE_ENTITY,
                "invalid_body",
                format!("The body does not fit this route: {why}."),
                "Correct the field and send it again.",
            ),
            Self::UnknownSession => (
                S::NOT_FOUND,
                "session_not_found",
                "The Gateway holds no answer for this session.".into(),
                "Send a message first; finished answers are kept for a few minutes only.",
            ),
            Self::UnknownAgent(id) => (
                S::UNPROCESSABLE_ENTITY,
                "agent_not_found",
                format!("There is no agent `{id}`."),
                "Pick one that `GET /agents` lists.",
            ),
            Self::UnknownModel(id) => (
                S::UNPROCESSABLE_ENTITY,
                "model_not_found",
                format!("There is no model `{id}`."),
                "Pick one that `GET /models` lists.",
            ),
            Self::InactiveModel { model, why } => (
                S::UNPROCESSABLE_ENTITY,
                "model_inactive",
                format!("The model `{model}` cannot be asked now: {why}"),
                "Pick an active model.",
            ),
            Self::TurnInProgress => (
                S::CONFLICT,
                "turn_in_progress",
                "An answer is still being written in this session.".into(),
                "Wait for its end, or cancel it.",
            ),
            Self::NothingRuns => (
                S::CONFLICT,
                "nothing_running",
                "No answer is being written in this session.".into(),
                "There is nothing to cancel.",
            ),
            Self::NothingAwaitsApproval => (
                S::CONFLICT,
                "nothing_awaits_approval",
                "No such task waits for a decision in this session.".into(),
                "Read the stream: the task may have been decided or ended already.",
            ),
            Self::Busy => (
                S::SERVICE_UNAVAILABLE,
                "busy",
                "The Gateway is writing as many answers as it can.".into(),
                "Try again in a moment.",
            ),
            Self::ShuttingDown => (
                S::SERVICE_UNAVAILABLE,
                "shutting_down",
                "The Gateway is shutting down.".into(),
                "Try again when it is back.",
            ),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, code, message, action) = self.parts();
        let error = ErrorBody::new(code, message, action);
        (status, Json(ErrorEnvelope { error })).into_response()
    }
}
