//! Which finds come first.
//!
//! A title counts more than a text, a whole word more than a beginning, words side by side more than words far apart, and of
//! equals the more recent one comes first. The finds of one conversation do not fill the page: each further one counts less.

use std::collections::HashMap;

use protocol::timestamp::Timestamp;
use uuid::Uuid;

use super::matches::{Match, tightest};

/// Microseconds in a day.
const DAY: f64 = 86_400_000_000.0;
/// After this many days a find counts half as recent.
const RECENT_DAYS: f64 = 30.0;
/// What each further find of a conversation counts less.
const FURTHER: f64 = 0.6;

/// How good a find is; more is better. `count` is how much was searched for.
pub fn score(found: &[Match], count: usize, is_title: bool, age_micros: i64) -> f64 {
    let title = if is_title { 2.0 } else { 0.0 };
    title + whole(found, count) + closeness(found, count) + frequency(found) + recency(age_micros)
}

/// The part of what was searched for that stands there as a whole word, 0 to 1.
fn whole(found: &[Match], count: usize) -> f64 {
    let is_whole = |sought: usize| found.iter().any(|place| place.sought == sought && place.is_whole);
    ratio((0..count).filter(|sought| is_whole(*sought)).count(), count)
}

/// 1 where the words stand side by side, nearly 0 where they are far apart or not all there.
fn closeness(found: &[Match], count: usize) -> f64 {
    let Some((_, span)) = tightest(found, count) else {
        return 0.0;
    };
    let between = span.saturating_sub(count.saturating_sub(1));
    1.5 / (1.0 + ratio(between, 4))
}

/// What occurs often is what a text is about; the first few times count.
fn frequency(found: &[Match]) -> f64 {
    0.3 * ratio(found.len().min(6), 6)
}

#[expect(clippy::cast_precision_loss, reason = "a day more or less in a million years")]
fn recency(age_micros: i64) -> f64 {
    let days = age_micros.max(0) as f64 / DAY;
    1.0 / (1.0 + days / RECENT_DAYS)
}

#[expect(clippy::cast_precision_loss, reason = "counts of words")]
fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// A find that was scored.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    /// Its number among all.
    pub index: usize,
    /// The conversation.
    pub session_id: Uuid,
    /// When it was written.
    pub timestamp: Timestamp,
    /// How good it is.
    pub score: f64,
}

/// The best ones, best first, `limit` at most.
pub fn best(mut finds: Vec<Scored>, limit: usize) -> Vec<Scored> {
    finds.sort_by(order);
    let mut seen: HashMap<Uuid, i32> = HashMap::new();
    for find in &mut finds {
        let before = seen.entry(find.session_id).or_default();
        find.score -= FURTHER * f64::from(*before);
        *before += 1;
    }
    finds.sort_by(order);
    finds.truncate(limit);
    finds
}

fn order(a: &Scored, b: &Scored) -> std::cmp::Ordering {
    b.score
        .total_cmp(&a.score)
        .then(b.timestamp.cmp(&a.timestamp))
        .then(a.index.cmp(&b.index))
}

#[cfg(test)]
mod tests {
    use super::{
        super::{matches::Pattern, question::Question},
        *,
    };

    const TODAY: i64 = 0;
    const LAST_YEAR: i64 = 365 * 86_400_000_000;

    fn score_of(typed: &str, text: &str, is_title: bool, age: i64) -> f64 {
        let pattern = Pattern::new(&Question::read(typed, 0).sought);
        score(&pattern.find(text), pattern.len(), is_title, age)
    }

    #[test]
    fn the_better_find_comes_first() {
        let better = |typed: &str, (text, is_title, age), (other, other_is_title, other_age)| {
            let (first, second) = (
                score_of(typed, text, is_title, age),
                score_of(typed, other, other_is_title, other_age),
            );
            assert!(first > second, "{typed}: {text} ({first}) before {other} ({second})");
        };
        better("plan", ("plan", true, LAST_YEAR), ("plan", false, TODAY));
        better("plan", ("the plan", false, TODAY), ("a planet", false, TODAY));
        better(
            "plan b ",
            ("plan b", false, LAST_YEAR),
            ("plan and so on and on until at last b", false, LAST_YEAR),
        );
        better("plan", ("plan", false, TODAY), ("plan", false, LAST_YEAR));
        better("plan", ("plan plan plan", false, TODAY), ("plan", false, TODAY));
    }

    #[test]
    fn one_conversation_does_not_fill_the_page() {
        let find = |index, session, score| Scored {
            index,
            session_id: Uuid::from_u128(session),
            timestamp: Timestamp(0),
            score,
        };
        let finds = vec![
            find(0, 1, 3.0),
            find(1, 1, 2.9),
            find(2, 1, 2.8),
            find(3, 2, 2.0),
            find(4, 2, 0.1),
        ];
        let order: Vec<_> = best(finds, 4).iter().map(|find| find.index).collect();
        assert_eq!(order, [0, 1, 3, 2]);
    }
}
