//! The real program, killed and ended: what was acknowledged is there after the next start.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use reqwest::{Client, header};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::common::{
    session_id,
    wire::{Step, Wire, frame, send},
};

/// What a crash may cost of the text, as time.
const MAY_COST: Duration = Duration::from_millis(250);
/// Kills, of which most must keep within it: one that falls on a busy machine's bad moment proves nothing.
const KILLS: usize = 5;

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_loses_no_acknowledged_message_and_at_most_a_moment_of_text() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Wire::start().await;
    let mut acknowledged: Vec<(Uuid, String)> = Vec::new();
    let mut kept_within = 0;
    let mut parley = Parley::launch(folder.path(), &gateway).await;
    let mut client = parley.client().await;
    for kill in 0..KILLS {
        gateway.on_stream([Step::Count(Duration::from_millis(5))]);
        let session = client.say(&format!("Count, {kill}")).await;
        acknowledged.push((session, format!("Count, {kill}")));
        let read = client.read_count(session, 200).await;
        for number in 0..5 {
            let message = format!("Remember {kill}.{number}");
            acknowledged.push((client.say(&message).await, message));
        }
        let killed = Instant::now();
        parley.process.kill().unwrap();
        parley.process.wait().unwrap();

        parley = Parley::launch(folder.path(), &gateway).await;
        client = client.at(&parley);
        let answer = client.messages(session).await.pop().unwrap();
        assert_eq!(answer["status"], "interrupted", "never left streaming");
        let kept = answer["content"].as_str().unwrap();
        let numbers: Vec<&str> = kept.split_terminator(' ').collect();
        let counted: Vec<String> = (0..numbers.len()).map(|number| number.to_string()).collect();
        assert_eq!(
            numbers, counted,
            "what was kept is the beginning of what was sent, byte for byte"
        );
        let read_in_time = read.iter().filter(|at| killed.duration_since(**at) > MAY_COST).count();
        assert!(read_in_time > 50, "too little was read to tell anything");
        kept_within += usize::from(numbers.len() >= read_in_time);
        for (session, message) in &acknowledged {
            assert_eq!(client.messages(*session).await[0]["content"], message.as_str());
        }
    }
    assert!(
        kept_within * 2 > KILLS,
        "{kept_within} of {KILLS} kept all but the last {MAY_COST:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_to_end_it_ends_its_turns_as_interrupted_although_the_gateway_hangs() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Wire::start().await;
    let mut parley = Parley::launch(folder.path(), &gateway).await;
    let client = parley.client().await;
    gateway
        .on_stream([send(frame(None, "so far")), Step::Hang])
        .on_cancel([Step::Hang]);
    let session = client.say("Hello").await;
    client.read_count(session, 0).await;
    let pid = parley.process.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(parley.ended().await.success());
    assert_eq!(gateway.seen("cancel").len(), 1, "the model was told to stop");

    // Not recovered by the next start: saved before the end.
    assert_eq!(stored_status(folder.path()), "interrupted");
    let parley = Parley::launch(folder.path(), &gateway).await;
    let answer = client.at(&parley).messages(session).await.pop().unwrap();
    assert_eq!(
        (&answer["status"], &answer["content"]),
        (&json!("interrupted"), &json!("so far"))
    );
}

fn stored_status(folder: &Path) -> String {
    use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query, sql_types::Text};
    #[derive(QueryableByName)]
    struct Status {
        #[diesel(sql_type = Text)]
        status: String,
    }
    let path = folder.join("parley.db");
    let mut database = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    let turns: Vec<Status> = sql_query("SELECT status FROM turns").load(&mut database).unwrap();
    turns[0].status.clone()
}

/// A running server.
struct Parley {
    process: Child,
    url: String,
}

impl Parley {
    async fn launch(folder: &Path, gateway: &Wire) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_parley"))
            .current_dir(folder)
            .env_clear()
            .env("LEPTOS_SITE_ADDR", "127.0.0.1:0")
            .env("DATABASE_URL", folder.join("parley.db"))
            .env("GATEWAY_URL", gateway.url())
            .envs(["MESSAGES_PER_MINUTE", "SESSION_READS_PER_MINUTE"].map(|limit| (format!("PARLEY_{limit}"), "0")))
            .env("PARLEY_STREAMS_PER_USER", "0")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(process.stderr.take().unwrap()).lines();
        let (told, url) = tokio::sync::oneshot::channel();
        // It reads to the end: a full pipe would stop the server.
        std::thread::spawn(move || {
            let mut told = Some(told);
            for line in log.map_while(Result::ok) {
                if let Some((_, url)) = line.split_once("Parley is at ") {
                    told.take().map(|told| told.send(url.to_owned()));
                }
            }
        });
        Self {
            process,
            url: url.await.expect("it says where it listens"),
        }
    }

    /// Waits until it has ended by itself.
    async fn ended(&mut self) -> ExitStatus {
        let patience = Instant::now() + Duration::from_secs(30);
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < patience, "it does not end by itself");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// A new identity.
    async fn client(&self) -> Person {
        let http = Client::builder().no_proxy().build().unwrap();
        let response = http.get(format!("{}/api/csrf", self.url)).send().await.unwrap();
        let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let body: Value = response.json().await.unwrap();
        Person {
            http,
            url: self.url.clone(),
            cookie,
            token: body["csrf_token"].as_str().unwrap().to_owned(),
        }
    }
}

impl Drop for Parley {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// One identity, over real HTTP.
#[derive(Clone)]
struct Person {
    http: Client,
    url: String,
    cookie: String,
    token: String,
}

impl Person {
    fn at(&self, parley: &Parley) -> Self {
        Self {
            url: parley.url.clone(),
            ..self.clone()
        }
    }

    async fn say(&self, message: &str) -> Uuid {
        let response = self
            .http
            .post(format!("{}/api/chat/message", self.url))
            .header(header::COOKIE, &self.cookie)
            .header("x-csrf-token", &self.token)
            .json(&json!({"message": message, "agent_id": "architect"}))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 202);
        session_id(&response.json().await.unwrap())
    }

    async fn messages(&self, session: Uuid) -> Vec<Value> {
        let url = format!("{}/api/chat/sessions/{session}", self.url);
        let response = self
            .http
            .get(url)
            .header(header::COOKIE, &self.cookie)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 200);
        let detail: Value = response.json().await.unwrap();
        detail["messages"].as_array().unwrap().clone()
    }

    /// Reads until a token holds the number `last`, or for 0 the first token; says when each number was read.
    async fn read_count(&self, session: Uuid, last: usize) -> Vec<Instant> {
        let url = format!("{}/api/chat/stream/{session}", self.url);
        let request = self
            .http
            .get(url)
            .header(header::COOKIE, &self.cookie)
            .header("last-event-id", "from the start");
        let mut response = request.send().await.unwrap();
        let mut decoder = protocol::sse::Decoder::default();
        let mut read = Vec::new();
        while let Some(bytes) = response.chunk().await.unwrap() {
            for frame in decoder.feed(&bytes).unwrap() {
                let event: Value = serde_json::from_str(&frame.data).unwrap();
                let numbers = event["content"]
                    .as_str()
                    .unwrap_or_default()
                    .split_terminator(' ')
                    .count();
                read.extend(std::iter::repeat_n(Instant::now(), numbers));
                if read.len() > last {
                    return read;
                }
            }
        }
        panic!("the stream ended after {}", read.len());
    }
}
