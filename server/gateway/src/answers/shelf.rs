//! Where answers are found again: by session, and by the idempotency key that started them.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use uuid::Uuid;

use super::answer::Answer;

/// How many finished answers are kept at most.
pub(super) const MAX_KEPT: usize = 256;

/// The answers being written, and those kept.
#[derive(Default)]
pub(super) struct Shelf {
    /// The current answer of each session, running or the last one.
    pub(super) by_session: HashMap<Uuid, Arc<Answer>>,
    pub(super) by_key: HashMap<String, Arc<Answer>>,
    /// The oldest first.
    pub(super) finished: VecDeque<Arc<Answer>>,
    pub(super) running: usize,
}

impl Shelf {
    /// Takes an answer that is being written.
    pub(super) fn put(&mut self, answer: &Arc<Answer>) {
        self.running += 1;
        self.by_session.insert(answer.session_id, Arc::clone(answer));
        self.by_key.insert(answer.key.clone(), Arc::clone(answer));
    }

    /// Takes note that it is no longer being written.
    pub(super) fn retire(&mut self, answer: &Arc<Answer>) {
        self.running = self.running.saturating_sub(1);
        self.finished.push_back(Arc::clone(answer));
        while self.finished.len() > MAX_KEPT {
            let Some(oldest) = self.finished.front().cloned() else {
                break;
            };
            self.remove(&oldest);
        }
    }

    /// Forgets it.
    pub(super) fn remove(&mut self, answer: &Arc<Answer>) {
        self.finished.retain(|a| !Arc::ptr_eq(a, answer));
        // The session may have gone on to another answer since.
        if self
            .by_session
            .get(&answer.session_id)
            .is_some_and(|a| Arc::ptr_eq(a, answer))
        {
            self.by_session.remove(&answer.session_id);
        }
        self.by_key.remove(&answer.key);
    }
}
