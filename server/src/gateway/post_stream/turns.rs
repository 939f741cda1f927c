//! The turns of this client: what is still to be sent, and the way to end what runs. One to a session, each forgotten
//! with its end.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use futures::StreamExt;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::dialect::Ask;
use crate::gateway::EventStream;

/// All turns. Cheap to clone; all clones are the same.
#[derive(Clone, Default)]
pub(super) struct Turns(Arc<Mutex<HashMap<Uuid, Arc<Asked>>>>);

struct Asked {
    ask: Ask,
    is_sent: AtomicBool,
    stop: CancellationToken,
}

impl Turns {
    /// Keeps a request until it is sent or stopped. What still runs in its session ends.
    pub(super) fn keep(&self, ask: Ask) {
        let asked = Arc::new(Asked {
            is_sent: AtomicBool::new(false),
            stop: CancellationToken::new(),
            ask,
        });
        if let Some(previous) = self.0.lock().insert(asked.ask.session_id, asked) {
            previous.stop.cancel();
        }
    }

    /// The session's request, to be sent now; `None`: it was sent before, or stopped.
    pub(super) fn begin(&self, session_id: Uuid) -> Option<Turn> {
        let asked = Arc::clone(self.0.lock().get(&session_id)?);
        let is_first = !asked.is_sent.swap(true, Ordering::Relaxed);
        is_first.then(|| Turn {
            turns: self.clone(),
            asked,
        })
    }

    /// Forgets the session's request, or ends its stream.
    pub(super) fn stop(&self, session_id: Uuid) {
        if let Some(asked) = self.0.lock().remove(&session_id) {
            asked.stop.cancel();
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.lock().len()
    }
}

/// A turn whose request is on its way, or whose answer is being read. Forgotten when it is dropped.
pub(super) struct Turn {
    turns: Turns,
    asked: Arc<Asked>,
}

impl Turn {
    pub(super) fn ask(&self) -> &Ask {
        &self.asked.ask
    }

    /// Waits until the turn is stopped.
    pub(super) async fn stopped(&self) {
        self.asked.stop.cancelled().await;
    }

    /// The request has reached nobody and may be sent again.
    pub(super) fn keep_for_another_attempt(self) {
        self.asked.is_sent.store(false, Ordering::Relaxed);
    }

    /// The events, for as long as the turn is not stopped.
    pub(super) fn hold(self, mut events: EventStream) -> EventStream {
        Box::pin(async_stream::stream! {
            loop {
                let next = tokio::select! {
                    biased;
                    () = self.stopped() => return,
                    next = events.next() => next,
                };
                match next {
                    Some(piece) => yield piece,
                    None => return,
                }
            }
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut turns = self.turns.0.lock();
        let session_id = self.asked.ask.session_id;
        // By now the session's may be another one.
        let is_its_own = turns
            .get(&session_id)
            .is_some_and(|kept| Arc::ptr_eq(kept, &self.asked));
        if is_its_own && self.asked.is_sent.load(Ordering::Relaxed) {
            turns.remove(&session_id);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use protocol::gateway::GatewayChatRequest;

    use super::*;

    fn ask(session_id: Uuid) -> Ask {
        let request = serde_json::json!({
            "session_id": session_id, "message_id": Uuid::new_v4(), "message": "Hello", "messages": [],
            "agent_id": "architect", "idempotency_key": "",
        });
        Ask::from(serde_json::from_value::<GatewayChatRequest>(request).unwrap())
    }

    #[test]
    fn a_request_is_sent_once_and_forgotten_with_its_answer() {
        let (turns, session) = (Turns::default(), Uuid::new_v4());
        turns.keep(ask(session));
        let turn = turns.begin(session).unwrap();
        assert!(turns.begin(session).is_none(), "it is on its way");
        drop(turn);
        assert!(turns.begin(session).is_none() && turns.len() == 0);
    }

    #[test]
    fn a_request_that_reached_nobody_is_kept_until_it_is_sent_or_stopped() {
        let (turns, session) = (Turns::default(), Uuid::new_v4());
        turns.keep(ask(session));
        for _ in 0..2 {
            turns.begin(session).unwrap().keep_for_another_attempt();
            assert_eq!(turns.len(), 1);
        }
        turns.stop(session);
        assert!(turns.begin(session).is_none() && turns.len() == 0);
    }

    #[test]
    fn stopping_one_that_reached_nobody_meanwhile_brings_it_not_back() {
        let (turns, session) = (Turns::default(), Uuid::new_v4());
        turns.keep(ask(session));
        let turn = turns.begin(session).unwrap();
        turns.stop(session);
        turn.keep_for_another_attempt();
        assert_eq!(turns.len(), 0);
    }

    #[test]
    fn stopping_ends_the_stream_of_that_session_and_no_other() {
        let turns = Turns::default();
        let sessions = [Uuid::new_v4(), Uuid::new_v4()];
        let mut streams = sessions.map(|session| {
            turns.keep(ask(session));
            turns.begin(session).unwrap().hold(futures::stream::pending().boxed())
        });
        assert!(streams[0].next().now_or_never().is_none());
        turns.stop(sessions[0]);
        assert!(matches!(streams[0].next().now_or_never(), Some(None)));
        assert!(streams[1].next().now_or_never().is_none());
        assert_eq!(turns.len(), 1);
        drop(streams);
        assert_eq!(turns.len(), 0);
    }

    #[test]
    fn the_next_turn_of_a_session_ends_the_one_before_and_outlives_it() {
        let (turns, session) = (Turns::default(), Uuid::new_v4());
        turns.keep(ask(session));
        let mut first = turns.begin(session).unwrap().hold(futures::stream::pending().boxed());
        turns.keep(ask(session));
        assert!(matches!(first.next().now_or_never(), Some(None)));
        drop(first);
        assert!(turns.begin(session).is_some(), "it is not the first one's to forget");
    }
}
