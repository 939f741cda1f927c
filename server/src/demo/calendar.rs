//! When people talk, and how long: over two years, more and more, by day; mostly a few messages, now and then hundreds.

use protocol::timestamp::Timestamp;
use rand::Rng;

pub(super) const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const DAYS: i64 = 730;

/// When each conversation begins, the first first; the last not long before `now`.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "days of two years, and fractions of them"
)]
pub(super) fn starts(random: &mut impl Rng, count: u64, now: Timestamp) -> Vec<Timestamp> {
    let today = now.0 - now.0.rem_euclid(DAY);
    let mut starts: Vec<i64> = (0..count)
        .map(|_| {
            // The root: twice as many in the second year as one would have at an even pace.
            let day = (random.random::<f64>().sqrt() * DAYS as f64) as i64 - DAYS + 1;
            let hour = (random.random::<f64>() + random.random::<f64>()) * 8.0 + 6.0;
            let at = today + day * DAY + (hour * HOUR as f64) as i64;
            // Of today only what has passed.
            if at < now.0 - HOUR {
                at
            } else {
                now.0 - HOUR - random.random_range(0..6 * HOUR)
            }
        })
        .collect();
    starts.sort_unstable();
    starts.into_iter().map(Timestamp).collect()
}

/// How many turns each conversation has, one at least and `turns` together.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "shares of a count, which end at the count itself"
)]
pub(super) fn lengths(random: &mut impl Rng, sessions: u64, turns: u64) -> Vec<usize> {
    let weights: Vec<f64> = (0..sessions)
        .map(|_| (1.0 - random.random::<f64>()).powf(-0.55) - 0.9)
        .collect();
    let sum: f64 = weights.iter().sum();
    let further = turns.saturating_sub(sessions) as f64;
    let (mut so_far, mut given) = (0.0, 0_u64);
    let mut lengths = Vec::with_capacity(weights.len());
    for (index, weight) in weights.iter().enumerate() {
        so_far += weight;
        let until_here = if index + 1 == weights.len() {
            further as u64
        } else {
            ((so_far / sum * further) as u64).min(further as u64)
        };
        lengths.push(1 + usize::try_from(until_here - given).unwrap_or(0));
        given = until_here;
    }
    lengths
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    #[test]
    fn lengths_add_up_and_a_few_are_long() {
        let mut random = StdRng::seed_from_u64(1);
        for (sessions, turns) in [(1, 1), (1, 50), (10, 10), (1_000, 5_000), (1_000, 5_001)] {
            let lengths = lengths(&mut random, sessions, turns);
            assert_eq!(lengths.len() as u64, sessions);
            assert_eq!(lengths.iter().sum::<usize>() as u64, turns);
            assert!(lengths.iter().all(|length| *length > 0));
        }
        let mut lengths = lengths(&mut random, 10_000, 50_000);
        lengths.sort_unstable();
        assert!(
            lengths[5_000] <= 5 && lengths[9_999] > 100,
            "{} {}",
            lengths[5_000],
            lengths[9_999]
        );
    }

    #[test]
    fn nothing_begins_in_the_future_and_nothing_more_than_two_years_ago() {
        let now = Timestamp(1_764_000_000_000_000);
        let starts = starts(&mut StdRng::seed_from_u64(1), 5_000, now);
        assert!(starts.is_sorted());
        assert!(starts[0].0 > now.0 - (DAYS + 1) * DAY && starts[0].0 < now.0 - 600 * DAY);
        assert!(starts[4_999].0 < now.0 && starts[4_999].0 > now.0 - 2 * DAY);
    }
}
