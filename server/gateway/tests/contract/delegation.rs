//! A hierarchy at work: real HTTP to a model that calls tools, as the test tells it.

use std::{
    collections::HashMap,
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
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use gateway::{ContextOverflow, Limits, Settings};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::common::{Client, Event, chat, failure, kinds, serve, settings, text};

/// What the model says next to an agent.
#[derive(Clone)]
pub(crate) enum Say {
    Text(&'static str),
    /// Text, and the tools it calls with their arguments.
    Call(&'static str, Vec<(&'static str, Value)>),
    Refuse(u16, &'static str, Option<&'static str>),
    /// Nothing, until the connection is dropped.
    Hang,
    /// Text, once all others are asked too.
    Together(&'static str, usize),
}

/// A provider; each agent has a script of its own.
#[derive(Clone, Default)]
pub(crate) struct Model {
    scripts: Arc<Mutex<HashMap<&'static str, Vec<Say>>>>,
    pub(crate) asked: Arc<Mutex<Vec<(String, Value)>>>,
    open: Arc<AtomicUsize>,
    changed: Arc<Notify>,
}

/// Who is asked, by the sentence that its prompt holds.
fn agent_of(body: &Value) -> String {
    let system = body["messages"][0]["content"].as_str().unwrap_or_default();
    let after = system.split("\n\nYou are ").nth(1).unwrap_or("Direct,");
    after.split(',').next().unwrap().to_owned()
}

/// A request that is open: counted until its answer is over or its connection gone.
struct Open(Model);

impl Open {
    fn new(model: &Model) -> Self {
        model.open.fetch_add(1, Ordering::SeqCst);
        model.changed.notify_waiters();
        Self(model.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
        self.0.changed.notify_waiters();
    }
}

async fn complete(State(model): State<Model>, Json(body): Json<Value>) -> Response {
    let agent = agent_of(&body);
    model.asked.lock().push((agent.clone(), body));
    let say = {
        let mut scripts = model.scripts.lock();
        let script = scripts
            .iter_mut()
            .find(|(name, _)| **name == agent)
            .unwrap_or_else(|| panic!("{agent} was asked"))
            .1;
        assert!(!script.is_empty(), "{agent} was asked once too often");
        script.remove(0)
    };
    let open = Open::new(&model);
    let (said, calls) = match say {
        Say::Refuse(status, reason, retry_after) => {
            let body = json!({"error": {"message": reason}}).to_string();
            let mut response = (StatusCode::from_u16(status).unwrap(), body).into_response();
            if let Some(seconds) = retry_after {
                response.headers_mut().insert("retry-after", seconds.parse().unwrap());
            }
            return response;
        }
        Say::Hang => {
            let stream = async_stream::stream! {
                let _open = open;
                yield Ok::<_, std::io::Error>(event(&json!({"choices": [{"index": 0, "delta": {"content": "Well"}}]})));
                std::future::pending::<()>().await;
            };
            return ([("content-type", "text/event-stream")], Body::from_stream(stream)).into_response();
        }
        Say::Together(said, others) => {
            while model.open.load(Ordering::SeqCst) < others {
                let changed = model.changed.notified();
                if model.open.load(Ordering::SeqCst) >= others {
                    break;
                }
                changed.await;
            }
            // The others have to be seen waiting too before the first one leaves.
            tokio::time::sleep(Duration::from_millis(50)).await;
            (said, Vec::new())
        }
        Say::Text(said) => (said, Vec::new()),
        Say::Call(said, calls) => (said, calls),
    };
    let mut out = String::new();
    let mut send = |delta: Value, finish: Option<&str>| {
        out += &event(&json!({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}));
    };
    if !said.is_empty() {
        send(json!({"content": said}), None);
    }
    for (index, (name, arguments)) in calls.iter().enumerate() {
        let function = json!({"name": name, "arguments": arguments.to_string()});
        let call = json!({"index": index, "id": format!("c{index}"), "type": "function", "function": function});
        send(json!({"tool_calls": [call]}), None);
    }
    send(json!({}), Some(if calls.is_empty() { "stop" } else { "tool_calls" }));
    out += &event(&json!({"choices": [], "usage": {
        "prompt_tokens": 1_001, "completion_tokens": 101, "total_tokens": 1_102,
        "prompt_tokens_details": {"cached_tokens": 401},
    }}));
    out += "data: [DONE]\n\n";
    ([("content-type", "text/event-stream")], out).into_response()
}

fn event(data: &Value) -> String {
    format!("data: {data}\n\n")
}

/// 600 at $2, 401 cached at $0.50 and 101 at $8 a million: 2,208.5, to the whole micro-dollar.
const CENTS: f64 = 0.002_209;

pub(crate) fn delegate(agent_id: &str, task: &str) -> (&'static str, Value) {
    ("delegate", json!({"agent_id": agent_id, "task": task}))
}

pub(crate) async fn gateway(
    scripts: &[(&'static str, Vec<Say>)],
    change: impl FnOnce(&mut Settings),
) -> (Client, Model) {
    let model = Model::default();
    model.scripts.lock().extend(scripts.iter().cloned());
    let listing = json!({"data": [{"id": "gpt-4.1"}]});
    let router = Router::new()
        .route("/v1/models", get(move || async move { Json(listing) }))
        .route("/v1/chat/completions", post(complete))
        .with_state(model.clone());
    let mut settings = Settings {
        openai_base_url: Some(serve(router).await),
        ..settings()
    };
    change(&mut settings);
    (Client::new(settings).await, model)
}

/// Asks an agent that needs no approval.
async fn ask(client: &Client, agent: &str) -> Vec<Event> {
    let session = Uuid::new_v4();
    let mut body = chat(session, "Build it", None);
    body["agent_id"] = json!(agent);
    assert_eq!(client.post("/chat", &body).await.0, StatusCode::ACCEPTED);
    client.read(session, None).await.rest().await
}

/// The last that was told of each task: agent, status, cost in micro-dollars, output.
fn tasks(events: &[Event]) -> Vec<(String, String, Option<i64>, String)> {
    let mut order: Vec<String> = Vec::new();
    let mut last: HashMap<String, Value> = HashMap::new();
    for event in events.iter().filter(|e| e.data["type"] == "status_update") {
        let id = event.data["task_id"].as_str().unwrap().to_owned();
        if !last.contains_key(&id) {
            order.push(id.clone());
        }
        let known = last.entry(id).or_insert_with(|| json!({}));
        for (key, value) in event.data.as_object().unwrap() {
            known[key] = value.clone();
        }
    }
    let shown = |id: &String| {
        let task = &last[id];
        #[expect(clippy::cast_possible_truncation, reason = "a few dollars")]
        let micro = task["cost_usd"].as_f64().map(|cost| (cost * 1e6).round() as i64);
        let text = |key: &str| task[key].as_str().unwrap_or_default().to_owned();
        (text("agent_id"), text("status"), micro, text("output"))
    };
    order.iter().map(shown).collect()
}

fn results_in(body: &Value) -> Vec<String> {
    let messages = body["messages"].as_array().unwrap().iter();
    let results = messages.filter(|m| m["role"] == "tool");
    results.map(|m| m["content"].as_str().unwrap().to_owned()).collect()
}

fn chain() -> Vec<(&'static str, Vec<Say>)> {
    vec![
        (
            "Dir-Code",
            vec![
                Say::Call("I hand it on.", vec![delegate("mgr-code-01", "Plan it")]),
                Say::Text("All done."),
            ],
        ),
        (
            "Mgr-Code-01",
            vec![
                Say::Call("", vec![delegate("programmer-gpt-001", "Write it")]),
                Say::Call("", vec![("report", json!({"result": "Reviewed."}))]),
            ],
        ),
        ("Programmer-GPT-001", vec![Say::Text("fn it() {}")]),
    ]
}

#[tokio::test]
async fn a_task_goes_down_the_hierarchy_and_its_sums_are_exact() {
    let (client, model) = gateway(&chain(), |_| {}).await;
    let events = ask(&client, "dir-code").await;
    assert_eq!(text(&events), "I hand it on.\n\nAll done.");
    let task =
        |agent: &str, micro, output: &str| (agent.to_owned(), "complete".to_owned(), Some(micro), output.to_owned());
    assert_eq!(
        tasks(&events),
        [
            task("", 4_418, ""),
            task("mgr-code-01", 4_418, "Reviewed."),
            task("programmer-gpt-001", 2_209, "fn it() {}"),
        ]
    );
    let usage = &events[events.len() - 2].data;
    assert_eq!(
        usage["usage"],
        json!({"prompt_tokens": 5_005, "completion_tokens": 505, "total_tokens": 5_510})
    );
    assert!(
        (usage["cost_usd"].as_f64().unwrap() - 5.0 * CENTS).abs() < 1e-12,
        "{usage}"
    );

    // Each was asked with its own prompt, its own task, and the results of those below it.
    let asked = model.asked.lock();
    let who: Vec<&str> = asked.iter().map(|(agent, _)| agent.as_str()).collect();
    assert_eq!(
        who,
        [
            "Dir-Code",
            "Mgr-Code-01",
            "Programmer-GPT-001",
            "Mgr-Code-01",
            "Dir-Code"
        ]
    );
    assert_eq!(asked[2].1["messages"][1]["content"], "Write it");
    assert!(
        asked[2].1["messages"][0]["content"]
            .as_str()
            .unwrap()
            .contains("speaks as Mgr-Code-01")
    );
    assert_eq!(results_in(&asked[3].1), ["fn it() {}"]);
    assert_eq!(results_in(&asked[4].1), ["Reviewed."]);
    let tools = |at: usize| -> Vec<String> {
        let tools = asked[at].1["tools"].as_array().unwrap().iter();
        tools
            .map(|t| t["function"]["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(tools(0), ["delegate"]);
    assert_eq!(tools(1), ["delegate", "ask_parent", "report"]);
    assert_eq!(tools(2), ["ask_parent", "report"]);
}

#[tokio::test]
async fn children_of_one_round_work_at_once_and_waiting_parents_do_not_count() {
    let scripts = [
        (
            "Dir-Code",
            vec![
                Say::Call("", vec![delegate("mgr-code-01", "a"), delegate("mgr-code-02", "b")]),
                Say::Text("Both."),
            ],
        ),
        ("Mgr-Code-01", vec![Say::Together("A", 2)]),
        ("Mgr-Code-02", vec![Say::Together("B", 2)]),
    ];
    let (client, model) = gateway(&scripts, |s| s.limits.at_once = 2).await;
    let events = tokio::time::timeout(Duration::from_secs(20), ask(&client, "dir-code"))
        .await
        .expect("both are asked at once");
    assert_eq!(text(&events), "Both.");
    assert_eq!(results_in(&model.asked.lock().last().unwrap().1), ["A", "B"]);
}

#[tokio::test]
async fn a_child_asks_the_one_above() {
    let scripts = [
        (
            "Mgr-Code-01",
            vec![
                Say::Call("", vec![delegate("programmer-gpt-001", "Write it")]),
                Say::Text("In Rust."),
                Say::Text("Good."),
            ],
        ),
        (
            "Programmer-GPT-001",
            vec![
                Say::Call("", vec![("ask_parent", json!({"question": "Which language?"}))]),
                Say::Text("fn it() {}"),
            ],
        ),
    ];
    let (client, model) = gateway(&scripts, |_| {}).await;
    let events = ask(&client, "mgr-code-01").await;
    assert_eq!(text(&events), "Good.", "what is said to a child is not the answer");
    let asked = model.asked.lock();
    let question = asked[2].1["messages"].as_array().unwrap().last().unwrap()["content"].clone();
    assert!(question.as_str().unwrap().contains("Which language?"), "{question}");
    assert_eq!(results_in(&asked[3].1), ["In Rust."]);
    // It counts as the parent's work.
    let costs: Vec<Option<i64>> = tasks(&events).into_iter().map(|task| task.2).collect();
    assert_eq!(costs, [Some(6_627), Some(4_418)]);
}

#[tokio::test]
async fn cancel_leaves_no_request_open_at_the_model() {
    let scripts = [
        (
            "Dir-Code",
            vec![Say::Call(
                "",
                vec![delegate("mgr-code-01", "a"), delegate("mgr-code-02", "b")],
            )],
        ),
        ("Mgr-Code-01", vec![Say::Hang]),
        ("Mgr-Code-02", vec![Say::Hang]),
    ];
    let (client, model) = gateway(&scripts, |_| {}).await;
    let session = Uuid::new_v4();
    let mut body = chat(session, "Build it", None);
    body["agent_id"] = json!("dir-code");
    client.post("/chat", &body).await;
    let both = async {
        while model.asked.lock().len() < 3 || model.open.load(Ordering::SeqCst) < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), both).await.unwrap();
    assert_eq!(client.cancel(session).await.0, StatusCode::OK);
    let none = async {
        while model.open.load(Ordering::SeqCst) > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), none)
        .await
        .expect("every connection is dropped");
    let events = client.read(session, None).await.rest().await;
    let end = &events[events.len() - 2..];
    assert_eq!(kinds(end), ["usage", "done:cancelled"]);
    // What was reported until then; two requests reported nothing.
    assert_eq!(end[0].data["usage"]["total_tokens"], 1_102);
    assert_eq!(end[0].data["usage"]["estimated"], true);
}

#[tokio::test]
async fn a_plan_waits_is_refined_and_approved() {
    let scripts = [
        (
            "Architect",
            vec![
                Say::Call("First plan.", vec![delegate("dir-docs", "Write docs")]),
                Say::Call("Second plan.", vec![delegate("dir-docs", "Write short docs")]),
                Say::Call("", vec![delegate("dir-data", "Count")]),
                Say::Text("Done."),
            ],
        ),
        ("Dir-Docs", vec![Say::Text("Docs.")]),
        ("Dir-Data", vec![Say::Text("One.")]),
    ];
    let (client, model) = gateway(&scripts, |_| {}).await;
    let session = client.start("Build it", None).await;
    let mut reader = client.read(session, None).await;
    let seen = reader.until("awaiting_approval").await;
    let waiting = &seen.last().unwrap().data;
    assert_eq!(
        waiting["detail"],
        "Shall the plan be carried out? It would go to Dir-Docs."
    );
    let task = waiting["task_id"].clone();
    assert_eq!(model.asked.lock().len(), 1, "nobody works before the decision");
    let refine = json!({"task_id": task, "decision": "refine", "note": "shorter"});
    assert_eq!(client.decide(session, &refine).await.0, StatusCode::OK);
    reader.until("awaiting_approval").await;
    assert!(results_in(&model.asked.lock()[1].1)[0].contains("Their note: shorter"));
    let approve = json!({"task_id": task, "decision": "approve"});
    assert_eq!(client.decide(session, &approve).await.0, StatusCode::OK);
    assert_eq!(
        client.decide(session, &approve).await.0,
        StatusCode::CONFLICT,
        "decided once"
    );
    let rest = reader.rest().await;
    assert_eq!(text(&rest), "\n\nDone.");
    assert_eq!(
        kinds(&rest).last().unwrap(),
        "done:complete",
        "what follows an approved plan is not asked again"
    );
    assert_eq!(model.asked.lock()[2].1["messages"][1]["content"], "Write short docs");
}

#[tokio::test]
async fn a_plan_that_was_not_said_is_stated_and_a_rejected_one_ends_cleanly() {
    let scripts = [(
        "Architect",
        vec![Say::Call("", vec![delegate("dir-docs", "Write\n# docs")])],
    )];
    let (client, model) = gateway(&scripts, |_| {}).await;
    let session = client.start("Build it", None).await;
    let mut reader = client.read(session, None).await;
    let seen = reader.until("awaiting_approval").await;
    assert_eq!(text(&seen), "## Plan\n\n- **Dir-Docs**: Write # docs\n\n");
    let task = seen.last().unwrap().data["task_id"].clone();
    client
        .decide(session, &json!({"task_id": task, "decision": "reject"}))
        .await;
    let rest = reader.rest().await;
    assert!(text(&rest).contains("nothing was carried out"));
    assert_eq!(kinds(&rest).last().unwrap(), "done:complete");
    assert_eq!(model.asked.lock().len(), 1);
}

#[tokio::test]
async fn a_plan_that_nobody_decides_on_ends_the_turn() {
    let scripts = [("Architect", vec![Say::Call("Plan.", vec![delegate("dir-docs", "x")])])];
    let (client, _) = gateway(&scripts, |s| s.approval_timeout = Duration::from_millis(50)).await;
    let (detail, done) = failure(&client.ask("Build it", None).await);
    assert_eq!(
        detail,
        "Nobody decided within 1 minute, so the plan was not carried out."
    );
    assert_eq!(done, "error");
}

#[tokio::test]
async fn a_limit_is_told_to_the_agent_and_to_the_person() {
    let many = vec![delegate("mgr-code-01", "a"), delegate("mgr-code-02", "b")];
    type Set = fn(&mut Limits);
    let cases: [(Set, &str); 3] = [
        (|l| l.nodes = 2, "Limit reached: a turn has 2 tasks at most."),
        (|l| l.children = 1, "Limit reached: one agent delegates 1 task at most."),
        (|l| l.tokens = 2_000, "Limit reached: a turn takes 2000 tokens at most."),
    ];
    for (limit, told) in cases {
        let scripts = [
            (
                "Dir-Code",
                vec![Say::Call("", many.clone()), Say::Text("With what I have.")],
            ),
            ("Mgr-Code-01", vec![Say::Text("A")]),
            ("Mgr-Code-02", vec![Say::Text("B")]),
        ];
        let (client, model) = gateway(&scripts, |s| limit(&mut s.limits)).await;
        let events = ask(&client, "dir-code").await;
        assert_eq!(text(&events), "With what I have.");
        let complete = events
            .iter()
            .rfind(|e| e.data["status"] == "complete" && e.data["detail"].is_string());
        assert_eq!(complete.unwrap().data["detail"], told);
        if !told.contains("tokens") {
            let asked = model.asked.lock();
            let results = results_in(&asked.last().unwrap().1);
            assert_eq!(results[1], format!("{told} Go on with what you have."));
        }
    }
}

#[tokio::test]
async fn the_last_word_is_asked_for_with_the_tools_named_and_none_to_be_called() {
    let scripts = [
        (
            "Dir-Code",
            vec![
                Say::Call("", vec![delegate("mgr-code-01", "a")]),
                Say::Text("With what I have."),
            ],
        ),
        ("Mgr-Code-01", vec![Say::Text("A")]),
    ];
    let (client, model) = gateway(&scripts, |s| s.limits.tokens = 2_000).await;
    assert_eq!(text(&ask(&client, "dir-code").await), "With what I have.");
    let asked = model.asked.lock();
    let last = &asked.last().unwrap().1;
    assert_eq!(
        (&last["tool_choice"], &asked[0].1["tool_choice"]),
        (&json!("none"), &Value::Null)
    );
    assert_eq!(last["tools"][0]["function"]["name"], "delegate");
    let system = last["messages"][0]["content"].as_str().unwrap();
    assert!(system.contains("They do not work in this turn"), "{system}");
}

#[tokio::test]
async fn nobody_works_below_the_deepest_level() {
    let (client, model) = gateway(&chain(), |s| s.limits.depth = 2).await;
    model.scripts.lock().insert("Mgr-Code-01", vec![Say::Text("Alone.")]);
    let events = ask(&client, "dir-code").await;
    assert_eq!(tasks(&events).len(), 2);
    let asked = model.asked.lock();
    let system = asked[1].1["messages"][0]["content"].as_str().unwrap();
    assert!(system.contains("They do not work in this turn"), "{system}");
    assert!(!asked[1].1["tools"].to_string().contains("delegate"));
}

#[tokio::test]
async fn a_turn_that_takes_too_long_answers_with_what_it_has() {
    let scripts = [
        (
            "Dir-Code",
            vec![Say::Call("", vec![delegate("mgr-code-01", "a")]), Say::Text("Late.")],
        ),
        ("Mgr-Code-01", vec![Say::Hang]),
    ];
    let (client, model) = gateway(&scripts, |s| s.limits.duration = Duration::from_millis(400)).await;
    let events = ask(&client, "dir-code").await;
    assert_eq!(text(&events), "Late.");
    assert_eq!(model.open.load(Ordering::SeqCst), 0);
    assert_eq!(tasks(&events)[1].1, "error");
}

#[tokio::test]
async fn a_child_that_fails_is_told_to_its_parent() {
    let scripts = [
        (
            "Dir-Code",
            vec![
                Say::Call("", vec![delegate("mgr-code-01", "a")]),
                Say::Text("So be it."),
            ],
        ),
        ("Mgr-Code-01", vec![Say::Refuse(401, "No credit.", None)]),
    ];
    let (client, model) = gateway(&scripts, |_| {}).await;
    let events = ask(&client, "dir-code").await;
    assert_eq!(text(&events), "So be it.");
    assert_eq!(tasks(&events)[1].1, "error");
    let results = results_in(&model.asked.lock().last().unwrap().1);
    assert!(
        results[0].starts_with("This task failed: ") && results[0].contains("No credit."),
        "{results:?}"
    );
}

#[tokio::test]
async fn a_call_that_makes_no_sense_is_answered() {
    let calls = vec![
        delegate("dir-docs", "not below"),
        ("delegate", json!({"agent_id": "mgr-code-01"})),
        ("rm", json!({})),
        ("ask_parent", json!({"question": "?"})),
    ];
    let scripts = [("Dir-Code", vec![Say::Call("", calls), Say::Text("Alone then.")])];
    let (client, model) = gateway(&scripts, |_| {}).await;
    let events = ask(&client, "dir-code").await;
    assert_eq!(text(&events), "Alone then.");
    let results = results_in(&model.asked.lock()[1].1);
    for (result, says) in results.iter().zip([
        "There is no agent `dir-docs` below you. Delegate to one of: mgr-code-01, mgr-code-02.",
        "missing field `task`",
        "There is no tool `rm`.",
        "Nobody is above you",
    ]) {
        assert!(result.contains(says), "{result}");
    }
    assert_eq!(results.len(), 4);
}

#[tokio::test]
async fn a_model_without_tools_answers_itself() {
    let scripts = [(
        "Dir-Code",
        vec![
            Say::Refuse(400, "gpt-4.1 does not support tools", None),
            Say::Text("Myself."),
        ],
    )];
    let (client, model) = gateway(&scripts, |_| {}).await;
    assert_eq!(text(&ask(&client, "dir-code").await), "Myself.");
    assert_eq!(model.asked.lock()[1].1.get("tools"), None);
}

#[tokio::test]
async fn a_request_that_was_refused_leaves_the_figures_exact() {
    let scripts = [(
        "Dir-Code",
        vec![
            Say::Refuse(400, "gpt-4.1 does not support tools", None),
            Say::Text("Myself."),
        ],
    )];
    let (client, _) = gateway(&scripts, |_| {}).await;
    let events = ask(&client, "dir-code").await;
    let usage = json!({"prompt_tokens": 1_001, "completion_tokens": 101, "total_tokens": 1_102});
    assert_eq!(events[events.len() - 2].data["usage"], usage);
}

#[tokio::test]
async fn an_answer_is_heard_even_where_the_model_reports_to_nobody() {
    let report = vec![("report", json!({"result": "Hidden."}))];
    let scripts = [("Dir-Code", vec![Say::Call("", report), Say::Text("Said.")])];
    let (client, _) = gateway(&scripts, |_| {}).await;
    assert_eq!(text(&ask(&client, "dir-code").await), "Said.");
}

#[tokio::test]
async fn a_busy_provider_is_asked_again_when_it_says() {
    let scripts = [(
        "Dir-Code",
        vec![
            Say::Refuse(429, "Slow down", Some("0.01")),
            Say::Refuse(503, "Overloaded", Some("0.01")),
            Say::Text("There."),
        ],
    )];
    let (client, model) = gateway(&scripts, |_| {}).await;
    let events = ask(&client, "dir-code").await;
    assert_eq!(text(&events), "There.");
    assert_eq!(model.asked.lock().len(), 3);
    let waits = events
        .iter()
        .filter(|e| e.data["detail"].as_str().is_some_and(|d| d.contains("is busy")));
    assert_eq!(waits.count(), 2);
}

#[tokio::test]
async fn a_conversation_that_is_too_long_is_refused_or_shortened() {
    let long = "This model's maximum context length is 8 tokens.";
    let history = json!([
        {"role": "user", "content": "1"}, {"role": "assistant", "content": "2"},
        {"role": "user", "content": "3"}, {"role": "assistant", "content": "4"},
        {"role": "user", "content": "Build it"},
    ]);
    let run = async |overflow, script| {
        let (client, model) = gateway(&[("Dir-Code", script)], |s| s.context_overflow = overflow).await;
        let session = Uuid::new_v4();
        let mut body = chat(session, "Build it", None);
        body["agent_id"] = json!("dir-code");
        body["messages"] = history.clone();
        client.post("/chat", &body).await;
        (client.read(session, None).await.rest().await, model)
    };
    let (events, _) = run(ContextOverflow::Error, vec![Say::Refuse(400, long, None)]).await;
    let (detail, _) = failure(&events);
    assert!(
        detail.starts_with("The conversation is longer than GPT-4.1 can read."),
        "{detail}"
    );

    let script = vec![Say::Refuse(400, long, None), Say::Text("Short.")];
    let (events, model) = run(ContextOverflow::LeaveOutOldest, script).await;
    assert_eq!(text(&events), "Short.");
    let told = events
        .iter()
        .rfind(|e| e.data["status"] == "complete" && e.data["detail"].is_string());
    assert_eq!(
        told.unwrap().data["detail"],
        "The 2 oldest messages were left out: GPT-4.1 cannot read more at once."
    );
    assert_eq!(model.asked.lock()[1].1["messages"][1]["content"], "3");
}

#[tokio::test]
async fn rehearsal_plays_the_whole_and_always_says_what_it_is() {
    let play = async || {
        let client = Client::new(settings()).await;
        let session = client.start("/delegate a *thing*", None).await;
        let mut reader = client.read(session, None).await;
        let mut seen = reader.until("awaiting_approval").await;
        let task = seen.last().unwrap().data["task_id"].clone();
        client
            .decide(session, &json!({"task_id": task, "decision": "refine", "note": "x"}))
            .await;
        seen.extend(reader.until("awaiting_approval").await);
        client
            .decide(session, &json!({"task_id": task, "decision": "approve"}))
            .await;
        seen.extend(reader.rest().await);
        seen
    };
    let first = play().await;
    let said = text(&first);
    assert!(said.starts_with("> **Rehearsal: no LLM"), "{said}");
    assert!(
        said.contains("## Plan, changed") && said.contains("```rust") && said.contains("| step |"),
        "{said}"
    );
    let mut agents: Vec<String> = tasks(&first).into_iter().map(|task| task.0).collect();
    agents.sort();
    assert_eq!(agents[0], "");
    for agent in ["dir-code", "dir-models", "mgr-code-01", "programmer-claude-001"] {
        assert!(agents.iter().any(|a| a == agent), "{agents:?}");
    }
    assert!(
        tasks(&first)
            .iter()
            .all(|task| task.1 == "complete" && task.2 == Some(0))
    );
    assert_eq!(kinds(&first).last().unwrap(), "done:complete");
    assert_eq!(text(&play().await), said, "the same each time");
}
