use proptest::prelude::*;

use super::*;

fn sought(words: &[&str], is_prefix: bool) -> Sought {
    Sought {
        words: words.iter().map(|word| (*word).to_owned()).collect(),
        is_prefix,
    }
}

#[test]
fn words_phrases_and_what_is_still_being_typed() {
    for (typed, expected) in [
        ("", vec![]),
        ("two words", vec![sought(&["two"], false), sought(&["words"], true)]),
        ("two words ", vec![sought(&["two"], false), sought(&["words"], false)]),
        (
            "\"a phrase\" x",
            vec![sought(&["a", "phrase"], false), sought(&["x"], false)],
        ),
        ("“curly marks”", vec![sought(&["curly", "marks"], false)]),
        ("\"not yet clos", vec![sought(&["not", "yet", "clos"], true)]),
        ("foo_bar::baz", vec![sought(&["foo", "bar", "baz"], true)]),
        ("foo()", vec![sought(&["foo"], false)]),
        ("x\"y\"", vec![sought(&["x"], false), sought(&["y"], false)]),
        ("http://x.org", vec![sought(&["http", "x", "org"], true)]),
        (
            "AND OR NOT NEAR(a b, 2)",
            vec![
                sought(&["AND"], false),
                sought(&["OR"], false),
                sought(&["NOT"], false),
                sought(&["NEAR", "a"], false),
                sought(&["b"], false),
                sought(&["2"], false),
            ],
        ),
    ] {
        let question = Question::read(typed, 0);
        assert_eq!(question.sought, expected, "{typed}");
        assert_eq!(question.notes, [""; 0], "{typed}");
    }
}

#[test]
fn what_narrows_it_is_taken_out_of_the_words() {
    let question = Question::read(
        "agent:Dir-Code plan Model:\"GPT-4o mini\" after:2026-01 before:2026-02-15 agent:architect",
        0,
    );
    assert_eq!(question.sought, [sought(&["plan"], false)]);
    assert_eq!(question.agents, ["Dir-Code", "architect"]);
    assert_eq!(question.models, ["GPT-4o mini"]);
    assert_eq!(question.from.unwrap().to_string(), "2026-01-01T00:00:00.000000Z");
    assert_eq!(question.until.unwrap().to_string(), "2026-02-15T00:00:00.000000Z");
    assert!(
        Question::read("agent: model:", 0).is_empty(),
        "names that are yet to be typed"
    );
}

#[test]
fn of_several_times_the_narrowest_counts() {
    let question = Question::read("after:2025 after:2026-03 before:2027 before:2026-12-31", 0);
    assert_eq!(question.from.unwrap().to_string(), "2026-03-01T00:00:00.000000Z");
    assert_eq!(question.until.unwrap().to_string(), "2026-12-31T00:00:00.000000Z");
}

#[test]
fn a_day_begins_by_the_persons_clock() {
    let in_tokyo = Question::read("after:2026-03-02 before:2026-03-03", 9 * 60);
    assert_eq!(in_tokyo.from.unwrap().to_string(), "2026-03-01T15:00:00.000000Z");
    assert_eq!(in_tokyo.until.unwrap().to_string(), "2026-03-02T15:00:00.000000Z");
    let nowhere = Question::read("after:2026-03-02", i32::MIN);
    assert_eq!(nowhere.from.unwrap().to_string(), "2026-03-03T00:00:00.000000Z");
}

#[test]
fn a_date_that_is_none_is_told_and_the_rest_searched_for() {
    for bad in [
        "2026-13",
        "2026-02-30",
        "yesterday",
        "2026-1-1-1",
        "20261",
        "1969",
        "2026-",
        "-",
        "99999-01-01",
        "31.1.2026",
    ] {
        let question = Question::read(&format!("plan before:{bad} x"), 0);
        assert_eq!(question.until, None, "{bad}");
        assert_eq!(question.sought.len(), 2, "{bad}");
        let note = format!("“before:{bad}” is no date: it takes one such as 2026-01-31, 2026-01 or 2026.");
        assert_eq!(question.notes, [note]);
    }
    assert_eq!(
        Question::read("plan before:202", 0).notes,
        [""; 0],
        "a year that is being typed"
    );
    assert_eq!(
        Question::read("after:2026-1-2", 0).from.unwrap().to_string(),
        "2026-01-02T00:00:00.000000Z"
    );
}

#[test]
fn what_cannot_be_searched_for_is_told() {
    assert_eq!(
        Question::read("😀 plan", 0).notes,
        ["“😀” has neither letters nor digits and was left out."]
    );
    let question = Question::read(&"word ".repeat(50), 0);
    assert_eq!(question.sought.len(), MAX_SOUGHT);
    assert_eq!(question.notes, ["Only the first 12 words were searched for."]);
    let question = Question::read(&"x".repeat(100_000), 0);
    assert_eq!(question.notes, ["Only the first 500 characters were searched for."]);
}

proptest! {
#![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_typed_is_words_of_letters_and_digits(typed in "\\PC{0,60}|[\"“” :*()^+-]{0,20}(agent:|before:|a|\u{0}|\u{202e}|😀|é){0,20}") {
        for sought in Question::read(&typed, 0).sought {
            prop_assert!(!sought.words.is_empty());
            for word in sought.words {
                prop_assert!(!word.is_empty() && !word.contains(['"', '\0', '*', ':', '(', ' ']), "{}", word);
            }
        }
    }
}
