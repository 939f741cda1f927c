//! A client of the router, and a stub of a provider.

use std::{collections::VecDeque, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode},
};
use gateway::{Gateway, Settings};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;
use uuid::Uuid;

/// A Gateway that finds no provider and rehearses without a pause.
pub(crate) fn settings() -> Settings {
    Settings {
        // The discard port: nothing listens there.
        ollama_host: Some("http://127.0.0.1:9".into()),
        rehearsal_delay: Duration::ZERO,
        ..Settings::default()
    }
}

pub(crate) struct Client {
    pub(crate) gateway: Gateway,
    router: Router,
}

impl Client {
    pub(crate) async fn new(settings: Settings) -> Self {
        let gateway = Gateway::new(settings).await.unwrap();
        let router = gateway.router();
        Self { gateway, router }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> axum::response::Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// Status and JSON of the answer. A body is sent as JSON.
    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> (StatusCode, Value) {
        let mut request = Request::builder().method(method).uri(path);
        let body = match body {
            Some(json) => {
                request = request.header("content-type", "application/json");
                Body::from(json.to_string())
            }
            None => Body::empty(),
        };
        let response = self.send(request.body(body).unwrap()).await;
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (
            status,
            serde_json::from_slice(&bytes).unwrap_or_else(|_| panic!("no JSON: {bytes:?}")),
        )
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        self.call(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, body) = self.call(Method::GET, path, None).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body
    }

    pub(crate) async fn cancel(&self, session: Uuid) -> (StatusCode, Value) {
        self.call(Method::POST, &format!("/chat/{session}/cancel"), None).await
    }

    pub(crate) async fn decide(&self, session: Uuid, body: &Value) -> (StatusCode, Value) {
        self.post(&format!("/chat/{session}/approval"), body).await
    }

    /// Starts an answer and gives its session.
    pub(crate) async fn start(&self, message: &str, model: Option<&str>) -> Uuid {
        let session = Uuid::new_v4();
        let (status, body) = self.post("/chat", &chat(session, message, model)).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{body}");
        session
    }

    pub(crate) async fn read(&self, session: Uuid, last_event_id: Option<&str>) -> Reader {
        let mut request = Request::builder().uri(format!("/chat/stream/{session}"));
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let response = self.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::OK);
        Reader {
            headers: response.headers().clone(),
            body: response.into_body(),
            raw: String::new(),
            comments: Vec::new(),
            events: VecDeque::new(),
        }
    }

    /// The whole answer to a message.
    pub(crate) async fn ask(&self, message: &str, model: Option<&str>) -> Vec<Event> {
        let session = self.start(message, model).await;
        self.read(session, None).await.rest().await
    }
}

pub(crate) fn chat(session: Uuid, message: &str, model: Option<&str>) -> Value {
    json!({
        "session_id": session,
        "message_id": Uuid::new_v4(),
        "message": message,
        "messages": [{"role": "user", "content": message}],
        "agent_id": "architect",
        "parent_role": "PAS Root",
        "model": model,
        "idempotency_key": Uuid::new_v4(),
    })
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) data: Value,
}

/// A reader of a stream.
pub(crate) struct Reader {
    pub(crate) headers: HeaderMap,
    body: Body,
    raw: String,
    pub(crate) comments: Vec<String>,
    events: VecDeque<Event>,
}

impl Reader {
    /// The next bytes; `false` at the end.
    pub(crate) async fn more(&mut self) -> bool {
        let Some(frame) = self.body.frame().await else {
            return false;
        };
        self.raw
            .push_str(std::str::from_utf8(&frame.unwrap().into_data().unwrap()).unwrap());
        while let Some((block, rest)) = self.raw.split_once("\n\n") {
            if block.starts_with(':') {
                self.comments.push(block.to_owned());
            } else {
                let (id, data) = block.split_once('\n').expect("an id and data");
                self.events.push_back(Event {
                    id: id.strip_prefix("id: ").expect("an id").into(),
                    data: serde_json::from_str(data.strip_prefix("data: ").expect("data")).unwrap(),
                });
            }
            self.raw = rest.to_owned();
        }
        true
    }

    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(event);
            }
            if !self.more().await {
                return None;
            }
        }
    }

    pub(crate) async fn rest(mut self) -> Vec<Event> {
        let mut all = Vec::new();
        while let Some(event) = self.next().await {
            all.push(event);
        }
        all
    }

    /// All events up to the first of this type and status.
    pub(crate) async fn until(&mut self, status: &str) -> Vec<Event> {
        let mut all = Vec::new();
        while let Some(event) = self.next().await {
            let found = event.data["status"] == status;
            all.push(event);
            if found {
                return all;
            }
        }
        panic!("the stream ended before `{status}`: {all:?}")
    }
}

/// The answer's text.
pub(crate) fn text(events: &[Event]) -> String {
    events.iter().filter_map(|e| e.data["content"].as_str()).collect()
}

pub(crate) fn kinds(events: &[Event]) -> Vec<String> {
    let kind = |e: &Event| match e.data["status"].as_str() {
        Some(status) => format!("{}:{status}", e.data["type"].as_str().unwrap()),
        None => e.data["type"].as_str().unwrap().to_owned(),
    };
    let mut kinds: Vec<String> = events.iter().map(kind).collect();
    kinds.dedup();
    kinds
}

/// The detail of the `error` status, and the status of `done`.
pub(crate) fn failure(events: &[Event]) -> (String, String) {
    let error = events
        .iter()
        .find(|e| e.data["status"] == "error" && e.data["type"] == "status_update");
    let detail = error.unwrap_or_else(|| panic!("no error: {events:?}")).data["detail"]
        .as_str()
        .unwrap();
    let done = events.last().unwrap();
    assert_eq!(done.data["type"], "done");
    (detail.to_owned(), done.data["status"].as_str().unwrap().to_owned())
}

/// Serves `router` on a port of this machine and gives its address.
pub(crate) async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://{address}")
}
