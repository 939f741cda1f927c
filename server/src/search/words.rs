//! Text as the index takes it: words of letters and digits, without case and without the accents of Latin letters.
//!
//! The index has a tokenizer of its own (`unicode61` of FTS5). What it finds is what is found; this here is for showing
//! where, and for ranking.

use std::ops::Range;

use unicode_normalization::char::{decompose_canonical, is_combining_mark};

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word<'a> {
    /// Where it stands, in bytes.
    pub range: Range<usize>,
    /// As it was written.
    pub text: &'a str,
}

impl Word<'_> {
    /// As the index has it; put into `folded`, which may be used again and again.
    pub fn fold_into(&self, folded: &mut String) {
        folded.clear();
        for c in self.text.chars() {
            if c.is_ascii() {
                folded.push(c.to_ascii_lowercase());
            } else if !is_accent(c) {
                folded.push(fold(c));
            }
        }
    }

    /// As the index has it.
    pub fn folded(&self) -> String {
        let mut folded = String::with_capacity(self.text.len());
        self.fold_into(&mut folded);
        folded
    }
}

/// The words of a text, in order.
pub fn words(text: &str) -> impl Iterator<Item = Word<'_>> {
    let mut chars = text.char_indices().peekable();
    std::iter::from_fn(move || {
        let (start, first) = chars.find(|(_, c)| begins_word(*c))?;
        let mut end = start + first.len_utf8();
        while let Some((at, c)) = chars.next_if(|(_, c)| begins_word(*c) || is_accent(*c)) {
            end = at + c.len_utf8();
        }
        Some(Word {
            range: start..end,
            text: &text[start..end],
        })
    })
}

fn begins_word(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    // Rust takes vowel signs and letters in circles for letters too; private characters it does not.
    c.is_alphanumeric() && !is_combining_mark(c) && !is_encircled(c) || is_private(c)
}

fn is_encircled(c: char) -> bool {
    matches!(c, '\u{24B6}'..='\u{24E9}' | '\u{1F130}'..='\u{1F189}')
}

fn is_private(c: char) -> bool {
    matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{FFFFD}' | '\u{100000}'..='\u{10FFFD}')
}

/// An accent that stands by itself after its letter.
fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{331}')
}

fn fold(c: char) -> char {
    let lower = match c {
        'ς' => 'σ',
        'ſ' => 's',
        c => c.to_lowercase().next().unwrap_or(c),
    };
    let mut base = None;
    decompose_canonical(lower, |part| {
        base.get_or_insert(part);
    });
    // Of other scripts the index keeps what letters carry.
    base.filter(char::is_ascii_alphabetic).unwrap_or(lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> Vec<String> {
        words(text).map(|word| word.folded()).collect()
    }

    #[test]
    fn words_are_letters_and_digits_without_case_and_accents() {
        for (text, expected) in [
            ("", vec![]),
            ("Hello, World!", vec!["hello", "world"]),
            (
                "snake_case kebab-case 3.14",
                vec!["snake", "case", "kebab", "case", "3", "14"],
            ),
            ("Überprüfung Ñandú Việt", vec!["uberprufung", "nandu", "viet"]),
            ("cafe\u{301}s", vec!["cafes"]),
            ("ΣΊΣΥΦΟΣ", vec!["σίσυφοσ"]),
            ("😀 ⓐ \0 \u{301}", vec![]),
            ("שלום עולם", vec!["שלום", "עולם"]),
            ("日本語のテキスト", vec!["日本語のテキスト"]),
        ] {
            assert_eq!(folded(text), expected, "{text}");
        }
    }

    #[test]
    fn a_word_tells_where_it_stands() {
        let text = "ä, éclair!";
        let all: Vec<_> = words(text).map(|word| word.range).collect();
        assert_eq!(all.len(), 2);
        assert_eq!(&text[all[1].clone()], "éclair");
    }
}
