//! One reader's way through a turn: a cursor into its log, or the end that the database tells.

use std::{sync::Arc, time::Duration};

use futures::Stream;
use protocol::event::{EventId, TurnEvent};
use tokio::time::Instant;
use uuid::Uuid;

use super::{ChatService, live::LiveTurn, log::TurnLog};
use crate::{
    error::Error,
    store::{LastTurn, TurnState},
};

/// Not more often than this is a reader sent what is new. A screen shows no more, and a browser that is handed thousands of
/// events one by one has no time left to show any. What comes after a longer silence is sent at once, and so is the end.
const FRAME: Duration = Duration::from_millis(8);

/// What an attached reader reads.
pub enum Attachment {
    /// From the log, live.
    Live {
        /// The log.
        log: Arc<TurnLog>,
        /// What the reader has.
        after: u64,
        /// Whether the first token must say where it begins.
        from_start: bool,
    },
    /// From the database: the events that are left, and no more.
    Ended(Vec<(EventId, TurnEvent)>),
}

impl ChatService {
    /// Attaches a reader to the session's turn. Never starts one.
    ///
    /// # Errors
    /// When there is no such session.
    pub async fn attach(&self, user_id: Uuid, session_id: Uuid, cursor: Option<&str>) -> Result<Attachment, Error> {
        if let Some(live) = self.0.live.find(user_id, session_id) {
            return Ok(attach_live(&live, cursor));
        }
        let Some(mut last) = self.0.store.last_turn(user_id, session_id).await? else {
            self.own_session(user_id, session_id).await?;
            return Ok(Attachment::Ended(Vec::new()));
        };
        if last.state == TurnState::Running {
            // Either it is just being begun, then it is live once we hold the lock; or it has ended since we looked; or
            // nobody runs it any more.
            let beginning = self.0.beginning.write().await;
            if let Some(live) = self.0.live.find(user_id, session_id) {
                return Ok(attach_live(&live, cursor));
            }
            self.recover_orphan(session_id, &beginning).await?;
            last = self
                .0
                .store
                .last_turn(user_id, session_id)
                .await?
                .ok_or(Error::SessionNotFound)?;
        }
        Ok(Attachment::Ended(ended_events(&last, cursor)))
    }
}

fn attach_live(live: &LiveTurn, cursor: Option<&str>) -> Attachment {
    let log = Arc::clone(&live.log);
    let usable = usable_cursor(cursor, log.turn_id, log.last_seq());
    let (after, from_start) = match (usable, cursor) {
        (Some(seq), _) => (seq, false),
        // Nothing runs and nothing was read: the end is all there is to learn.
        (None, None) if log.ended().is_some() => (log.seq_before_end(), false),
        (None, _) => (0, true),
    };
    Attachment::Live { log, after, from_start }
}

/// The seq of a cursor that this turn gave out; `None` for another turn's, one from the future, and garbage.
fn usable_cursor(cursor: Option<&str>, turn_id: Uuid, last_seq: u64) -> Option<u64> {
    let id: EventId = cursor?.parse().ok()?;
    (id.turn_id == turn_id && id.seq <= last_seq).then_some(id.seq)
}

/// What a reader of an ended turn has yet to get: nothing, the end, or, where its cursor can no longer be placed in the
/// text, all of it.
fn ended_events(last: &LastTurn, cursor: Option<&str>) -> Vec<(EventId, TurnEvent)> {
    let TurnState::Ended(status) = last.state else {
        return Vec::new();
    };
    let id = |seq: u64| EventId {
        turn_id: last.turn_id,
        seq,
    };
    let usage = last.usage.map(|usage| TurnEvent::Usage {
        usage,
        cost_usd: last.cost_usd,
    });
    let before_done = last.last_seq.saturating_sub(1);
    let last_of_text = before_done.saturating_sub(u64::from(usage.is_some()));
    let mut events = Vec::new();
    let reached = usable_cursor(cursor, last.turn_id, last.last_seq).filter(|seq| *seq >= last_of_text);
    if cursor.is_some() && reached.is_none() {
        events.push((
            id(last_of_text),
            TurnEvent::Token {
                content: last.content.clone(),
                offset: Some(0),
            },
        ));
    }
    events.extend(usage.map(|usage| (id(before_done), usage)));
    events.push((id(last.last_seq), TurnEvent::Done { status: Some(status) }));
    events.retain(|(id, _)| reached.is_none_or(|reached| id.seq > reached));
    events
}

impl Attachment {
    /// The events, ending after `done`. Yields several at once where several are there, so that they are sent as one.
    pub fn events(self) -> impl Stream<Item = Vec<(EventId, TurnEvent)>> + Send {
        async_stream::stream! {
            let (log, mut cursor, from_start) = match self {
                Self::Ended(events) => {
                    yield events;
                    return;
                }
                Self::Live { log, after, from_start } => (log, after, from_start),
            };
            // Subscribed before the first read: nothing is appended between that we would not be woken for.
            let mut changes = log.subscribe();
            let mut offset = from_start.then_some(0);
            let mut sent = None::<Instant>;
            loop {
                changes.mark_unchanged();
                let batch = log.read_after(cursor);
                let ended = batch.ended;
                if let Some((seq, _)) = batch.events.last() {
                    cursor = *seq;
                }
                if !batch.events.is_empty() {
                    sent = Some(Instant::now());
                    yield batch
                        .events
                        .into_iter()
                        .map(|(seq, mut event)| {
                            if let TurnEvent::Token { offset: place, .. } = &mut event {
                                *place = offset.take();
                            }
                            (log.event_id(seq), event)
                        })
                        .collect();
                }
                if ended {
                    return;
                }
                // More may be left than one batch holds.
                if log.last_seq() == cursor && changes.changed().await.is_err() {
                    return;
                }
                if let Some(rest) = sent.and_then(|sent| FRAME.checked_sub(sent.elapsed())) {
                    // Not `wait_for`: it would ask the log while it holds the channel, and who appends holds the log.
                    let end = async { while log.ended().is_none() && changes.changed().await.is_ok() {} };
                    // Either way there is something to read now.
                    let _ = tokio::time::timeout(rest, end).await;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::StreamExt;
    use protocol::session::{TurnStatus, Usage};

    fn last_turn() -> LastTurn {
        LastTurn {
            turn_id: Uuid::new_v4(),
            state: TurnState::Ended(TurnStatus::Complete),
            last_seq: 9,
            content: "whole".into(),
            usage: Some(Usage::exact(1, 2)),
            cost_usd: Some(0.5),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_is_sent_by_the_frame_and_a_trickle_at_once() {
        let log = Arc::new(TurnLog::new(
            Uuid::new_v4(),
            Uuid::new_v4(),
            Uuid::new_v4(),
            Uuid::new_v4(),
        ));
        let write = |text: &str| {
            log.append(TurnEvent::Token {
                content: text.into(),
                offset: None,
            });
        };
        let reader = Attachment::Live {
            log: Arc::clone(&log),
            after: 0,
            from_start: false,
        };
        let mut events = std::pin::pin!(reader.events());
        let texts = |batch: Option<Vec<(EventId, TurnEvent)>>| -> String {
            let text = |(_, event)| match event {
                TurnEvent::Token { content, .. } => content,
                _ => "|".into(),
            };
            batch.unwrap().into_iter().map(text).collect()
        };
        let start = Instant::now();
        write("a");
        assert_eq!(texts(events.next().await), "a", "the first is sent at once");
        write("b");
        let (batch, ()) = tokio::join!(events.next(), async {
            tokio::time::sleep(Duration::from_millis(5)).await;
            write("c");
        });
        assert_eq!(texts(batch), "bc");
        assert_eq!(start.elapsed(), FRAME);
        tokio::time::sleep(FRAME).await;
        write("d");
        let now = Instant::now();
        assert_eq!(texts(events.next().await), "d", "after a silence as well");
        write("e");
        log.append(TurnEvent::Done { status: None });
        assert_eq!(texts(events.next().await), "e|", "and an end is not held back");
        assert_eq!(now.elapsed(), Duration::ZERO);
    }

    #[test]
    fn an_ended_turn_gives_what_the_cursor_lacks() {
        let last = last_turn();
        let types = |cursor: Option<&str>| -> Vec<(u64, &'static str)> {
            ended_events(&last, cursor)
                .iter()
                .map(|(id, event)| {
                    let name = match event {
                        TurnEvent::Token {
                            content,
                            offset: Some(0),
                        } if content == "whole" => "whole text",
                        TurnEvent::Usage { .. } => "usage",
                        TurnEvent::Done { .. } => "done",
                        _ => "?",
                    };
                    (id.seq, name)
                })
                .collect()
        };
        let id = |seq: u64| {
            EventId {
                turn_id: last.turn_id,
                seq,
            }
            .to_string()
        };
        let everything = vec![(7, "whole text"), (8, "usage"), (9, "done")];
        assert_eq!(types(None), [(8, "usage"), (9, "done")]);
        assert_eq!(types(Some(&id(9))), []);
        assert_eq!(types(Some(&id(8))), [(9, "done")]);
        assert_eq!(
            types(Some(&id(7))),
            [(8, "usage"), (9, "done")],
            "all the text, and not the end"
        );
        assert_eq!(
            types(Some(&id(3))),
            everything,
            "the log is gone, so the place of seq 3 is not known"
        );
        assert_eq!(types(Some(&id(10))), everything, "from the future");
        assert_eq!(types(Some("garbage")), everything);
        assert_eq!(
            types(Some(
                &EventId {
                    turn_id: Uuid::new_v4(),
                    seq: 9
                }
                .to_string()
            )),
            everything
        );
    }
}
