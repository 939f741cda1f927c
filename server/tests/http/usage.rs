//! What answers took: the report, its tables, and whose they are.

use axum::http::{HeaderMap, Method, StatusCode, header};
use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query, sql_types::BigInt};
use protocol::{event::TurnEvent, session::Usage};
use serde_json::{Value, json};
use server::config::Limits;
use uuid::Uuid;

use crate::common::{Browser, TestApp, UNLIMITED, body_of, code, session_id};

/// Talks to the agent, whose answer takes so much.
async fn takes(app: &TestApp, browser: &Browser, session: Option<Uuid>, usage: Usage, cost_usd: Option<f64>) -> Uuid {
    let answer = app.gateway.hold_answer();
    let session = session_id(&browser.say(session, "Hello").await);
    answer.token("An answer.");
    answer.event(TurnEvent::Usage { usage, cost_usd });
    answer.event(TurnEvent::Done { status: None });
    browser.attach(session, &[]).await.rest().await;
    session
}

async fn report(browser: &Browser, range: &str) -> Value {
    let (status, report) = browser.get(&format!("/api/usage?range={range}")).await;
    assert_eq!(status, StatusCode::OK, "{report}");
    report
}

async fn table(browser: &Browser, query: &str) -> (HeaderMap, String) {
    let response = browser
        .send_raw(Method::GET, &format!("/api/usage.csv?{query}"), "")
        .await;
    assert_eq!(response.status(), StatusCode::OK);
    let headers = response.headers().clone();
    (headers, String::from_utf8(body_of(response).await.to_vec()).unwrap())
}

/// What stands in the messages, whosever they are.
fn in_the_messages(app: &TestApp) -> [i64; 4] {
    #[derive(QueryableByName)]
    struct Sums {
        #[diesel(sql_type = BigInt)]
        prompt: i64,
        #[diesel(sql_type = BigInt)]
        completion: i64,
        #[diesel(sql_type = BigInt)]
        total: i64,
        #[diesel(sql_type = BigInt)]
        cost: i64,
    }
    let path = app.folder.path().join("parley.db");
    let mut database = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    let sums: Sums = sql_query(
        "SELECT SUM(prompt_tokens) AS prompt, SUM(completion_tokens) AS completion, SUM(total_tokens) AS total,
                SUM(cost_micros) AS cost FROM messages",
    )
    .get_result(&mut database)
    .unwrap();
    [sums.prompt, sums.completion, sums.total, sums.cost]
}

fn sums(line: &Value) -> [i64; 4] {
    ["prompt_tokens", "completion_tokens", "total_tokens", "cost_micros"].map(|name| line[name].as_i64().unwrap())
}

#[tokio::test]
async fn a_report_adds_up_to_what_stands_in_the_messages_and_to_itself() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let first = takes(&app, &browser, None, Usage::exact(1_000, 50), Some(0.003_751)).await;
    takes(&app, &browser, Some(first), Usage::exact(1_100, 60), Some(0.000_001)).await;
    takes(&app, &browser, None, Usage::exact(7, 3), None).await;
    // Another version of the first answer: both were paid for.
    let answer = browser.messages(first).await[1]["message_id"].clone();
    let again = format!("/api/chat/sessions/{first}/regenerate");
    let (status, _) = browser
        .post(&again, json!({"message_id": answer, "model": "second"}))
        .await;
    assert_eq!(status, StatusCode::ACCEPTED);
    browser.attach(first, &[]).await.rest().await;
    // One that is stopped after its first words.
    let answer = app.gateway.hold_answer();
    let stopped = session_id(&browser.say(None, "Count to a million").await);
    answer.token("One, two, three");
    let mut reader = browser.attach(stopped, &[]).await;
    while reader.next().await.unwrap().1["type"] != "token" {}
    browser
        .post(&format!("/api/chat/sessions/{stopped}/cancel"), Value::Null)
        .await;
    reader.rest().await;

    let report = report(&browser, "7d").await;
    assert_eq!(sums(&report["totals"]), in_the_messages(&app), "{report}");
    assert_eq!(report["totals"]["answers"], 5, "{report}");
    assert_eq!(report["totals"]["unpriced"], 1);
    assert_eq!(report["totals"]["estimated"], 1, "the one that was stopped");
    let days = report["days"].as_array().unwrap();
    assert_eq!(days.len(), 7, "those without an answer as well");
    assert_eq!(days[6]["day"], report["today"]);
    for part in [
        days,
        report["agents"]["top"].as_array().unwrap(),
        report["models"]["top"].as_array().unwrap(),
        report["sessions"]["top"].as_array().unwrap(),
    ] {
        let mut added = [0; 4];
        for line in part {
            for (sum, part) in added.iter_mut().zip(sums(line)) {
                *sum += part;
            }
        }
        assert_eq!(added, sums(&report["totals"]), "{part:#?}");
    }
    assert_eq!(report["agents"]["top"][0]["agent_name"], "Architect");
    let models: Vec<&str> = report["models"]["top"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| model["model_name"].as_str().unwrap())
        .collect();
    assert_eq!(models, ["Scripted", "Second"]);
    assert_eq!(
        report["sessions"]["top"][0]["session_id"],
        json!(first),
        "the dearest is first"
    );
    assert_eq!(report["sessions"]["top"][0]["title"], "Hello");
    assert_eq!(report["sessions"].get("rest"), None);

    assert_eq!(browser.get("/api/usage").await.1["range"], "30d");
    let (_, of_the_page) = browser.post("/fn/usage", json!({"range": "7d"})).await;
    assert_eq!(of_the_page, report);
    for query in [
        "/api/usage?range=8d",
        "/api/usage.csv?range=7d",
        "/api/usage.csv?by=hour",
    ] {
        let (status, body) = browser.get(query).await;
        assert_eq!(
            (status, code(&body)),
            (StatusCode::UNPROCESSABLE_ENTITY, "invalid_request")
        );
    }
}

#[tokio::test]
async fn what_is_deleted_is_not_counted_until_it_is_restored_and_what_is_archived_is() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let session = browser.talk(None, "Hello").await;
    let other = browser.talk(None, "Other").await;
    let before = report(&browser, "all").await;
    assert_eq!(before["totals"]["answers"], 2);
    assert_eq!(before["days"].as_array().unwrap().len(), 1, "from the first answer on");
    let path = format!("/api/chat/sessions/{session}");
    browser.send(Method::DELETE, &path, Value::Null).await;
    let without = report(&browser, "all").await;
    assert_eq!(without["totals"]["answers"], 1);
    assert_eq!(without["sessions"]["top"].as_array().unwrap().len(), 1);
    browser.post(&format!("{path}/restore"), Value::Null).await;
    assert_eq!(report(&browser, "all").await, before);
    browser
        .post(&format!("/api/chat/sessions/{other}/clear"), Value::Null)
        .await;
    let archived = report(&browser, "all").await;
    assert_eq!(archived["totals"], before["totals"]);
    let of_other = |line: &&Value| line["session_id"] == json!(other);
    let line = archived["sessions"]["top"]
        .as_array()
        .unwrap()
        .iter()
        .find(of_other)
        .unwrap();
    assert_eq!(line["status"], "archived");
}

#[tokio::test]
async fn a_turn_that_ends_while_its_session_is_deleted_counts_once_that_is_restored() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let answer = app.gateway.hold_answer();
    let session = session_id(&browser.say(None, "Hello").await);
    answer.token("Some words");
    let mut reader = browser.attach(session, &[]).await;
    while reader.next().await.unwrap().1["type"] != "token" {}
    browser
        .send(Method::DELETE, &format!("/api/chat/sessions/{session}"), Value::Null)
        .await;
    reader.rest().await;
    assert_eq!(report(&browser, "7d").await["totals"]["answers"], 0);
    browser
        .post(&format!("/api/chat/sessions/{session}/restore"), Value::Null)
        .await;
    let restored = report(&browser, "7d").await;
    assert_eq!(restored["totals"]["answers"], 1);
    assert_eq!(sums(&restored["totals"]), in_the_messages(&app));
}

#[tokio::test]
async fn anothers_figures_are_never_shown() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.browser().await, app.browser().await);
    ada.talk(None, "Ada's plan").await;
    let nothing = report(&bob, "all").await;
    assert_eq!(nothing["totals"]["answers"], 0);
    assert_eq!(nothing["days"], json!([]));
    bob.talk(None, "Bob's plan").await;
    for by in ["day", "agent", "model", "session"] {
        let (_, text) = table(&bob, &format!("range=all&by={by}")).await;
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(!text.contains("Ada"), "{text}");
    }
    let page = page(&bob, "?range=all").await;
    let (_, figures) = page.split_once("<main").unwrap();
    assert!(figures.contains("Bob's plan"), "{figures}");
    assert!(!page.contains("Ada"), "{page}");
}

async fn page(browser: &Browser, query: &str) -> String {
    let response = browser.send_raw(Method::GET, &format!("/usage{query}"), "").await;
    assert_eq!(response.status(), StatusCode::OK);
    String::from_utf8(body_of(response).await.to_vec()).unwrap()
}

#[tokio::test]
async fn the_page_shows_years_as_weeks_and_needs_no_style_and_no_script() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let session = takes(&app, &browser, None, Usage::exact(1_000, 1), Some(1.5)).await;
    let empty = page(&app.browser().await, "").await;
    assert!(empty.contains("Nothing was answered in this time"), "{empty}");
    let path = app.folder.path().join("parley.db");
    let mut database = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    sql_query(format!(
        "WITH RECURSIVE ago (days) AS (SELECT 1 UNION ALL SELECT days + 1 FROM ago LIMIT 729)
         INSERT INTO messages (message_id, session_id, message_type, content, agent_id, model_id, timestamp, status,
                               prompt_tokens, completion_tokens, total_tokens, cost_micros)
         SELECT printf('00000000-0000-4000-8000-%012d', days), session_id, 'assistant', 'x', agent_id, 'old',
                timestamp - days * 86400000000, 'complete', 3, 4, 7, 1000 FROM messages, ago
         WHERE session_id = '{session}' AND message_type = 'assistant'"
    ))
    .execute(&mut database)
    .unwrap();
    let report = report(&browser, "all").await;
    assert_eq!(report["days"].as_array().unwrap().len(), 730);
    assert_eq!(report["totals"]["cost_micros"], 1_500_000 + 729_000);

    let page = page(&browser, "?range=all&chart=tokens").await;
    let (_, figures) = page.split_once("<main").unwrap();
    assert!(figures.contains("$2.23") && figures.contains("3,187"), "{figures}");
    let bars = figures.matches("class=\"bar\"").count();
    assert!((105..=106).contains(&bars), "{bars}");
    let (_, table) = figures.split_once("Every week in numbers").unwrap();
    let (table, _) = table.split_once("</table>").unwrap();
    assert_eq!(
        table.matches("<th scope=\"row\"").count(),
        bars,
        "each bar is a line of the table"
    );
    assert!(figures.contains("Tokens by week"), "{figures}");
    assert!(!page.contains(" style="), "the policy forbids it");
    assert!(
        !figures.contains("role=\"slider\""),
        "what needs a script comes with the scripts"
    );
    for odd in ["?range=1d", "?range=%3Cscript%3E&chart=x", "?range="] {
        let page = self::page(&browser, odd).await;
        assert_eq!(
            page.matches("class=\"bar\"").count(),
            30,
            "what is no range is thirty days: {odd}"
        );
    }
}

#[tokio::test]
async fn a_table_is_a_file_that_no_title_breaks_or_turns_into_a_formula() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let session = takes(&app, &browser, None, Usage::exact(3, 4), Some(12.345_678)).await;
    let path = format!("/api/chat/sessions/{session}");
    let title = "=HYPERLINK(\"https://elsewhere.example\",\"a, b\")";
    browser.send(Method::PATCH, &path, json!({"title": title})).await;
    let (headers, text) = table(&browser, "range=90d&by=session").await;
    assert_eq!(
        text,
        format!(
            "session_id,title,agent_id,agent_name,answers,prompt_tokens,completion_tokens,total_tokens,cost_usd,\
             without_known_cost,estimated\r\n\
             {session},\"'=HYPERLINK(\"\"https://elsewhere.example\"\",\"\"a, b\"\")\",architect,Architect,\
             1,3,4,7,12.345678,0,0\r\n"
        )
    );
    assert_eq!(headers[header::CONTENT_TYPE], "text/csv; charset=utf-8; header=present");
    let today = report(&browser, "7d").await["today"].as_str().unwrap().to_owned();
    assert_eq!(
        headers[header::CONTENT_DISPOSITION],
        format!("attachment; filename=\"parley_usage_by_session_90d_{today}.csv\"")
    );
    let (_, days) = table(&browser, "range=30d&by=day").await;
    assert_eq!(days.lines().count(), 31);
    assert!(
        days.ends_with(&format!("\r\n{today},1,3,4,7,12.345678,0,0\r\n")),
        "{days}"
    );
}

#[tokio::test]
async fn reports_count_as_reads_of_conversations() {
    let limits = Limits {
        session_reads_per_minute: 2,
        ..UNLIMITED
    };
    let app = TestApp::with_limits(limits).await;
    let browser = app.browser().await;
    report(&browser, "7d").await;
    table(&browser, "by=day").await;
    for path in ["/api/usage", "/api/usage.csv?by=day"] {
        let (status, body) = browser.get(path).await;
        assert_eq!((status, code(&body)), (StatusCode::TOO_MANY_REQUESTS, "rate_limited"));
    }
}
