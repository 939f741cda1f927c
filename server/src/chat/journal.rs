//! Saves what running turns write: all of them in one commit, at most every [`PERIOD`].

use std::{sync::Arc, time::Duration};

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::live::LiveTurns;

/// How much text a crash can cost, as time.
pub const PERIOD: Duration = Duration::from_millis(100);

/// Runs until the server goes away; the turns save their own ends.
pub async fn run(turns: Arc<LiveTurns>, shutdown: CancellationToken) {
    let mut ticks = tokio::time::interval(PERIOD);
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
