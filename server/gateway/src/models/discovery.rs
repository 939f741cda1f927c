//! Asks the servers what they offer: briefly, at most every half minute, and never failing because of it.

mod ollama;
mod openai;

use std::{mem, sync::Arc, time::Duration};

use futures::future::join_all;
use parking_lot::RwLock;
use reqwest::Client;
use serde_json::Value;
use tokio::{sync::Mutex, time::Instant};

use crate::providers::endpoint::{Dialect, Endpoint};

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
    /// It does not list models, or was never there.
    Failed,
    /// It does not answer, but offered these when it last did.
    Away(Vec<Found>),
    /// It offers these.
    Models(Vec<Found>),
}

/// What was heard of a server.
pub(super) struct Heard {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) offer: Offer,
    /// When it was asked.
    pub(super) at: Instant,
}

/// A server, and what it said last.
struct Server {
    endpoint: Arc<Endpoint>,
    said: Mutex<Option<(Instant, Offer)>>,
}

/// The servers' offers, each kept for a while. Whoever asks while another is asking waits for that one's answer.
pub(super) struct Discovery {
    http: Client,
    servers: RwLock<Vec<Arc<Server>>>,
}

impl Discovery {
    pub(super) fn new<'a>(http: Client, endpoints: impl Iterator<Item = &'a Arc<Endpoint>>) -> Self {
        let discovery = Self {
            http,
            servers: RwLock::default(),
        };
        discovery.replace(endpoints);
        discovery
    }

    /// Asks these from now on. What is known of a server that stays is kept.
    pub(super) fn replace<'a>(&self, endpoints: impl Iterator<Item = &'a Arc<Endpoint>>) {
        let mut servers = self.servers.write();
        let former = mem::take(&mut *servers);
        servers.extend(endpoints.map(|endpoint| {
            let known = former.iter().find(|server| server.endpoint == *endpoint);
            known.cloned().unwrap_or_else(|| {
                Arc::new(Server {
                    endpoint: Arc::clone(endpoint),
                    said: Mutex::default(),
                })
            })
        }));
    }

    /// What each server offers, in the order in which they were given.
    pub(super) async fn ask(&self) -> Vec<Heard> {
        let servers = self.servers.read().clone();
        join_all(servers.iter().map(|server| async {
            let said = kept(&server.said, async {
                match server.endpoint.dialect {
                    Dialect::Ollama => ollama::ask(&self.http, &server.endpoint).await,
                    _ => openai::ask(&self.http, &server.endpoint).await,
                }
            });
            let (at, offer) = said.await;
            Heard {
                endpoint: Arc::clone(&server.endpoint),
                offer,
                at,
            }
        }))
        .await
    }
}

async fn kept(said: &Mutex<Option<(Instant, Offer)>>, ask: impl Future<Output = Offer>) -> (Instant, Offer) {
    let mut said = said.lock().await;
    if let Some(before) = &*said {
        let keep = match before.1 {
            Offer::Models(_) => KEEP,
            Offer::Failed | Offer::Away(_) => KEEP_FAILURE,
        };
        if before.0.elapsed() < keep {
            return before.clone();
        }
    }
    let offer = match (ask.await, said.take()) {
        (Offer::Failed, Some((_, Offer::Models(before) | Offer::Away(before)))) => Offer::Away(before),
        (offer, _) => offer,
    };
    said.insert((Instant::now(), offer)).clone()
}

async fn json_of(request: reqwest::RequestBuilder) -> Option<Value> {
    request.send().await.ok()?.error_for_status().ok()?.json().await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(id: &str) -> Vec<Found> {
        vec![Found {
            id: id.into(),
            context_window: 0,
        }]
    }

    #[tokio::test(start_paused = true)]
    async fn an_offer_is_kept_and_a_failure_is_forgotten_sooner() {
        let said = Mutex::default();
        let good = Offer::Models(Vec::new());
        assert_eq!(kept(&said, async { Offer::Failed }).await.1, Offer::Failed);
        tokio::time::advance(KEEP_FAILURE - Duration::from_millis(1)).await;
        assert_eq!(kept(&said, async { good.clone() }).await.1, Offer::Failed);
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(kept(&said, async { good.clone() }).await.1, good);
        tokio::time::advance(KEEP - Duration::from_millis(1)).await;
        assert_eq!(kept(&said, async { Offer::Failed }).await.1, good);
    }

    #[tokio::test(start_paused = true)]
    async fn of_a_server_that_went_away_is_known_what_it_had() {
        let said = Mutex::default();
        assert_eq!(
            kept(&said, async { Offer::Models(offer("m")) }).await.1,
            Offer::Models(offer("m"))
        );
        for _ in 0..2 {
            tokio::time::advance(KEEP).await;
            assert_eq!(kept(&said, async { Offer::Failed }).await.1, Offer::Away(offer("m")));
        }
        tokio::time::advance(KEEP_FAILURE).await;
        assert_eq!(
            kept(&said, async { Offer::Models(offer("n")) }).await.1,
            Offer::Models(offer("n"))
        );
    }

    #[tokio::test]
    async fn a_reload_keeps_what_is_known_of_a_server_that_stays() {
        let endpoint = |base: &str| {
            Arc::new(Endpoint {
                provider_id: "lab".into(),
                name: None,
                dialect: Dialect::OpenAi,
                base: base.into(),
                called: "lab".into(),
                lists_models: true,
                key: None,
            })
        };
        let discovery = Discovery::new(Client::new(), [endpoint("http://127.0.0.1:9/")].iter());
        let server = Arc::clone(&discovery.servers.read()[0]);
        *server.said.lock().await = Some((Instant::now(), Offer::Models(offer("m"))));
        discovery.replace([endpoint("http://127.0.0.1:9/")].iter());
        assert_eq!(discovery.ask().await[0].offer, Offer::Models(offer("m")));
        discovery.replace([endpoint("http://127.0.0.1:10/")].iter());
        assert_eq!(discovery.ask().await[0].offer, Offer::Failed);
    }
}
