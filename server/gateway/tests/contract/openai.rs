//! A stub that speaks OpenAI's chat completions, word by word as the test tells it.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures::StreamExt;
use gateway::Settings;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::common::{Client, chat, failure, kinds, serve, settings, text};

const KEY: &str = "key-0123456789";

type Said = mpsc::UnboundedReceiver<Result<Bytes, std::io::Error>>;

/// The stub. `say` goes out as it comes; it fails once the Gateway has dropped the connection.
struct Stub {
    client: Client,
    say: mpsc::UnboundedSender<Result<Bytes, std::io::Error>>,
    asked: Arc<Mutex<Vec<(HeaderMap, Value)>>>,
}

#[derive(Clone)]
struct Server {
    said: Arc<Mutex<Option<Said>>>,
    asked: Arc<Mutex<Vec<(HeaderMap, Value)>>>,
    refusal: Option<(u16, String)>,
    /// How many requests are to lose their connection.
    lost: Arc<Mutex<usize>>,
}

async fn complete(State(server): State<Server>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    server.asked.lock().push((headers, body));
    let left = server.lost.lock().checked_sub(1);
    if let Some(left) = left {
        *server.lost.lock() = left;
        // The connection is closed then, without a reply.
        panic!("on purpose");
    }
    if let Some((status, body)) = server.refusal {
        return (StatusCode::from_u16(status).unwrap(), body).into_response();
    }
    let mut said = server.said.lock().take().unwrap();
    let stream = futures::stream::poll_fn(move |cx| said.poll_recv(cx));
    ([("content-type", "text/event-stream")], Body::from_stream(stream)).into_response()
}

impl Stub {
    async fn new(refusal: Option<(u16, &str)>) -> Self {
        Self::losing(0, refusal).await
    }

    async fn losing(lost: usize, refusal: Option<(u16, &str)>) -> Self {
        let (say, said) = mpsc::unbounded_channel();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let server = Server {
            said: Arc::new(Mutex::new(Some(said))),
            asked: Arc::clone(&asked),
            refusal: refusal.map(|(status, body)| (status, body.to_owned())),
            lost: Arc::new(Mutex::new(lost)),
        };
        let models = json!({"data": [{"id": "gpt-4.1"}, {"id": "local-max", "max_model_len": 4096}]});
        let router = Router::new()
            .route("/v1/models", get(move || async move { Json(models) }))
            .route("/v1/chat/completions", post(complete))
            .with_state(server);
        let client = Client::new(Settings {
            openai_base_url: Some(serve(router).await),
            openai_api_key: Some(KEY.into()),
            ..settings()
        })
        .await;
        Self { client, say, asked }
    }

    fn raw(&self, text: &str) {
        self.say.send(Ok(Bytes::from(format!("data: {text}\n\n")))).unwrap();
    }

    fn delta(&self, delta: &Value) {
        self.raw(&json!({"choices": [{"index": 0, "delta": delta}]}).to_string());
    }

    fn word(&self, word: &str) {
        self.delta(&json!({"content": word}));
    }

    fn end(self, usage: Option<Value>) -> Client {
        self.raw(&json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}).to_string());
        if let Some(usage) = usage {
            self.raw(&json!({"choices": [], "usage": usage}).to_string());
        }
        self.raw("[DONE]");
        self.client
    }
}

#[tokio::test]
async fn what_the_server_lists_is_what_there_is() {
    let stub = Stub::new(None).await;
    let models = stub.client.get("/models").await["models"].clone();
    let models: Vec<&Value> = models
        .as_array()
        .unwrap()
        .iter()
        .filter(|m| m["provider"] == "openai")
        .collect();
    assert_eq!(models.len(), 2, "{models:?}");
    assert_eq!(
        (&models[0]["model_id"], &models[0]["cost_per_1m_input"]),
        (&json!("gpt-4.1"), &json!(2.0))
    );
    assert_eq!(
        (&models[1]["model_id"], &models[1]["cost_per_1m_input"]),
        (&json!("local-max"), &Value::Null)
    );
    assert_eq!(models[1]["context_window"], 4096);
}

#[tokio::test]
async fn tokens_come_one_by_one_and_usage_is_the_providers_own() {
    let stub = Stub::new(None).await;
    let session = stub.client.start("hello", Some("gpt-4.1")).await;
    let mut reader = stub.client.read(session, None).await;
    assert_eq!(reader.next().await.unwrap().data["status"], "executing");
    stub.delta(&json!({"role": "assistant", "reasoning_content": "let me think"}));
    // Each word is read before the next is sent: nothing is held back.
    for word in ["Good", " mor", "ning"] {
        stub.word(word);
        assert_eq!(
            reader.next().await.unwrap().data,
            json!({"type": "token", "content": word})
        );
    }
    let _client = stub.end(Some(json!({
        "prompt_tokens": 1234, "completion_tokens": 567, "total_tokens": 1801,
        "prompt_tokens_details": {"cached_tokens": 1000},
    })));
    let rest = reader.rest().await;
    assert_eq!(kinds(&rest), ["status_update:complete", "usage", "done:complete"]);
    // 234 at $2, 1,000 cached at $0.50, 567 at $8 a million.
    let expected = json!({
        "type": "usage",
        "usage": {"prompt_tokens": 1234, "completion_tokens": 567, "total_tokens": 1801},
        "cost_usd": 0.005_504,
    });
    assert_eq!(rest[1].data, expected);
}

#[tokio::test]
async fn an_unknown_price_gives_no_cost_and_no_usage_gives_none() {
    let stub = Stub::new(None).await;
    let session = stub.client.start("hello", Some("local-max")).await;
    stub.word("x");
    let client = stub.end(Some(
        json!({"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}),
    ));
    let events = client.read(session, None).await.rest().await;
    assert_eq!(events[events.len() - 2].data["cost_usd"], Value::Null);
    assert_eq!(events[events.len() - 2].data["usage"]["total_tokens"], 3);

    let stub = Stub::new(None).await;
    let session = stub.client.start("hello", Some("gpt-4.1")).await;
    stub.word("x");
    let client = stub.end(None);
    let events = client.read(session, None).await.rest().await;
    assert_eq!(
        kinds(&events),
        [
            "status_update:executing",
            "token",
            "status_update:complete",
            "done:complete"
        ]
    );
}

#[tokio::test]
async fn the_model_is_asked_by_its_own_name_with_prompt_and_history() {
    let stub = Stub::new(None).await;
    let session = Uuid::new_v4();
    let mut body = chat(session, "and now?", Some("local-max"));
    body["messages"] = json!([
        {"role": "user", "content": "first"},
        {"role": "assistant", "content": "second"},
        {"role": "user", "content": "and now?"},
    ]);
    assert_eq!(stub.client.post("/chat", &body).await.0, StatusCode::ACCEPTED);
    stub.word("x");
    let asked = Arc::clone(&stub.asked);
    let client = stub.end(None);
    client.read(session, None).await.rest().await;

    let (headers, sent) = asked.lock().pop().unwrap();
    assert_eq!(headers["authorization"], format!("Bearer {KEY}"));
    // `-max` is part of the name, not a wish for effort.
    assert_eq!(sent["model"], "local-max");
    assert_eq!(sent.get("reasoning_effort"), None);
    assert_eq!(
        (&sent["stream"], &sent["stream_options"]["include_usage"]),
        (&json!(true), &json!(true))
    );
    let messages = sent["messages"].as_array().unwrap();
    assert_eq!(messages[0]["role"], "system");
    let system = messages[0]["content"].as_str().unwrap();
    assert!(
        system.contains("You are the Architect.") && system.contains("- `dir-code`: Dir-Code (Director)"),
        "{system}"
    );
    assert_eq!(json!(messages[1..]), body["messages"]);
}

#[tokio::test]
async fn the_bare_model_gets_no_prompt() {
    let stub = Stub::new(None).await;
    let session = Uuid::new_v4();
    let mut body = chat(session, "hi", Some("gpt-4.1"));
    body["agent_id"] = json!("direct");
    body["messages"] = json!([]);
    stub.client.post("/chat", &body).await;
    stub.word("x");
    let asked = Arc::clone(&stub.asked);
    let client = stub.end(None);
    client.read(session, None).await.rest().await;
    assert_eq!(
        asked.lock()[0].1["messages"],
        json!([{"role": "user", "content": "hi"}])
    );
}

#[tokio::test]
async fn a_refusal_is_told_plainly_and_without_the_key() {
    let body = json!({"error": {"message": format!("Incorrect API key provided: {KEY}."), "type": "x"}}).to_string();
    let stub = Stub::new(Some((401, &body))).await;
    let events = stub.client.ask("hi", Some("gpt-4.1")).await;
    let (detail, done) = failure(&events);
    let expected = "The server at OPENAI_BASE_URL answered 401 Unauthorized: Incorrect API key provided: [key].";
    assert_eq!((detail.as_str(), done.as_str()), (expected, "error"));
    assert_eq!(text(&events), "");

    let stub = Stub::new(Some((500, "<html><body>oops</body></html>"))).await;
    let (detail, done) = failure(&stub.client.ask("hi", Some("gpt-4.1")).await);
    assert_eq!(
        detail,
        "The server at OPENAI_BASE_URL answered 500 Internal Server Error."
    );
    assert_eq!(done, "error");
}

#[tokio::test]
async fn an_error_amid_the_answer_keeps_what_was_said() {
    let stub = Stub::new(None).await;
    let session = stub.client.start("hi", Some("gpt-4.1")).await;
    stub.word("Half");
    stub.raw(&json!({"error": {"message": "Out of memory"}}).to_string());
    let events = stub.client.read(session, None).await.rest().await;
    assert_eq!(text(&events), "Half");
    let expected = "The server at OPENAI_BASE_URL reported: Out of memory";
    assert_eq!(failure(&events), (expected.into(), "error".into()));
}

#[tokio::test]
async fn a_connection_that_ends_early_is_a_failure() {
    for cut in [true, false] {
        let stub = Stub::new(None).await;
        let session = stub.client.start("hi", Some("gpt-4.1")).await;
        let mut reader = stub.client.read(session, None).await;
        reader.until("executing").await;
        stub.word("Half");
        assert_eq!(reader.next().await.unwrap().data["content"], "Half");
        if cut {
            stub.say.send(Err(std::io::Error::other("gone"))).unwrap();
        }
        let Stub {
            say, client: _client, ..
        } = stub;
        drop(say);
        let events = reader.rest().await;
        let (detail, done) = failure(&events);
        assert!(detail.contains("broke off"), "{detail}");
        assert_eq!(done, "error");
    }
}

#[tokio::test]
async fn cancel_drops_the_connection_to_the_model() {
    let stub = Stub::new(None).await;
    let session = stub.client.start("hi", Some("gpt-4.1")).await;
    let mut reader = stub.client.read(session, None).await;
    stub.word("Half");
    while reader.next().await.unwrap().data["type"] != "token" {}
    assert_eq!(stub.client.cancel(session).await.0, StatusCode::OK);
    // The stub's side of the stream is dropped when its connection goes.
    stub.say.closed().await;
    assert_eq!(kinds(&reader.rest().await), ["done:cancelled"]);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_and_its_models_stay() {
    let client = Client::new(Settings {
        openai_base_url: Some("http://127.0.0.1:9/v1".into()),
        ..settings()
    })
    .await;
    assert_eq!(client.get("/models").await["models"][0]["model_id"], "gpt-4.1");
    let (detail, done) = failure(&client.ask("hi", None).await);
    assert_eq!(detail, "The server at OPENAI_BASE_URL could not be reached.");
    assert_eq!(done, "error");
}

#[tokio::test]
async fn a_connection_lost_before_the_first_word_is_made_again_once() {
    let stub = Stub::losing(1, None).await;
    let session = stub.client.start("hi", Some("gpt-4.1")).await;
    stub.word("Well");
    let asked = Arc::clone(&stub.asked);
    let events = stub.end(None).read(session, None).await.rest().await;
    assert_eq!(text(&events), "Well");
    assert_eq!(asked.lock().len(), 2);

    let stub = Stub::losing(2, None).await;
    let (detail, _) = failure(&stub.client.ask("hi", Some("gpt-4.1")).await);
    assert_eq!(detail, "The connection to the server at OPENAI_BASE_URL broke off.");
    assert_eq!(stub.asked.lock().len(), 2, "and no more");
}

/// A body that is JSON and no stream, as from a wrong address that answers 200 to anything.
#[tokio::test]
async fn an_answer_that_is_no_stream_is_a_failure() {
    let stub = Stub::new(Some((200, r#"{"hello": "world"}"#))).await;
    let (detail, _) = failure(&stub.client.ask("hi", Some("gpt-4.1")).await);
    assert_eq!(
        detail,
        "The server at OPENAI_BASE_URL broke off before the end of the answer."
    );
}

#[tokio::test]
async fn without_a_key_a_placeholder_is_sent() {
    let (asked, seen) = mpsc::unbounded_channel();
    let router = Router::new().fallback(move |headers: HeaderMap| {
        asked.send(headers).unwrap();
        async { Json(json!({"data": []})) }
    });
    let client = Client::new(Settings {
        openai_base_url: Some(serve(router).await),
        ..settings()
    })
    .await;
    let headers = tokio_stream(seen).next().await.unwrap();
    assert_eq!(headers["authorization"], "Bearer not-needed");
    // The server lists nothing, so nothing can be had there.
    assert_eq!(client.get("/models").await["models"][0]["model_id"], "rehearsal");
}

fn tokio_stream<T: Unpin>(mut receiver: mpsc::UnboundedReceiver<T>) -> impl futures::Stream<Item = T> + Unpin {
    futures::stream::poll_fn(move |cx| receiver.poll_recv(cx))
}
