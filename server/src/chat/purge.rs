//! Removes sessions that were deleted and are no longer to be restored.

use std::time::Duration;

use protocol::timestamp::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{Timing, periodic::every};
use crate::store::{Store, StoreError, now};

/// Removes at once and then once a period what was deleted long enough ago, until the server goes away; what it has then
/// not come to is removed at the next start.
pub(super) async fn run(store: Store, timing: Timing, shutdown: CancellationToken) {
    let purge = every(timing.purge_period, "deleted sessions could not be removed", || {
        purge(&store, timing.deleted_kept)
    });
    tokio::select! {
        () = shutdown.cancelled() => {}
        () = purge => {}
    }
}

async fn purge(store: &Store, kept: Duration) -> Result<(), StoreError> {
    let kept = i64::try_from(kept.as_micros()).unwrap_or(i64::MAX);
    let deleted_until = Timestamp(now().0.saturating_sub(kept));
    store.purge(deleted_until).await
}
