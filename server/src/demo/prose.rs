//! Sentences, and messages of them.

use rand::Rng;

use super::{
    code::block,
    words::{ADJECTIVES, NOUNS, VERBS, capital, identifier, name, pick},
};

const QUESTIONS: [&str; 20] = [
    "Can you {v} the {a} {n}?",
    "Why is the {n} so {a} when we {v} the {n}?",
    "How do I {v} a {n} without touching the {a} {n}?",
    "Please {v} {N} and tell me what you find.",
    "What is the best way to {v} {#} {n}s at once?",
    "We have to {v} the {n} before Friday. Where do we begin?",
    "Write a {n} that can {v} the {a} {n}.",
    "Is it safe to {v} the {n} while the {n} is running?",
    "Look at {N}: the {n} is {a} again.",
    "Compare the {a} {n} with the {n} and say which one you would {v}.",
    "I get a {n} {n} in {N}. What does that mean?",
    "Plan how to {v} our {n}, with a {n} for each step.",
    "Explain {N} to somebody who has never seen a {n}.",
    "Which {n} should we {v} first, and why?",
    "Translate the {n} into English and {v} the {a} parts.",
    "Summarise what we know about the {n} in {N}.",
    "The {n} takes {#} seconds. Make it {a}.",
    "Draft a {n} for the {n} team about the {a} {n}.",
    "Does {N} still {v} the {n}, or may we remove it?",
    "Turn this {n} into a {n}, and keep the {a} {n}s.",
];

const STATEMENTS: [&str; 26] = [
    "The {n} is {a} because the {n} is read before it is written.",
    "I would {v} the {n} first: everything else depends on it.",
    "With {#} {n}s the {n} fits into memory, with ten times as many it does not.",
    "There are two ways, and the **{a}** one is easier to {v}.",
    "Note that `{i}` does not {v} the {n}; it only looks at it.",
    "In {N} the {a} {n} was kept for old clients, and nobody has asked for it since.",
    "What is missing is a {n} that tells when the {n} is {a}.",
    "The {n} and the {n} do not agree: one counts {#}, the other {#}.",
    "A {a} {n} costs little and saves the {n} from being asked twice.",
    "If you {v} it twice, the second time does nothing.",
    "That is why the {n} waits for the {n}, and not the other way round.",
    "The numbers come from {N}, measured on a {a} {n}.",
    "We should *not* {v} the {n} before the {n} is {a}.",
    "It helps to {v} the {n} once a day, when the {n} is quiet.",
    "Each {n} has its own {n}, so that one cannot hold up another.",
    "The {n} says “{a} {n}”, which is true and of no use.",
    "As long as the {n} stays {a}, there is nothing to {v}.",
    "This holds for the {n} too, apart from the {a} ones.",
    "The risk is the {n}: it is {a}, and only {N} knows how to {v} it.",
    "Afterwards the {n} needs {#} % less time than before.",
    "Somebody has to {v} the {n}, or the {n} grows for ever.",
    "I have assumed that a {n} never has more than {#} {n}s.",
    "Where the {n} is {a}, fall back on the {n} and say so.",
    "The {a} {n} can go; the tests of `{i}` still pass without it.",
    "Ask the {n} for it, and keep what it says for {#} minutes.",
    "Nothing else in {N} uses the {n}.",
];

const STEPS: [&str; 8] = [
    "{V} the {n} in {N}",
    "{V} the {a} {n}, and wait until the {n} is done",
    "Check that `{i}` still passes",
    "{V} {#} {n}s and compare them with the {n}",
    "Tell the {n} team",
    "**{V}** what is {a}",
    "Keep the old {n} for a week",
    "Measure again",
];

/// A sentence from one of `patterns`.
fn sentence(random: &mut impl Rng, patterns: &[&'static str]) -> String {
    let pattern = patterns[random.random_range(0..patterns.len())];
    fill(random, pattern)
}

fn fill(random: &mut impl Rng, pattern: &str) -> String {
    let mut text = String::with_capacity(pattern.len() * 2);
    let mut rest = pattern;
    while let Some((before, slot)) = rest.split_once('{') {
        text.push_str(before);
        let (slot, after) = slot.split_once('}').unwrap_or((slot, ""));
        match slot {
            "n" => text.push_str(pick(random, &NOUNS)),
            "a" => text.push_str(pick(random, &ADJECTIVES)),
            "v" => text.push_str(pick(random, &VERBS)),
            "V" => text.push_str(&capital(pick(random, &VERBS))),
            "N" => text.push_str(&name(random)),
            "i" => text.push_str(&identifier(random)),
            _ => text.push_str(&random.random_range(2..=999_u32).to_string()),
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

fn paragraph(random: &mut impl Rng, most: usize) -> String {
    let count = random.random_range(1..=most);
    let sentences: Vec<String> = (0..count).map(|_| sentence(random, &STATEMENTS)).collect();
    sentences.join(" ")
}

/// What a person says.
pub(super) fn question(random: &mut impl Rng) -> String {
    let mut text = sentence(random, &QUESTIONS);
    if random.random_bool(0.45) {
        text.push(' ');
        text.push_str(&paragraph(random, 3));
    }
    if random.random_bool(0.06) {
        text.push_str("\n\n");
        text.push_str(&block(random));
    }
    text
}

/// What an agent says, in Markdown.
pub(super) fn answer(random: &mut impl Rng) -> String {
    let mut parts = vec![paragraph(random, 3)];
    for _ in 0..random.random_range(0..6) {
        let part = match random.random_range(0..10) {
            0..=4 => paragraph(random, 4),
            5 | 6 => list(random),
            7 | 8 => block(random),
            _ if random.random_bool(0.5) => table(random),
            _ => format!(
                "## {} the {}\n\n{}",
                capital(pick(random, &VERBS)),
                pick(random, &NOUNS),
                paragraph(random, 3)
            ),
        };
        parts.push(part);
    }
    parts.join("\n\n")
}

fn list(random: &mut impl Rng) -> String {
    let is_ordered = random.random_bool(0.6);
    let lines: Vec<String> = (1..=random.random_range(2..6))
        .map(|number| {
            let step = sentence(random, &STEPS);
            if is_ordered {
                format!("{number}. {step}")
            } else {
                format!("- {step}")
            }
        })
        .collect();
    lines.join("\n")
}

fn table(random: &mut impl Rng) -> String {
    let mut text = format!(
        "| {} | {} | % |\n| --- | --- | ---: |",
        pick(random, &NOUNS),
        pick(random, &NOUNS)
    );
    for _ in 0..random.random_range(2..5) {
        let percent: u32 = random.random_range(0..100);
        text.push_str(&format!(
            "\n| {} | {} | {percent} |",
            name(random),
            pick(random, &ADJECTIVES)
        ));
    }
    text
}
