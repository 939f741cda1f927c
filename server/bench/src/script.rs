//! What an answer is to be. The script travels as the text of the message, which Parley passes on unchanged, and each token
//! carries its number and the moment it was sent, so that tokens which were put together on the way can be told apart.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

/// What the scripted Gateway is to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Script {
    /// How many tokens.
    pub(crate) tokens: u32,
    /// Microseconds from one to the next; 0: as fast as they are taken.
    pub(crate) every_us: u64,
    /// Microseconds before the first.
    #[serde(default)]
    pub(crate) silence_us: u64,
    /// Whether a provider is to hand a part on before it answers, which takes it two requests more.
    #[serde(default)]
    pub(crate) delegates: bool,
}

impl Script {
    /// An answer of `tokens`, one every 20 ms: 50 tokens a second, the pace of a fast model.
    pub(crate) fn paced(tokens: u32) -> Self {
        Self {
            tokens,
            every_us: 20_000,
            silence_us: 0,
            delegates: false,
        }
    }

    /// An answer of `tokens` as fast as they are taken.
    pub(crate) fn full_speed(tokens: u32) -> Self {
        Self {
            every_us: 0,
            ..Self::paced(tokens)
        }
    }

    /// The script as the text of a message.
    pub(crate) fn message(&self) -> String {
        // A struct of numbers has no way to fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The length of a token's text: number, point, time, space.
pub(crate) const TOKEN_BYTES: usize = NUMBER_DIGITS + 1 + TIME_DIGITS + 1;
const NUMBER_DIGITS: usize = 7;
const TIME_DIGITS: usize = 18;

/// One token's text, read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    /// Its place in the answer, from 0.
    pub(crate) number: u32,
    /// When the Gateway sent it.
    pub(crate) sent: u64,
}

impl Token {
    /// Appends its text.
    pub(crate) fn write(self, text: &mut String) {
        let Self { number, sent } = self;
        // Writing to a string does not fail.
        let _ = write!(text, "{number:0NUMBER_DIGITS$}.{sent:0TIME_DIGITS$} ");
    }

    /// Reads the text of one token.
    pub(crate) fn read(text: &[u8]) -> Option<Self> {
        let (number, rest) = text.split_at_checked(NUMBER_DIGITS)?;
        let (sent, end) = rest.strip_prefix(b".")?.split_at_checked(TIME_DIGITS)?;
        if end != b" " {
            return None;
        }
        Some(Self {
            number: u32::try_from(digits(number)?).ok()?,
            sent: digits(sent)?,
        })
    }
}

fn digits(text: &[u8]) -> Option<u64> {
    text.iter().try_fold(0, |value: u64, byte| {
        byte.is_ascii_digit().then(|| value * 10 + u64::from(byte - b'0'))
    })
}

/// A checksum of an answer's text (FNV-1a), sent as its count of prompt tokens: what was read and what was saved can then
/// be held against what was sent. Thirty bits of it: there are clients that count tokens in 32 with a sign, and that sum up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Checksum(u32);

impl Default for Checksum {
    fn default() -> Self {
        Self(0x811c_9dc5)
    }
}

impl Checksum {
    /// Takes the next piece of the text.
    pub(crate) fn add(&mut self, text: &[u8]) {
        for byte in text {
            self.0 = (self.0 ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        }
    }

    /// As it is sent.
    pub(crate) fn value(self) -> u64 {
        u64::from(self.0 & 0x3fff_ffff)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_the_round_trip() {
        for token in [
            Token { number: 0, sent: 0 },
            Token {
                number: 9_999_999,
                sent: 999_999_999_999_999_999,
            },
        ] {
            let mut text = String::new();
            token.write(&mut text);
            assert_eq!(text.len(), TOKEN_BYTES);
            assert_eq!(Token::read(text.as_bytes()), Some(token));
        }
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for text in [
            "",
            "0000001.000000000000000002",
            "0000001.00000000000000000x ",
            "0000001-000000000000000002 ",
            "0000001.000000000000000002 0",
        ] {
            assert_eq!(Token::read(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_script_may_leave_out_its_silence() {
        let script: Script = serde_json::from_str(r#"{"tokens":200,"every_us":20000}"#).unwrap();
        assert_eq!(script, Script::paced(200));
        assert_eq!(serde_json::from_str::<Script>(&script.message()).unwrap(), script);
    }

    #[test]
    fn the_checksum_is_that_of_fnv_however_the_text_is_cut() {
        let mut checksum = Checksum::default();
        checksum.add(b"foo");
        checksum.add(b"bar");
        assert_eq!(checksum.value(), 0x3f9c_f968);
    }
}
