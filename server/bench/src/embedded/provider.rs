//! The scripted provider: OpenAI's chat completions, as streams that cost next to nothing. The script is the text of the
//! last message of the person; an agent's prompt and its tools may stand beside it.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Body,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    Fault,
    answer::{
        Answer,
        frames::{self, Frames},
    },
    process,
    script::Script,
};

/// The one model that it offers.
pub(super) const MODEL: &str = "scripted";
/// Whom an agent hands its part to, in the agents that Parley brings.
const BELOW: &str = "mgr-code-01";

#[derive(Deserialize)]
struct Request {
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    #[serde(default)]
    content: Value,
}

/// Serves it on a loopback port until the process is ended.
pub(super) async fn serve(port: u16) -> Result<(), Fault> {
    let models = || async { Json(json!({"data": [{"id": MODEL}]})) };
    let router = Router::new()
        .route("/v1/models", get(models))
        .route("/v1/chat/completions", post(complete));
    process::serve(router, port).await
}

async fn complete(Json(Request { messages }): Json<Request>) -> Response {
    let question = messages.iter().rfind(|message| message.role == "user");
    let script = question.and_then(|message| serde_json::from_str::<Script>(message.content.as_str()?).ok());
    let Some(script) = script else {
        return (StatusCode::UNPROCESSABLE_ENTITY, "the message is not a script").into_response();
    };
    let has_result = messages.last().is_some_and(|message| message.role == "tool");
    let body = if script.delegates && !has_result {
        let arguments = json!({"agent_id": BELOW, "task": part(script).message()});
        after(script, frames::call("delegate", &arguments)).await
    } else if script.tokens == 0 {
        after(script, frames::word("Done.")).await
    } else {
        Body::from_stream(Arc::new(Answer::new(script)).events(Frames::Provider))
    };
    ([(header::CONTENT_TYPE, "text/event-stream")], body).into_response()
}

/// What whoever is below is told. It says a word and counts nothing, so that the counts of a turn are those of its answer.
pub(super) fn part(script: Script) -> Script {
    Script {
        tokens: 0,
        delegates: false,
        ..script
    }
}

async fn after(script: Script, text: String) -> Body {
    // Even to sleep for no time at all takes until the next tick of the timer, a millisecond.
    if script.silence_us > 0 {
        tokio::time::sleep(Duration::from_micros(script.silence_us)).await;
    }
    Body::from(text)
}
