//! The log of one turn: what it emitted, in order, for any number of readers.
//!
//! A reader holds a cursor (a seq) and nothing else: no queue, no lock, no database connection. Seq and text are given
//! under one lock, so that every reader sees the same events in the same order. Tokens are kept as offsets into one
//! text, which lets a reader who is behind have many of them as one event.

use parking_lot::Mutex;
use protocol::{
    event::{EventId, StatusUpdate, TurnEvent},
    session::TurnStatus,
    task::{self, Task},
};
use std::time::Instant;
use tokio::sync::watch;
use uuid::Uuid;

/// The most text that one event carries to a reader who is behind, in bytes.
const MAX_EVENT_TEXT: usize = 64 * 1024;
/// The most events that one read returns.
const MAX_BATCH: usize = 256;

/// One turn's log.
#[derive(Debug)]
pub struct TurnLog {
    /// The turn.
    pub turn_id: Uuid,
    /// Its session.
    pub session_id: Uuid,
    /// Whose it is.
    pub user_id: Uuid,
    /// The answer it writes.
    pub answer_id: Uuid,
    inner: Mutex<Inner>,
    /// The seq of the last event; a reader waits for it to pass its cursor.
    last_seq: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Inner {
    text: String,
    entries: Vec<Entry>,
    last_status: Option<StatusUpdate>,
    tasks: Vec<Task>,
    saved: usize,
    ended: Option<(TurnStatus, Instant)>,
}

#[derive(Debug)]
enum Entry {
    /// A token that ends at this byte of the text; it begins where the token before it ended.
    Token { end: usize },
    /// Any other event.
    Other(Box<TurnEvent>),
}

/// What a reader gets next.
#[derive(Debug, PartialEq)]
pub struct Batch {
    /// Events with their seqs, ascending.
    pub events: Vec<(u64, TurnEvent)>,
    /// Whether nothing will follow them.
    pub ended: bool,
}

/// The answer so far, and the seq up to which it holds.
#[derive(Debug)]
pub struct Snapshot {
    /// The text.
    pub text: String,
    /// The last status of the session's own agent.
    pub last_status: Option<StatusUpdate>,
    /// The delegation tree.
    pub tasks: Vec<Task>,
    /// The seq up to which the snapshot holds. The closing `usage` and `done` always lie after it, so that a reader who
    /// goes on from here learns of the end.
    pub seq: u64,
}

/// What a turn has emitted and the database does not have yet.
#[derive(Debug, PartialEq)]
pub struct Unsaved {
    /// The turn.
    pub turn_id: Uuid,
    /// The seq of the last event of it.
    pub seq: u64,
    /// The text.
    pub content: String,
    /// The statuses of the turn's agents.
    pub statuses: Vec<StatusUpdate>,
}

impl TurnLog {
    /// An empty log.
    pub fn new(turn_id: Uuid, session_id: Uuid, user_id: Uuid, answer_id: Uuid) -> Self {
        Self {
            turn_id,
            session_id,
            user_id,
            answer_id,
            inner: Mutex::default(),
            last_seq: watch::Sender::new(0),
        }
    }

    /// Appends an event and wakes the readers. After `done` nothing is taken.
    pub fn append(&self, event: TurnEvent) {
        self.append_all([event]);
    }

    /// Appends several events, in order, and wakes the readers once.
    pub fn append_all(&self, events: impl IntoIterator<Item = TurnEvent>) {
        let mut inner = self.inner.lock();
        let length = inner.entries.len();
        for event in events {
            inner.append(event);
        }
        if inner.entries.len() > length {
            // Sent under the lock: a reader that is woken by seq n finds n in the log.
            self.last_seq.send_replace(inner.entries.len() as u64);
        }
    }

    /// The events strictly after `cursor`; neighbouring tokens come as one event, under the seq of the last of them.
    pub fn read_after(&self, cursor: u64) -> Batch {
        let inner = self.inner.lock();
        let mut events: Vec<(u64, TurnEvent)> = Vec::new();
        let mut index = usize::try_from(cursor).unwrap_or(usize::MAX).min(inner.entries.len());
        while index < inner.entries.len() && events.len() < MAX_BATCH {
            match &inner.entries[index] {
                Entry::Other(event) => {
                    index += 1;
                    events.push((index as u64, TurnEvent::clone(event)));
                }
                Entry::Token { .. } => {
                    let start = inner.token_start(index);
                    let mut end = start;
                    while let Some(Entry::Token { end: next }) = inner.entries.get(index) {
                        if end > start && next - start > MAX_EVENT_TEXT {
                            break;
                        }
                        end = *next;
                        index += 1;
                    }
                    let content = inner.text[start..end].to_owned();
                    events.push((index as u64, TurnEvent::Token { content, offset: None }));
                }
            }
        }
        Batch {
            events,
            ended: inner.ended.is_some() && index == inner.entries.len(),
        }
    }

    /// Wakes whenever the log grows.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.last_seq.subscribe()
    }

    /// How many are subscribed.
    pub fn readers(&self) -> usize {
        self.last_seq.receiver_count()
    }

    /// The seq of the last event.
    pub fn last_seq(&self) -> u64 {
        *self.last_seq.borrow()
    }

    /// The seq of the event before the closing `usage` and `done`; a reader who has only the end to learn starts here.
    pub fn seq_before_end(&self) -> u64 {
        self.inner.lock().seq_before_end()
    }

    /// How and when the turn ended.
    pub fn ended(&self) -> Option<(TurnStatus, Instant)> {
        self.inner.lock().ended
    }

    /// The answer so far.
    pub fn snapshot(&self) -> Snapshot {
        let inner = self.inner.lock();
        Snapshot {
            text: inner.text.clone(),
            last_status: inner.last_status.clone(),
            tasks: inner.tasks.clone(),
            seq: inner.seq_before_end(),
        }
    }

    /// What the journal has not saved yet.
    pub fn unsaved(&self) -> Option<Unsaved> {
        let inner = self.inner.lock();
        let start = inner.token_start(inner.saved);
        let statuses: Vec<StatusUpdate> = inner.entries[inner.saved..]
            .iter()
            .filter_map(|entry| match entry {
                Entry::Other(event) => match &**event {
                    TurnEvent::StatusUpdate(update) => Some(update.clone()),
                    _ => None,
                },
                Entry::Token { .. } => None,
            })
            .collect();
        (start < inner.text.len() || !statuses.is_empty()).then(|| Unsaved {
            turn_id: self.turn_id,
            seq: inner.entries.len() as u64,
            content: inner.text[start..].to_owned(),
            statuses,
        })
    }

    /// Says that everything up to `seq` is in the database.
    pub fn mark_saved(&self, seq: u64) {
        let mut inner = self.inner.lock();
        let upto = usize::try_from(seq).unwrap_or(usize::MAX).min(inner.entries.len());
        inner.saved = inner.saved.max(upto);
    }

    /// The id of the event `seq`, as the wire has it.
    pub fn event_id(&self, seq: u64) -> EventId {
        EventId {
            turn_id: self.turn_id,
            seq,
        }
    }
}

impl Inner {
    fn append(&mut self, event: TurnEvent) {
        if self.ended.is_some() {
            return;
        }
        match &event {
            TurnEvent::Token { content, .. } => {
                if !content.is_empty() {
                    self.text.push_str(content);
                    let end = self.text.len();
                    self.entries.push(Entry::Token { end });
                }
                return;
            }
            TurnEvent::StatusUpdate(update) => {
                task::note(&mut self.tasks, update);
                if update.parent_task_id.is_none() {
                    self.last_status = Some(update.clone());
                }
            }
            TurnEvent::Done { status } => {
                self.ended = Some((status.unwrap_or(TurnStatus::Complete), Instant::now()));
            }
            TurnEvent::Usage { .. } => {}
        }
        self.entries.push(Entry::Other(Box::new(event)));
    }

    fn seq_before_end(&self) -> u64 {
        let closing = |entry: &&Entry| matches!(entry, Entry::Other(event) if matches!(**event, TurnEvent::Usage { .. } | TurnEvent::Done { .. }));
        (self.entries.len() - self.entries.iter().rev().take_while(closing).count()) as u64
    }

    /// The byte at which the first token at or after `index` begins.
    fn token_start(&self, index: usize) -> usize {
        self.entries[..index]
            .iter()
            .rev()
            .find_map(|entry| match entry {
                Entry::Token { end } => Some(*end),
                Entry::Other(_) => None,
            })
            .unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use protocol::event::TaskStatus;

    fn log() -> TurnLog {
        TurnLog::new(Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4())
    }

    fn token(text: &str) -> TurnEvent {
        TurnEvent::Token {
            content: text.into(),
            offset: None,
        }
    }

    fn status(status: TaskStatus) -> TurnEvent {
        TurnEvent::StatusUpdate(StatusUpdate {
            status,
            task_id: None,
            detail: None,
            agent_id: None,
            parent_task_id: None,
            cost_usd: None,
            output: None,
            usage: None,
        })
    }

    fn done() -> TurnEvent {
        TurnEvent::Done {
            status: Some(TurnStatus::Complete),
        }
    }

    #[test]
    fn a_reader_who_is_behind_gets_neighbouring_tokens_as_one_event() {
        let log = log();
        for event in [
            status(TaskStatus::Planning),
            token("a"),
            token("b"),
            status(TaskStatus::Executing),
            token("c"),
        ] {
            log.append(event);
        }
        let events = log.read_after(0).events;
        assert_eq!(
            events,
            [
                (1, status(TaskStatus::Planning)),
                (3, token("ab")),
                (4, status(TaskStatus::Executing)),
                (5, token("c"))
            ]
        );
        assert_eq!(
            log.read_after(2).events[0],
            (3, token("b")),
            "strictly after the cursor"
        );
        assert_eq!(
            log.read_after(5),
            Batch {
                events: vec![],
                ended: false
            }
        );
        assert_eq!(log.read_after(u64::MAX).events, []);
    }

    #[test]
    fn nothing_follows_done() {
        let log = log();
        log.append(done());
        log.append(token("late"));
        assert_eq!(
            log.read_after(0),
            Batch {
                events: vec![(1, done())],
                ended: true
            }
        );
        assert_eq!(log.last_seq(), 1);
    }

    #[test]
    fn the_end_is_usage_and_done_only() {
        let log = log();
        log.append(token("a"));
        assert_eq!(log.seq_before_end(), 1);
        log.append(TurnEvent::Usage {
            usage: protocol::session::Usage::exact(1, 1),
            cost_usd: None,
        });
        log.append(done());
        assert_eq!(log.seq_before_end(), 1);
        assert_eq!(log.snapshot().seq, 1, "who goes on from a snapshot learns of the end");
    }

    #[test]
    fn a_long_backlog_comes_in_bounded_events_and_whole() {
        let log = log();
        let piece = "x".repeat(1000);
        for _ in 0..500 {
            log.append(token(&piece));
        }
        let events = log.read_after(0).events;
        assert!(events.len() < 10, "{}", events.len());
        let mut total = 0;
        for (_, event) in &events {
            let TurnEvent::Token { content, .. } = event else {
                panic!("{event:?}")
            };
            assert!(content.len() <= MAX_EVENT_TEXT);
            total += content.len();
        }
        assert_eq!(total, 500_000);
    }

    proptest! {
        /// Whatever is appended, and wherever readers stand when it is, each reads the whole text once and in order,
        /// and so does the journal.
        #[test]
        fn every_reader_reads_every_byte_once(
            pieces in prop::collection::vec(("[a-zé😀]{0,4}", any::<bool>()), 0..40),
            reads in prop::collection::vec(any::<bool>(), 40),
        ) {
            let log = log();
            let (mut cursor, mut read, mut saved) = (0, String::new(), String::new());
            let mut drain = |cursor: &mut u64| {
                for (seq, event) in log.read_after(*cursor).events {
                    assert!(seq > *cursor);
                    *cursor = seq;
                    if let TurnEvent::Token { content, .. } = event {
                        read.push_str(&content);
                    }
                }
            };
            for (index, (piece, with_status)) in pieces.iter().enumerate() {
                log.append(token(piece));
                if *with_status {
                    log.append(status(TaskStatus::Executing));
                }
                if reads[index % reads.len()] {
                    drain(&mut cursor);
                    if let Some(unsaved) = log.unsaved() {
                        saved.push_str(&unsaved.content);
                        log.mark_saved(unsaved.seq);
                    }
                }
            }
            drain(&mut cursor);
            saved.push_str(&log.unsaved().map(|unsaved| unsaved.content).unwrap_or_default());
            let whole: String = pieces.into_iter().map(|(piece, _)| piece).collect();
            prop_assert_eq!(&read, &whole);
            prop_assert_eq!(&saved, &whole);
            prop_assert_eq!(log.snapshot().text, whole);
        }
    }
}
