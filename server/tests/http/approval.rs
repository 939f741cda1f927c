//! A decision on a plan whose turn was cut off while it waited: by a crash, a shut-down, or the loss of the Gateway.

use std::time::Duration;

use axum::http::StatusCode;
use diesel::{Connection, RunQueryDsl, SqliteConnection, sql_query};
use protocol::{
    event::{StatusUpdate, TaskStatus, TurnEvent},
    gateway::GatewayChatRequest,
    session::Usage,
};
use serde_json::{Value, json};
use server::{config::Limits, gateway::GatewayError};
use uuid::Uuid;

use crate::common::{
    Answer, Browser, TestApp, UNLIMITED, code, session_id,
    wire::{STREAM, Step, USAGE_AND_DONE, Wire, frame, reply, send},
};

const PLAN: &str = "Plan: hand it on.";
const TASK: &str = "t1";

fn waiting() -> TurnEvent {
    TurnEvent::StatusUpdate(StatusUpdate {
        status: TaskStatus::AwaitingApproval,
        task_id: Some(TASK.into()),
        detail: Some("Shall the plan be carried out?".into()),
        agent_id: None,
        parent_task_id: None,
        usage: Some(Usage::exact(1_000, 100)),
        cost_usd: Some(0.0028),
        output: None,
    })
}

/// A turn whose plan waits, as the browser sees it.
async fn plan(app: &TestApp, browser: &Browser) -> (Uuid, Answer) {
    let answer = app.gateway.hold_answer();
    let session = session_id(&browser.say(None, "Build it").await);
    let mut reader = browser.attach(session, &[]).await;
    answer.token(PLAN);
    answer.event(waiting());
    while reader.next().await.unwrap().1["status"] != "awaiting_approval" {}
    (session, answer)
}

/// The same, once a crash would not cost it any more.
async fn journalled_plan(app: &TestApp, browser: &Browser) -> (Uuid, Answer) {
    let (session, answer) = plan(app, browser).await;
    is_journalled(app).await;
    (session, answer)
}

async fn is_journalled(app: &TestApp) {
    let path = app.folder.path().join("parley.db");
    let mut database = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    let find = "UPDATE journal SET seq = seq WHERE statuses LIKE '%awaiting_approval%'";
    sql_query("PRAGMA busy_timeout = 5000").execute(&mut database).unwrap();
    while sql_query(find).execute(&mut database).unwrap() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A server that is killed while a plan waits, the next one, and the browser that comes back to it.
async fn restarted() -> (TestApp, Browser, Uuid) {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let (session, _answer) = journalled_plan(&app, &browser).await;
    let later = app.after_crash().await;
    let browser = browser.at(&later);
    (later, browser, session)
}

async fn decide(browser: &Browser, session: Uuid, decision: Value) -> (StatusCode, Value) {
    let path = format!("/api/chat/sessions/{session}/approval");
    browser.post(&path, decision).await
}

fn approve() -> Value {
    json!({"task_id": TASK, "decision": "approve"})
}

fn last_request(app: &TestApp) -> GatewayChatRequest {
    app.gateway.started.lock().last().unwrap().clone()
}

async fn is_refused(browser: &Browser, session: Uuid, decision: Value) {
    let (status, body) = decide(browser, session, decision).await;
    assert_eq!((status, code(&body)), (StatusCode::CONFLICT, "nothing_awaits_approval"));
}

#[tokio::test]
async fn a_plan_that_waited_through_a_crash_is_kept_as_one_with_what_it_took() {
    let (_app, browser, session) = restarted().await;
    let answer = browser.messages(session).await.pop().unwrap();
    assert_eq!(
        (&answer["status"], &answer["content"]),
        (&json!("interrupted"), &json!(PLAN))
    );
    let last = &answer["metadata"]["last_status"];
    assert_eq!(
        (&last["status"], &last["task_id"]),
        (&json!("awaiting_approval"), &json!(TASK))
    );
    assert_eq!(answer["metadata"]["tasks"][0]["status"], "awaiting_approval");
    assert_eq!(answer["metadata"]["task_id"], TASK);
    assert_eq!(
        answer["usage"],
        json!({"prompt_tokens": 1_000, "completion_tokens": 100, "total_tokens": 1_100})
    );
    assert_eq!(answer["cost_usd"], 0.0028);
}

#[tokio::test]
async fn a_decision_after_a_crash_is_the_next_message_and_the_gateway_is_told_of_it() {
    for (decision, words) in [
        (json!({"decision": "approve"}), "Approved: carry out the plan."),
        (
            json!({"decision": "refine", "note": "smaller"}),
            "Change the plan: smaller",
        ),
        (json!({"decision": "refine"}), "Change the plan."),
        (json!({"decision": "reject"}), "Rejected: do not carry out the plan."),
    ] {
        let (app, browser, session) = restarted().await;
        let before = browser.messages(session).await;
        let mut body = decision.clone();
        body["task_id"] = json!(TASK);
        let (status, decided) = decide(&browser, session, body).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{decided}");
        assert_eq!(
            (&decided["status"], &decided["decision"]),
            (&json!("accepted"), &decision["decision"])
        );
        let turn = &decided["turn"];
        assert_eq!(session_id(turn), session);
        browser.attach(session, &[]).await.rest().await;

        let request = last_request(&app);
        assert_eq!(serde_json::to_value(&request.decision).unwrap(), decision);
        assert_eq!(request.message, words);
        let history: Vec<&str> = request
            .messages
            .iter()
            .map(|message| message.content.as_str())
            .collect();
        assert_eq!(history, ["Build it", PLAN, words]);

        let messages = browser.messages(session).await;
        assert_eq!(messages[..2], before, "what was stored stays as it was");
        assert_eq!(
            (&messages[2]["message_id"], &messages[2]["content"]),
            (&turn["message_id"], &json!(words))
        );
        assert_eq!(
            (&messages[3]["message_id"], &messages[3]["status"]),
            (&turn["answer_id"], &json!("complete"))
        );
    }
}

#[tokio::test]
async fn of_two_tabs_that_decide_one_is_refused_and_nothing_is_started_twice() {
    let (app, browser, session) = restarted().await;
    let answer = app.gateway.hold_answer();
    let first = decide(&browser, session, approve());
    let reject = json!({"task_id": TASK, "decision": "reject"});
    let second = decide(&browser, session, reject.clone());
    let (first, second) = tokio::join!(first, second);
    let mut codes = [first.0, second.0];
    codes.sort();
    // Where the first turn runs already, the decision is passed on, and this Gateway takes any.
    assert!(codes == [StatusCode::ACCEPTED, StatusCode::CONFLICT] || codes == [StatusCode::OK, StatusCode::ACCEPTED]);
    answer.finish();
    browser.attach(session, &[]).await.rest().await;
    assert_eq!(app.gateway.starts(), 1);
    is_refused(&browser, session, approve()).await;
    is_refused(&browser, session, reject).await;
    assert_eq!(app.gateway.starts(), 1);
    assert_eq!(browser.messages(session).await.len(), 4);
}

#[tokio::test]
async fn only_the_plan_that_waits_can_be_decided_on_and_only_as_the_last_message() {
    let (app, browser, session) = restarted().await;
    is_refused(&browser, session, json!({"task_id": "another", "decision": "approve"})).await;
    browser.talk(Some(session), "Never mind").await;
    is_refused(&browser, session, approve()).await;
    assert_eq!(app.gateway.starts(), 1);
}

#[tokio::test]
async fn a_plan_on_another_branch_can_be_decided_on_once_that_one_is_shown() {
    let (app, browser, session) = restarted().await;
    let messages = browser.messages(session).await;
    let rather = json!({
        "session_id": session, "message": "Or rather", "agent_id": "architect", "replaces": messages[0]["message_id"],
    });
    browser.post("/api/chat/message", rather).await;
    browser.attach(session, &[]).await.rest().await;
    is_refused(&browser, session, approve()).await;
    let path = format!("/api/chat/sessions/{session}/version");
    browser
        .post(&path, json!({"message_id": messages[1]["message_id"]}))
        .await;
    assert_eq!(decide(&browser, session, approve()).await.0, StatusCode::ACCEPTED);
    browser.attach(session, &[]).await.rest().await;
    assert_eq!(last_request(&app).messages[0].content, "Build it");
}

#[tokio::test]
async fn a_plan_that_waited_through_a_shut_down_can_be_decided_on_too() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let (session, _answer) = plan(&app, &browser).await;
    app.chat.shut_down(Duration::from_secs(5)).await;
    let (status, body) = decide(&browser, session, approve()).await;
    assert_eq!(
        (status, code(&body)),
        (StatusCode::SERVICE_UNAVAILABLE, "shutting_down")
    );
    let later = app.after_crash().await;
    let browser = browser.at(&later);
    let plan = browser.messages(session).await.pop().unwrap();
    assert_eq!(
        (&plan["status"], &plan["usage"]["total_tokens"]),
        (&json!("interrupted"), &json!(1_100))
    );
    assert_eq!(decide(&browser, session, approve()).await.0, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn who_asks_for_another_answer_to_a_decision_has_decided_already() {
    let (app, browser, session) = restarted().await;
    *app.gateway.refuse_start.lock() = Some(GatewayError::Incomplete);
    assert_eq!(decide(&browser, session, approve()).await.0, StatusCode::ACCEPTED);
    browser.attach(session, &[]).await.rest().await;
    let failed = browser.messages(session).await.pop().unwrap();
    assert_eq!(failed["status"], "error");
    let path = format!("/api/chat/sessions/{session}/regenerate");
    browser.post(&path, json!({"message_id": failed["message_id"]})).await;
    browser.attach(session, &[]).await.rest().await;
    let request = last_request(&app);
    assert_eq!(
        serde_json::to_value(&request.decision).unwrap(),
        json!({"decision": "approve"})
    );
    // A message that is no decision is none when it is answered again either.
    let path = format!("/api/chat/sessions/{session}/regenerate");
    let plan = browser.messages(session).await[1]["message_id"].clone();
    browser.post(&path, json!({"message_id": plan})).await;
    browser.attach(session, &[]).await.rest().await;
    assert_eq!(last_request(&app).decision, None);
}

#[tokio::test]
async fn a_foreign_plan_is_not_found_and_an_archived_one_not_carried_out() {
    let (app, browser, session) = restarted().await;
    let (status, body) = decide(&app.browser().await, session, approve()).await;
    assert_eq!((status, code(&body)), (StatusCode::NOT_FOUND, "session_not_found"));
    browser
        .post(&format!("/api/chat/sessions/{session}/clear"), Value::Null)
        .await;
    let (status, body) = decide(&browser, session, approve()).await;
    assert_eq!((status, code(&body)), (StatusCode::CONFLICT, "session_archived"));
    assert_eq!(app.gateway.starts(), 0);
}

#[tokio::test]
async fn a_decision_that_begins_a_turn_counts_as_a_message() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let (first, _answer) = journalled_plan(&app, &browser).await;
    let limits = Limits {
        messages_per_minute: 1,
        ..UNLIMITED
    };
    let later = app.after_crash_limited(limits).await;
    let browser = browser.at(&later);
    // What begins nothing is not counted.
    is_refused(&browser, first, json!({"task_id": "another", "decision": "approve"})).await;
    browser.talk(None, "Hello").await;
    let (status, body) = decide(&browser, first, approve()).await;
    assert_eq!((status, code(&body)), (StatusCode::TOO_MANY_REQUESTS, "rate_limited"));
    assert_eq!(later.gateway.starts(), 1);
    let long = json!({"task_id": TASK, "decision": "refine", "note": "x".repeat(50_001)});
    let (status, body) = decide(&browser, first, long).await;
    assert_eq!(
        (status, code(&body)),
        (StatusCode::PAYLOAD_TOO_LARGE, "message_too_long")
    );
}

#[tokio::test]
async fn a_plan_whose_gateway_was_lost_can_still_be_decided_on() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let (session, answer) = plan(&app, &browser).await;
    let reader = browser.attach(session, &[]).await;
    answer.fail(GatewayError::Incomplete);
    assert_eq!(reader.rest().await.last().unwrap().1["status"], "error");
    assert_eq!(decide(&browser, session, approve()).await.0, StatusCode::ACCEPTED);
    browser.attach(session, &[]).await.rest().await;
    assert!(last_request(&app).decision.is_some());
}

#[tokio::test]
async fn while_the_plan_waits_the_decision_is_passed_on_as_ever() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let (session, answer) = plan(&app, &browser).await;
    let (status, decided) = decide(&browser, session, approve()).await;
    assert_eq!(
        (status, decided),
        (StatusCode::OK, json!({"status": "accepted", "decision": "approve"}))
    );
    answer.finish();
    browser.attach(session, &[]).await.rest().await;
    assert_eq!(app.gateway.starts(), 1);
}

fn wired_plan() -> Step {
    let TurnEvent::StatusUpdate(status) = waiting() else {
        unreachable!()
    };
    let mut data = serde_json::to_value(status).unwrap();
    data["type"] = json!("status_update");
    send(frame(Some("1"), PLAN) + &format!("id: 2\ndata: {data}\n\n"))
}

/// A server in front of a Gateway that goes on writing when the server is killed, and the next one.
async fn restarted_in_front_of(gateway: &Wire) -> (TestApp, Browser, Uuid) {
    gateway.on_stream([wired_plan(), Step::Hang]);
    let app = gateway.app().await;
    let browser = app.browser().await;
    let session = session_id(&browser.say(None, "Build it").await);
    is_journalled(&app).await;
    let later = gateway.app_after_crash_of(&app).await;
    let browser = browser.at(&later);
    (later, browser, session)
}

#[tokio::test]
async fn what_a_crash_left_behind_at_the_gateway_is_stopped_before_anything_else_is_asked() {
    let gateway = Wire::start().await;
    let nothing_runs = json!({"error": {"code": "nothing_running", "message": "Nothing.", "action": "None."}});
    gateway.on_cancel([reply("409 Conflict", &nothing_runs)]);
    let (_app, browser, session) = restarted_in_front_of(&gateway).await;
    gateway.asked("cancel", 1).await;
    gateway.on_stream([send(frame(Some("1"), "Done.") + USAGE_AND_DONE)]);
    assert_eq!(decide(&browser, session, approve()).await.0, StatusCode::ACCEPTED);
    browser.attach(session, &[]).await.rest().await;
    let lines = gateway.lines();
    let at = |line: &str| lines.iter().rposition(|seen| seen.contains(line)).unwrap();
    assert!(at("/cancel") < at("POST /chat"), "{lines:?}");
    assert_eq!(gateway.seen("cancel").len(), 1);
    let asked = gateway.seen("start").pop().unwrap().body;
    assert_eq!(asked["decision"], json!({"decision": "approve"}));
    assert_eq!(browser.messages(session).await[3]["content"], "Done.");
}

#[tokio::test]
async fn a_message_waits_until_what_a_crash_left_behind_is_stopped() {
    let gateway = Wire::start().await;
    let word = std::sync::Arc::new(tokio::sync::Notify::new());
    gateway.on_cancel([
        Step::Await(std::sync::Arc::clone(&word)),
        reply("200 OK", &json!({"status": "cancelled"})),
    ]);
    let (_app, browser, session) = restarted_in_front_of(&gateway).await;
    gateway.asked("cancel", 1).await;
    browser.say(Some(session), "Go on").await;
    browser.messages(session).await;
    assert_eq!(gateway.seen("start").len(), 1, "the Gateway would refuse it");
    word.notify_one();
    gateway.asked("start", 2).await;
}

#[tokio::test]
async fn a_gateway_that_still_writes_an_old_answer_does_not_refuse_the_next_message() {
    let gateway = Wire::start().await;
    let in_progress = json!({"error": {"code": "turn_in_progress", "message": "Busy.", "action": "Wait."}});
    gateway
        .on_start([reply("409 Conflict", &in_progress)])
        .on_stream_raw([send(STREAM), send(frame(Some("1"), "Done.") + USAGE_AND_DONE)]);
    let app = gateway.app().await;
    let browser = app.browser().await;
    let session = browser.talk(None, "Hello").await;
    let asked: Vec<String> = gateway
        .lines()
        .into_iter()
        .filter(|line| line.starts_with("POST"))
        .collect();
    assert_eq!(
        asked,
        ["POST /chat", &format!("POST /chat/{session}/cancel"), "POST /chat"]
    );
    let starts = gateway.seen("start");
    assert_eq!(starts[0].body, starts[1].body);
    let answer = browser.messages(session).await.pop().unwrap();
    assert_eq!(
        (&answer["status"], &answer["content"]),
        (&json!("complete"), &json!("Done."))
    );
}

#[tokio::test]
async fn a_gateway_that_refuses_for_another_reason_is_asked_twice_and_no_more() {
    let gateway = Wire::start().await;
    let refusal = json!({"error": {"code": "agent_busy", "message": "Not now.", "action": "Later."}});
    gateway
        .on_start([reply("409 Conflict", &refusal)])
        .on_start([reply("409 Conflict", &refusal)]);
    let app = gateway.app().await;
    let browser = app.browser().await;
    let session = browser.talk(None, "Hello").await;
    let answer = browser.messages(session).await.pop().unwrap();
    assert_eq!(
        (&answer["status"], &answer["metadata"]["error"]["message"]),
        (&json!("error"), &json!("Not now."))
    );
    assert_eq!(gateway.seen("start").len(), 2);
}
