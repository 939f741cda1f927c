//! How often what streams is painted: in the next frame as long as that is cheap, else so seldom that keys and clicks get
//! most of the thread.

use std::time::Duration;

use leptos::prelude::*;

use crate::browser;

/// What one painting may take without any rest after it, in microseconds: half a frame.
const CHEAP: i64 = 8_000;
/// What one painting is taken to cost at most: what else kept the thread busy meanwhile is not its fault.
const DEAREST: i64 = 50_000;
/// The rest after a painting, in times of what it cost.
const REST: i64 = 2;

/// Where one painter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing is asked for.
    Idle,
    /// The next frame paints.
    Due,
    /// It has just painted, and nothing was asked for since.
    Resting,
    /// It has just painted, and must again.
    Wanted,
}

/// When one painter paints.
#[derive(Clone, Copy)]
pub(super) struct Pace(StoredValue<Phase>);

impl Pace {
    pub(super) fn new() -> Self {
        Self(StoredValue::new(Phase::Idle))
    }

    /// Calls `paint` once, in a frame soon to come, however often it is asked for until then. Nothing is called after the
    /// owner is gone.
    pub(super) fn soon(self, paint: impl Fn() + Clone + 'static) {
        match self.0.try_get_value() {
            Some(Phase::Idle) => self.due(paint),
            Some(Phase::Resting) => self.0.set_value(Phase::Wanted),
            Some(Phase::Due | Phase::Wanted) | None => {}
        }
    }

    fn due(self, paint: impl Fn() + Clone + 'static) {
        self.0.set_value(Phase::Due);
        request_animation_frame(move || {
            if self.0.try_set_value(Phase::Resting).is_some() {
                return;
            }
            let begun = browser::now().0;
            paint();
            // After layout and painting, which are the greater part.
            set_timeout(
                move || match rest(browser::now().0 - begun) {
                    Duration::ZERO => self.rested(paint),
                    rest => set_timeout(move || self.rested(paint), rest),
                },
                Duration::ZERO,
            );
        });
    }

    fn rested(self, paint: impl Fn() + Clone + 'static) {
        match self.0.try_get_value() {
            Some(Phase::Wanted) => self.due(paint),
            Some(_) => self.0.set_value(Phase::Idle),
            None => {}
        }
    }
}

/// How long to rest after a painting that took so many microseconds, by a clock that may be set meanwhile.
fn rest(cost: i64) -> Duration {
    if cost <= CHEAP {
        return Duration::ZERO;
    }
    Duration::from_micros((cost.min(DEAREST) * REST).unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cheap_painting_needs_no_rest() {
        assert_eq!(rest(0), Duration::ZERO);
        assert_eq!(rest(CHEAP), Duration::ZERO);
    }

    #[test]
    fn a_dear_one_leaves_two_thirds_of_the_thread() {
        assert_eq!(rest(20_000), Duration::from_millis(40));
    }

    #[test]
    fn no_rest_is_long() {
        assert_eq!(rest(i64::MAX), Duration::from_millis(100));
        assert_eq!(rest(-3_600_000_000), Duration::ZERO, "the clock was set back");
    }
}
