//! The page as the server renders it.

use std::collections::HashSet;

use axum::{
    http::{Method, StatusCode, header},
    response::Response,
};
use futures::future::join_all;
use uuid::Uuid;

use crate::common::{TestApp, body_of};

#[tokio::test]
async fn the_root_leads_to_a_new_chat() {
    let app = TestApp::start().await;
    let response = app.browser().await.send_raw(Method::GET, "/", "").await;
    assert!(response.status().is_redirection());
    assert_eq!(response.headers()[header::LOCATION], "/llm");
}

#[tokio::test]
async fn scripts_run_by_nonce_alone_and_nothing_is_inline() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let mut nonces = Vec::new();
    for _ in 0..2 {
        let response = browser.send_raw(Method::GET, "/llm", "").await;
        assert_eq!(response.status(), StatusCode::OK);
        let policy = policy_of(&response);
        assert!(
            !policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"),
            "{policy}"
        );
        let nonce = nonce_in(&policy).unwrap();
        let html = String::from_utf8(body_of(response).await.to_vec()).unwrap();
        assert!(
            html.contains(&format!("nonce=\"{nonce}\"")),
            "the page's scripts carry the nonce"
        );
        assert_eq!(
            html.matches("<script").count(),
            html.matches("<script nonce=").count() + html.matches("<script type=\"module\" nonce=").count(),
            "{html}"
        );
        assert!(!html.contains(" style=\""), "the policy forbids style attributes");
        assert!(html.contains(&browser.token), "the page carries the CSRF token");
        nonces.push(nonce);
    }
    assert_ne!(nonces[0], nonces[1]);
}

fn policy_of(response: &Response) -> String {
    response.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned()
}

fn nonce_in(policy: &str) -> Option<String> {
    let (_, after) = policy.split_once("'nonce-")?;
    Some(after.split('\'').next()?.to_owned())
}

#[tokio::test]
async fn a_page_has_its_own_policy_whatever_is_asked_for_at_the_same_moment() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let asked = (0..30).flat_map(|_| ["/llm", "/favicon.svg", "/pkg/parley.css"]);
    let answers = join_all(asked.map(async |path| {
        let response = browser.send_raw(Method::GET, path, "").await;
        let nonce = nonce_in(&policy_of(&response));
        let body = String::from_utf8_lossy(&body_of(response).await).into_owned();
        (path, nonce, body)
    }))
    .await;
    let mut nonces = HashSet::new();
    for (path, nonce, body) in answers {
        // What is not there is told by a page as well.
        assert_eq!(nonce.is_some(), body.contains("<script"), "{path}");
        if let Some(nonce) = nonce {
            assert!(
                body.contains(&format!("nonce=\"{nonce}\"")),
                "{path}: {nonce} is another page's"
            );
            assert!(nonces.insert(nonce), "each page has a nonce of its own");
        }
    }
    assert!(nonces.len() >= 30);
}

#[tokio::test]
async fn a_conversation_is_rendered_whole_for_its_owner_and_nobody_else() {
    let app = TestApp::start().await;
    let ada = app.browser().await;
    let session = ada.talk(None, "What is <b>bold</b>?").await;
    let path = format!("/llm/{session}");
    let response = ada.send_raw(Method::GET, &path, "").await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["cache-control"], "no-store");
    let html = String::from_utf8(body_of(response).await.to_vec()).unwrap();
    assert!(html.contains("<strong>you</strong>"), "the answer is rendered");
    assert!(
        html.contains("What is &lt;b&gt;bold&lt;/b&gt;?"),
        "the question is text"
    );

    let bob = app.browser().await;
    for path in [
        path,
        format!("/llm/{}", Uuid::new_v4()),
        "/llm/not-a-uuid".into(),
        "/nothing".into(),
    ] {
        let response = bob.send_raw(Method::GET, &path, "").await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        let html = String::from_utf8(body_of(response).await.to_vec()).unwrap();
        assert!(html.contains("<html") && !html.contains("<strong>you"), "{path}");
    }
}
