//! Identity, CSRF, headers, limits on input.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use serde_json::{Value, json};

use crate::common::{TestApp, call, code, json_body};

const UNSAFE_ROUTES: [(Method, &str); 8] = [
    (Method::POST, "/api/chat/message"),
    (Method::POST, "/api/chat/sessions/x/cancel"),
    (Method::POST, "/api/chat/sessions/x/approval"),
    (Method::POST, "/api/chat/sessions/x/clear"),
    (Method::PATCH, "/api/chat/sessions/x"),
    (Method::DELETE, "/api/chat/sessions/x"),
    (Method::POST, "/fn/anything"),
    (Method::POST, "/llm"),
];

#[tokio::test]
async fn an_unsafe_request_without_the_token_is_refused_on_every_route() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let stranger = app.browser().await;
    for (method, path) in UNSAFE_ROUTES {
        for token in [None, Some(""), Some("wrong"), Some(stranger.token.as_str())] {
            let mut request = Request::builder()
                .method(method.clone())
                .uri(path)
                .header(header::COOKIE, &browser.cookie)
                .header(header::CONTENT_TYPE, "application/json");
            if let Some(token) = token {
                request = request.header("x-csrf-token", token);
            }
            let body = json!({"message": "hi", "agent_id": "architect"}).to_string();
            let response = call(&app.router, request.body(Body::from(body)).unwrap()).await;
            assert_eq!(response.status(), StatusCode::FORBIDDEN, "{method} {path} {token:?}");
            assert_eq!(code(&json_body(response).await), "csrf_token_invalid");
        }
    }
    assert_eq!(app.gateway.starts(), 0);
}

#[tokio::test]
async fn a_request_from_a_foreign_origin_is_refused_even_with_the_token() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    for (method, path) in UNSAFE_ROUTES {
        for (name, value) in [
            ("origin", "https://evil.test"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            let request = browser
                .request(method.clone(), path)
                .header(name, value)
                .body(Body::from("{}"))
                .unwrap();
            let response = call(&app.router, request).await;
            assert_eq!(
                response.status(),
                StatusCode::FORBIDDEN,
                "{method} {path} {name}: {value}"
            );
            assert_eq!(code(&json_body(response).await), "origin_refused");
        }
    }
    let request = browser
        .request(Method::POST, "/api/chat/message")
        .header("origin", "http://parley.test")
        .header("sec-fetch-site", "same-origin")
        .body(Body::from(
            json!({"message": "hi", "agent_id": "architect"}).to_string(),
        ))
        .unwrap();
    assert_eq!(call(&app.router, request).await.status(), StatusCode::ACCEPTED);
}

#[tokio::test]
async fn the_identity_cookie_is_signed_and_shut_in() {
    let app = TestApp::start().await;
    let first = call(&app.router, Request::get("/api/csrf").body(Body::empty()).unwrap()).await;
    let cookie = first.headers()[header::SET_COOKIE].to_str().unwrap();
    for part in ["__Host-parley=", "HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{part} in {cookie}");
    }
    let browser = app.browser().await;
    let known = browser.send_raw(Method::GET, "/api/csrf", "").await;
    assert!(
        !known.headers().contains_key(header::SET_COOKIE),
        "who is known gets no new identity"
    );

    let session = browser.talk(None, "Mine").await;
    let mut forged = browser.clone();
    forged.cookie = forged.cookie.replacen('=', "=A", 1);
    let response = forged
        .send_raw(Method::GET, &format!("/api/chat/sessions/{session}"), "")
        .await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert!(
        response.headers().contains_key(header::SET_COOKIE),
        "a forged cookie is no identity"
    );
}

#[tokio::test]
async fn every_response_is_hardened() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    for path in ["/api/models", "/api/nothing", "/healthz", "/nothing"] {
        let response = browser.send_raw(Method::GET, path, "").await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
        ] {
            assert_eq!(response.headers()[name], value, "{path}");
        }
        assert_eq!(response.headers()["cache-control"], "no-store", "{path}");
        assert!(
            response.headers()["content-security-policy"]
                .to_str()
                .unwrap()
                .contains("frame-ancestors 'none'")
        );
        assert!(response.headers().contains_key("x-request-id"));
        assert!(
            !response.headers().contains_key("access-control-allow-origin"),
            "no CORS"
        );
    }
}

#[tokio::test]
async fn unknown_addresses_methods_and_types_are_refused_in_the_envelope() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    for (method, path, status, expected) in [
        (Method::GET, "/api", 404, "not_found"),
        (Method::GET, "/api/nothing", 404, "not_found"),
        (Method::GET, "/api/chat/sessions/not-a-uuid", 404, "session_not_found"),
        (Method::GET, "/api/chat/sessions/%00%ff", 404, "session_not_found"),
        (Method::GET, "/api/chat/stream/1", 404, "session_not_found"),
        (Method::DELETE, "/api/models", 405, "method_not_allowed"),
        (Method::GET, "/api/chat/message", 405, "method_not_allowed"),
    ] {
        let (got, body) = browser.send(method.clone(), path, Value::Null).await;
        assert_eq!((got.as_u16(), code(&body)), (status, expected), "{method} {path}");
    }
    let request = browser
        .request(Method::POST, "/api/chat/message")
        .body(Body::from("{}"))
        .unwrap();
    let (mut parts, body) = request.into_parts();
    parts
        .headers
        .insert(header::CONTENT_TYPE, "text/plain".parse().unwrap());
    let response = call(&app.router, Request::from_parts(parts, body)).await;
    assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(code(&json_body(response).await), "unsupported_media_type");
}

#[tokio::test]
async fn a_body_that_hides_its_length_is_cut_off_too() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let pieces = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b'x'; 64 * 1024]));
    let response = browser
        .send_raw(Method::POST, "/api/chat/message", Body::from_stream(pieces))
        .await;
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(code(&json_body(response).await), "body_too_large");
}
