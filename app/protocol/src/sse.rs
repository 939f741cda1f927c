//! Decodes server-sent events from bytes, as the HTML standard's "Server-sent events" section defines them, whatever
//! way the bytes are cut.

use std::fmt;

/// The most that one event may hold, in bytes.
pub const MAX_EVENT_BYTES: usize = 16 * 1024 * 1024;

/// One dispatched event that carried data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The `id:` said since the event before. The standard lets an id stand until the next one; here it is told only
    /// once, so that an event without an id of its own can be told from one that repeats an id.
    pub id: Option<String>,
    /// The `data:` lines, joined by line feeds.
    pub data: String,
}

/// The bytes are not a stream that can be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecodeError {
    /// An event grew past [`MAX_EVENT_BYTES`].
    TooLarge,
    /// A line is not UTF-8.
    NotUtf8,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => write!(f, "an event is larger than {MAX_EVENT_BYTES} bytes"),
            Self::NotUtf8 => f.write_str("a line is not UTF-8"),
        }
    }
}

impl std::error::Error for DecodeError {}

/// The state between two pieces of a stream.
#[derive(Debug, Default)]
pub struct Decoder {
    line: Vec<u8>,
    data: String,
    has_data: bool,
    id: Option<String>,
    after_cr: bool,
    past_start: bool,
}

impl Decoder {
    /// Takes the next piece and returns the events that it completes.
    ///
    /// # Errors
    /// When an event is too large or a line is not UTF-8; the decoder is of no use after that.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Vec<Frame>, DecodeError> {
        let mut frames = Vec::new();
        self.feed_into(bytes, &mut frames)?;
        Ok(frames)
    }

    /// The same, with the events appended to `frames`: those before an error are there in spite of it.
    ///
    /// # Errors
    /// As [`Decoder::feed`].
    pub fn feed_into(&mut self, mut bytes: &[u8], frames: &mut Vec<Frame>) -> Result<(), DecodeError> {
        while !bytes.is_empty() {
            // A CR LF may be cut between two pieces.
            if std::mem::take(&mut self.after_cr) && bytes[0] == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
                self.check_room(bytes.len())?;
                self.line.extend_from_slice(bytes);
                break;
            };
            self.check_room(end)?;
            self.after_cr = bytes[end] == b'\r';
            let (line, rest) = (&bytes[..end], &bytes[end + 1..]);
            bytes = rest;
            // Most lines come in one piece and need not be copied.
            if self.line.is_empty() {
                let line = std::str::from_utf8(line).map_err(|_| DecodeError::NotUtf8)?;
                frames.extend(self.line_done(line));
            } else {
                let mut whole = std::mem::take(&mut self.line);
                whole.extend_from_slice(line);
                let line = std::str::from_utf8(&whole).map_err(|_| DecodeError::NotUtf8)?;
                frames.extend(self.line_done(line));
            }
        }
        Ok(())
    }

    fn check_room(&self, more: usize) -> Result<(), DecodeError> {
        if self.line.len() + self.data.len() + more > MAX_EVENT_BYTES {
            return Err(DecodeError::TooLarge);
        }
        Ok(())
    }

    fn line_done(&mut self, line: &str) -> Option<Frame> {
        // One byte order mark may lead the stream.
        let line = if std::mem::replace(&mut self.past_start, true) {
            line
        } else {
            line.strip_prefix('\u{feff}').unwrap_or(line)
        };
        if line.is_empty() {
            return std::mem::take(&mut self.has_data).then(|| Frame {
                id: self.id.take(),
                data: std::mem::take(&mut self.data),
            });
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                if self.has_data {
                    self.data.push('\n');
                }
                self.data.push_str(value);
                self.has_data = true;
            }
            "id" if !value.contains('\0') => self.id = Some(value.to_owned()),
            // Comments have an empty field name; `event`, `retry` and unknown fields say nothing to us.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decode(text: &str) -> Vec<Frame> {
        Decoder::default().feed(text.as_bytes()).unwrap()
    }

    fn frame(id: Option<&str>, data: &str) -> Frame {
        Frame {
            id: id.map(Into::into),
            data: data.into(),
        }
    }

    #[test]
    fn fields_comments_and_line_ends() {
        assert_eq!(decode("data: a\n\n"), [frame(None, "a")]);
        assert_eq!(decode("data:a\r\n\r\n"), [frame(None, "a")]);
        assert_eq!(decode("\u{feff}data: a\r\r"), [frame(None, "a")]);
        assert_eq!(decode("data: a\ndata:  b\n\n"), [frame(None, "a\n b")]);
        assert_eq!(decode("data\n\n"), [frame(None, "")]);
        assert_eq!(decode(":keep-alive\n\nevent: x\nretry: 5\nfoo: bar\n\n"), []);
        assert_eq!(decode("data: never ended"), []);
    }

    #[test]
    fn an_id_is_told_with_the_event_that_says_it() {
        let frames = decode("id: 1\ndata: a\n\ndata: b\n\nid: 2\n\ndata: c\n\nid: x\0y\ndata: d\n\n");
        assert_eq!(
            frames,
            [
                frame(Some("1"), "a"),
                frame(None, "b"),
                frame(Some("2"), "c"),
                frame(None, "d")
            ]
        );
    }

    #[test]
    fn what_cannot_be_decoded_is_refused() {
        assert_eq!(Decoder::default().feed(b"data: \xff\n"), Err(DecodeError::NotUtf8));
        let mut frames = Vec::new();
        let refused = Decoder::default().feed_into(b"data: a\n\ndata: \xff\n", &mut frames);
        assert_eq!((refused, frames), (Err(DecodeError::NotUtf8), vec![frame(None, "a")]));
        let mut decoder = Decoder::default();
        let megabyte = vec![b'x'; 1024 * 1024];
        let refused = (0..20).map(|_| decoder.feed(&megabyte)).find(Result::is_err);
        assert_eq!(refused, Some(Err(DecodeError::TooLarge)));
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same_events(
            text in prop::collection::vec(prop_oneof![
                Just("data: "), Just("id: "), Just("\n"), Just("\r\n"), Just("\r"), Just("\n\n"), Just(":"), Just("é😀"), Just("x"),
            ], 0..40).prop_map(|parts| parts.concat()),
            cuts in prop::collection::vec(0usize..200, 0..10),
        ) {
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let mut decoder = Decoder::default();
            let mut frames = Vec::new();
            for pair in cuts.windows(2) {
                frames.extend(decoder.feed(&bytes[pair[0]..pair[1]]).unwrap());
            }
            prop_assert_eq!(frames, decode(&text));
        }
    }
}
