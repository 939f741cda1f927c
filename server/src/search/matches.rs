//! Where in a text stands what is searched for.

use std::ops::Range;

use super::{question::Sought, words::words};

/// A place in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// Which of what was searched for.
    pub sought: usize,
    /// In bytes.
    pub range: Range<usize>,
    /// The number of its last word in the text.
    pub word: usize,
    /// Whether it is a whole word, and not the beginning of a longer one.
    pub is_whole: bool,
}

/// What is searched for, as the index has it.
#[derive(Debug)]
pub struct Pattern(Vec<(Vec<String>, bool)>);

impl Pattern {
    /// For these words and phrases.
    pub fn new(sought: &[Sought]) -> Self {
        let fold = |text: &String| words(text).map(|word| word.folded()).collect::<String>();
        Self(
            sought
                .iter()
                .map(|sought| (sought.words.iter().map(fold).collect(), sought.is_prefix))
                .collect(),
        )
    }

    /// How much is searched for.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All places in a text, in order.
    pub fn find(&self, text: &str) -> Vec<Match> {
        let mut found = Vec::new();
        // Where the words up to here are the beginning of a phrase: the start of each beginning, by its length.
        let mut begun: Vec<Vec<Option<usize>>> = self.0.iter().map(|(words, _)| vec![None; words.len()]).collect();
        let mut folded = String::new();
        for (number, word) in words(text).enumerate() {
            word.fold_into(&mut folded);
            for (index, (parts, is_prefix)) in self.0.iter().enumerate() {
                let begun = &mut begun[index];
                let last = parts.len().saturating_sub(1);
                for at in (0..parts.len()).rev() {
                    let is_whole = folded == parts[at];
                    let fits = is_whole || *is_prefix && at == last && folded.starts_with(&parts[at]);
                    let start = match at.checked_sub(1) {
                        None => Some(word.range.start),
                        Some(before) => begun[before],
                    };
                    begun[at] = start.filter(|_| fits);
                    if let Some(start) = begun[at].filter(|_| at == last) {
                        found.push(Match {
                            sought: index,
                            range: start..word.range.end,
                            word: number,
                            is_whole,
                        });
                    }
                }
            }
        }
        found
    }
}

/// The smallest part of these places that has each of what was searched for, `count` in all, and how many words it spans.
/// `None`: not all of it is there.
pub fn tightest(found: &[Match], count: usize) -> Option<(Range<usize>, usize)> {
    let mut seen = vec![0_usize; count];
    let (mut missing, mut first) = (count, 0);
    let mut best: Option<(Range<usize>, usize)> = None;
    for (last, place) in found.iter().enumerate() {
        seen[place.sought] += 1;
        if seen[place.sought] == 1 {
            missing -= 1;
        }
        while missing == 0 && first <= last {
            let span = place.word.saturating_sub(found[first].word);
            if best.as_ref().is_none_or(|(_, least)| span < *least) {
                best = Some((first..last + 1, span));
            }
            seen[found[first].sought] -= 1;
            if seen[found[first].sought] == 0 {
                missing += 1;
            }
            first += 1;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::{super::question::Question, *};

    fn found<'a>(typed: &str, text: &'a str) -> Vec<(&'a str, bool)> {
        let pattern = Pattern::new(&Question::read(typed, 0).sought);
        let places = pattern.find(text);
        places
            .into_iter()
            .map(|place| (&text[place.range], place.is_whole))
            .collect()
    }

    #[test]
    fn words_phrases_and_beginnings_are_found_without_case_and_accents() {
        assert_eq!(found("Ueber cafe ", "Über CAFÉ, cafés"), [("CAFÉ", true)]);
        assert_eq!(found("caf", "Über CAFÉ, caf"), [("CAFÉ", false), ("caf", true)]);
        assert_eq!(
            found("\"b a b\"", "b a b a b c b a"),
            [("b a b", true), ("b a b", true)]
        );
        assert_eq!(
            found("foo-ba", "foo.bar foo, (baz) bar"),
            [("foo.bar", false), ("foo, (baz", false)]
        );
        assert_eq!(found("x ", "y"), []);
    }

    #[test]
    fn the_tightest_part_has_each_word_once_at_least() {
        let pattern = Pattern::new(&Question::read("a b ", 0).sought);
        let places = pattern.find("a x x b a x b a b");
        let (range, span) = tightest(&places, 2).unwrap();
        assert_eq!(span, 1);
        assert_eq!(places[range].iter().map(|place| place.word).collect::<Vec<_>>(), [3, 4]);
        assert_eq!(tightest(&pattern.find("a a a"), 2), None);
    }
}
