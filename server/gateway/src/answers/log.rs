//! What an answer has emitted so far, as the bytes of its stream. Written once, read by any number of cursors.

use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;
use protocol::event::{EventId, TurnEvent};
use tokio::sync::watch;
use uuid::Uuid;

/// How many events a reader takes at once: it may be slow, and what it has taken is its own memory.
const BATCH: usize = 256;

/// The log of one answer.
pub(crate) struct Log {
    turn_id: Uuid,
    written: Mutex<Written>,
    /// The number of events; wakes the readers.
    length: watch::Sender<usize>,
}

#[derive(Default)]
struct Written {
    /// One server-sent event each, framed when written, so that readers share the bytes.
    frames: Vec<Bytes>,
    ended: bool,
}

/// What follows a cursor.
pub(crate) struct Batch {
    /// Nothing, where the cursor is at the end.
    pub(crate) bytes: Bytes,
    /// The cursor for the next batch.
    pub(crate) next: usize,
    /// Whether nothing will ever follow `next`.
    pub(crate) ended: bool,
}

impl Log {
    pub(super) fn new(turn_id: Uuid) -> Self {
        Self {
            turn_id,
            written: Mutex::default(),
            length: watch::Sender::new(0),
        }
    }

    /// Appends an event; after `done` nothing is taken any more.
    pub(super) fn append(&self, event: &TurnEvent) {
        let data = match serde_json::to_string(event) {
            Ok(data) => data,
            Err(error) => {
                tracing::error!(%error, "an event could not be written");
                return;
            }
        };
        let length = {
            let mut written = self.written.lock();
            if written.ended {
                return;
            }
            let id = EventId {
                turn_id: self.turn_id,
                seq: written.frames.len() as u64 + 1,
            };
            written.frames.push(Bytes::from(format!("id: {id}\ndata: {data}\n\n")));
            written.ended = matches!(event, TurnEvent::Done { .. });
            written.frames.len()
        };
        self.length.send_replace(length);
    }

    /// The next events after `cursor`, as many as a reader may take at once.
    pub(crate) fn read(&self, cursor: usize) -> Batch {
        let written = self.written.lock();
        let next = written.frames.len().min(cursor.saturating_add(BATCH));
        let bytes = match written.frames.get(cursor..next) {
            None | Some([]) => Bytes::new(),
            Some([one]) => one.clone(),
            Some(many) => {
                let mut joined = BytesMut::with_capacity(many.iter().map(Bytes::len).sum());
                many.iter().for_each(|frame| joined.extend_from_slice(frame));
                joined.freeze()
            }
        };
        Batch {
            bytes,
            next,
            ended: written.ended && next == written.frames.len(),
        }
    }

    /// The cursor that a `Last-Event-ID` means; the start where it means nothing here.
    pub(crate) fn cursor(&self, last_event_id: Option<&str>) -> usize {
        let seq = last_event_id
            .and_then(|text| text.parse::<EventId>().ok())
            .and_then(|id| {
                let seq = usize::try_from(id.seq).ok()?;
                (id.turn_id == self.turn_id).then_some(seq)
            });
        seq.filter(|seq| *seq <= self.written.lock().frames.len()).unwrap_or(0)
    }

    /// Tells when there is more to read.
    pub(crate) fn subscribe(&self) -> watch::Receiver<usize> {
        self.length.subscribe()
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.written.lock().ended
    }

    /// Returns when `done` has been written.
    pub(crate) async fn end(&self) {
        let mut length = self.subscribe();
        // The sender lives as long as this log, so waiting cannot fail.
        let _ = length.wait_for(|_| self.has_ended()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> TurnEvent {
        TurnEvent::Token {
            content: text.into(),
            offset: None,
        }
    }

    fn text(batch: &Batch) -> &str {
        std::str::from_utf8(&batch.bytes).unwrap()
    }

    #[test]
    fn events_are_framed_with_ids_from_one() {
        let log = Log::new(Uuid::nil());
        log.append(&token("a\nb"));
        let zeros = "0".repeat(32);
        let batch = log.read(0);
        assert_eq!(
            text(&batch),
            format!("id: {zeros}-1\ndata: {{\"type\":\"token\",\"content\":\"a\\nb\"}}\n\n")
        );
        assert_eq!((batch.next, batch.ended), (1, false));
    }

    #[test]
    fn nothing_follows_done() {
        let log = Log::new(Uuid::nil());
        log.append(&TurnEvent::Done { status: None });
        log.append(&token("late"));
        let batch = log.read(0);
        assert!(!text(&batch).contains("late") && batch.ended);
    }

    #[test]
    fn a_slow_reader_takes_batches_and_misses_nothing() {
        let log = Log::new(Uuid::nil());
        for n in 0..BATCH + 3 {
            log.append(&token(&format!("<{n}>")));
        }
        log.append(&TurnEvent::Done { status: None });
        let first = log.read(0);
        assert_eq!((first.next, first.ended), (BATCH, false));
        let second = log.read(first.next);
        assert_eq!((second.next, second.ended), (BATCH + 4, true));
        assert!(text(&second).contains("<256>") && !text(&second).contains("<255>"));
    }

    #[test]
    fn a_cursor_that_means_nothing_means_the_start() {
        let turn_id = Uuid::from_u128(7);
        let log = Log::new(turn_id);
        log.append(&token("a"));
        log.append(&token("b"));
        let id = |turn_id, seq| EventId { turn_id, seq }.to_string();
        assert_eq!(log.cursor(Some(&id(turn_id, 1))), 1);
        assert_eq!(log.cursor(Some(&id(turn_id, 2))), 2);
        for unusable in [
            None,
            Some(id(turn_id, 3)),
            Some(id(Uuid::nil(), 1)),
            Some("garbage".into()),
        ] {
            assert_eq!(log.cursor(unusable.as_deref()), 0, "{unusable:?}");
        }
    }
}
