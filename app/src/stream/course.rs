//! What a reader of a stream does next, given what happened. Nothing here knows a browser.

use protocol::event::{EventId, TurnEvent};
use std::time::Duration;

/// The wait before the first new attempt; each one after it is twice as long.
const SHORTEST_WAIT: Duration = Duration::from_millis(500);
/// No wait is longer.
const LONGEST_WAIT: Duration = Duration::from_secs(15);
/// The part of a wait that chance may take off, so that readers who lost the same server do not all return at once. Less
/// than half of it: each wait is still longer than the one before.
const JITTER: f64 = 0.2;

/// What happened to the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Happened {
    /// An event of the turn came, and it was not the last.
    Event,
    /// The last event came.
    End,
    /// An event of another turn came: the one that was followed must be over.
    OtherTurn,
    /// The stream could not be opened, or broke.
    Lost,
    /// An open stream has said nothing for so long that it may be dead without knowing.
    Silent,
    /// The browser has a network again.
    Online,
    /// The session was asked where it stands.
    Told(Truth),
    /// The wait is over.
    Waited,
}

/// Where the turn stands, as far as the session said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Truth {
    /// It runs.
    Running,
    /// It has ended, or its session is gone.
    Over,
    /// The session could not be asked.
    Unknown,
}

/// What to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Read on, from a new stream where the old one is gone.
    Listen,
    /// Ask the session: a stream that refuses does not say why.
    Ask,
    /// Try again after that time.
    Wait(Duration),
    /// There is nothing more to read.
    Leave,
}

/// The way of one reader through one turn.
#[derive(Debug, Default)]
pub(super) struct Course {
    /// Attempts since the last event.
    failures: u32,
    /// Whether the present stream has brought an event.
    heard: bool,
}

impl Course {
    /// Decides. `chance` is a random number from 0 to 1.
    pub(super) fn next(&mut self, happened: Happened, chance: f64) -> Next {
        match happened {
            Happened::Event => {
                self.heard = true;
                self.failures = 0;
                Next::Listen
            }
            Happened::End | Happened::Told(Truth::Over) => Next::Leave,
            // A stream that spoke and broke was most likely a connection; one that never spoke may have been refused.
            Happened::Lost if self.heard => self.wait(chance),
            Happened::Lost | Happened::OtherTurn => Next::Ask,
            Happened::Told(Truth::Running | Truth::Unknown) => self.wait(chance),
            Happened::Silent | Happened::Online => {
                self.heard = false;
                self.failures = 0;
                Next::Listen
            }
            Happened::Waited => Next::Listen,
        }
    }

    fn wait(&mut self, chance: f64) -> Next {
        let doubled = SHORTEST_WAIT.saturating_mul(1 << self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        self.heard = false;
        Next::Wait(doubled.min(LONGEST_WAIT).mul_f64(1.0 - JITTER * chance.clamp(0.0, 1.0)))
    }
}

/// How long to wait in truth. Without a network only its return is worth an attempt, but browsers have been wrong about
/// that, and the server may be on this very machine.
pub(super) fn patience(wait: Duration, online: bool) -> Duration {
    if online { wait } else { LONGEST_WAIT }
}

/// Where an event belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// After what was read.
    Next,
    /// Among what was read.
    Known,
    /// In another turn.
    OtherTurn,
}

/// Places the event `id` for a reader who has read up to `cursor`.
pub(super) fn place(cursor: EventId, id: EventId, event: &TurnEvent) -> Place {
    if id.turn_id != cursor.turn_id {
        return Place::OtherTurn;
    }
    // A piece that says where it begins replaces what stands there; a server that lost its last moments has lower ids.
    let replaces = matches!(event, TurnEvent::Token { offset: Some(_), .. });
    if id.seq > cursor.seq || replaces {
        Place::Next
    } else {
        Place::Known
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn waits(course: &mut Course, refusals: usize, chance: f64) -> Vec<u64> {
        let mut waits = Vec::new();
        for _ in 0..refusals {
            assert_eq!(course.next(Happened::Lost, chance), Next::Ask);
            match course.next(Happened::Told(Truth::Unknown), chance) {
                Next::Wait(wait) => waits.push(u64::try_from(wait.as_millis()).unwrap()),
                other => panic!("{other:?}"),
            }
            assert_eq!(course.next(Happened::Waited, chance), Next::Listen);
        }
        waits
    }

    #[test]
    fn waits_double_up_to_fifteen_seconds_and_begin_anew_after_an_event() {
        let mut course = Course::default();
        assert_eq!(
            waits(&mut course, 8, 0.0),
            [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]
        );
        assert_eq!(course.next(Happened::Event, 0.0), Next::Listen);
        assert_eq!(
            course.next(Happened::Lost, 0.0),
            Next::Wait(SHORTEST_WAIT),
            "a stream that spoke is opened again without a question"
        );
        assert_eq!(waits(&mut course, 2, 0.0), [1_000, 2_000]);
    }

    #[test]
    fn whatever_chance_says_each_wait_is_longer_than_the_last() {
        let longest = waits(&mut Course::default(), 5, 0.0);
        let shortest = waits(&mut Course::default(), 5, 1.0);
        assert_eq!(shortest, [400, 800, 1_600, 3_200, 6_400]);
        assert!(longest.iter().zip(&shortest[1..]).all(|(now, next)| now < next));
    }

    #[test]
    fn a_very_long_outage_does_not_overflow() {
        let mut course = Course {
            failures: u32::MAX,
            heard: false,
        };
        assert_eq!(waits(&mut course, 2, 0.0), [15_000, 15_000]);
    }

    #[test]
    fn it_leaves_only_when_the_turn_is_over() {
        let mut course = Course::default();
        assert_eq!(course.next(Happened::End, 0.5), Next::Leave);
        assert_eq!(course.next(Happened::Told(Truth::Over), 0.5), Next::Leave);
        for happened in [
            Happened::Lost,
            Happened::OtherTurn,
            Happened::Silent,
            Happened::Online,
            Happened::Told(Truth::Running),
            Happened::Told(Truth::Unknown),
            Happened::Waited,
        ] {
            assert_ne!(course.next(happened, 0.5), Next::Leave, "{happened:?}");
        }
    }

    #[test]
    fn a_network_that_is_back_is_tried_at_once_and_from_the_shortest_wait() {
        let mut course = Course::default();
        waits(&mut course, 6, 0.0);
        assert_eq!(course.next(Happened::Online, 0.0), Next::Listen);
        assert_eq!(waits(&mut course, 1, 0.0), [500]);
    }

    #[test]
    fn silence_alone_is_no_failure() {
        let mut course = Course::default();
        for _ in 0..100 {
            assert_eq!(course.next(Happened::Silent, 0.0), Next::Listen);
        }
        assert_eq!(waits(&mut course, 1, 0.0), [500]);
    }

    #[test]
    fn without_a_network_it_waits_for_its_return_but_not_for_ever() {
        assert_eq!(patience(SHORTEST_WAIT, true), SHORTEST_WAIT);
        assert_eq!(patience(SHORTEST_WAIT, false), LONGEST_WAIT);
    }

    #[test]
    fn an_event_is_taken_once_and_only_from_the_turn_that_is_followed() {
        let cursor = EventId {
            turn_id: Uuid::new_v4(),
            seq: 7,
        };
        let at = |seq| EventId { seq, ..cursor };
        let piece = |offset| TurnEvent::Token {
            content: "a".into(),
            offset,
        };
        assert_eq!(place(cursor, at(8), &piece(None)), Place::Next);
        assert_eq!(place(cursor, at(7), &piece(None)), Place::Known);
        assert_eq!(place(cursor, at(3), &TurnEvent::Done { status: None }), Place::Known);
        assert_eq!(
            place(cursor, at(5), &piece(Some(0))),
            Place::Next,
            "the server has less than was read, and says so"
        );
        let other = EventId {
            turn_id: Uuid::new_v4(),
            seq: 8,
        };
        assert_eq!(place(cursor, other, &piece(Some(0))), Place::OtherTurn);
    }
}
