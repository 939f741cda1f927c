//! Agents, models, health.

use axum::http::StatusCode;
use serde_json::json;
use server::config::Limits;

use crate::common::{TestApp, UNLIMITED, code, session_id};

#[tokio::test]
async fn agents_are_listed_with_their_parents_and_without_addresses() {
    let app = TestApp::start().await;
    let (status, list) = app.browser().await.get("/api/agents").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        list["agents"][2],
        json!({
            "agent_id": "dir-code", "agent_name": "Dir-Code", "tier": 3, "role": "Director",
            "parent_id": "architect", "parent_role": "Architect", "status": "active",
        })
    );
    assert!(!list.to_string().contains("port") && !list.to_string().contains("6110"));
}

#[tokio::test]
async fn only_active_models_are_listed() {
    let app = TestApp::start().await;
    let (_, list) = app.browser().await.get("/api/models").await;
    let ids: Vec<_> = list["models"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| &model["model_id"])
        .collect();
    assert_eq!(ids, ["scripted", "second"]);
    assert_eq!(list["models"][0]["cost_per_1m_output"], 15.0);
    assert!(
        list["models"][1]["cost_per_1m_output"].is_null(),
        "an unknown price is not invented"
    );
}

#[tokio::test]
async fn past_a_limit_the_wait_is_told() {
    let limits = Limits {
        messages_per_minute: 1,
        session_reads_per_minute: 1,
        model_reads_per_minute: 1,
        ..UNLIMITED
    };
    let app = TestApp::with_limits(limits).await;
    let browser = app.browser().await;
    let message = json!({"message": "hi", "agent_id": "architect"});
    for path in ["/api/models", "/api/chat/sessions"] {
        assert_eq!(browser.get(path).await.0, StatusCode::OK);
        let (status, body) = browser.get(path).await;
        assert_eq!(
            (status, code(&body)),
            (StatusCode::TOO_MANY_REQUESTS, "rate_limited"),
            "{path}"
        );
    }
    let (status, accepted) = browser.post("/api/chat/message", message.clone()).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    browser.attach(session_id(&accepted), &[]).await.rest().await;
    let response = browser
        .send_raw(axum::http::Method::POST, "/api/chat/message", message.to_string())
        .await;
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: u32 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=61).contains(&wait), "{wait}");
    assert_eq!(app.gateway.starts(), 1);
}

#[tokio::test]
async fn health_and_readiness_are_told() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    assert_eq!(browser.get("/healthz").await, (StatusCode::OK, json!({"status": "ok"})));
    let ready = json!({"status": "ok", "parts": {"database": "ok", "gateway": "ok"}});
    assert_eq!(browser.get("/readyz").await, (StatusCode::OK, ready));
}
