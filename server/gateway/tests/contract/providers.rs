//! Stubs that speak as Ollama, Anthropic and Gemini do.

use axum::{
    Json, Router,
    http::HeaderMap,
    response::IntoResponse,
    routing::{get, post},
};
use gateway::Settings;
use serde_json::{Value, json};

use crate::common::{Client, failure, kinds, serve, settings, text};

fn sse(events: &[Value]) -> String {
    let named = |e: &Value| match e["type"].as_str() {
        Some(name) => format!("event: {name}\ndata: {e}\n\n"),
        None => format!("data: {e}\n\n"),
    };
    events.iter().map(named).collect()
}

async fn ollama(lines: &'static [&'static str]) -> Client {
    let tags = json!({"models": [{"name": "qwen3:8b"}, {"name": "nomic-embed-text:latest"}]});
    let show = |Json(body): Json<Value>| async move {
        Json(if body["model"] == "qwen3:8b" {
            json!({"capabilities": ["completion"], "model_info": {"qwen3.context_length": 40960}})
        } else {
            json!({"capabilities": ["embedding"]})
        })
    };
    let router = Router::new()
        .route("/api/tags", get(move || async move { Json(tags) }))
        .route("/api/show", post(show))
        .route("/api/chat", post(move || async move { lines.join("\n") + "\n" }));
    let address = serve(router).await;
    Client::new(Settings {
        // Without its scheme, as people write it.
        ollama_host: Some(address.trim_start_matches("http://").into()),
        ..settings()
    })
    .await
}

#[tokio::test]
async fn ollama_is_found_and_answers_for_nothing() {
    let client = ollama(&[
        r#"{"message":{"role":"assistant","content":"","thinking":"hm"},"done":false}"#,
        r#"{"message":{"role":"assistant","content":"Hi "},"done":false}"#,
        r#"{"message":{"role":"assistant","content":"there"},"done":false}"#,
        r#"{"message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":7,"eval_count":3}"#,
    ])
    .await;
    let models = client.get("/models").await["models"].clone();
    let active: Vec<&Value> = models
        .as_array()
        .unwrap()
        .iter()
        .filter(|m| m["is_active"] == true)
        .collect();
    assert_eq!(active.len(), 1, "no embedding model, no Rehearsal: {active:?}");
    assert_eq!(
        (&active[0]["model_id"], &active[0]["provider"]),
        (&json!("qwen3:8b"), &json!("ollama"))
    );
    assert_eq!(
        (&active[0]["context_window"], &active[0]["cost_per_1m_input"]),
        (&json!(40960), &json!(0.0))
    );

    let events = client.ask("hello", None).await;
    assert_eq!(text(&events), "Hi there");
    let usage = json!({"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10});
    assert_eq!(
        events[events.len() - 2].data,
        json!({"type": "usage", "usage": usage, "cost_usd": 0.0})
    );
}

#[tokio::test]
async fn ollama_breaking_off_is_a_failure() {
    let client = ollama(&[r#"{"message":{"role":"assistant","content":"Half"},"done":false}"#]).await;
    let events = client.ask("hello", None).await;
    assert_eq!(text(&events), "Half");
    assert_eq!(failure(&events).0, "Ollama broke off before the end of the answer.");
}

#[tokio::test]
async fn what_ollama_complains_of_amid_an_answer_is_told() {
    let client = ollama(&[
        r#"{"message":{"role":"assistant","content":"Half"},"done":false}"#,
        r#"{"error":"model runner has unexpectedly stopped"}"#,
    ])
    .await;
    let events = client.ask("hello", None).await;
    assert_eq!(text(&events), "Half");
    let expected = "Ollama reported: model runner has unexpectedly stopped";
    assert_eq!(failure(&events), (expected.into(), "error".into()));
}

#[tokio::test]
async fn anthropic_answers_at_its_own_address() {
    let events = sse(&[
        json!({"type": "message_start", "message": {"usage": {"input_tokens": 100, "output_tokens": 1}}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Bonjour"}}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": "max_tokens"}, "usage": {"output_tokens": 20}}),
        json!({"type": "message_stop"}),
    ]);
    let answer = move |headers: HeaderMap, Json(body): Json<Value>| async move {
        assert_eq!(headers["x-api-key"], "k");
        assert_eq!(body["model"], "claude-sonnet-4-5");
        assert!(body["system"].to_string().contains("You are the Architect."), "{body}");
        ([("content-type", "text/event-stream")], events).into_response()
    };
    let client = Client::new(Settings {
        anthropic_base_url: Some(serve(Router::new().route("/v1/messages", post(answer))).await),
        anthropic_api_key: Some("k".into()),
        ..settings()
    })
    .await;
    let events = client.ask("salut", None).await;
    assert_eq!(text(&events), "Bonjour");
    let end: Vec<&Value> = events.iter().rev().take(3).map(|e| &e.data).collect();
    assert_eq!(end[0]["status"], "complete");
    let usage = json!({"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120});
    assert_eq!(end[1], &json!({"type": "usage", "usage": usage, "cost_usd": 0.000_6}));
    assert_eq!(
        end[2]["detail"],
        "The model stopped at its length limit; the answer is not whole."
    );
}

async fn gemini(events: Vec<Value>) -> Client {
    let answer = move |headers: HeaderMap| async move {
        assert_eq!(headers["x-goog-api-key"], "k");
        ([("content-type", "text/event-stream")], sse(&events)).into_response()
    };
    let path = "/v1beta/models/gemini-2.5-pro:streamGenerateContent";
    Client::new(Settings {
        gemini_base_url: Some(serve(Router::new().route(path, post(answer))).await),
        gemini_api_key: Some("k".into()),
        ..settings()
    })
    .await
}

#[tokio::test]
async fn gemini_answers_at_its_own_address() {
    let part = |text: &str| json!({"content": {"role": "model", "parts": [{"text": text}]}});
    let mut last = part(" Tag");
    last["finishReason"] = json!("STOP");
    let usage =
        json!({"promptTokenCount": 10, "candidatesTokenCount": 4, "thoughtsTokenCount": 6, "totalTokenCount": 20});
    let client = gemini(vec![
        json!({"candidates": [part("Guten")]}),
        json!({"candidates": [last], "usageMetadata": usage}),
    ])
    .await;
    let events = client.ask("hallo", None).await;
    assert_eq!(text(&events), "Guten Tag");
    let usage = json!({"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20});
    // 10 at $1.25 and 10 at $10 a million, to the micro-dollar.
    assert_eq!(
        events[events.len() - 2].data,
        json!({"type": "usage", "usage": usage, "cost_usd": 0.000_113})
    );
}

#[tokio::test]
async fn gemini_breaking_off_is_a_failure() {
    let half = json!({"candidates": [{"content": {"role": "model", "parts": [{"text": "Half"}]}}]});
    let events = gemini(vec![half]).await.ask("hallo", None).await;
    assert_eq!(text(&events), "Half");
    assert_eq!(kinds(&events).last().unwrap(), "done:error");
    assert_eq!(
        failure(&events).0,
        "The server at GEMINI_BASE_URL broke off before the end of the answer."
    );
}
