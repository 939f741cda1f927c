//! What is installed in Ollama.

use std::time::Duration;

use futures::future::join_all;
use reqwest::Client;
use serde_json::{Value, json};

use super::{Found, MAX_FOUND, Offer, json_of};
use crate::providers::endpoint::Endpoint;

const TIMEOUT: Duration = Duration::from_secs(1);
/// How many models are asked for their context length.
const MAX_SHOWN: usize = 32;

pub(super) async fn ask(http: &Client, endpoint: &Endpoint) -> Offer {
    let Some(body) = json_of(http.get(endpoint.url("api/tags")).timeout(TIMEOUT)).await else {
        return Offer::Failed;
    };
    let Some(items) = body.get("models").and_then(Value::as_array) else {
        return Offer::Failed;
    };
    let names: Vec<&str> = items
        .iter()
        .filter_map(|i| i.get("name")?.as_str())
        .take(MAX_FOUND)
        .collect();
    let details = join_all(names.iter().take(MAX_SHOWN).map(|name| {
        json_of(
            http.post(endpoint.url("api/show"))
                .json(&json!({ "model": name }))
                .timeout(TIMEOUT),
        )
    }))
    .await;
    let details = details
        .into_iter()
        .map(|d| d.unwrap_or(Value::Null))
        .chain(std::iter::repeat(Value::Null));
    let found = names
        .iter()
        .zip(details)
        .filter(|(_, detail)| can_chat(detail))
        .map(|(name, detail)| Found {
            id: (*name).to_owned(),
            context_window: context(&detail),
        });
    Offer::Models(found.collect())
}

/// Models made for embedding say so; older versions of Ollama say nothing.
fn can_chat(detail: &Value) -> bool {
    let says = detail.get("capabilities").and_then(Value::as_array);
    says.is_none_or(|all| all.iter().any(|c| c == "completion"))
}

fn context(detail: &Value) -> u64 {
    let info = detail.get("model_info").and_then(Value::as_object);
    let length = info.and_then(|i| i.iter().find(|(key, _)| key.ends_with(".context_length")));
    length.and_then(|(_, value)| value.as_u64()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ollama_model_tells_its_context_and_whether_it_chats() {
        let chat = json!({"model_info": {"qwen3.context_length": 40960}, "capabilities": ["completion", "tools"]});
        assert_eq!((context(&chat), can_chat(&chat)), (40960, true));
        let embed = json!({"capabilities": ["embedding"]});
        assert_eq!((context(&embed), can_chat(&embed)), (0, false));
        assert!(can_chat(&Value::Null));
    }
}
