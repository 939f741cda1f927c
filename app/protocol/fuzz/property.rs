// What holds of the decoder of server-sent events for any bytes. The fuzz target tries it on what libFuzzer finds, the
// unit tests on the corpus and on random bytes.

use protocol::sse::{DecodeError, Decoder, Frame, MAX_EVENT_BYTES};

type Decoded = (Vec<Frame>, Result<(), DecodeError>);

/// Any bytes are decoded or refused; however they are cut, the events are the same; nothing grows past its bound.
///
/// # Panics
/// Where this does not hold.
pub(crate) fn decodes_alike_however_it_is_cut(bytes: &[u8]) {
    let whole = decode([bytes]);
    // The bytes themselves say where to cut, so that the fuzzer can move the cuts.
    let step = bytes.first().map_or(1, |byte| usize::from(*byte % 16) + 1);
    assert_eq!(decode(bytes.chunks(step)), whole, "in pieces of {step}");
    assert_eq!(decode(bytes.chunks(1)), whole, "byte by byte");
    for frame in &whole.0 {
        assert!(frame.data.len() <= MAX_EVENT_BYTES && frame.data.len() <= bytes.len());
        assert!(frame.id.as_ref().is_none_or(|id| !id.contains(['\0', '\n', '\r'])));
    }
}

fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Decoded {
    let mut decoder = Decoder::default();
    let mut frames = Vec::new();
    for piece in pieces {
        if let Err(error) = decoder.feed_into(piece, &mut frames) {
            return (frames, Err(error));
        }
    }
    (frames, Ok(()))
}
