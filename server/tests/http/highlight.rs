//! The server function that tells what code consists of.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use server::config::Limits;

use crate::common::{TestApp, UNLIMITED, body_of};

#[tokio::test]
async fn code_is_told_apart_block_by_block() {
    let app = TestApp::start().await;
    let browser = app.browser().await;
    let blocks = json!({"blocks": [
        {"language": "rs", "code": "fn x() {}"},
        {"language": "nonsense", "code": "fn x() {}"},
        {"language": "py", "code": "# é"},
    ]});
    let (status, told) = browser.post("/fn/highlight", blocks).await;
    assert_eq!(status, StatusCode::OK, "{told}");
    assert_eq!(told, json!([[[2, 5], [1, 0], [1, 7], [5, 0]], null, [[4, 1]]]));
}

#[tokio::test]
async fn too_much_code_and_too_many_requests_are_refused() {
    let limits = Limits {
        model_reads_per_minute: 2,
        ..UNLIMITED
    };
    let app = TestApp::with_limits(limits).await;
    let browser = app.browser().await;
    let ask = async |blocks: Value| {
        let body = json!({ "blocks": blocks }).to_string();
        let response = browser.send_raw(Method::POST, "/fn/highlight", body).await;
        let status = response.status();
        (status, String::from_utf8(body_of(response).await.to_vec()).unwrap())
    };
    let (status, body) = ask(json!(vec![json!({"language": "rs", "code": ""}); 65])).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(body.contains("invalid_request"), "{body}");
    assert_eq!(ask(json!([])).await.0, StatusCode::OK);
    let (status, body) = ask(json!([])).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert!(body.contains("rate_limited"), "{body}");
}

#[tokio::test]
async fn without_a_token_nothing_is_told() {
    let app = TestApp::start().await;
    let mut browser = app.browser().await;
    browser.token = "x".into();
    let (status, _) = browser.post("/fn/highlight", json!({"blocks": []})).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}
