//! Every way in which a use case can be refused, apart from HTTP; converted to a response last.
//!
//! What the client is told ([`Error::body`]) is kept apart from what the log gets (the sources).

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use protocol::{
    error::{ErrorBody, ErrorEnvelope},
    history::MAX_MANY,
    session::{MAX_MESSAGE_CHARS, MAX_TITLE_CHARS},
};

use crate::{gateway::GatewayError, store::StoreError};

/// Why a request was refused or failed.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each variant's message says what it is")]
pub enum Error {
    #[error("no such session, or not the caller's")]
    SessionNotFound,
    #[error("no such message in that session")]
    MessageNotFound,
    #[error("the message is on a branch that is not shown")]
    MessageNotShown,
    #[error("more sessions than one request may change")]
    TooMany,
    #[error("the session is archived")]
    SessionArchived,
    #[error("a turn is running in the session")]
    TurnInProgress,
    #[error("no turn is running in the session")]
    NothingRunning,
    #[error("the session belongs to the agent {0}")]
    AgentMismatch(String),
    #[error("unknown agent")]
    AgentUnknown(String),
    #[error("unknown or inactive model")]
    ModelInactive(String),
    #[error("the Gateway offers no model")]
    NoModel,
    #[error("empty message")]
    MessageEmpty,
    #[error("message of {0} characters")]
    MessageTooLong(usize),
    #[error("a cursor of no list of that kind")]
    CursorInvalid,
    #[error("bad title")]
    TitleInvalid,
    #[error("nothing waits for approval")]
    NothingAwaitsApproval,
    #[error("malformed request: {0}")]
    InvalidRequest(String),
    #[error("malformed JSON: {0}")]
    InvalidJson(String),
    #[error("the body is not JSON by its content type")]
    UnsupportedMediaType,
    #[error("body over the limit")]
    BodyTooLarge,
    #[error("no such route")]
    RouteNotFound,
    #[error("method not allowed")]
    MethodNotAllowed,
    #[error("missing or wrong CSRF token")]
    CsrfToken,
    #[error("request from a foreign origin")]
    ForeignOrigin,
    #[error("over the limit, {retry_after} s to wait")]
    RateLimited { what: &'static str, retry_after: u64 },
    #[error("the request took too long")]
    TimedOut,
    #[error("a handler panicked")]
    Panicked,
    #[error("shutting down")]
    ShuttingDown,
    #[error("the Gateway failed")]
    Gateway(#[from] GatewayError),
    #[error("the store failed")]
    Store(#[from] StoreError),
    #[error("a task of the server's own failed")]
    Task(#[from] tokio::task::JoinError),
    #[error("a file brought in is malformed")]
    ImportMalformed(String),
    #[error("a file brought in is larger than {0} MB")]
    ImportTooLarge(u64),
    #[error("a file could not be written")]
    Disk(#[source] std::io::Error),
    #[error("an archive could not be written")]
    Archive(#[from] zip::result::ZipError),
}

impl Error {
    /// The HTTP status that fits.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::SessionNotFound | Self::MessageNotFound | Self::RouteNotFound => StatusCode::NOT_FOUND,
            Self::SessionArchived
            | Self::MessageNotShown
            | Self::TurnInProgress
            | Self::NothingRunning
            | Self::NothingAwaitsApproval
            | Self::AgentMismatch(_)
            | Self::Gateway(GatewayError::Unsupported { .. }) => StatusCode::CONFLICT,
            Self::AgentUnknown(_)
            | Self::ModelInactive(_)
            | Self::MessageEmpty
            | Self::TitleInvalid
            | Self::ImportMalformed(_)
            | Self::CursorInvalid
            | Self::TooMany
            | Self::InvalidRequest(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::MessageTooLong(_) | Self::BodyTooLarge | Self::ImportTooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::InvalidJson(_) => StatusCode::BAD_REQUEST,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::CsrfToken | Self::ForeignOrigin => StatusCode::FORBIDDEN,
            Self::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::NoModel | Self::ShuttingDown | Self::TimedOut | Self::Gateway(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Store(_) | Self::Task(_) | Self::Archive(_) | Self::Disk(_) | Self::Panicked => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        }
    }

    /// What the client is told: nothing of SQL, of Rust, or of what is not the caller's.
    pub fn body(&self) -> ErrorBody {
        let (code, message, action): (&str, String, &str) = match self {
            Self::SessionNotFound => (
                "session_not_found",
                "This conversation does not exist.".into(),
                "Start a new one, or pick one from the list.",
            ),
            Self::MessageNotFound => (
                "message_not_found",
                "This message is not in the conversation.".into(),
                "Load the conversation again.",
            ),
            Self::MessageNotShown => (
                "message_not_shown",
                "This message belongs to another version of the conversation than the one that is shown.".into(),
                "Show its version first: POST /api/chat/sessions/{id}/version.",
            ),
            Self::TooMany => (
                "too_many",
                format!("{MAX_MANY} conversations can be changed at once."),
                "Choose fewer of them.",
            ),
            Self::SessionArchived => (
                "session_archived",
                "This conversation is archived.".into(),
                "Start a new one to go on.",
            ),
            Self::TurnInProgress => (
                "turn_in_progress",
                "The agent is still answering in this conversation.".into(),
                "Wait for the answer, or stop it first.",
            ),
            Self::NothingRunning => (
                "nothing_running",
                "No answer is being written in this conversation.".into(),
                "There is nothing to stop.",
            ),
            Self::NothingAwaitsApproval => (
                "nothing_awaits_approval",
                "No task of this conversation is waiting for approval.".into(),
                "Load the conversation again to see where it stands.",
            ),
            Self::AgentMismatch(agent) => (
                "agent_mismatch",
                format!("This conversation belongs to the agent {agent}."),
                "Start a new conversation to talk to another agent.",
            ),
            Self::AgentUnknown(agent) => (
                "agent_unknown",
                format!("There is no agent {agent:?}."),
                "Choose another agent.",
            ),
            Self::ModelInactive(model) => (
                "model_inactive",
                format!("The model {model:?} is not available."),
                "Choose another model.",
            ),
            Self::NoModel => (
                "no_model",
                "The Gateway offers no model.".into(),
                "Configure one at the Gateway and try again.",
            ),
            Self::MessageEmpty => (
                "message_empty",
                "The message is empty.".into(),
                "Write something first.",
            ),
            Self::MessageTooLong(chars) => (
                "message_too_long",
                format!("The message has {chars} characters; {MAX_MESSAGE_CHARS} are allowed."),
                "Shorten it, or send it in parts.",
            ),
            Self::TitleInvalid => (
                "title_invalid",
                format!("A title has 1 to {MAX_TITLE_CHARS} characters."),
                "Choose a title of that length.",
            ),
            Self::CursorInvalid => (
                "cursor_invalid",
                "The place in the list at which to go on cannot be read, or belongs to a list in another order.".into(),
                "Send `next` of the page before, with the same query, or begin again without `after`.",
            ),
            Self::InvalidRequest(reason) => (
                "invalid_request",
                format!("The request is not as expected: {reason}."),
                "Correct it and send it again.",
            ),
            Self::InvalidJson(reason) => (
                "invalid_json",
                format!("The body is not valid JSON: {reason}."),
                "Correct it and send it again.",
            ),
            Self::UnsupportedMediaType => (
                "unsupported_media_type",
                "The body is not declared as JSON.".into(),
                "Send it with Content-Type: application/json.",
            ),
            Self::BodyTooLarge => (
                "body_too_large",
                "The request is too large.".into(),
                "Send less at once.",
            ),
            Self::ImportMalformed(problem) => (
                "import_malformed",
                format!("The file cannot be taken in. {}.", capitalized(problem)),
                "Nothing of it was taken in. Correct the file, or export it again.",
            ),
            Self::ImportTooLarge(megabytes) => (
                "import_too_large",
                format!("The file is too large: {megabytes} MB are allowed."),
                "Import it in parts, or have PARLEY_IMPORT_MEGABYTES raised.",
            ),
            Self::RouteNotFound => (
                "not_found",
                "There is nothing at this address.".into(),
                "Check the address.",
            ),
            Self::MethodNotAllowed => (
                "method_not_allowed",
                "This address does not take that method.".into(),
                "Check the method.",
            ),
            Self::CsrfToken => (
                "csrf_token_invalid",
                "The request carries no valid CSRF token.".into(),
                "Reload the page; a script gets its token from GET /api/csrf.",
            ),
            Self::ForeignOrigin => (
                "origin_refused",
                "The request comes from another site.".into(),
                "Send it from Parley's own page.",
            ),
            Self::RateLimited { what, retry_after } => (
                "rate_limited",
                format!("Too many {what}; the next is possible in {retry_after} s."),
                "Wait a little and try again.",
            ),
            Self::ShuttingDown => (
                "shutting_down",
                "Parley is being restarted.".into(),
                "Try again in a moment.",
            ),
            Self::Gateway(error) => return error.body(),
            Self::TimedOut => (
                "timed_out",
                "The request took too long.".into(),
                "Try again in a moment.",
            ),
            Self::Store(_) | Self::Task(_) | Self::Archive(_) | Self::Disk(_) | Self::Panicked => (
                "internal_error",
                "Something went wrong inside Parley.".into(),
                "Try again; if it happens again, the server's log says more.",
            ),
        };
        ErrorBody::new(code, message, action)
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        if self.status().is_server_error() {
            tracing::error!(error = &self as &dyn std::error::Error, "request failed");
        }
        let mut response = (self.status(), Json(ErrorEnvelope { error: self.body() })).into_response();
        if let Self::RateLimited { retry_after, .. } = self {
            response
                .headers_mut()
                .insert(axum::http::header::RETRY_AFTER, retry_after.into());
        }
        response
    }
}

/// The beginning of a sentence.
fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}
