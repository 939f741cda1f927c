//! Who is above whom.

use protocol::registry::TIER_ARCHITECT;

use super::{Seat, tier::kinds};

/// Gives each seat but the first, which is the root, the one above it. All ways up lead to the root.
pub(super) fn assign(seats: &mut [Seat]) {
    let mut parents: Vec<usize> = (0..seats.len()).map(|seat| parent_of(seats, seat)).collect();
    // Labels may name one another in a circle. It is cut at its highest place.
    let mut by_tier: Vec<usize> = (1..seats.len()).collect();
    by_tier.sort_by_key(|&seat| seats[seat].agent.tier);
    for seat in by_tier {
        let mut above = seat;
        for _ in 0..seats.len() {
            above = parents[above];
        }
        // Nobody is further from the root than there are seats.
        if above != 0 {
            parents[seat] = 0;
        }
    }
    for seat in 1..seats.len() {
        let parent_id = seats[parents[seat]].agent.agent_id.clone();
        seats[seat].agent.parent_id = Some(parent_id);
    }
}

/// The root is above itself.
fn parent_of(seats: &[Seat], seat: usize) -> usize {
    if seat == 0 {
        return 0;
    }
    let named = seats[seat].named_parent.as_deref().and_then(|name| find(seats, name));
    named
        .filter(|&parent| parent != seat)
        .unwrap_or_else(|| nearest_above(seats, seat))
}

fn find(seats: &[Seat], name: &str) -> Option<usize> {
    let by_id = seats.iter().position(|seat| seat.agent.agent_id == name);
    by_id.or_else(|| {
        seats
            .iter()
            .position(|seat| seat.agent.agent_name.eq_ignore_ascii_case(name))
    })
}

fn nearest_above(seats: &[Seat], seat: usize) -> usize {
    let top = || {
        seats
            .iter()
            .position(|seat| seat.agent.tier == TIER_ARCHITECT)
            .unwrap_or(0)
    };
    let of = &seats[seat];
    if !of.is_placed {
        return top();
    }
    let is_above = |other: &&Seat| other.is_placed && other.agent.tier < of.agent.tier;
    let tier = seats.iter().filter(is_above).map(|other| other.agent.tier).max();
    let candidates: Vec<usize> = (0..seats.len())
        .filter(|&other| seats[other].is_placed && Some(seats[other].agent.tier) == tier)
        .collect();
    if let [only] = candidates[..] {
        return only;
    }
    let shares_a_word = |&other: &usize| {
        let mut words = kinds(&seats[other].agent.agent_name);
        words.any(|word| kinds(&of.agent.agent_name).any(|own| own == word))
    };
    candidates.into_iter().find(shares_a_word).unwrap_or_else(top)
}
