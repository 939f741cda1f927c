//! The access token, where one is set.

use axum::{
    extract::{Request, State},
    http::header::AUTHORIZATION,
    middleware::Next,
    response::Response,
};
use subtle::ConstantTimeEq;

use crate::{Gateway, error::Refusal};

/// Lets through whoever has the token, and `/health` always: what watches a process need not hold its secrets.
pub(super) async fn demand_token(
    State(gateway): State<Gateway>,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let Some(token) = &gateway.inner.settings.access_token else {
        return Ok(next.run(request).await);
    };
    let sent = request.headers().get(AUTHORIZATION).map_or(&[][..], |v| v.as_bytes());
    let sent = match sent.split_at_checked(7) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case(b"bearer ") => token,
        _ => &[],
    };
    // In constant time: a comparison that stops early tells how much of the token was right.
    let right: bool = sent.ct_eq(token.as_bytes()).into();
    if right || request.uri().path() == "/health" {
        Ok(next.run(request).await)
    } else {
        Err(Refusal::Unauthorized)
    }
}
