//! The place in a text that is shown: one line, of bounded length, as it was written and never markup.

use std::ops::Range;

use protocol::history::SnippetPart;

use super::matches::{Match, tightest};

/// About how many bytes of the text are shown.
const LENGTH: usize = 200;
/// How many of them stand before the first match.
const BEFORE: usize = 50;
/// How far to go for the space between two words.
const TO_A_SPACE: usize = 24;

/// Shows the part of `text` in which most of what was searched for stands, `count` words and phrases in all.
pub fn snippet(text: &str, found: &[Match], count: usize) -> Vec<SnippetPart> {
    let shown = match tightest(found, count) {
        Some((places, _)) => window(text, found[places.start].range.start),
        None => window(text, found.first().map_or(0, |place| place.range.start)),
    };
    let mut parts = Parts::default();
    if shown.start > 0 {
        parts.push("…", false);
    }
    let mut at = shown.start;
    for place in found {
        let (start, end) = (place.range.start.max(at), place.range.end.min(shown.end));
        if start < end {
            parts.push(&text[at..start], false);
            parts.push(&text[start..end], true);
            at = end;
        }
    }
    parts.push(&text[at..shown.end], false);
    parts.finish(shown.end < text.len())
}

/// The bytes to show, so that what stands at `start` is seen; from one space to another, where one is near.
fn window(text: &str, start: usize) -> Range<usize> {
    let mut from = start.saturating_sub(BEFORE);
    // Near the beginning nothing is left out.
    if from < TO_A_SPACE {
        from = 0;
    }
    let from = text.ceil_char_boundary(from.min(start));
    let to = text.floor_char_boundary(from.saturating_add(LENGTH).min(text.len()));
    let from = match text[from..start.max(from)].find(char::is_whitespace) {
        Some(space) if from > 0 && space <= TO_A_SPACE => from + space,
        _ => from,
    };
    let to = match text[from..to].rfind(char::is_whitespace) {
        Some(space) if to < text.len() && from + space + TO_A_SPACE >= to => from + space,
        _ => to,
    };
    from..to
}

/// Joins neighbours, and makes one line of many.
#[derive(Default)]
struct Parts {
    parts: Vec<SnippetPart>,
    ends_with_space: bool,
}

impl Parts {
    fn push(&mut self, text: &str, is_match: bool) {
        let mut line = String::with_capacity(text.len());
        for c in text.chars().filter(|c| !turns_text_around(*c)) {
            if c.is_whitespace() || c.is_control() {
                let is_first = self.parts.is_empty() && line.is_empty();
                if !(self.ends_with_space || is_first) {
                    line.push(' ');
                    self.ends_with_space = true;
                }
            } else {
                line.push(c);
                self.ends_with_space = false;
            }
        }
        if line.is_empty() {
            return;
        }
        match self.parts.last_mut() {
            Some(last) if last.is_match == is_match => last.text.push_str(&line),
            _ => self.parts.push(SnippetPart { text: line, is_match }),
        }
    }

    fn finish(mut self, is_cut: bool) -> Vec<SnippetPart> {
        if self.ends_with_space
            && let Some(last) = self.parts.last_mut()
        {
            last.text.pop();
        }
        self.parts.retain(|part| !part.text.is_empty());
        if is_cut {
            self.ends_with_space = false;
            self.push("…", false);
        }
        self.parts
    }
}

/// What makes the text after it run the other way, to its end: in a line that is cut that end may never come.
fn turns_text_around(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        super::{matches::Pattern, question::Question},
        *,
    };

    /// The snippet with its matches in brackets.
    fn shown(typed: &str, text: &str) -> String {
        let pattern = Pattern::new(&Question::read(typed, 0).sought);
        let parts = snippet(text, &pattern.find(text), pattern.len());
        parts
            .iter()
            .map(|part| {
                if part.is_match {
                    format!("[{}]", part.text)
                } else {
                    part.text.clone()
                }
            })
            .collect()
    }

    #[test]
    fn matches_are_marked_on_one_line() {
        assert_eq!(
            shown("plan", "The plan:\n\n1. **Plán** it\r\n\t2. go"),
            "The [plan]: 1. **[Plán]** it 2. go"
        );
        assert_eq!(shown("\"plan b\" ", "no plan, Plan  B!"), "no plan, [Plan B]!");
        assert_eq!(shown("x", "<b>x</b> &amp; \u{0}y"), "<b>[x]</b> &amp; y");
        assert_eq!(shown("absent", "  nothing of it  "), "nothing of it");
        assert_eq!(
            shown("abc", "\u{202E}abc"),
            "[abc]",
            "what follows is not turned around"
        );
    }

    #[test]
    fn the_place_where_all_words_stand_together_is_shown_and_cut_between_words() {
        let far = "filler words ".repeat(40);
        let text = format!("alpha {far} alpha beta {far} end");
        let line = shown("alpha beta ", &text);
        assert!(
            line.starts_with("… words filler") || line.starts_with("… filler"),
            "{line}"
        );
        assert!(line.contains("[alpha] [beta] filler"), "{line}");
        assert!(line.ends_with("words…") || line.ends_with("filler…"), "{line}");
    }

    proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

            #[test]
            fn any_text_gives_a_short_line_of_its_own_characters(
                text in "(\\PC|\\s|\u{0}|\u{202e}|👩‍👩‍👧|é|עברית| word |<script>){0,300}", typed in "\\PC{0,20}|word|é"
            ) {
                let pattern = Pattern::new(&Question::read(&typed, 0).sought);
                let parts = snippet(&text, &pattern.find(&text), pattern.len());
                let line: String = parts.iter().map(|part| part.text.as_str()).collect();
                prop_assert!(line.len() <= LENGTH + 2 * '…'.len_utf8());
                prop_assert!(!line.chars().any(|c| c.is_control() || turns_text_around(c)), "{:?}", line);
                prop_assert!(parts.iter().all(|part| !part.text.is_empty()));
                prop_assert!(parts.windows(2).all(|pair| pair[0].is_match != pair[1].is_match));
            }
        }
}
