//! Half characters in JSON: `\ud83d` without the other half, which cuts of texts leave behind. They are no characters, and JSON
//! readers refuse them; each becomes `\ufffd` on the way, which has the same length, so that places stay what they are.

use std::io::{self, Read};

/// The length of `\uXXXX`.
const ESCAPE: usize = 6;

/// Passes on what it reads, without half characters.
pub(super) struct Mended<R> {
    from: R,
    /// What was read and is mended as far as it can be; what may still change waits at its end.
    buffer: Vec<u8>,
    /// How much of it was passed on.
    passed: usize,
    /// How much of it is mended.
    mended: usize,
    /// Whether the next byte stands after a backslash.
    is_escaped: bool,
    is_at_end: bool,
    count: u64,
}

impl<R: Read> Mended<R> {
    pub(super) fn new(from: R) -> Self {
        Self {
            from,
            buffer: Vec::new(),
            passed: 0,
            mended: 0,
            is_escaped: false,
            is_at_end: false,
            count: 0,
        }
    }

    /// How many there were so far.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    fn fill(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.passed);
        self.mended -= self.passed;
        self.passed = 0;
        let length = self.buffer.len();
        self.buffer.resize(length + 64 * 1024, 0);
        let read = self.from.read(&mut self.buffer[length..]);
        self.buffer.truncate(length + *read.as_ref().unwrap_or(&0));
        self.is_at_end = read? == 0;
        self.mend();
        Ok(())
    }

    fn mend(&mut self) {
        while self.mended < self.buffer.len() {
            let at = self.mended;
            match self.buffer[at] {
                b'\\' if !self.is_escaped => self.is_escaped = true,
                b'u' if self.is_escaped => {
                    // The other half may not have been read yet.
                    if self.buffer.len() < at + ESCAPE * 2 && !self.is_at_end {
                        return;
                    }
                    self.is_escaped = false;
                    match half(&self.buffer[at - 1..]) {
                        Some(Half::First)
                            if half(self.buffer.get(at + ESCAPE - 1..).unwrap_or_default()) == Some(Half::Second) =>
                        {
                            self.mended = at + ESCAPE * 2 - 1;
                            continue;
                        }
                        Some(_) => {
                            self.buffer[at + 1..at + ESCAPE - 1].copy_from_slice(b"fffd");
                            self.count += 1;
                        }
                        None => {}
                    }
                }
                _ => self.is_escaped = false,
            }
            self.mended += 1;
        }
    }
}

impl<R: Read> Read for Mended<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        // A backslash is kept back with what it belongs to, which may be changed.
        while self.passed == self.ready() && !self.is_at_end {
            self.fill()?;
        }
        let count = out.len().min(self.ready() - self.passed);
        out[..count].copy_from_slice(&self.buffer[self.passed..self.passed + count]);
        self.passed += count;
        Ok(count)
    }
}

impl<R> Mended<R> {
    fn ready(&self) -> usize {
        if self.is_escaped && !self.is_at_end {
            self.mended - 1
        } else {
            self.mended
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Half {
    First,
    Second,
}

/// Which half of a character is written at the start of `bytes`.
fn half(bytes: &[u8]) -> Option<Half> {
    let digits = bytes.get(..ESCAPE)?.strip_prefix(b"\\u")?;
    if !digits[0].eq_ignore_ascii_case(&b'd') || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    match digits[1].to_ascii_lowercase() {
        b'8'..=b'9' | b'a'..=b'b' => Some(Half::First),
        b'c'..=b'f' => Some(Half::Second),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection, prelude::*, sample::select};

    use super::*;

    /// Gives a few bytes at a time.
    struct Slowly<'a>(&'a [u8], usize);

    impl Read for Slowly<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(self.0.len()).min(out.len());
            out[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn mended(text: &str, step: usize) -> (String, u64) {
        let mut mended = Mended::new(Slowly(text.as_bytes(), step));
        let mut out = String::new();
        mended.read_to_string(&mut out).unwrap();
        (out, mended.count())
    }

    #[test]
    fn only_half_characters_are_changed() {
        for (text, expected, count) in [
            (r#""\ud83d\ude00""#, r#""\ud83d\ude00""#, 0),
            (r#""\uD83D\uDE00""#, r#""\uD83D\uDE00""#, 0),
            (r#""\ud83d""#, r#""\ufffd""#, 1),
            (r#""\ude00\ud83d""#, r#""\ufffd\ufffd""#, 2),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#, 1),
            (r#""\\ud83d""#, r#""\\ud83d""#, 0),
            (r#""\\\ud83d\n""#, r#""\\\ufffd\n""#, 1),
            (r#""\u00e9 \uD7FF \ue000""#, r#""\u00e9 \uD7FF \ue000""#, 0),
            (r#""\ud83"#, r#""\ud83"#, 0),
            (r#""\"#, r#""\"#, 0),
            (r#""\ud83d\u00"#, r#""\ufffd\u00"#, 1),
        ] {
            for step in 1..14 {
                assert_eq!(mended(text, step), (expected.to_owned(), count), "{text} by {step}");
            }
        }
    }

    proptest! {
        #[test]
        fn what_it_gives_is_a_string_of_the_same_length(
            pieces in collection::vec(select(&[r"\ud83d", r"\ude00", r"\\", r"\n", r"\u00e9", "x", "é"][..]), 0..20),
            step in 1_usize..30,
        ) {
            let text = format!("\"{}\"", pieces.concat());
            let (mended, _) = mended(&text, step);
            prop_assert_eq!(mended.len(), text.len());
            prop_assert!(serde_json::from_str::<String>(&mended).is_ok(), "{}", mended);
        }
    }
}
