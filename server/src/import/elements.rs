//! A JSON document as the conversations in it: one, or a list of them, of which one is in memory at a time.

use std::{
    cell::Cell,
    fmt,
    io::{self, BufRead, BufReader, Read},
    rc::Rc,
};

use serde::{
    Deserializer,
    de::{Error as _, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{malformed::Malformed, surrogates::Mended};

/// The largest conversation, in bytes of JSON.
const LARGEST_CONVERSATION: u64 = 64 * 1024 * 1024;
/// How an error of ours is told from those of reading.
const TOO_LARGE: &str = "a conversation is larger than 64 MB";

/// Hands each conversation of a document to `each`, as JSON; what is wrong with one of a list is told with its number. Gives the
/// number of half characters that were mended.
pub(super) fn read(
    from: impl Read,
    each: &mut dyn FnMut(&RawValue) -> Result<(), Malformed>,
) -> Result<u64, Malformed> {
    let left = Rc::new(Cell::new(LARGEST_CONVERSATION));
    let bounded = Bounded {
        from,
        left: Rc::clone(&left),
    };
    let mut reader = BufReader::with_capacity(64 * 1024, Mended::new(bounded));
    let first = first_character(&mut reader)?;
    let failure = Cell::new(None);
    let mut document = serde_json::Deserializer::from_reader(&mut reader);
    let read = match first {
        b'[' => document.deserialize_seq(Elements {
            each,
            left: &left,
            failure: &failure,
        }),
        b'{' => <Box<RawValue> as serde::Deserialize>::deserialize(&mut document).and_then(|whole| {
            each(&whole).map_err(|malformed| {
                failure.set(Some(malformed));
                serde_json::Error::custom("")
            })
        }),
        _ => {
            return Err(Malformed::new(
                "line 1, column 1",
                "it is not JSON: a conversation begins with `{`, a list with `[`",
            ));
        }
    };
    let read = read.and_then(|()| document.end());
    if let Some(malformed) = failure.take() {
        return Err(malformed);
    }
    match read {
        Ok(()) => Ok(reader.get_ref().count()),
        Err(error) if error.to_string().contains(TOO_LARGE) => Err(Malformed::whole(TOO_LARGE)),
        Err(error) => Err(Malformed::json(&error)),
    }
}

/// The first character that says something, left unread; a mark of byte order is passed over.
fn first_character(reader: &mut impl BufRead) -> Result<u8, Malformed> {
    loop {
        let bytes = reader.fill_buf().map_err(|error| unreadable(&error))?;
        if bytes.is_empty() {
            return Err(Malformed::whole("it is empty"));
        }
        let passed = match bytes {
            [0xef, 0xbb, 0xbf, ..] => 3,
            [first, ..] if first.is_ascii_whitespace() => 1,
            [first, ..] => return Ok(*first),
            [] => 0,
        };
        // Lines before the first character are not counted; nobody writes any.
        reader.consume(passed);
    }
}

/// A file that the archive's reader or the disk does not give.
pub(super) fn unreadable(error: &io::Error) -> Malformed {
    if error.to_string().contains(TOO_LARGE) {
        return Malformed::whole(TOO_LARGE);
    }
    Malformed::whole(format!("it cannot be read: {error}"))
}

struct Elements<'a> {
    each: &'a mut dyn FnMut(&RawValue) -> Result<(), Malformed>,
    left: &'a Cell<u64>,
    failure: &'a Cell<Option<Malformed>>,
}

impl<'de> Visitor<'de> for Elements<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of conversations")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut number = 0;
        while let Some(element) = list.next_element::<Box<RawValue>>()? {
            number += 1;
            (self.each)(&element).map_err(|malformed| {
                self.failure
                    .set(Some(malformed.within(&format!("conversation {number}"))));
                A::Error::custom("")
            })?;
            self.left.set(LARGEST_CONVERSATION);
        }
        Ok(())
    }
}

/// Reads no further than a conversation may be long.
struct Bounded<R> {
    from: R,
    left: Rc<Cell<u64>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(out)?;
        match self.left.get().checked_sub(count as u64) {
            Some(left) => self.left.set(left),
            None => return Err(io::Error::other(TOO_LARGE)),
        }
        Ok(count)
    }
}
