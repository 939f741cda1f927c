//! What is searched for: words of the demo data, by how often they come.

/// In a large part of all messages.
pub(super) const COMMON: [&str; 10] = [
    "the", "is", "test", "data", "error", "query", "server", "table", "new", "slow",
];
/// In some of a hundred messages.
pub(super) const MEDIUM: [&str; 10] = [
    "pipeline",
    "cluster",
    "glossary",
    "warehouse",
    "idempotent",
    "reconcile",
    "audit",
    "replica",
    "nightly",
    "rollback",
];
/// Two of them together.
pub(super) const PAIRS: [&str; 8] = [
    "server slow",
    "pipeline warehouse",
    "is the",
    "glossary nightly",
    "query rollback",
    "reconcile replica",
    "test data",
    "audit cluster table",
];
/// Words that must follow one another.
pub(super) const PHRASES: [&str; 5] = [
    "\"the slow server\"",
    "\"tell me what you find\"",
    "\"fall back on\"",
    "\"the data is new\"",
    "\"nightly pipeline\"",
];
/// What is typed letter by letter.
pub(super) const TYPED: [&str; 5] = [
    "the deployment",
    "warehouse inventory",
    "compare",
    "idempotent migration",
    "why slow",
];
/// With what narrows them.
pub(super) const NARROWED: [&str; 6] = [
    "agent:dir-models server",
    "agent:architect the",
    "model:gpt-5 pipeline",
    "before:2026-01 server",
    "after:2025-06 audit",
    "agent:dir-docs model:claude slow query",
];

/// Each beginning of a text, as somebody types it, from the second letter.
pub(super) fn as_typed(text: &str) -> impl Iterator<Item = &str> {
    (2..=text.len()).filter_map(|end| text.get(..end))
}

/// Words of a text that hardly any other text has: names, numbers of commits and of tickets.
pub(super) fn rare(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    let is_rare = |word: &&str| {
        let is_commit = word.len() == 7 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        (is_commit && word.bytes().any(|byte| byte.is_ascii_digit())) || word.starts_with("PAR-")
    };
    words.filter(is_rare).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_typed_letter_by_letter() {
        assert_eq!(as_typed("abcd").collect::<Vec<_>>(), ["ab", "abc", "abcd"]);
    }

    #[test]
    fn rare_words_are_told_from_others() {
        assert_eq!(
            rare("In PAR-812 and a1b2c3d, not server or decades"),
            ["PAR-812", "a1b2c3d"]
        );
    }
}
