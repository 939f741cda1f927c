//! One scripted answer, as a Gateway gives it and as a provider does.

pub(crate) mod frames;

use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::Bytes;
use frames::Frames;
use futures::Stream;
use parking_lot::Mutex;
use protocol::session::{TurnStatus, Usage};
use tokio::sync::Notify;

use crate::{
    clock,
    script::{Checksum, Script, Token},
};

/// The most that is handed to the connection at once, so that a reader at full speed gets neither crumbs nor the whole.
const PIECE_BYTES: usize = 16 * 1024;

/// An answer that began when it was asked for, whether or not somebody reads it.
pub(crate) struct Answer {
    script: Script,
    first_due: u64,
    cancelled_at: Mutex<Option<u64>>,
    cancelled: Notify,
}

impl Answer {
    /// An answer that begins now.
    pub(crate) fn new(script: Script) -> Self {
        Self {
            script,
            first_due: clock::now() + script.silence_us * 1_000,
            cancelled_at: Mutex::new(None),
            cancelled: Notify::new(),
        }
    }

    /// Stops it; `now` is when that was asked for.
    pub(crate) fn cancel(&self, now: u64) {
        self.cancelled_at.lock().get_or_insert(now);
        // Kept for a reader that is not waiting yet.
        self.cancelled.notify_one();
    }

    /// When it was first told to stop.
    pub(crate) fn cancelled_at(&self) -> Option<u64> {
        *self.cancelled_at.lock()
    }

    /// Its events. Tokens keep to the time of their script: what came due together, because the reader or the machine was
    /// slow, leaves together.
    pub(crate) fn events(self: Arc<Self>, frames: Frames) -> impl Stream<Item = Result<Bytes, Infallible>> {
        async_stream::stream! {
            let mut writer = Writer::of(frames);
            while writer.number < self.script.tokens {
                let due = self.due(clock::now());
                if writer.number < due {
                    yield Ok(writer.tokens(due));
                    continue;
                }
                let wait = self.due_at(writer.number).saturating_sub(clock::now());
                tokio::select! {
                    () = tokio::time::sleep(Duration::from_nanos(wait)) => {}
                    () = self.cancelled.notified() => {
                        yield Ok(writer.end(TurnStatus::Cancelled));
                        return;
                    }
                }
            }
            yield Ok(writer.end(TurnStatus::Complete));
        }
    }

    /// How many tokens are to have been sent by `now`.
    fn due(&self, now: u64) -> u32 {
        let Script { tokens, every_us, .. } = self.script;
        match now.checked_sub(self.first_due) {
            None => 0,
            Some(past) => (past / 1_000)
                .checked_div(every_us)
                .map_or(tokens, |late| tokens.min(u32::try_from(late + 1).unwrap_or(tokens))),
        }
    }

    fn due_at(&self, number: u32) -> u64 {
        self.first_due + u64::from(number) * self.script.every_us * 1_000
    }
}

/// Writes the events of one answer.
struct Writer {
    frames: Frames,
    /// How many tokens there are so far.
    number: u32,
    checksum: Checksum,
    token: String,
}

impl Writer {
    fn of(frames: Frames) -> Self {
        Self {
            frames,
            number: 0,
            checksum: Checksum::default(),
            token: String::new(),
        }
    }

    /// The tokens up to `due`, as many as one piece holds.
    fn tokens(&mut self, due: u32) -> Bytes {
        let mut piece = String::with_capacity(128);
        while self.number < due && piece.len() < PIECE_BYTES {
            self.token.clear();
            let (number, sent) = (self.number, clock::now());
            Token { number, sent }.write(&mut self.token);
            self.checksum.add(self.token.as_bytes());
            self.number += 1;
            self.frames.token(&mut piece, self.number.into(), &self.token);
        }
        piece.into()
    }

    fn end(&mut self, status: TurnStatus) -> Bytes {
        let mut piece = String::new();
        let usage = Usage::exact(self.checksum.value(), self.number.into());
        self.frames.end(&mut piece, self.number.into(), usage, status);
        piece.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::Reading;
    use futures::StreamExt;
    use protocol::sse::Decoder;

    async fn read(answer: Answer, frames: Frames) -> Reading {
        let mut reading = Reading::of(answer.script);
        let mut decoder = Decoder::default();
        let mut events = std::pin::pin!(Arc::new(answer).events(frames));
        while let Some(Ok(piece)) = events.next().await {
            for frame in decoder.feed(&piece).unwrap() {
                reading.take(frames, clock::now(), &frame.data).unwrap();
            }
        }
        reading
    }

    #[tokio::test]
    async fn what_it_sends_is_whole_by_the_readers_measure() {
        for script in [
            Script::full_speed(2_000),
            Script {
                every_us: 1_000,
                ..Script::paced(20)
            },
        ] {
            for frames in [Frames::Gateway, Frames::Provider] {
                assert_eq!(read(Answer::new(script), frames).await.check(), Ok(()));
            }
        }
    }

    #[tokio::test]
    async fn a_cancel_that_comes_before_the_reader_still_ends_it() {
        let script = Script {
            silence_us: 60_000_000,
            ..Script::paced(20)
        };
        let answer = Answer::new(script);
        answer.cancel(7);
        answer.cancel(8);
        assert_eq!(answer.cancelled_at(), Some(7));
        let reading = read(answer, Frames::Gateway).await;
        assert_eq!(reading.ended(), Some(TurnStatus::Cancelled));
    }

    #[test]
    fn tokens_come_due_by_the_script() {
        let answer = Answer::new(Script::paced(3));
        let after = |millis: u64| answer.due(answer.first_due + millis * 1_000_000);
        assert_eq!(answer.due(answer.first_due - 1), 0);
        assert_eq!([after(0), after(19), after(20), after(40), after(900)], [1, 1, 2, 3, 3]);
    }
}
