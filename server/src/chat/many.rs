//! What is done to many sessions at once.

use protocol::history::MAX_MANY;
use uuid::Uuid;

use super::ChatService;
use crate::{error::Error, store::Change};

/// The most that one transaction changes: who writes a message meanwhile is not to wait for all of them.
const AT_ONCE: usize = 100;

impl ChatService {
    /// Archives, restores or deletes those of these sessions that are the caller's, some at a time; running turns are stopped.
    /// Says how many were changed.
    ///
    /// # Errors
    /// When they are too many, or the database fails: those that were changed by then stay so.
    pub async fn change_many(&self, user_id: Uuid, mut session_ids: Vec<Uuid>, change: Change) -> Result<u64, Error> {
        if session_ids.len() > MAX_MANY {
            return Err(Error::TooMany);
        }
        session_ids.sort_unstable();
        session_ids.dedup();
        let is_left = !matches!(change, Change::Restore(_));
        let mut changed = 0;
        let mut left = session_ids.as_slice();
        while !left.is_empty() {
            let (part, _) = left.split_at(left.len().min(AT_ONCE));
            if is_left {
                self.stop_all(user_id, part).await;
            }
            let some = self.0.store.change_some(user_id, part.to_vec(), change).await?;
            let (done, rest) = left.split_at(some.done);
            if is_left {
                // Those that were begun meanwhile; no other can be.
                self.stop_all(user_id, done).await;
            }
            if change == Change::Delete {
                for session_id in done {
                    self.0.live.forget(user_id, *session_id);
                }
            }
            changed += some.changed;
            left = rest;
        }
        Ok(changed)
    }

    async fn stop_all(&self, user_id: Uuid, session_ids: &[Uuid]) {
        for session_id in session_ids {
            self.stop_if_running(user_id, *session_id).await;
        }
    }
}
