//! Which messages of a long conversation are in the document: those in sight, and some above and below.
//!
//! A message that leaves the document has been measured, and empty space of its height stays in its place, so that
//! nothing moves. Only what was just loaded above has no height yet; it is rendered once, and then it has one.

use std::ops::Range;

/// How much above and below what is in sight is rendered, in heights of the view.
const AHEAD: f64 = 1.5;
/// With less than this rendered above or below, it is time for more.
const ENOUGH: f64 = 0.5;
/// So many messages always stay: a short conversation is all there to be searched, printed and read aloud.
const KEPT: usize = 24;
/// What stands in for the height of a message that has not been rendered yet, below what is in sight.
const GUESS: f64 = 160.0;

/// What the reader sees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sight {
    /// The first visible pixel of the conversation.
    pub(super) top: f64,
    /// How many pixels are visible.
    pub(super) height: f64,
    /// The space between two messages.
    pub(super) gap: f64,
    /// Whether the reader follows the end.
    pub(super) at_end: bool,
}

/// What is to be rendered, given the heights of all messages, as far as they are known, and what is rendered now.
pub(super) fn window(heights: &[Option<f64>], now: &Range<usize>, sight: Sight) -> Range<usize> {
    let count = heights.len();
    let now = now.start.min(count)..now.end.min(count);
    // What was never rendered above what is, was just loaded.
    let fresh = heights[..now.start].iter().position(Option::is_none).unwrap_or(count);
    let bottom = sight.top + sight.height;
    let reaching = |ahead: f64| {
        let (above, below) = (sight.top - ahead * sight.height, bottom + ahead * sight.height);
        let mut place = 0.0;
        let mut range = count..0;
        for (at, height) in heights.iter().enumerate() {
            let end = place + height.unwrap_or(if at < now.start { 0.0 } else { GUESS });
            if end >= above && place <= below {
                range = range.start.min(at)..at + 1;
            }
            place = end + sight.gap;
        }
        if range.is_empty() { now.clone() } else { range }
    };
    let needed = reaching(ENOUGH);
    let is_covered = now.start <= needed.start && (needed.end <= now.end);
    let is_small = now.len() <= reaching(2.0 * AHEAD).len().max(KEPT);
    let mut next = now.clone();
    if !is_covered || !is_small {
        next = reaching(AHEAD);
        let both = now.start.min(next.start)..now.end.max(next.end);
        if both.len() <= KEPT {
            next = both;
        }
    }
    next.start = next.start.min(fresh);
    if sight.at_end {
        next.end = count;
    }
    next
}

/// The height of a run of messages with the space between them.
pub(super) fn extent(heights: &[Option<f64>], gap: f64) -> f64 {
    let sum: f64 = heights.iter().map(|height| height.unwrap_or(GUESS)).sum();
    sum + gap * (heights.len().saturating_sub(1)) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const GAP: f64 = 20.0;

    fn sight(top: f64) -> Sight {
        Sight {
            top,
            height: 800.0,
            gap: GAP,
            at_end: false,
        }
    }

    #[test]
    fn what_is_in_sight_is_always_rendered_and_little_else() {
        let heights: Vec<Option<f64>> = (0..2_000).map(|at| Some(60.0 + f64::from(at % 7) * 40.0)).collect();
        let whole = extent(&heights, GAP);
        let mut now = 1_980..2_000;
        let mut top = whole - 800.0;
        while top > 0.0 {
            now = window(&heights, &now, sight(top));
            let start = if now.start == 0 {
                0.0
            } else {
                extent(&heights[..now.start], GAP) + GAP
            };
            let end = start + extent(&heights[now.clone()], GAP);
            assert!(start <= top && top + 800.0 <= end + GAP, "{top}: {start}..{end}");
            assert!(now.len() <= 60, "{} at {top}", now.len());
            top -= 333.0;
        }
        assert_eq!(window(&heights, &now, sight(0.0)).start, 0);
    }

    #[test]
    fn a_leap_renders_what_it_leads_to() {
        let heights = vec![Some(100.0); 1_000];
        let now = window(&heights, &(980..1_000), sight(12_000.0));
        assert!(now.contains(&100) && now.contains(&106) && now.len() < 40, "{now:?}");
    }

    #[test]
    fn what_was_loaded_above_is_rendered_once() {
        let mut heights = vec![None; 20];
        heights.extend(vec![Some(100.0); 40]);
        assert_eq!(window(&heights, &(20..60), sight(0.0)).start, 0);
    }

    #[test]
    fn who_follows_the_end_sees_what_comes() {
        let mut heights = vec![Some(100.0); 40];
        heights.push(None);
        let following = Sight {
            at_end: true,
            ..sight(4_000.0)
        };
        assert_eq!(window(&heights, &(20..40), following).end, 41);
    }

    #[test]
    fn a_short_conversation_is_all_there() {
        let heights = vec![Some(900.0); KEPT];
        let mut now = 4..KEPT;
        for top in [18_000.0, 9_000.0, 0.0, 15_000.0] {
            now = window(&heights, &now, sight(top));
        }
        assert_eq!(now, 0..KEPT);
    }

    #[test]
    fn small_steps_change_nothing() {
        let heights = vec![Some(100.0); 200];
        let now = window(&heights, &(0..20), sight(9_000.0));
        assert_eq!(window(&heights, &now, sight(9_200.0)), now);
        assert_eq!(window(&heights, &now, sight(8_800.0)), now);
    }
}
