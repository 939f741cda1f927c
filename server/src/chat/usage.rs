//! What a person's answers took. Days are those of UTC, and today is the server's.

use protocol::{
    day::Day,
    usage::{UsageOfAgent, UsageOfDay, UsageOfModel, UsageOfSession, UsageRange, UsageReport},
};
use uuid::Uuid;

use super::ChatService;
use crate::{error::Error, store::now};

impl ChatService {
    /// Tokens and money of the caller's answers by day, agent, model and session, the last three cut short.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn usage(&self, user_id: Uuid, range: UsageRange) -> Result<UsageReport, Error> {
        Ok(self.0.store.usage(user_id, range, today()).await?)
    }

    /// The same by day alone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn usage_by_day(&self, user_id: Uuid, range: UsageRange) -> Result<Vec<UsageOfDay>, Error> {
        Ok(self.0.store.usage_by_day(user_id, range, today()).await?)
    }

    /// The same by agent alone, all of them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn usage_by_agent(&self, user_id: Uuid, range: UsageRange) -> Result<Vec<UsageOfAgent>, Error> {
        Ok(self.0.store.usage_by_agent(user_id, range, today()).await?)
    }

    /// The same by model alone, all of them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn usage_by_model(&self, user_id: Uuid, range: UsageRange) -> Result<Vec<UsageOfModel>, Error> {
        Ok(self.0.store.usage_by_model(user_id, range, today()).await?)
    }

    /// The same by session alone, all of them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn usage_by_session(&self, user_id: Uuid, range: UsageRange) -> Result<Vec<UsageOfSession>, Error> {
        Ok(self.0.store.usage_by_session(user_id, range, today()).await?)
    }
}

fn today() -> Day {
    Day::of(now())
}
