//! `GET /models` of an OpenAI-compatible server.

use std::time::Duration;

use reqwest::Client;
use serde_json::Value;

use super::{Found, MAX_FOUND, Offer, json_of};
use crate::providers::endpoint::Endpoint;

const TIMEOUT: Duration = Duration::from_secs(3);
/// Parts of names of models that cannot chat, as OpenAI lists them.
const NOT_CHAT: [&str; 12] = [
    "embed",
    "whisper",
    "tts",
    "dall-e",
    "moderation",
    "image",
    "audio",
    "realtime",
    "transcribe",
    "davinci",
    "babbage",
    "sora",
];

pub(super) async fn ask(http: &Client, endpoint: &Endpoint) -> Offer {
    let request = http
        .get(endpoint.url("models"))
        .bearer_auth(endpoint.key_or_placeholder())
        .timeout(TIMEOUT);
    match json_of(request).await {
        Some(body) => found_in(&body),
        None => Offer::Failed,
    }
}

fn found_in(body: &Value) -> Offer {
    // Some servers answer with a bare array.
    let Some(items) = body.get("data").unwrap_or(body).as_array() else {
        return Offer::Failed;
    };
    let found = items.iter().filter_map(|item| {
        let id = item.get("id")?.as_str()?;
        let chats = !NOT_CHAT.iter().any(|part| id.to_ascii_lowercase().contains(part));
        chats.then(|| Found {
            id: id.to_owned(),
            context_window: context(item),
        })
    });
    Offer::Models(found.take(MAX_FOUND).collect())
}

/// Every server calls it something else.
fn context(item: &Value) -> u64 {
    [
        "/max_model_len",
        "/context_length",
        "/context_window",
        "/max_context_length",
        "/meta/n_ctx",
        "/meta/n_ctx_train",
    ]
    .iter()
    .find_map(|name| item.pointer(name)?.as_u64())
    .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_openai_listing_is_read_whatever_the_server_calls_things() {
        let body = json!({"data": [
            {"id": "qwen", "max_model_len": 32768},
            {"id": "llama", "meta": {"n_ctx_train": 8192}},
            {"id": "plain"},
            {"id": "text-embedding-3-small"},
            {"no_id": true},
        ]});
        let found = |id: &str, context_window| Found {
            id: id.into(),
            context_window,
        };
        let expected = vec![found("qwen", 32768), found("llama", 8192), found("plain", 0)];
        assert_eq!(found_in(&body), Offer::Models(expected));
        assert_eq!(found_in(&json!({"error": "no"})), Offer::Failed);
    }
}
