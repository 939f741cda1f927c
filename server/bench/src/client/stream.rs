//! A stream as it is read.

use http_body_util::BodyExt;
use hyper::body::Incoming;
use protocol::sse::Decoder;

use crate::{answer::frames::Frames, clock, failure::Failure, reading::Reading, script::Script};

/// A stream that is open.
pub(crate) struct Stream {
    body: Incoming,
    frames: Frames,
    decoder: Decoder,
    /// What was read of it.
    pub(crate) reading: Reading,
}

impl Stream {
    /// Begins to read an answer to `script`.
    pub(crate) fn new(body: Incoming, frames: Frames, script: Script) -> Self {
        Self {
            body,
            frames,
            decoder: Decoder::default(),
            reading: Reading::of(script),
        }
    }

    /// Reads on until `enough` says so of what was read; `false`: the stream ended first.
    pub(crate) async fn until(&mut self, enough: impl Fn(&Reading) -> bool) -> Result<bool, Failure> {
        while !enough(&self.reading) {
            let Some(frame) = self.body.frame().await else {
                return Ok(false);
            };
            let now = clock::now();
            let Ok(piece) = frame?.into_data() else { continue };
            let decoded = self.decoder.feed(&piece);
            for event in decoded.map_err(|error| Failure::NotWhole(error.to_string()))? {
                self.reading.take(self.frames, now, &event.data)?;
            }
        }
        Ok(true)
    }

    /// Reads to the end of the response, after which the connection can be used again.
    pub(crate) async fn rest(mut self) -> Result<Reading, Failure> {
        self.until(|_| false).await?;
        Ok(self.reading)
    }
}
