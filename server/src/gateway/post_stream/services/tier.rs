//! Which tier a label or a name speaks of.

use protocol::registry::{TIER_ARCHITECT, TIER_PAS_ROOT};

/// The words of a text, in lower case.
pub(super) fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

/// The tier that a label says, by the name of a role or by its number, as in `tier-3`.
pub(super) fn of_label(label: &str) -> Option<u8> {
    let number = || {
        let digits: String = label
            .chars()
            .skip_while(|c| !c.is_ascii_digit())
            .take_while(char::is_ascii_digit)
            .collect();
        digits.parse().ok().filter(|tier| (TIER_PAS_ROOT..=5).contains(tier))
    };
    let is_root = || words(label).any(|word| word == "root").then_some(TIER_PAS_ROOT);
    tier_of(label).or_else(is_root).or_else(number)
}

/// The tier that the name of an agent tells, as Dir-Code's does. That somebody is the root of all is not believed of a
/// name: such an agent could not be spoken to.
pub(super) fn tier_of(name: &str) -> Option<u8> {
    words(name).find_map(|word| tier_of_word(&word))
}

fn tier_of_word(word: &str) -> Option<u8> {
    match word.trim_end_matches('s') {
        "architect" => Some(TIER_ARCHITECT),
        "director" | "dir" => Some(3),
        "manager" | "mgr" => Some(4),
        "programmer" | "prog" => Some(5),
        _ => None,
    }
}

/// Whether an id or a name is that of the person's own seat.
pub(super) fn is_pas_root(name: &str) -> bool {
    words(name).eq(["pas", "root"])
}

pub(super) fn role_of(tier: u8) -> &'static str {
    match tier {
        TIER_PAS_ROOT => "Root",
        TIER_ARCHITECT => "Architect",
        3 => "Director",
        4 => "Manager",
        5 => "Programmer",
        _ => "Model",
    }
}

/// The words of a name that say what an agent is for: neither its role nor its number.
pub(super) fn kinds(name: &str) -> impl Iterator<Item = String> {
    words(name).filter(|word| tier_of_word(word).is_none() && !word.chars().all(|c| c.is_ascii_digit()))
}
