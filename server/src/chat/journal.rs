//! Saves what running turns write: all of them in one commit, again and again.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use super::{live::LiveTurns, periodic::every};

/// How often what ended turns left is removed, and the database's write-ahead log moved into its file.
const TIDY_PERIOD: Duration = Duration::from_secs(5);

/// Saves every `period`, which is what a crash can cost, until the server goes away; the turns save their own ends.
pub async fn run(turns: Arc<LiveTurns>, period: Duration, shutdown: CancellationToken) {
    let save = every(period, "the journal could not be written", || turns.save_progress());
    // Beside it, for it waits for the disk.
    let tidy = every(TIDY_PERIOD, "the journal could not be tidied", || turns.tidy());
    tokio::select! {
        () = shutdown.cancelled() => {}
        ((), ()) = async { tokio::join!(save, tidy) } => {}
    }
}
