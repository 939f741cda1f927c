//! A Gateway over real TCP that does what it is told, byte for byte, and no more.

use std::{collections::VecDeque, net::SocketAddr, sync::Arc, time::Duration};

use parking_lot::Mutex;
use reqwest::Url;
use serde_json::{Value, json};
use server::{
    chat::Timing,
    gateway::http::{HttpGateway, Timeouts},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream, tcp::OwnedWriteHalf},
    sync::{Notify, watch},
};

use super::TestApp;

const AGENTS: &str = r#"{"agents":[{"agent_id":"pas-root","agent_name":"PAS Root","tier":1,"role":"Root"},{"agent_id":"architect","agent_name":"Architect","tier":2,"role":"Architect","parent_id":"pas-root"}]}"#;
const MODELS: &str = r#"{"models":[{"model_id":"m","model_name":"M","provider":"test","context_window":1000}]}"#;
/// The head of a stream that ends where its connection does.
pub const STREAM: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
pub const USAGE_AND_DONE: &str = "id: u\ndata: {\"type\":\"usage\",\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4,\"total_tokens\":7},\"cost_usd\":0.5}\n\nid: d\ndata: {\"type\":\"done\"}\n\n";

/// What the Gateway does on one connection, in order; then it closes it.
#[derive(Clone)]
pub enum Step {
    Send(Vec<u8>),
    /// Waits until the test says so.
    Await(Arc<Notify>),
    /// A comment every 20 ms, for ever.
    KeepAlive,
    /// A token with the next number, from 0, in this rhythm, for ever.
    Count(Duration),
    /// Nothing, for ever.
    Hang,
    /// From here on connections are closed as soon as they are made, for this long.
    GoAway(Duration),
}

pub fn send(bytes: impl AsRef<[u8]>) -> Step {
    Step::Send(bytes.as_ref().to_vec())
}

/// A token's frame, with an id if there is one.
pub fn frame(id: Option<&str>, content: &str) -> String {
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    format!("{id}data: {}\n\n", json!({"type": "token", "content": content}))
}

/// A reply with a JSON body.
pub fn reply(status: &str, body: &Value) -> Step {
    let body = body.to_string();
    send(format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    ))
}

/// A request that came in.
#[derive(Debug, Clone)]
pub struct Seen {
    pub line: String,
    pub last_event_id: Option<String>,
    pub body: Value,
}

#[derive(Default)]
struct Shared {
    /// What to do on `POST /chat`; accepted where there is nothing.
    starts: Mutex<VecDeque<Vec<Step>>>,
    streams: Mutex<VecDeque<Vec<Step>>>,
    cancels: Mutex<VecDeque<Vec<Step>>>,
    seen: Mutex<Vec<Seen>>,
    /// While it is, connections are dropped, those that are open included.
    is_away: watch::Sender<bool>,
}

/// The Gateway.
pub struct Wire {
    shared: Arc<Shared>,
    count: watch::Receiver<usize>,
    addr: SocketAddr,
    serving: tokio::task::JoinHandle<()>,
}

impl Wire {
    pub async fn start() -> Self {
        let shared = Arc::new(Shared::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (counted, count) = watch::channel(0);
        let counted = Arc::new(counted);
        let serving = tokio::spawn({
            let shared = Arc::clone(&shared);
            async move {
                // Its connections end with it.
                let mut connections = tokio::task::JoinSet::new();
                loop {
                    let (connection, _) = listener.accept().await.unwrap();
                    if *shared.is_away.borrow() {
                        continue;
                    }
                    connections.spawn(serve(Arc::clone(&shared), Arc::clone(&counted), connection));
                }
            }
        });
        Self {
            shared,
            count,
            addr,
            serving,
        }
    }

    /// An app in front of it.
    pub async fn app(&self) -> TestApp {
        self.app_with(Timeouts::default()).await
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    pub async fn app_with(&self, timeouts: Timeouts) -> TestApp {
        self.app_like(timeouts, Timing::default()).await
    }

    pub async fn app_like(&self, timeouts: Timeouts, timing: Timing) -> TestApp {
        TestApp::behind(Arc::new(self.client(timeouts)), timing).await
    }

    /// Another app in front of it, on the same database, as after a crash.
    pub async fn app_after_crash_of(&self, app: &TestApp) -> TestApp {
        app.after_crash_behind(Arc::new(self.client(Timeouts::default()))).await
    }

    fn client(&self, timeouts: Timeouts) -> HttpGateway {
        HttpGateway::new(Url::parse(&self.url()).unwrap(), None, None, timeouts).unwrap()
    }

    /// What to do when asked to begin an answer.
    pub fn on_start(&self, steps: impl IntoIterator<Item = Step>) -> &Self {
        self.shared.starts.lock().push_back(steps.into_iter().collect());
        self
    }

    /// What to do when next asked for a stream; where there is nothing, it stays silent.
    pub fn on_stream(&self, steps: impl IntoIterator<Item = Step>) -> &Self {
        let steps = [send(STREAM)].into_iter().chain(steps).collect();
        self.shared.streams.lock().push_back(steps);
        self
    }

    /// The same, down to the head of the response.
    pub fn on_stream_raw(&self, steps: impl IntoIterator<Item = Step>) -> &Self {
        self.shared.streams.lock().push_back(steps.into_iter().collect());
        self
    }

    pub fn on_cancel(&self, steps: impl IntoIterator<Item = Step>) -> &Self {
        self.shared.cancels.lock().push_back(steps.into_iter().collect());
        self
    }

    /// The requests of one kind so far.
    pub fn seen(&self, kind: &str) -> Vec<Seen> {
        let all = self.shared.seen.lock();
        all.iter().filter(|seen| is_kind(&seen.line, kind)).cloned().collect()
    }

    /// What was asked, in order.
    pub fn lines(&self) -> Vec<String> {
        self.shared.seen.lock().iter().map(|seen| seen.line.clone()).collect()
    }

    /// Waits until `times` requests of a kind have come.
    pub async fn asked(&self, kind: &str, times: usize) -> Vec<Seen> {
        let mut count = self.count.clone();
        loop {
            count.mark_unchanged();
            let seen = self.seen(kind);
            if seen.len() >= times {
                return seen;
            }
            tokio::time::timeout(Duration::from_secs(20), count.changed())
                .await
                .unwrap_or_else(|_| panic!("no {kind} came: {:?}", self.shared.seen.lock()))
                .unwrap();
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn is_kind(line: &str, kind: &str) -> bool {
    match kind {
        "start" => line == "POST /chat",
        "stream" => line.starts_with("GET /chat/stream/"),
        "cancel" => line.ends_with("/cancel"),
        other => panic!("no such kind: {other}"),
    }
}

async fn serve(shared: Arc<Shared>, counted: Arc<watch::Sender<usize>>, connection: TcpStream) {
    let (reader, mut writer) = connection.into_split();
    let mut reader = BufReader::new(reader);
    let mut is_away = shared.is_away.subscribe();
    loop {
        let seen = tokio::select! {
            seen = read_request(&mut reader) => seen,
            _ = is_away.wait_for(|is_away| *is_away) => return,
        };
        let Some(seen) = seen else { return };
        let line = seen.line.clone();
        shared.seen.lock().push(seen);
        counted.send_modify(|count| *count += 1);
        let given = |steps: &Mutex<VecDeque<Vec<Step>>>| steps.lock().pop_front();
        let (steps, stays) = match line.as_str() {
            "GET /agents" => (vec![text_reply(AGENTS)], true),
            "GET /models" => (vec![text_reply(MODELS)], true),
            "POST /chat" => match given(&shared.starts) {
                Some(steps) => (steps, true),
                None => (
                    vec![reply(
                        "202 Accepted",
                        &json!({"message_id": uuid::Uuid::nil(), "status": "processing"}),
                    )],
                    true,
                ),
            },
            line if is_kind(line, "stream") => (
                given(&shared.streams).unwrap_or_else(|| vec![send(STREAM), Step::Hang]),
                false,
            ),
            line if is_kind(line, "cancel") => match given(&shared.cancels) {
                Some(steps) => (steps, true),
                None => (vec![reply("200 OK", &json!({"status": "cancelled"}))], true),
            },
            other => panic!("unexpected: {other}"),
        };
        if !carry_out(steps, &shared, &mut writer).await || !stays {
            return;
        }
    }
}

/// `false`: the other side is gone.
async fn carry_out(steps: Vec<Step>, shared: &Arc<Shared>, writer: &mut OwnedWriteHalf) -> bool {
    for step in steps {
        match step {
            Step::Send(bytes) => {
                if writer.write_all(&bytes).await.is_err() {
                    return false;
                }
            }
            Step::Await(notify) => notify.notified().await,
            Step::KeepAlive => loop {
                if writer.write_all(b":keep-alive\n\n").await.is_err() {
                    return false;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            },
            Step::Count(pause) => {
                for number in 0.. {
                    let frame = frame(Some(&number.to_string()), &format!("{number} "));
                    if writer.write_all(frame.as_bytes()).await.is_err() {
                        return false;
                    }
                    tokio::time::sleep(pause).await;
                }
            }
            Step::Hang => std::future::pending().await,
            Step::GoAway(how_long) => {
                shared.is_away.send_replace(true);
                let shared = Arc::clone(shared);
                tokio::spawn(async move {
                    tokio::time::sleep(how_long).await;
                    shared.is_away.send_replace(false);
                });
            }
        }
    }
    true
}

fn text_reply(body: &str) -> Step {
    send(format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    ))
}

async fn read_request(reader: &mut (impl AsyncBufReadExt + Unpin)) -> Option<Seen> {
    let mut line = String::new();
    if reader.read_line(&mut line).await.ok()? == 0 {
        return None;
    }
    let line = line.rsplit_once(" HTTP/").unwrap().0.to_owned();
    let (mut length, mut last_event_id) = (0, None);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).await.ok()?;
        let Some((name, value)) = header.trim_end().split_once(": ") else {
            break;
        };
        match name {
            "content-length" => length = value.parse().unwrap(),
            "last-event-id" => last_event_id = Some(value.to_owned()),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).await.ok()?;
    Some(Seen {
        line,
        last_event_id,
        body: serde_json::from_slice(&body).unwrap_or_default(),
    })
}
