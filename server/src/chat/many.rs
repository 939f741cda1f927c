//! What is done to many sessions at once.

use protocol::history::{MAX_MANY, ManyChange};
use uuid::Uuid;

use super::ChatService;
use crate::error::Error;

/// The most that one transaction changes: who writes a message meanwhile is not to wait for all of them.
const AT_ONCE: usize = 100;

impl ChatService {
    /// Archives, restores or deletes those of these sessions that are the caller's, a hundred at a time; running turns are
    /// stopped first. Says how many were changed.
    ///
    /// # Errors
    /// When they are too many, or the database fails: those that were changed by then stay so.
    pub async fn change_many(
        &self,
        user_id: Uuid,
        mut session_ids: Vec<Uuid>,
        change: ManyChange,
    ) -> Result<u64, Error> {
        if session_ids.len() > MAX_MANY {
            return Err(Error::TooMany);
        }
        session_ids.sort_unstable();
        session_ids.dedup();
        let mut changed = 0;
        for part in session_ids.chunks(AT_ONCE) {
            if change != ManyChange::Restore {
                self.stop_all(user_id, part).await;
            }
            changed += self.0.store.change_many(user_id, part.to_vec(), change).await?;
            if change == ManyChange::Delete {
                // Those that were begun meanwhile; no other can be.
                self.stop_all(user_id, part).await;
                for session_id in part {
                    self.0.live.forget(user_id, *session_id);
                }
            }
        }
        Ok(changed)
    }

    async fn stop_all(&self, user_id: Uuid, session_ids: &[Uuid]) {
        for session_id in session_ids {
            self.stop_if_running(user_id, *session_id).await;
        }
    }
}
