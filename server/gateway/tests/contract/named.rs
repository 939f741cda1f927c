//! Several providers that speak alike, side by side; and what is known of how models do.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use gateway::Settings;
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::{
    common::{Client, failure, serve, settings, text},
    file::File,
};

/// A server that speaks OpenAI's protocol, says its own name, and can be told to refuse.
#[derive(Clone)]
struct Lab {
    name: &'static str,
    refuses: Arc<Mutex<Option<StatusCode>>>,
    /// The keys and models of its requests.
    asked: Arc<Mutex<Vec<(String, String)>>>,
}

impl Lab {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            refuses: Arc::default(),
            asked: Arc::default(),
        }
    }

    async fn serve(&self) -> String {
        let router = Router::new()
            .route(
                "/v1/models",
                get(|| async { Json(json!({"data": [{"id": "big"}, {"id": "small"}]})) }),
            )
            .route("/v1/chat/completions", post(complete))
            .with_state(self.clone());
        serve(router).await
    }
}

async fn complete(State(lab): State<Lab>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    let key = headers["authorization"].to_str().unwrap().to_owned();
    lab.asked.lock().push((key, body["model"].as_str().unwrap().to_owned()));
    if let Some(status) = *lab.refuses.lock() {
        return (status, Json(json!({"error": {"message": "Not today."}}))).into_response();
    }
    let choice = json!({"choices": [{"index": 0, "delta": {"content": format!("From {}", lab.name)}}]});
    let end = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}});
    let events = format!("data: {choice}\n\ndata: {end}\n\ndata: [DONE]\n\n");
    ([("content-type", "text/event-stream")], events).into_response()
}

fn provider(id: &str, url: &str, more: &str) -> String {
    format!("[[providers]]\nprovider_id = \"{id}\"\ndialect = \"openai\"\nbase_url = \"{url}\"\n{more}\n")
}

fn model(id: &str, provider: &str, more: &str) -> String {
    format!("[[models]]\nmodel_id = \"{id}\"\nmodel_name = \"{id}\"\nprovider = \"{provider}\"\n{more}\n")
}

fn with(file: &File) -> Settings {
    Settings {
        models_file: Some(file.path()),
        variable: |name| (name == "EAST_KEY").then(|| "east-secret".to_owned()),
        ..settings()
    }
}

async fn listed(client: &Client, id: &str) -> Value {
    let models = client.get("/models").await["models"].clone();
    let mut models = models.as_array().unwrap().iter();
    models.find(|m| m["model_id"] == id).cloned().unwrap_or_default()
}

#[tokio::test]
async fn each_model_is_asked_at_its_own_provider_with_its_own_key() {
    let (east, west) = (Lab::new("east"), Lab::new("west"));
    let file = File::new(
        "models.toml",
        &[
            provider(
                "east",
                &east.serve().await,
                "provider_name = \"East lab\"\napi_key_env = \"EAST_KEY\"",
            ),
            provider("west", &west.serve().await, ""),
            model(
                "our-big",
                "east",
                "provider_model = \"big\"\ncost_per_1m_input = 2.0\ncost_per_1m_output = 8.0",
            ),
        ]
        .concat(),
    );
    let client = Client::new(with(&file)).await;
    let models = client.get("/models").await["models"].clone();
    let shape: Vec<_> = models
        .as_array()
        .unwrap()
        .iter()
        .map(|m| {
            (
                m["model_id"].as_str().unwrap(),
                m["provider"].as_str().unwrap(),
                m["provider_name"].as_str(),
            )
        })
        .collect();
    assert_eq!(
        shape,
        [
            ("our-big", "east", Some("East lab")),
            ("east/small", "east", Some("East lab")),
            ("west/big", "west", None),
            ("west/small", "west", None),
        ]
    );
    let events = client.ask("hi", Some("our-big")).await;
    assert_eq!(text(&events), "From east");
    assert_eq!(events[events.len() - 2].data["cost_usd"], json!(0.002_8));
    assert_eq!(text(&client.ask("hi", Some("west/big")).await), "From west");
    assert_eq!(
        *east.asked.lock(),
        [("Bearer east-secret".to_owned(), "big".to_owned())]
    );
    assert_eq!(*west.asked.lock(), [("Bearer not-needed".to_owned(), "big".to_owned())]);
}

#[tokio::test]
async fn a_failure_is_told_by_the_providers_name_and_shown_until_the_model_answers() {
    let east = Lab::new("east");
    let file = File::new(
        "models.toml",
        &provider(
            "east",
            &east.serve().await,
            "provider_name = \"East lab\"\napi_key_env = \"EAST_KEY\"",
        ),
    );
    let client = Client::new(with(&file)).await;
    assert_eq!(
        listed(&client, "east/big").await["health"],
        Value::Null,
        "nobody asked it"
    );

    *east.refuses.lock() = Some(StatusCode::UNAUTHORIZED);
    let reason = "East lab answered 401 Unauthorized: Not today.";
    assert_eq!(failure(&client.ask("hi", Some("east/big")).await).0, reason);
    let health = listed(&client, "east/big").await["health"].clone();
    assert_eq!(
        (&health["state"], &health["detail"]),
        (&json!("failing"), &json!(reason))
    );
    assert!(health["at"].as_str().unwrap().ends_with('Z'), "{health}");
    assert_eq!(listed(&client, "east/small").await["health"], Value::Null);

    // What is wrong with one request says nothing of the model.
    *east.refuses.lock() = None;
    client.ask("hi", Some("east/big")).await;
    assert_eq!(listed(&client, "east/big").await["health"]["state"], "healthy");
    *east.refuses.lock() = Some(StatusCode::BAD_REQUEST);
    failure(&client.ask("hi", Some("east/big")).await);
    assert_eq!(listed(&client, "east/big").await["health"]["state"], "healthy");
}

#[tokio::test]
async fn providers_change_with_their_file() {
    let (east, west) = (Lab::new("east"), Lab::new("west"));
    let file = File::new("models.toml", &provider("lab", &east.serve().await, ""));
    let client = Client::new(Settings {
        reload_every: std::time::Duration::from_millis(10),
        ..with(&file)
    })
    .await;
    assert_eq!(text(&client.ask("hi", Some("lab/big")).await), "From east");
    file.write(&provider("lab", &west.serve().await, "provider_name = \"Moved\""));
    while listed(&client, "lab/big").await["provider_name"] != "Moved" {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(text(&client.ask("hi", Some("lab/big")).await), "From west");
}
