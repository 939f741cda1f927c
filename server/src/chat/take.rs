//! Conversations as a whole, on their way out and in.

use std::sync::Arc;

use protocol::{conversation::Conversation, session::MessageStatus};
use uuid::Uuid;

use super::ChatService;
use crate::{error::Error, store::Imported};

impl ChatService {
    /// A conversation with everything in it; the text of a running answer is as new as its log.
    ///
    /// # Errors
    /// When there is no such session.
    pub async fn conversation(&self, user_id: Uuid, session_id: Uuid) -> Result<Conversation, Error> {
        let found = self.0.store.conversation(user_id, session_id).await?;
        let mut conversation = found.ok_or(Error::SessionNotFound)?;
        let mut messages = conversation.messages.iter_mut();
        if let Some(answer) = messages.find(|message| message.status == MessageStatus::Streaming) {
            let (id, content, metadata) = (answer.message_id, &mut answer.content, &mut answer.metadata);
            self.catch_up(user_id, session_id, id, content, metadata);
        }
        Ok(conversation)
    }

    /// Which of these are the caller's, in the same order.
    ///
    /// # Errors
    /// When none is.
    pub async fn own_sessions(&self, user_id: Uuid, session_ids: Vec<Uuid>) -> Result<Vec<Uuid>, Error> {
        let own = self.0.store.own_among(user_id, session_ids).await?;
        if own.is_empty() {
            return Err(Error::SessionNotFound);
        }
        Ok(own)
    }

    /// Takes in a conversation for the caller, or, in a dry run, finds out what would come of it.
    ///
    /// # Errors
    /// When the database fails, or the server goes away.
    pub async fn import(&self, user_id: Uuid, conversation: Conversation, dry_run: bool) -> Result<Imported, Error> {
        if self.0.shutdown.is_cancelled() {
            return Err(Error::ShuttingDown);
        }
        let conversation = Arc::new(conversation);
        Ok(match dry_run {
            true => self.0.store.would_import(user_id, conversation).await?,
            false => self.0.store.import(user_id, conversation).await?,
        })
    }
}
