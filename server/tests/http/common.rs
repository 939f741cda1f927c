//! The app under test, a browser that keeps its cookie, and a Gateway that does as it is told; [`wire`] is one over TCP,
//! [`older`] one that speaks the older protocol.

pub mod older;
pub mod wire;

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
    response::Response,
};
use futures::StreamExt;
use http_body_util::BodyExt;
use parking_lot::Mutex;
use protocol::{
    event::TurnEvent,
    gateway::{GatewayApproval, GatewayChatRequest},
    registry::{GatewayAgent, GatewayModel},
    session::Usage,
    sse::Decoder,
};
use serde_json::{Value, json};
use server::{
    chat::{ChatService, Timing},
    config::Limits,
    gateway::{EventStream, Gateway, GatewayError, GatewayEvent, Reply},
    identity::Keys,
    state::AppState,
    store::Store,
};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tower::ServiceExt;
use uuid::Uuid;

/// No limits, so that tests meet only those that they set.
pub const UNLIMITED: Limits = Limits {
    messages_per_minute: 0,
    session_reads_per_minute: 0,
    searches_per_minute: 0,
    model_reads_per_minute: 0,
    streams: 0,
    import_megabytes: 8,
};

#[derive(Clone)]
pub struct TestApp {
    pub router: Router,
    pub gateway: Arc<Scripted>,
    pub chat: ChatService,
    pub folder: Arc<TempDir>,
}

impl TestApp {
    pub async fn start() -> Self {
        Self::with_limits(UNLIMITED).await
    }

    pub async fn with_limits(limits: Limits) -> Self {
        Self::open(Arc::new(tempfile::tempdir().unwrap()), limits).await
    }

    /// Another server on the same database, as after a crash: the first one is told nothing.
    pub async fn after_crash(&self) -> Self {
        Self::open(Arc::clone(&self.folder), UNLIMITED).await
    }

    pub async fn after_crash_with(&self, timing: Timing) -> Self {
        Self::scripted(Arc::clone(&self.folder), UNLIMITED, timing).await
    }

    pub async fn after_crash_limited(&self, limits: Limits) -> Self {
        Self::open(Arc::clone(&self.folder), limits).await
    }

    /// The same with another Gateway than the scripted one.
    pub async fn after_crash_behind(&self, gateway: Arc<dyn Gateway>) -> Self {
        let folder = Arc::clone(&self.folder);
        Self::assemble(folder, UNLIMITED, Arc::default(), gateway, Timing::default()).await
    }

    /// An app with another Gateway than the scripted one.
    pub async fn behind(gateway: Arc<dyn Gateway>, timing: Timing) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        Self::assemble(folder, UNLIMITED, Arc::default(), gateway, timing).await
    }

    pub async fn with_timing(timing: Timing) -> Self {
        Self::scripted(Arc::new(tempfile::tempdir().unwrap()), UNLIMITED, timing).await
    }

    async fn open(folder: Arc<TempDir>, limits: Limits) -> Self {
        Self::scripted(folder, limits, Timing::default()).await
    }

    async fn scripted(folder: Arc<TempDir>, limits: Limits, timing: Timing) -> Self {
        let scripted = Arc::<Scripted>::default();
        let gateway = Arc::clone(&scripted) as Arc<dyn Gateway>;
        Self::assemble(folder, limits, scripted, gateway, timing).await
    }

    async fn assemble(
        folder: Arc<TempDir>,
        limits: Limits,
        scripted: Arc<Scripted>,
        gateway: Arc<dyn Gateway>,
        timing: Timing,
    ) -> Self {
        let store = Store::open(&folder.path().join("parley.db")).await.unwrap();
        let chat = ChatService::start(store, gateway, timing).await.unwrap();
        let options = server::leptos_options().unwrap();
        let state = AppState::new(chat.clone(), Keys::from_secret(&[7; 64]), limits, false, options);
        Self {
            router: server::router(state),
            gateway: scripted,
            chat,
            folder,
        }
    }

    pub async fn browser(&self) -> Browser {
        let response = call(&self.router, Request::get("/api/csrf").body(Body::empty()).unwrap()).await;
        let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let token = json_body(response).await["csrf_token"].as_str().unwrap().to_owned();
        Browser {
            router: self.router.clone(),
            cookie,
            token,
        }
    }
}

/// One identity.
#[derive(Clone)]
pub struct Browser {
    pub router: Router,
    pub cookie: String,
    pub token: String,
}

impl Browser {
    /// The same browser, talking to another server.
    pub fn at(&self, app: &TestApp) -> Self {
        Self {
            router: app.router.clone(),
            ..self.clone()
        }
    }

    pub fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "parley.test")
            .header(header::COOKIE, &self.cookie)
            .header("x-csrf-token", &self.token)
            .header(header::CONTENT_TYPE, "application/json")
    }

    pub async fn send_raw(&self, method: Method, path: &str, body: impl Into<Body>) -> Response {
        call(&self.router, self.request(method, path).body(body.into()).unwrap()).await
    }

    pub async fn send(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let response = self.send_raw(method, path, body).await;
        (response.status(), json_body(response).await)
    }

    pub async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.send(Method::GET, path, Value::Null).await
    }

    pub async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.send(Method::POST, path, body).await
    }

    /// Says something to the Architect, in a new session or an old one.
    pub async fn say(&self, session: Option<Uuid>, text: &str) -> Value {
        let body = json!({"session_id": session, "message": text, "agent_id": "architect"});
        let (status, answer) = self.post("/api/chat/message", body).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
        answer
    }

    /// Says something and waits for the answer's end.
    pub async fn talk(&self, session: Option<Uuid>, text: &str) -> Uuid {
        let session = session_id(&self.say(session, text).await);
        self.attach(session, &[]).await.rest().await;
        session
    }

    pub async fn messages(&self, session: Uuid) -> Vec<Value> {
        let (status, detail) = self.get(&format!("/api/chat/sessions/{session}")).await;
        assert_eq!(status, StatusCode::OK, "{detail}");
        detail["messages"].as_array().unwrap().clone()
    }

    pub async fn attach(&self, session: Uuid, headers: &[(&str, &str)]) -> Reader {
        self.attach_at(&format!("/api/chat/stream/{session}"), headers).await
    }

    pub async fn attach_at(&self, path: &str, headers: &[(&str, &str)]) -> Reader {
        let mut request = self.request(Method::GET, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = call(&self.router, request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::OK);
        Reader {
            headers: response.headers().clone(),
            body: response.into_body(),
            decoder: Decoder::default(),
            ready: Default::default(),
        }
    }
}

/// A reader of a stream.
pub struct Reader {
    pub headers: HeaderMap,
    body: Body,
    decoder: Decoder,
    ready: std::collections::VecDeque<(String, Value)>,
}

impl Reader {
    /// The next event with its id; `None` at the end of the stream.
    pub async fn next(&mut self) -> Option<(String, Value)> {
        while self.ready.is_empty() {
            let frame = self.body.frame().await?.unwrap();
            let Ok(bytes) = frame.into_data() else { continue };
            for frame in self.decoder.feed(&bytes).unwrap() {
                self.ready
                    .push_back((frame.id.unwrap(), serde_json::from_str(&frame.data).unwrap()));
            }
        }
        self.ready.pop_front()
    }

    /// Everything up to the end of the stream.
    pub async fn rest(mut self) -> Vec<(String, Value)> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event);
        }
        events
    }
}

/// The text of some events, put together the way a reader must: an offset says where to go on.
pub fn text_of<'a>(events: impl IntoIterator<Item = &'a (String, Value)>) -> String {
    let mut text = String::new();
    for (_, event) in events {
        if event["type"] == "token" {
            if let Some(offset) = event["offset"].as_u64() {
                text.truncate(usize::try_from(offset).unwrap());
            }
            text.push_str(event["content"].as_str().unwrap());
        }
    }
    text
}

pub fn types(events: &[(String, Value)]) -> Vec<&str> {
    events
        .iter()
        .map(|(_, event)| event["type"].as_str().unwrap())
        .collect()
}

pub fn session_id(accepted: &Value) -> Uuid {
    accepted["session_id"].as_str().unwrap().parse().unwrap()
}

pub async fn call(router: &Router, request: Request<Body>) -> Response {
    router.clone().oneshot(request).await.unwrap()
}

pub async fn body_of(response: Response) -> Bytes {
    response.into_body().collect().await.unwrap().to_bytes()
}

pub async fn json_body(response: Response) -> Value {
    let bytes = body_of(response).await;
    if bytes.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&bytes).expect("a JSON body")
    }
}

/// A refusal must be in the envelope, with all three parts.
pub fn code(body: &Value) -> &str {
    let error = &body["error"];
    for part in ["code", "message", "action"] {
        assert!(
            error[part].as_str().is_some_and(|text| !text.is_empty()),
            "no {part} in {body}"
        );
    }
    error["code"].as_str().unwrap()
}

/// What the Gateway is to send, as the test gives it.
type Script = mpsc::UnboundedReceiver<Result<GatewayEvent, GatewayError>>;

/// A Gateway that answers as the test says, or else at once with "Hello **you**".
#[derive(Default)]
pub struct Scripted {
    pub started: Mutex<Vec<GatewayChatRequest>>,
    pub resumed_after: Mutex<Vec<String>>,
    pub cancelled: AtomicUsize,
    pub refuse_start: Mutex<Option<GatewayError>>,
    /// The pieces of every answer that the test does not hold; none: "Hello **you**", at once.
    slowly: Mutex<Vec<String>>,
    waiting: Mutex<Vec<Script>>,
    answers: Mutex<HashMap<Uuid, Vec<Script>>>,
}

const PANIC: &str = "\0panic";

/// The test's hand on an answer.
pub struct Answer(mpsc::UnboundedSender<Result<GatewayEvent, GatewayError>>);

impl Answer {
    pub fn event(&self, event: TurnEvent) {
        self.0.send(Ok(GatewayEvent { id: None, event })).ok();
    }

    pub fn event_with_id(&self, id: &str, event: TurnEvent) {
        self.0
            .send(Ok(GatewayEvent {
                id: Some(id.into()),
                event,
            }))
            .ok();
    }

    pub fn token(&self, content: &str) {
        self.event(token(content));
    }

    /// The task that reads it panics.
    pub fn panic(&self) {
        self.token(PANIC);
    }

    pub fn fail(&self, error: GatewayError) {
        self.0.send(Err(error)).ok();
    }

    pub fn finish(&self) {
        self.event(TurnEvent::Usage {
            usage: Usage::exact(10, 5),
            cost_usd: Some(0.000_105),
        });
        self.event(TurnEvent::Done { status: None });
    }

    /// Waits until the turn has let go of the stream.
    pub async fn dropped(&self) {
        self.0.closed().await;
    }
}

pub fn token(content: &str) -> TurnEvent {
    TurnEvent::Token {
        content: content.into(),
        offset: None,
    }
}

impl Scripted {
    /// The next answer is the test's to give. Answers are given out in the order in which they were asked for here.
    pub fn hold_answer(&self) -> Answer {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.waiting.lock().insert(0, receiver);
        Answer(sender)
    }

    /// From now on answers come in these pieces, with a breath between them.
    pub fn answer_slowly(&self, pieces: Vec<String>) {
        *self.slowly.lock() = pieces;
    }

    pub fn starts(&self) -> usize {
        self.started.lock().len()
    }

    pub fn cancels(&self) -> usize {
        self.cancelled.load(Ordering::SeqCst)
    }
}

impl Gateway for Scripted {
    fn agents(&self) -> Reply<'_, Vec<GatewayAgent>> {
        let agents = json!([
            {"agent_id": "pas-root", "agent_name": "PAS Root", "tier": 1, "role": "Root", "port": 6000},
            {"agent_id": "architect", "agent_name": "Architect", "tier": 2, "role": "Architect", "parent_id": "pas-root", "port": 6110},
            {"agent_id": "dir-code", "agent_name": "Dir-Code", "tier": 3, "role": "Director", "parent_id": "architect"},
        ]);
        Box::pin(async { Ok(serde_json::from_value(agents).unwrap()) })
    }

    fn models(&self) -> Reply<'_, Vec<GatewayModel>> {
        let models = json!([
            {"model_id": "scripted", "model_name": "Scripted", "provider": "test", "context_window": 1000, "cost_per_1m_input": 3.0, "cost_per_1m_output": 15.0},
            {"model_id": "second", "model_name": "Second", "provider": "test", "context_window": 2000},
            {"model_id": "asleep", "model_name": "Asleep", "provider": "test", "context_window": 2000, "is_active": false},
        ]);
        Box::pin(async { Ok(serde_json::from_value(models).unwrap()) })
    }

    fn start(&self, request: GatewayChatRequest) -> Reply<'_, ()> {
        Box::pin(async move {
            if let Some(error) = self.refuse_start.lock().take() {
                return Err(error);
            }
            let session = request.session_id;
            self.started.lock().push(request);
            let answer = self.waiting.lock().pop().unwrap_or_else(|| {
                let (sender, receiver) = mpsc::unbounded_channel();
                let answer = Answer(sender);
                let pieces = self.slowly.lock().clone();
                if pieces.is_empty() {
                    answer.token("Hello ");
                    answer.token("**you**");
                    answer.finish();
                } else {
                    tokio::spawn(async move {
                        for piece in pieces {
                            answer.token(&piece);
                            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
                        }
                        answer.finish();
                    });
                }
                receiver
            });
            self.answers.lock().entry(session).or_default().push(answer);
            Ok(())
        })
    }

    fn stream(&self, session_id: Uuid, last_event_id: Option<String>) -> Reply<'_, EventStream> {
        Box::pin(async move {
            if let Some(id) = last_event_id {
                self.resumed_after.lock().push(id);
                let receiver = self.waiting.lock().pop().ok_or(GatewayError::Incomplete)?;
                self.answers.lock().entry(session_id).or_default().push(receiver);
            }
            let receiver = self.answers.lock().get_mut(&session_id).and_then(Vec::pop).unwrap();
            let events = futures::stream::unfold(receiver, |mut receiver| async {
                let event = receiver.recv().await?;
                let is_panic = matches!(&event, Ok(GatewayEvent { event: TurnEvent::Token { content, .. }, .. }) if content == PANIC);
                assert!(!is_panic, "the script says so");
                Some((event.map(|event| vec![event]), receiver))
            });
            Ok(events.boxed())
        })
    }

    fn cancel(&self, _: Uuid) -> Reply<'_, ()> {
        self.cancelled.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Ok(()) })
    }

    fn approve(&self, _: Uuid, _: GatewayApproval) -> Reply<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    fn health(&self) -> Reply<'_, ()> {
        Box::pin(async { Ok(()) })
    }
}
