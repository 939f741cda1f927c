//! What every request passes on its way in, and every response on its way out.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use axum_extra::extract::SignedCookieJar;
use uuid::Uuid;

use crate::{
    error::Error,
    identity::{UserId, cookie, cookie_name},
    state::AppState,
};

/// The header that carries the CSRF token.
pub const CSRF_HEADER: &str = "x-csrf-token";

/// Names the user by the signed cookie, or gives a new identity to who has none.
pub async fn identify(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let jar = SignedCookieJar::from_headers(request.headers(), state.keys.cookie_key().clone());
    let known = jar
        .get(cookie_name(state.plain_http))
        .and_then(|cookie| Uuid::try_parse(cookie.value()).ok());
    let user = UserId(known.unwrap_or_else(Uuid::new_v4));
    // A page visit renews the cookie, so that who comes back within its life stays who he is.
    let page_visit = request.method() == Method::GET && accepts_html(request.headers());
    request.extensions_mut().insert(user);
    let response = next.run(request).await;
    if known.is_some() && !page_visit {
        return response;
    }
    (jar.add(cookie(user, state.plain_http)), response).into_response()
}

/// Refuses unsafe requests that the page itself did not send.
pub async fn guard_unsafe(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return next.run(request).await;
    }
    let headers = request.headers();
    if !same_origin(headers) {
        return Error::ForeignOrigin.into_response();
    }
    let token = headers
        .get(CSRF_HEADER)
        .and_then(|token| token.to_str().ok())
        .unwrap_or_default();
    match request.extensions().get::<UserId>() {
        Some(user) if state.keys.is_csrf_token(*user, token) => next.run(request).await,
        _ => Error::CsrfToken.into_response(),
    }
}

/// The headers that every response carries.
pub async fn harden(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut default = |name: header::HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    default(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    default(header::X_FRAME_OPTIONS, "DENY");
    default(header::REFERRER_POLICY, "no-referrer");
    default(
        header::HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    );
    default(
        header::HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    );
    default(
        header::HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    );
    // The page sets its own, with the nonce of its scripts; nothing else needs any right.
    default(
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    );
    // What a user sees is his alone; the page's files say themselves how long they may be kept.
    default(header::CACHE_CONTROL, "no-store");
    response
}

/// The policy of the page: scripts by nonce, no inline style, nothing from another host.
pub fn page_policy(nonce: &str, live_reload: bool) -> String {
    // `cargo leptos watch` tells the page of changes over a socket of its own.
    let reload = if live_reload {
        " ws://127.0.0.1:* ws://localhost:*"
    } else {
        ""
    };
    format!(
        "default-src 'self'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; \
         style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; connect-src 'self'{reload}; object-src 'none'; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

fn accepts_html(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

/// Whether the browser says that our own page sent the request. What it does not say is not held against it: the CSRF
/// token decides then.
fn same_origin(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let site = text("sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"));
    let origin = match (headers.get(header::ORIGIN), text("host")) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(origin), Some(host)) => origin
            .to_str()
            .ok()
            .and_then(|origin| origin.split_once("://"))
            .is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host)),
    };
    site && origin
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_origin_passes() {
        let ask = |pairs: &[(&'static str, &'static str)]| {
            let headers = pairs
                .iter()
                .map(|(name, value)| (header::HeaderName::from_static(name), HeaderValue::from_static(value)));
            same_origin(&headers.collect())
        };
        assert!(ask(&[("host", "parley.test")]));
        assert!(ask(&[
            ("host", "parley.test:3000"),
            ("origin", "http://parley.test:3000"),
            ("sec-fetch-site", "same-origin")
        ]));
        assert!(!ask(&[("host", "parley.test:3000"), ("origin", "http://parley.test")]));
        assert!(!ask(&[("host", "parley.test"), ("origin", "https://evil.test")]));
        assert!(!ask(&[("host", "parley.test"), ("origin", "null")]));
        assert!(!ask(&[("host", "parley.test"), ("sec-fetch-site", "cross-site")]));
        assert!(!ask(&[("host", "parley.test"), ("sec-fetch-site", "same-site")]));
        assert!(!ask(&[("origin", "https://parley.test")]));
    }
}
