//! An older Gateway over real sockets: `POST /chat/stream`, `GET /services` and no other route.

use std::{
    collections::VecDeque,
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    body::Body,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
    serve::ListenerExt,
};
use parking_lot::Mutex;
use reqwest::Url;
use serde_json::{Value, json};
use server::{
    chat::Timing,
    gateway::{http::Timeouts, post_stream::PostStreamGateway},
};
use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
};

use super::TestApp;

/// The Gateway; its registry is its own.
pub struct Older {
    shared: Arc<Shared>,
    addr: SocketAddr,
    serving: tokio::task::JoinHandle<()>,
}

struct Shared {
    /// The bodies of the requests for an answer.
    asked: watch::Sender<Vec<Value>>,
    /// How many of its answers, begun or not, nobody waited for any longer.
    abandoned: watch::Sender<usize>,
    /// How many it has told to their end.
    ended: watch::Sender<usize>,
    replies: Mutex<VecDeque<Reply>>,
    services: Mutex<Option<Value>>,
    connections: AtomicUsize,
}

/// What it does when it is asked for an answer.
enum Reply {
    Answer(mpsc::UnboundedReceiver<Piece>),
    Refusal(StatusCode, &'static str, String),
    Silence,
    HangUp,
}

type Piece = Result<String, io::Error>;

/// The test's hand on an answer; it ends, without `done`, when this is dropped.
pub struct Answer(mpsc::UnboundedSender<Piece>);

impl Answer {
    /// Sends the bytes of a frame, or of a part of one.
    pub fn raw(&self, text: &str) -> &Self {
        self.0.send(Ok(text.into())).ok();
        self
    }

    pub fn event(&self, event: &Value) -> &Self {
        self.raw(&format!("data: {event}\n\n"))
    }

    pub fn token(&self, content: &str) -> &Self {
        self.event(&json!({"type": "token", "content": content}))
    }

    pub fn usage_and_done(&self) {
        let usage = json!({"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7});
        self.event(&json!({"type": "usage", "usage": usage, "cost_usd": 0.5}))
            .event(&json!({"type": "done"}));
    }

    /// The connection goes in the middle of the response.
    pub fn break_off(self) {
        self.0.send(Err(io::ErrorKind::BrokenPipe.into())).ok();
    }
}

impl Older {
    pub async fn start() -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    pub async fn start_at(addr: SocketAddr) -> Self {
        let shared = Arc::new(Shared {
            asked: watch::Sender::default(),
            abandoned: watch::Sender::default(),
            ended: watch::Sender::default(),
            replies: Mutex::default(),
            services: Mutex::new(Some(services())),
            connections: AtomicUsize::new(0),
        });
        let listener = TcpListener::bind(addr).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let counted = Arc::clone(&shared);
        let listener = listener.tap_io(move |connection| {
            // The end of a response would else wait for the acknowledgement of what came before it.
            connection.set_nodelay(true).unwrap();
            counted.connections.fetch_add(1, Ordering::SeqCst);
        });
        let router = Router::new()
            .route("/chat/stream", post(chat))
            .route("/services", get(list_services))
            .with_state(Arc::clone(&shared));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { shared, addr, serving }
    }

    pub fn url(&self) -> Url {
        Url::parse(&format!("http://{}", self.addr)).unwrap()
    }

    /// From here on connections to its address are refused.
    pub async fn go_away(mut self) -> SocketAddr {
        self.serving.abort();
        assert!((&mut self.serving).await.unwrap_err().is_cancelled());
        self.addr
    }

    /// A client of it.
    pub fn client(&self) -> Arc<PostStreamGateway> {
        self.client_with(None, None, Timeouts::default())
    }

    pub fn client_with(
        &self,
        registry: Option<Url>,
        models: Option<PathBuf>,
        timeouts: Timeouts,
    ) -> Arc<PostStreamGateway> {
        Arc::new(PostStreamGateway::new(self.url(), registry, models, timeouts).unwrap())
    }

    /// An app in front of it.
    pub async fn app(&self) -> TestApp {
        TestApp::behind(self.client(), Timing::default()).await
    }

    /// The next answer is the test's to give.
    pub fn hold_answer(&self) -> Answer {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.reply(Reply::Answer(receiver));
        Answer(sender)
    }

    pub fn refuse(&self, status: StatusCode, body: &Value) {
        self.reply(Reply::Refusal(status, "application/json", body.to_string()));
    }

    pub fn refuse_with_page(&self, status: StatusCode, page: &str) {
        self.reply(Reply::Refusal(status, "text/html", page.into()));
    }

    /// It takes the next request and says nothing, not even the head of a response.
    pub fn keep_silent(&self) {
        self.reply(Reply::Silence);
    }

    /// It takes the next request and closes the connection.
    pub fn hang_up(&self) {
        self.reply(Reply::HangUp);
    }

    fn reply(&self, reply: Reply) {
        self.shared.replies.lock().push_back(reply);
    }

    /// What its registry lists from now on; `None`: it fails.
    pub fn list(&self, services: Option<Value>) {
        *self.shared.services.lock() = services;
    }

    /// The bodies of the requests for an answer so far.
    pub fn asked(&self) -> Vec<Value> {
        self.shared.asked.borrow().clone()
    }

    /// Waits until so many answers were asked for.
    pub async fn asked_times(&self, times: usize) {
        let mut asked = self.shared.asked.subscribe();
        within(asked.wait_for(|asked| asked.len() >= times)).await.unwrap();
    }

    /// Waits until so many answers were let go of before their end.
    pub async fn abandoned(&self, times: usize) {
        reached(&self.shared.abandoned, times).await;
    }

    /// Waits until so many answers were told to their end.
    pub async fn ended(&self, times: usize) {
        reached(&self.shared.ended, times).await;
    }

    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Older {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn reached(count: &watch::Sender<usize>, times: usize) {
    let mut count = count.subscribe();
    within(count.wait_for(|count| *count >= times)).await.unwrap();
}

async fn within<T>(wait: impl Future<Output = T>) -> T {
    let patience = Duration::from_secs(20);
    tokio::time::timeout(patience, wait).await.expect("it never happened")
}

fn services() -> Value {
    json!({"items": [
        {"service_id": "architect", "name": "Architect", "type": "agent", "labels": {"tier": 2, "icon": "A", "port": 6110}, "status": "healthy"},
        {"service_id": "dir-code", "name": "Dir-Code", "type": "agent", "labels": {"tier": "tier-3", "port": "6120"}, "status": "degraded"},
        {"service_id": "db", "name": "Database", "type": "database", "labels": {}, "status": "healthy"},
    ]})
}

async fn list_services(State(shared): State<Arc<Shared>>) -> Response {
    match shared.services.lock().clone() {
        Some(services) => Json(services).into_response(),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn chat(State(shared): State<Arc<Shared>>, Json(body): Json<Value>) -> Response {
    let mut waiting = Waiting {
        shared: Arc::clone(&shared),
        is_over: false,
    };
    let reply = shared.replies.lock().pop_front();
    shared.asked.send_modify(|asked| asked.push(body));
    let receiver = match reply {
        Some(Reply::Answer(receiver)) => receiver,
        Some(Reply::Refusal(status, content_type, body)) => {
            waiting.is_over = true;
            return (status, [(header::CONTENT_TYPE, content_type)], body).into_response();
        }
        Some(Reply::Silence) => std::future::pending().await,
        // What serves the connection goes with it, and no word is said about it.
        Some(Reply::HangUp) => std::panic::resume_unwind(Box::new(())),
        None => {
            let (sender, receiver) = mpsc::unbounded_channel();
            Answer(sender).token("Hello ").token("**you**").usage_and_done();
            receiver
        }
    };
    let pieces = futures::stream::unfold((receiver, waiting), |(mut receiver, mut waiting)| async {
        let piece = receiver.recv().await;
        waiting.is_over = !matches!(piece, Some(Ok(_)));
        Some((piece?, (receiver, waiting)))
    });
    let body = Body::from_stream(pieces);
    ([(header::CONTENT_TYPE, "text/event-stream; charset=utf-8")], body).into_response()
}

/// Somebody who waits for the end of an answer.
struct Waiting {
    shared: Arc<Shared>,
    is_over: bool,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let count = if self.is_over {
            &self.shared.ended
        } else {
            &self.shared.abandoned
        };
        count.send_modify(|count| *count += 1);
    }
}
