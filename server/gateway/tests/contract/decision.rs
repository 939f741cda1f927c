//! A decision on a plan whose turn was cut off while it waited: the message that follows the plan says it.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    common::{Client, Event, Reader, chat, kinds, settings, text},
    delegation::{Say, delegate, gateway},
    file::File,
};

/// Puts a decision on the plan of `task`, of which this Gateway knows nothing, and reads the answer.
async fn decide(client: &Client, task: &str, words: &str, decision: Value) -> (Uuid, Reader) {
    let session = Uuid::new_v4();
    let mut body = chat(session, words, None);
    body["messages"] = json!([
        {"role": "user", "content": task},
        {"role": "assistant", "content": "Plan: hand it on."},
        {"role": "user", "content": words},
    ]);
    body["decision"] = decision;
    let (status, answer) = client.post("/chat", &body).await;
    assert_eq!(status, 202, "{answer}");
    (session, client.read(session, None).await)
}

async fn approved(client: &Client, task: &str) -> Vec<Event> {
    let (_, reader) = decide(
        client,
        task,
        "Approved: carry out the plan.",
        json!({"decision": "approve"}),
    )
    .await;
    reader.rest().await
}

async fn rejected(client: &Client, task: &str) -> Vec<Event> {
    let words = "Rejected: do not carry out the plan.";
    let (_, reader) = decide(client, task, words, json!({"decision": "reject"})).await;
    reader.rest().await
}

fn waited(events: &[Event]) -> bool {
    events.iter().any(|event| event.data["status"] == "awaiting_approval")
}

/// An agent that states this plan and hands on to one below.
fn one_below(plan: &'static str) -> [(&'static str, Vec<Say>); 2] {
    let handed_on = Say::Call(plan, vec![delegate("dir-docs", "Write docs")]);
    [
        ("Architect", vec![handed_on, Say::Text("Done.")]),
        ("Dir-Docs", vec![Say::Text("Docs.")]),
    ]
}

#[tokio::test]
async fn an_approved_plan_is_handed_on_at_once() {
    let (client, model) = gateway(&one_below(""), |_| {}).await;
    let events = approved(&client, "Build it").await;
    assert!(!waited(&events), "{events:?}");
    assert_eq!(text(&events), "Done.");
    assert_eq!(kinds(&events).last().unwrap(), "done:complete");
    // The model has read the plan, and that it may go on.
    let messages = &model.asked.lock()[0].1["messages"];
    assert_eq!(messages[2]["content"], "Plan: hand it on.");
    assert_eq!(messages[3]["content"], "Approved: carry out the plan.");
}

#[tokio::test]
async fn a_plan_to_be_changed_is_stated_anew_and_waits() {
    let (client, model) = gateway(&one_below("Smaller plan."), |_| {}).await;
    let refine = json!({"decision": "refine", "note": "smaller"});
    let (session, mut reader) = decide(&client, "Build it", "Change the plan: smaller", refine).await;
    let seen = reader.until("awaiting_approval").await;
    assert_eq!(text(&seen), "Smaller plan.");
    assert_eq!(model.asked.lock().len(), 1, "nobody works before the decision");
    let task = seen.last().unwrap().data["task_id"].clone();
    let approve = json!({"task_id": task, "decision": "approve"});
    assert_eq!(client.decide(session, &approve).await.0, 200);
    assert_eq!(text(&reader.rest().await), "\n\nDone.");
}

#[tokio::test]
async fn a_rejected_plan_asks_no_model_and_costs_nothing() {
    let (client, model) = gateway(&[], |_| {}).await;
    let events = rejected(&client, "Build it").await;
    assert_eq!(text(&events), "The plan was rejected, so nothing was carried out.\n");
    assert_eq!(kinds(&events).last().unwrap(), "done:complete");
    assert!(!kinds(&events).contains(&"usage".to_owned()), "{events:?}");
    assert_eq!(model.asked.lock().len(), 0);
}

#[tokio::test]
async fn an_approval_is_of_the_plan_of_the_agent_that_was_asked_alone() {
    let built_in = include_str!("../../agents.toml");
    let director = "agent_id = \"dir-code\"\n";
    assert!(built_in.contains(director));
    let agents = File::new(
        "agents.toml",
        &built_in.replace(director, &format!("{director}requires_approval = true\n")),
    );
    let scripts = [
        ("Architect", vec![Say::Call("", vec![delegate("dir-code", "Code it")])]),
        (
            "Dir-Code",
            vec![Say::Call("Mine.", vec![delegate("mgr-code-01", "Do it")])],
        ),
    ];
    let (client, model) = gateway(&scripts, |s| s.agents_file = Some(agents.path())).await;
    let approve = json!({"decision": "approve"});
    let (_, mut reader) = decide(&client, "Build it", "Approved: carry out the plan.", approve).await;
    let seen = reader.until("awaiting_approval").await;
    let waiting = &seen.last().unwrap().data;
    assert_eq!(
        (&waiting["agent_id"], &waiting["output"]),
        (&json!("dir-code"), &json!("Mine."))
    );
    assert_eq!(model.asked.lock().len(), 2);
}

#[tokio::test]
async fn rehearsal_plays_the_task_that_the_plan_was_for() {
    let client = Client::new(settings()).await;
    let delegated = approved(&client, "/delegate Build a login page").await;
    assert!(!waited(&delegated));
    let said = text(&delegated);
    assert!(said.starts_with("> **Rehearsal: no LLM"), "{said}");
    assert!(
        said.contains("The plan was approved. Architect hands “Build a login page” to "),
        "{said}"
    );
    assert!(said.contains("All parts are back."), "{said}");
    let tasks = delegated
        .iter()
        .filter(|event| event.data["agent_id"] == "programmer-claude-001");
    assert!(tasks.count() > 0, "the whole hierarchy is at work");

    let alone = approved(&client, "/approval Build a login page").await;
    assert!(!waited(&alone));
    let said = text(&alone);
    assert!(
        said.starts_with("> **Rehearsal: no LLM") && said.contains("\n\n## Result\n"),
        "{said}"
    );

    for task in ["/delegate Build", "/approval Build"] {
        let said = text(&rejected(&client, task).await);
        assert_eq!(said, "The plan was rejected, so nothing was carried out.\n", "{task}");
    }
}

#[tokio::test]
async fn rehearsal_states_the_plan_anew_however_often_it_was_changed() {
    let client = Client::new(settings()).await;
    for task in ["/delegate Build it", "/approval Build it"] {
        let session = Uuid::new_v4();
        let mut body = chat(session, "Change the plan: tiny", None);
        body["messages"] = json!([
            {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": "Hello."},
            {"role": "user", "content": task},
            {"role": "assistant", "content": "Plan."},
            {"role": "user", "content": "Change the plan: smaller"},
            {"role": "assistant", "content": "Smaller plan."},
            {"role": "user", "content": "Change the plan: tiny"},
        ]);
        body["decision"] = json!({"decision": "refine", "note": "tiny"});
        assert_eq!(client.post("/chat", &body).await.0, 202);
        let mut reader = client.read(session, None).await;
        let said = text(&reader.until("awaiting_approval").await);
        assert!(
            said.starts_with("> **Rehearsal: no LLM") && said.contains("\n\n## Plan, changed\n"),
            "{said}"
        );
        client.cancel(session).await;
    }
}
