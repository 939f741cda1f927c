//! How often to work when there is more to do than time: turns and readers then take larger pieces, less often.
//!
//! Each piece costs the same to receive, and to send, whether it holds one token or ten. While there is time for it each
//! token is passed on as it comes. When the server falls behind, pausing between the pieces lets them grow, and what
//! is to be done shrinks with them; nothing is dropped, and what is new, such as a first token, does not wait.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::store::Store;

/// How often the runtime is looked at.
const PERIOD: Duration = Duration::from_millis(20);
/// Woken this much too late, it is behind.
const BEHIND: Duration = Duration::from_millis(4);
/// So many times in a row, it is not by chance.
const TIMES: u32 = 3;
/// A person reads on without noticing this much.
const LONGEST: Duration = Duration::from_millis(250);

/// The pause between two pieces, the same for all.
#[derive(Debug, Default)]
pub struct Pace {
    pause_micros: AtomicU64,
}

/// What the next look goes by.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Load {
    pause: Duration,
    late_in_a_row: u32,
}

impl Load {
    /// Longer by half each time that we are behind, shorter by an eighth each time that we are not.
    fn after(self, late: Duration) -> Self {
        if late < BEHIND {
            let pause = self.pause.mul_f64(0.875);
            return Self {
                pause: if pause < Duration::from_millis(1) {
                    Duration::ZERO
                } else {
                    pause
                },
                late_in_a_row: 0,
            };
        }
        let late_in_a_row = self.late_in_a_row + 1;
        let pause = if late_in_a_row < TIMES {
            self.pause
        } else {
            (self.pause.mul_f64(1.5) + Duration::from_millis(5)).min(LONGEST)
        };
        Self { pause, late_in_a_row }
    }
}

impl Pace {
    /// Waits as long as there is to wait now.
    pub async fn keep(&self) {
        let micros = self.pause_micros.load(Ordering::Relaxed);
        if micros > 0 {
            tokio::time::sleep(Duration::from_micros(micros)).await;
        }
    }

    /// Looks how the runtime does, and how long new messages wait for the database, until the server goes away.
    pub async fn watch(&self, store: Store, shutdown: CancellationToken) {
        let mut load = Load::default();
        loop {
            let due = Instant::now() + PERIOD;
            let looked = async {
                tokio::time::sleep_until(due).await;
                store.wait_for_writer().await;
            };
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = looked => {}
            }
            load = load.after(due.elapsed());
            let micros = u64::try_from(load.pause.as_micros()).unwrap_or(0);
            self.pause_micros.store(micros, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATE: Duration = Duration::from_millis(10);
    const IN_TIME: Duration = Duration::from_millis(1);

    fn after(load: Load, late: Duration, times: usize) -> Load {
        (0..times).fold(load, |load, _| load.after(late))
    }

    #[test]
    fn a_moment_s_lag_changes_nothing() {
        let load = after(Load::default(), LATE, 2);
        assert_eq!(load.pause, Duration::ZERO);
        assert_eq!(after(load, IN_TIME, 1), Load::default());
    }

    #[test]
    fn behind_the_pause_grows_to_its_bound_and_back_to_nothing() {
        let load = after(Load::default(), LATE, 3);
        assert_eq!(load.pause, Duration::from_millis(5));
        let load = after(load, LATE, 20);
        assert_eq!(load.pause, LONGEST);
        let load = after(load, IN_TIME, 1);
        assert!(load.pause < LONGEST && load.pause > LONGEST / 2, "it shrinks slowly");
        assert_eq!(after(load, IN_TIME, 60).pause, Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn in_time_nobody_waits() {
        let start = Instant::now();
        Pace::default().keep().await;
        assert_eq!(start.elapsed(), Duration::ZERO);
        let pace = Pace {
            pause_micros: AtomicU64::new(5_000),
        };
        pace.keep().await;
        assert!(start.elapsed() >= Duration::from_millis(5));
    }
}
