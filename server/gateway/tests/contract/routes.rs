use axum::{
    body::Body,
    http::{Method, Request, StatusCode},
};
use gateway::Settings;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::common::{Client, chat, settings};

fn assert_envelope(body: &Value, code: &str) {
    let error = &body["error"];
    assert_eq!(error["code"], code, "{body}");
    for part in ["message", "action"] {
        assert!(
            error[part].as_str().is_some_and(|text| text.ends_with(['.', ':'])),
            "{part}: {body}"
        );
    }
}

#[tokio::test]
async fn agents_are_listed_with_the_bare_model_last() {
    let client = Client::new(settings()).await;
    let body = client.get("/agents").await;
    let agents = body["agents"].as_array().unwrap();
    assert_eq!(agents[0]["agent_id"], "pas-root");
    assert_eq!(agents[1]["agent_id"], "architect");
    assert_eq!(agents[1]["parent_id"], "pas-root");
    assert_eq!(agents.last().unwrap()["agent_id"], "direct");
    // Its own model is not active, so it answers with the default.
    let programmer = agents
        .iter()
        .find(|a| a["agent_id"] == "programmer-claude-001")
        .unwrap();
    assert_eq!(programmer["default_model"], "rehearsal");
    assert!(!body.to_string().contains("system_prompt"));
}

#[tokio::test]
async fn with_nothing_configured_rehearsal_is_the_one_active_model() {
    let client = Client::new(settings()).await;
    let models = client.get("/models").await["models"].clone();
    let models = models.as_array().unwrap();
    let active: Vec<&Value> = models.iter().filter(|m| m["is_active"] == true).collect();
    assert_eq!(active.len(), 1);
    assert_eq!(
        (&active[0]["model_id"], &active[0]["provider"]),
        (&json!("rehearsal"), &json!("parley"))
    );
    assert_eq!(active[0]["context_window"], 200_000);
    let sonnet = models.iter().find(|m| m["model_id"] == "claude-sonnet-4-5").unwrap();
    assert_eq!(sonnet["status"], "ANTHROPIC_API_KEY is not set.");
}

#[tokio::test]
async fn a_key_makes_its_models_active_and_rehearsal_goes() {
    let client = Client::new(Settings {
        gemini_api_key: Some("k".into()),
        ..settings()
    })
    .await;
    let models = client.get("/models").await["models"].clone();
    assert_eq!(models[0]["model_id"], "gemini-2.5-pro");
    assert!(models.as_array().unwrap().iter().all(|m| m["model_id"] != "rehearsal"));
    let (status, body) = client
        .post("/chat", &chat(Uuid::new_v4(), "hi", Some("rehearsal")))
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_envelope(&body, "model_not_found");
}

#[tokio::test]
async fn every_refusal_comes_in_the_envelope() {
    let client = Client::new(settings()).await;
    let session = Uuid::new_v4();
    let good = chat(session, "hi", None);
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body.to_string()
    };
    let decision = json!({"task_id": "t", "decision": "approve"}).to_string();
    let cancel = format!("/chat/{session}/cancel");
    let approval = format!("/chat/{session}/approval");
    let stream = format!("/chat/stream/{session}");
    let cases: Vec<(Method, &str, Option<String>, u16, &str)> = vec![
        (Method::GET, "/nowhere", None, 404, "route_not_found"),
        (Method::GET, "/", None, 404, "route_not_found"),
        (Method::GET, "/chat", None, 405, "method_not_allowed"),
        (Method::POST, "/agents", None, 405, "method_not_allowed"),
        (Method::POST, "/chat", None, 415, "not_json"),
        (Method::POST, "/chat", Some("{".into()), 400, "malformed_json"),
        (Method::POST, "/chat", Some("{}".into()), 422, "invalid_body"),
        (
            Method::POST,
            "/chat",
            Some(with("session_id", json!("x"))),
            422,
            "invalid_body",
        ),
        (
            Method::POST,
            "/chat",
            Some(with("idempotency_key", json!(""))),
            422,
            "invalid_body",
        ),
        (
            Method::POST,
            "/chat",
            Some("9".repeat(17 * 1024 * 1024)),
            413,
            "body_too_large",
        ),
        (
            Method::POST,
            "/chat",
            Some(with("agent_id", json!("nobody"))),
            422,
            "agent_not_found",
        ),
        (
            Method::POST,
            "/chat",
            Some(with("model", json!("none"))),
            422,
            "model_not_found",
        ),
        (
            Method::POST,
            "/chat",
            Some(with("model", json!("gpt-4.1"))),
            422,
            "model_inactive",
        ),
        (
            Method::POST,
            "/chat",
            Some(chat(session, " ", None).to_string()),
            422,
            "invalid_body",
        ),
        (Method::GET, &stream, None, 404, "session_not_found"),
        (Method::GET, "/chat/stream/no-id", None, 404, "session_not_found"),
        (Method::GET, "/chat/stream/%ff", None, 404, "session_not_found"),
        (Method::POST, &cancel, None, 404, "session_not_found"),
        (Method::POST, &approval, Some(decision), 404, "session_not_found"),
        (Method::POST, &approval, Some("[]".into()), 422, "invalid_body"),
    ];
    for (method, path, body, status, code) in cases {
        let mut request = Request::builder().method(method.clone()).uri(path);
        if body.is_some() {
            request = request.header("content-type", "application/json; charset=utf-8");
        }
        let response = client
            .send(request.body(body.map_or(Body::empty(), Body::from)).unwrap())
            .await;
        assert_eq!(response.status().as_u16(), status, "{method} {path} {code}");
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        assert_envelope(&serde_json::from_slice(&bytes).unwrap(), code);
    }
}

#[tokio::test]
async fn with_a_token_set_only_health_is_open() {
    let client = Client::new(Settings {
        access_token: Some("right".into()),
        ..settings()
    })
    .await;
    let status = async |path: &str, header: Option<&str>| {
        let mut request = Request::builder().uri(path);
        if let Some(value) = header {
            request = request.header("authorization", value);
        }
        client
            .send(request.body(Body::empty()).unwrap())
            .await
            .status()
            .as_u16()
    };
    for header in [
        None,
        Some("right"),
        Some("Bearer wrong"),
        Some("Bearer right "),
        Some("Bearer "),
        Some("Basic right"),
    ] {
        assert_eq!(status("/models", header).await, 401, "{header:?}");
    }
    assert_eq!(status("/models", Some("Bearer right")).await, 200);
    assert_eq!(status("/models", Some("bearer right")).await, 200);
    assert_eq!(status("/health", None).await, 200);
    assert_eq!(status("/nowhere", None).await, 401);
    let (_, body) = client.call(Method::GET, "/models", None).await;
    assert_envelope(&body, "unauthorized");
}

#[tokio::test]
async fn health_is_ok() {
    assert_eq!(
        Client::new(settings()).await.get("/health").await,
        json!({"status": "ok"})
    );
}
