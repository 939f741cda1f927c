//! The monotonic clock of the machine. Its readings in two processes can be compared, which `std::time::Instant` hides.

use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds since some fixed moment.
pub(crate) fn now() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    // The kernel counts from boot, so that neither part is negative.
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}
