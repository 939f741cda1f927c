//! How the models have been doing, as far as somebody asked them. Nobody is asked for the sake of knowing: a request costs
//! money, and tells the provider that somebody is here.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use parking_lot::RwLock;
use protocol::{
    registry::{HealthState, ModelHealth},
    timestamp::Timestamp,
};
use tokio::time::Instant;

/// A failure longer ago than this says nothing about now.
const FAILURE_COUNTS_FOR: Duration = Duration::from_secs(15 * 60);

/// What was last heard of each model, by its id.
#[derive(Default)]
pub(crate) struct Health(RwLock<HashMap<String, Heard>>);

struct Heard {
    at: Instant,
    health: ModelHealth,
    /// It failed for want of a connection.
    was_unreachable: bool,
}

impl Health {
    /// The model has answered.
    pub(crate) fn answered(&self, model_id: &str) {
        self.hear(model_id, healthy(), false);
    }

    /// The model could not be asked, or broke off; `reason` is in plain words.
    pub(crate) fn failed(&self, model_id: &str, reason: &str, was_unreachable: bool) {
        self.hear(model_id, failing(reason), was_unreachable);
    }

    /// What is known of the model, whose server was heard from last at `server_heard`: that it could not be reached before
    /// that says nothing about now.
    pub(super) fn of(&self, model_id: &str, server_heard: Option<Instant>) -> Option<ModelHealth> {
        let heard = self.0.read();
        let heard = heard.get(model_id)?;
        let is_back = heard.was_unreachable && server_heard.is_some_and(|server| server > heard.at);
        let is_old = heard.health.state == HealthState::Failing && heard.at.elapsed() >= FAILURE_COUNTS_FOR;
        (!is_back && !is_old).then(|| heard.health.clone())
    }

    fn hear(&self, model_id: &str, health: ModelHealth, was_unreachable: bool) {
        let heard = Heard {
            at: Instant::now(),
            health,
            was_unreachable,
        };
        self.0.write().insert(model_id.to_owned(), heard);
    }
}

fn healthy() -> ModelHealth {
    ModelHealth {
        state: HealthState::Healthy,
        at: now(),
        detail: None,
    }
}

pub(super) fn failing(reason: &str) -> ModelHealth {
    ModelHealth {
        state: HealthState::Failing,
        at: now(),
        detail: Some(reason.to_owned()),
    }
}

fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_last_word_counts_and_an_old_failure_does_not() {
        let health = Health::default();
        let state = || health.of("m", None).map(|h| (h.state, h.detail));
        assert_eq!(state(), None);
        health.failed("m", "Busy.", false);
        assert_eq!(state(), Some((HealthState::Failing, Some("Busy.".into()))));
        health.answered("m");
        assert_eq!(state(), Some((HealthState::Healthy, None)));
        health.failed("m", "Busy.", false);
        tokio::time::advance(FAILURE_COUNTS_FOR).await;
        assert_eq!(state(), None);
        health.answered("m");
        tokio::time::advance(FAILURE_COUNTS_FOR).await;
        assert!(state().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_heard_from_since_can_be_reached() {
        let health = Health::default();
        let before = Instant::now();
        tokio::time::advance(Duration::from_secs(1)).await;
        health.failed("down", "It cannot be reached.", true);
        health.failed("busy", "Busy.", false);
        tokio::time::advance(Duration::from_secs(1)).await;
        let is_known = |id, heard| health.of(id, Some(heard)).is_some();
        assert!(is_known("down", before) && !is_known("down", Instant::now()));
        assert!(
            is_known("busy", Instant::now()),
            "that it lists models does not say that it answers"
        );
    }
}
