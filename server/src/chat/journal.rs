//! Saves what running turns write: all of them in one commit, again and again.

use std::{sync::Arc, time::Duration};

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::live::LiveTurns;

/// Saves every `period`, which is what a crash can cost, until the server goes away; the turns save their own ends.
pub async fn run(turns: Arc<LiveTurns>, period: Duration, shutdown: CancellationToken) {
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => {}
        }
        if let Err(error) = turns.save_progress().await {
            // Nothing is lost yet: what was not saved is tried again with the next tick, and at the turn's end.
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the journal could not be written"
            );
        }
    }
}
