//! Extractors that refuse in the one envelope.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{HeaderMap, header, request::Parts},
};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::{error::Error, identity::UserId};

/// The most that a request body may hold, in bytes: the longest message, each character escaped, with room to spare.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;

/// The user, named by the middleware.
pub struct User(pub Uuid);

impl<S: Sync> FromRequestParts<S> for User {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        // Without the middleware there is no user, and nothing that could be his.
        parts
            .extensions
            .get::<UserId>()
            .map(|user| Self(user.0))
            .ok_or(Error::SessionNotFound)
    }
}

/// The id of a session in the path; what is no id is no session.
pub struct SessionId(pub Uuid);

impl<S: Send + Sync> FromRequestParts<S> for SessionId {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| Error::SessionNotFound)?;
        Uuid::try_parse(&text).map(Self).map_err(|_| Error::SessionNotFound)
    }
}

/// The query string.
pub struct Params<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(params)) => Ok(Self(params)),
            Err(rejection) => Err(Error::InvalidRequest(reason(&rejection.body_text()))),
        }
    }
}

/// A JSON body.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        if !is_json(request.headers()) {
            return Err(Error::UnsupportedMediaType);
        }
        // The only way for this to fail, apart from a client that goes away, is the limit on bodies.
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|_| Error::BodyTooLarge)?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            if error.is_data() {
                Error::InvalidRequest(reason(&error.to_string()))
            } else {
                Error::InvalidJson(format!("line {}, column {}", error.line(), error.column()))
            }
        })
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let essence = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    essence
        .split(';')
        .next()
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}

/// A library's reason, cut short and without names of Rust.
fn reason(text: &str) -> String {
    let text = text.replace("struct ", "an object for ");
    text.chars().take(200).collect()
}
