//! What went wrong, as the page shows it. On the wire it is the same envelope that every route answers with.

use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use protocol::error::ErrorBody;
use serde::{Deserialize, Serialize};

use crate::client::Text;

/// A refused or failed request. Its JSON is `{"error":{…}}`, so that a refusal by the server's middleware, which never
/// reaches a server function, is understood as well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageError {
    /// What happened and what to do.
    pub error: ErrorBody,
}

impl PageError {
    /// Builds an error from its three parts.
    pub(crate) fn new(code: &str, message: &str, action: &str) -> Self {
        Self {
            error: ErrorBody::new(code, message, action),
        }
    }

    /// Whether the thing asked for does not exist (any more).
    pub(crate) fn is_not_found(&self) -> bool {
        self.error.code == "session_not_found" || self.error.code == "not_found"
    }
}

impl From<ErrorBody> for PageError {
    fn from(error: ErrorBody) -> Self {
        Self { error }
    }
}

impl FromServerFnError for PageError {
    type Encoder = Text;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) => Self::new(
                "offline",
                "Parley could not be reached.",
                "Check the connection and try again.",
            ),
            // On the server only arguments are ever decoded.
            #[cfg(feature = "ssr")]
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) | ServerFnErrorErr::Deserialization(_) => {
                set_status(400);
                Self::new(
                    "invalid_request",
                    "The request could not be understood.",
                    "Reload the page and try again.",
                )
            }
            _ => Self::new(
                "unexpected_answer",
                "Parley gave an answer that this page does not understand.",
                "Reload the page and try again.",
            ),
        }
    }
}

/// Sets the HTTP status of the response, which would otherwise be 200 for a page and 500 for a failed server function.
#[cfg(feature = "ssr")]
pub(crate) fn set_status(status: u16) {
    let Some(response) = leptos::prelude::use_context::<leptos_axum::ResponseOptions>() else {
        return;
    };
    if let Ok(status) = axum::http::StatusCode::from_u16(status) {
        response.set_status(status);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_travels_as_the_envelope() {
        let envelope = br#"{"error":{"code":"csrf","message":"No.","action":"Reload."}}"#;
        let error = PageError::de(envelope.to_vec().into());
        assert_eq!(error, PageError::new("csrf", "No.", "Reload."));
        assert_eq!(error.ser(), envelope.as_slice());
    }

    #[test]
    fn arguments_that_are_no_arguments_are_refused() {
        assert_eq!(PageError::de(b"<html>".to_vec().into()).error.code, "invalid_request");
    }
}
