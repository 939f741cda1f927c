//! Rows, and what they mean to the rest of the program.

use diesel::prelude::*;
use protocol::{
    session::{Message, SessionSummary, Usage, Version},
    timestamp::Timestamp,
};

use super::{
    StoreError,
    ids::{Id, column, count, from_json, named},
    schema::{messages, session_totals, sessions, turns},
};

/// Micro-dollars in a dollar.
const MICROS: f64 = 1_000_000.0;

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(treat_none_as_default_value = false)]
#[diesel(table_name = sessions, check_for_backend(diesel::sqlite::Sqlite))]
pub(super) struct SessionRow {
    pub(super) session_id: Id,
    pub(super) user_id: Id,
    pub(super) agent_id: String,
    pub(super) agent_name: String,
    pub(super) parent_role: Option<String>,
    pub(super) model_id: String,
    pub(super) model_name: String,
    pub(super) title: String,
    pub(super) status: String,
    pub(super) pinned: bool,
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
    pub(super) archived_at: Option<i64>,
    pub(super) head_id: Option<Id>,
}

/// What the messages of a session add up to.
#[derive(Debug, Clone, Copy, Queryable, Selectable)]
#[diesel(table_name = session_totals, check_for_backend(diesel::sqlite::Sqlite))]
pub(super) struct TotalsRow {
    pub(super) message_count: i64,
    pub(super) total_tokens: i64,
    pub(super) cost_micros: i64,
    pub(super) estimated_messages: i64,
}

impl SessionRow {
    pub(super) fn into_summary(self, totals: TotalsRow, running: bool) -> Result<SessionSummary, StoreError> {
        Ok(SessionSummary {
            session_id: self.session_id.0,
            title: self.title,
            agent_id: self.agent_id,
            agent_name: self.agent_name,
            parent_role: self.parent_role,
            model_id: self.model_id,
            model_name: self.model_name,
            message_count: count(totals.message_count),
            total_tokens: count(totals.total_tokens),
            cost_usd: dollars(totals.cost_micros),
            usage_estimated: totals.estimated_messages > 0,
            created_at: Timestamp(self.created_at),
            updated_at: Timestamp(self.updated_at),
            status: named(&self.status)?,
            archived_at: self.archived_at.map(Timestamp),
            pinned: self.pinned,
            running,
        })
    }
}

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(treat_none_as_default_value = false)]
#[diesel(table_name = messages, check_for_backend(diesel::sqlite::Sqlite))]
pub(super) struct MessageRow {
    pub(super) message_id: Id,
    pub(super) session_id: Id,
    pub(super) message_type: String,
    pub(super) content: String,
    pub(super) agent_id: String,
    pub(super) model_id: Option<String>,
    pub(super) model_name: Option<String>,
    pub(super) timestamp: i64,
    pub(super) status: String,
    #[diesel(embed)]
    pub(super) usage: UsageColumns,
    pub(super) metadata: String,
    pub(super) parent_id: Option<Id>,
}

/// Tokens and cost; all null until they are known.
#[derive(Debug, Default, Clone, Copy, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(treat_none_as_default_value = false)]
#[diesel(table_name = messages, check_for_backend(diesel::sqlite::Sqlite))]
pub(super) struct UsageColumns {
    pub(super) prompt_tokens: Option<i64>,
    pub(super) completion_tokens: Option<i64>,
    pub(super) total_tokens: Option<i64>,
    pub(super) usage_estimated: bool,
    pub(super) cost_micros: Option<i64>,
}

impl UsageColumns {
    pub(super) fn new(usage: Option<Usage>, cost_usd: Option<f64>) -> Self {
        let Some(usage) = usage else { return Self::default() };
        Self {
            prompt_tokens: Some(column(usage.prompt_tokens)),
            completion_tokens: Some(column(usage.completion_tokens)),
            total_tokens: Some(column(usage.total_tokens)),
            usage_estimated: usage.estimated,
            cost_micros: cost_usd.map(micros),
        }
    }

    pub(super) fn usage(&self) -> Option<Usage> {
        Some(Usage {
            prompt_tokens: count(self.prompt_tokens?),
            completion_tokens: count(self.completion_tokens?),
            total_tokens: count(self.total_tokens?),
            estimated: self.usage_estimated,
        })
    }

    pub(super) fn cost_usd(&self) -> Option<f64> {
        self.cost_micros.map(dollars)
    }
}

impl MessageRow {
    pub(super) fn into_message(self, version: Option<Version>) -> Result<Message, StoreError> {
        Ok(Message {
            message_id: self.message_id.0,
            session_id: self.session_id.0,
            parent_id: self.parent_id.map(|id| id.0),
            message_type: named(&self.message_type)?,
            content: self.content,
            agent_id: self.agent_id,
            model_name: self.model_name,
            timestamp: Timestamp(self.timestamp),
            status: named(&self.status)?,
            usage: self.usage.usage(),
            cost_usd: self.usage.cost_usd(),
            metadata: from_json(&self.metadata)?,
            version,
        })
    }
}

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(treat_none_as_default_value = false)]
#[diesel(table_name = turns, check_for_backend(diesel::sqlite::Sqlite))]
pub(super) struct TurnRow {
    pub(super) turn_id: Id,
    pub(super) session_id: Id,
    pub(super) user_id: Id,
    pub(super) message_id: Id,
    pub(super) answer_id: Id,
    pub(super) client_request_id: Option<Id>,
    pub(super) status: String,
    pub(super) last_seq: i64,
    pub(super) started_at: i64,
    pub(super) ended_at: Option<i64>,
}

#[expect(clippy::cast_precision_loss, reason = "exact below nine billion dollars")]
pub(crate) fn dollars(micros: i64) -> f64 {
    micros as f64 / MICROS
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the cast saturates, and no answer costs that much"
)]
pub(crate) fn micros(dollars: f64) -> i64 {
    (dollars * MICROS).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_survives_the_round_trip_to_the_micro_dollar() {
        for value in [0, 1, 15_000, 999_999, 1_000_001, 123_456_789_012] {
            assert_eq!(micros(dollars(value)), value);
        }
    }
}
