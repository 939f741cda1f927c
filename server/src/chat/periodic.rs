//! What is done again and again.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::store::StoreError;

/// Does this at once and then once a period, for ever. What fails is done again with the next tick: nothing is lost by it
/// yet.
pub(super) async fn every<F: Future<Output = Result<(), StoreError>>>(
    period: Duration,
    failure: &str,
    work: impl Fn() -> F,
) {
    // An interval's own first tick may be a moment late.
    let mut ticks = interval_at(Instant::now() + period, period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        if let Err(error) = work().await {
            tracing::error!(error = &error as &dyn std::error::Error, "{failure}");
        }
        ticks.tick().await;
    }
}
