//! The turns that run, and those that ended a moment ago and may still be read.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use protocol::session::{MessageAccepted, TurnStatus};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::log::TurnLog;
use crate::store::{FinishTurn, Store, StoreError};

/// The live turns, one to a session.
pub struct LiveTurns {
    store: Store,
    kept_after_end: Duration,
    turns: Mutex<HashMap<Uuid, Arc<LiveTurn>>>,
    /// Held while text is saved, by the journal or with a turn that nobody runs: none is saved twice.
    saving: tokio::sync::Mutex<()>,
    /// Whether a turn has ended since the journal was last tidied; at the start there may be something from before.
    has_leftovers: AtomicBool,
}

/// A turn with its log, and the way to stop it.
#[derive(Debug)]
pub struct LiveTurn {
    /// What it emitted.
    pub log: Arc<TurnLog>,
    /// Cancelled when the person pressed Stop, and with the server.
    pub stop: CancellationToken,
    /// Cancelled when the turn's task is done, at the Gateway too.
    pub released: CancellationToken,
    /// Cancelled when the next turn of the session asks the Gateway: to stop the session now would stop that one.
    pub overtaken: CancellationToken,
}

/// How much is going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveCount {
    /// Turns that run.
    pub running: usize,
    /// Logs in memory, those of turns that ended a moment ago included.
    pub logs: usize,
    /// Readers attached to them.
    pub readers: usize,
}

impl LiveTurn {
    /// Stops the turn and waits until its end is saved. `false`: it had ended by itself.
    pub async fn cancel(&self) -> bool {
        let mut changes = self.log.subscribe();
        self.stop.cancel();
        while self.log.ended().is_none() && changes.changed().await.is_ok() {}
        self.log
            .ended()
            .is_some_and(|(status, _)| status == TurnStatus::Cancelled)
    }
}

impl LiveTurns {
    /// None yet. Each is kept for `kept_after_end` after its end, for readers on their way back.
    pub fn new(store: Store, kept_after_end: Duration) -> Self {
        Self {
            store,
            kept_after_end,
            turns: Mutex::default(),
            saving: tokio::sync::Mutex::default(),
            has_leftovers: AtomicBool::new(true),
        }
    }

    /// Takes in a turn that was just begun, and returns it with the one whose place it takes.
    pub fn insert(
        &self,
        user_id: Uuid,
        accepted: &MessageAccepted,
        stop: CancellationToken,
    ) -> (Arc<LiveTurn>, Option<Arc<LiveTurn>>) {
        let log = Arc::new(TurnLog::new(
            accepted.turn_id,
            accepted.session_id,
            user_id,
            accepted.answer_id,
        ));
        let live = Arc::new(LiveTurn {
            log,
            stop,
            released: CancellationToken::new(),
            overtaken: CancellationToken::new(),
        });
        let previous = self.turns.lock().insert(accepted.session_id, Arc::clone(&live));
        (live, previous)
    }

    /// Whether a turn of this session is running, whoever's it is.
    pub fn is_running(&self, session_id: Uuid) -> bool {
        self.turns
            .lock()
            .get(&session_id)
            .is_some_and(|turn| turn.log.ended().is_none())
    }

    /// The user's turn in this session, running or just ended.
    pub fn find(&self, user_id: Uuid, session_id: Uuid) -> Option<Arc<LiveTurn>> {
        self.turns
            .lock()
            .get(&session_id)
            .filter(|turn| turn.log.user_id == user_id)
            .cloned()
    }

    /// The user's turn in this session, if it is running.
    pub fn running(&self, user_id: Uuid, session_id: Uuid) -> Option<Arc<LiveTurn>> {
        self.find(user_id, session_id).filter(|turn| turn.log.ended().is_none())
    }

    /// Drops the turn of one of the user's sessions that is gone. One that was begun a moment before is stopped.
    pub fn forget(&self, user_id: Uuid, session_id: Uuid) {
        let mut turns = self.turns.lock();
        if turns.get(&session_id).is_some_and(|turn| turn.log.user_id == user_id)
            && let Some(turn) = turns.remove(&session_id)
        {
            turn.stop.cancel();
        }
    }

    /// Saves what the running turns have written since, in one transaction, and drops logs that nobody comes back to.
    pub async fn save_progress(&self) -> Result<(), StoreError> {
        let _saving = self.saving.lock().await;
        let turns: Vec<Arc<LiveTurn>> = {
            let mut turns = self.turns.lock();
            turns.retain(|_, turn| {
                turn.log
                    .ended()
                    .is_none_or(|(_, at)| at.elapsed() < self.kept_after_end)
            });
            turns
                .values()
                .filter(|turn| turn.log.ended().is_none())
                .cloned()
                .collect()
        };
        let unsaved: Vec<_> = turns
            .iter()
            .filter_map(|turn| Some((turn, turn.log.unsaved()?)))
            .collect();
        if unsaved.is_empty() {
            return Ok(());
        }
        let seqs: Vec<_> = unsaved
            .iter()
            .map(|(turn, part)| (Arc::clone(turn), part.seq))
            .collect();
        self.store
            .append_events(unsaved.into_iter().map(|(_, part)| part).collect())
            .await?;
        for (turn, seq) in seqs {
            turn.log.mark_saved(seq);
        }
        Ok(())
    }

    /// Ends the session's turn as interrupted where the database takes it for running; only for a turn that nobody
    /// runs. What its log still has is saved with it. Returns the session where there was one.
    pub async fn recover(&self, session_id: Uuid) -> Result<Vec<Uuid>, StoreError> {
        let _saving = self.saving.lock().await;
        let turn = self.turns.lock().get(&session_id).cloned();
        let rest = turn.and_then(|turn| turn.log.unsaved());
        self.store.recover_turns(Some(session_id), rest).await
    }

    /// How much there is.
    pub fn count(&self) -> LiveCount {
        let turns = self.turns.lock();
        LiveCount {
            running: turns.values().filter(|turn| turn.log.ended().is_none()).count(),
            logs: turns.len(),
            readers: turns.values().map(|turn| turn.log.readers()).sum(),
        }
    }

    /// Removes what ended turns left in the journal, and moves what was saved to where it stays.
    pub async fn tidy(&self) -> Result<(), StoreError> {
        if self.has_leftovers.swap(false, Ordering::Relaxed)
            && let Err(error) = self.store.trim_journal().await
        {
            self.has_leftovers.store(true, Ordering::Relaxed);
            return Err(error);
        }
        self.store.checkpoint().await
    }

    /// Saves a turn's end. The caller then appends `usage` and `done`: who reads `done` finds the answer saved.
    pub async fn save_end(&self, finish: FinishTurn) -> Result<(), StoreError> {
        self.store.finish_turn(finish).await?;
        self.has_leftovers.store(true, Ordering::Relaxed);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_turn_whose_session_is_gone_is_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("x.db")).await.unwrap();
        let turns = LiveTurns::new(store, Duration::from_secs(60));
        let accepted = MessageAccepted {
            session_id: Uuid::new_v4(),
            message_id: Uuid::new_v4(),
            answer_id: Uuid::new_v4(),
            turn_id: Uuid::new_v4(),
            agent_id: "architect".into(),
            status: "streaming".into(),
        };
        let user_id = Uuid::new_v4();
        let (turn, _) = turns.insert(user_id, &accepted, CancellationToken::new());
        turns.forget(user_id, Uuid::new_v4());
        turns.forget(Uuid::new_v4(), accepted.session_id);
        assert!(!turn.stop.is_cancelled(), "another session, and another's");
        turns.forget(user_id, accepted.session_id);
        assert!(turn.stop.is_cancelled());
        assert_eq!(turns.count().logs, 0);
    }
}
