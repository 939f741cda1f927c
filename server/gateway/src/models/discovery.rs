//! Asks the servers what they offer: briefly, at most every half minute, and never failing because of it.

mod ollama;
mod openai;

use std::{sync::Arc, time::Duration};

use futures::future::join;
use reqwest::Client;
use serde_json::Value;
use tokio::{sync::Mutex, time::Instant};

use crate::providers::endpoint::Endpoints;

const KEEP: Duration = Duration::from_secs(30);
/// A server that did not answer is asked again sooner: it may just be starting.
const KEEP_FAILURE: Duration = Duration::from_secs(5);
/// A hub may list thousands; a picker with more than this is of no use.
const MAX_FOUND: usize = 300;

/// A model that a server offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) id: String,
    /// 0: not known.
    pub(super) context_window: u64,
}

/// What a server offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Offer {
    NotAsked,
    Failed,
    Models(Vec<Found>),
}

/// The servers' offers, each kept for a while. Whoever asks while another is asking waits for that one's answer.
pub(super) struct Discovery {
    http: Client,
    endpoints: Arc<Endpoints>,
    openai: Mutex<Option<(Instant, Offer)>>,
    ollama: Mutex<Option<(Instant, Offer)>>,
}

impl Discovery {
    pub(super) fn new(http: Client, endpoints: Arc<Endpoints>) -> Self {
        Self {
            http,
            endpoints,
            openai: Mutex::default(),
            ollama: Mutex::default(),
        }
    }

    /// The offers of the OpenAI-compatible server and of Ollama.
    pub(super) async fn ask(&self) -> (Offer, Offer) {
        join(
            kept(&self.openai, async {
                match &self.endpoints.openai {
                    Some(endpoint) if endpoint.custom => openai::ask(&self.http, endpoint).await,
                    _ => Offer::NotAsked,
                }
            }),
            kept(&self.ollama, ollama::ask(&self.http, &self.endpoints.ollama)),
        )
        .await
    }
}

async fn kept(slot: &Mutex<Option<(Instant, Offer)>>, ask: impl Future<Output = Offer>) -> Offer {
    let mut slot = slot.lock().await;
    if let Some((asked, offer)) = &*slot {
        let keep = if *offer == Offer::Failed { KEEP_FAILURE } else { KEEP };
        if asked.elapsed() < keep {
            return offer.clone();
        }
    }
    let offer = ask.await;
    *slot = Some((Instant::now(), offer.clone()));
    offer
}

async fn json_of(request: reqwest::RequestBuilder) -> Option<Value> {
    request.send().await.ok()?.error_for_status().ok()?.json().await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_offer_is_kept_and_a_failure_is_forgotten_sooner() {
        let slot = Mutex::default();
        let good = Offer::Models(Vec::new());
        assert_eq!(kept(&slot, async { Offer::Failed }).await, Offer::Failed);
        tokio::time::advance(KEEP_FAILURE - Duration::from_millis(1)).await;
        assert_eq!(kept(&slot, async { good.clone() }).await, Offer::Failed);
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(kept(&slot, async { good.clone() }).await, good);
        tokio::time::advance(KEEP - Duration::from_millis(1)).await;
        assert_eq!(kept(&slot, async { Offer::Failed }).await, good);
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(kept(&slot, async { Offer::NotAsked }).await, Offer::NotAsked);
    }
}
