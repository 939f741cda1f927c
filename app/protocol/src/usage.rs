//! What answers took: tokens and money by day, agent, model and session.

use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{day::Day, session::SessionStatus};

/// Since when answers are counted. Days are those of UTC, today among them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum UsageRange {
    /// The last seven days.
    #[serde(rename = "7d")]
    Week,
    /// The last thirty days.
    #[default]
    #[serde(rename = "30d")]
    Month,
    /// The last ninety days.
    #[serde(rename = "90d")]
    Quarter,
    /// From the first answer on.
    #[serde(rename = "all")]
    All,
}

impl UsageRange {
    /// All of them, the shortest first.
    pub const ALL: [Self; 4] = [Self::Week, Self::Month, Self::Quarter, Self::All];

    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Week => "7d",
            Self::Month => "30d",
            Self::Quarter => "90d",
            Self::All => "all",
        }
    }

    /// The range of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|range| range.name() == name)
    }

    /// Its first day, where it has one of its own.
    pub fn first_day(self, today: Day) -> Option<Day> {
        let days = match self {
            Self::Week => 7,
            Self::Month => 30,
            Self::Quarter => 90,
            Self::All => return None,
        };
        Some(Day(today.0 - (days - 1)))
    }
}

/// By what answers are added up in a table of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsageBy {
    /// By day, none left out.
    Day,
    /// By the agent that answered.
    Agent,
    /// By the model that answered.
    Model,
    /// By session.
    Session,
}

impl UsageBy {
    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Agent => "agent",
            Self::Model => "model",
            Self::Session => "session",
        }
    }
}

/// What a number of answers add up to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageSums {
    /// How many answers.
    pub answers: u64,
    /// Tokens read.
    pub prompt_tokens: u64,
    /// Tokens written.
    pub completion_tokens: u64,
    /// Both together.
    pub total_tokens: u64,
    /// What they cost, in millionths of a US dollar, as far as it is known.
    pub cost_micros: u64,
    /// How many of the answers are without a known cost.
    pub unpriced: u64,
    /// How many of the answers were counted by us, not by the model.
    pub estimated: u64,
}

impl Add for UsageSums {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            answers: self.answers.saturating_add(other.answers),
            prompt_tokens: self.prompt_tokens.saturating_add(other.prompt_tokens),
            completion_tokens: self.completion_tokens.saturating_add(other.completion_tokens),
            total_tokens: self.total_tokens.saturating_add(other.total_tokens),
            cost_micros: self.cost_micros.saturating_add(other.cost_micros),
            unpriced: self.unpriced.saturating_add(other.unpriced),
            estimated: self.estimated.saturating_add(other.estimated),
        }
    }
}

impl AddAssign for UsageSums {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl std::iter::Sum for UsageSums {
    fn sum<I: Iterator<Item = Self>>(sums: I) -> Self {
        sums.fold(Self::default(), Add::add)
    }
}

/// The body of `GET /api/usage`. Each of its parts adds up to `totals`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageReport {
    /// The range asked for.
    pub range: UsageRange,
    /// Today, by the server's clock.
    pub today: Day,
    /// All answers of the range.
    pub totals: UsageSums,
    /// Every day of the range, the oldest first; of all time, from the first answer on.
    pub days: Vec<UsageOfDay>,
    /// By the agent that answered.
    pub agents: UsageTop<UsageOfAgent>,
    /// By the model that answered.
    pub models: UsageTop<UsageOfModel>,
    /// By session.
    pub sessions: UsageTop<UsageOfSession>,
}

/// The most expensive ones first, then those with the most tokens; the others are added up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageTop<T> {
    /// The first of them.
    pub top: Vec<T>,
    /// Those beyond.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest: Option<UsageOfRest>,
}

/// A day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageOfDay {
    /// The day, of UTC.
    pub day: Day,
    /// Its answers.
    #[serde(flatten)]
    pub sums: UsageSums,
}

/// An agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageOfAgent {
    /// Its id.
    pub agent_id: String,
    /// Its name in the session that it last answered in.
    pub agent_name: String,
    /// Its answers.
    #[serde(flatten)]
    pub sums: UsageSums,
}

/// A model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageOfModel {
    /// Its id; empty where it is not known which one answered.
    pub model_id: String,
    /// Its name when it last answered.
    pub model_name: String,
    /// Its answers.
    #[serde(flatten)]
    pub sums: UsageSums,
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageOfSession {
    /// Its id.
    pub session_id: Uuid,
    /// Its title.
    pub title: String,
    /// Its agent.
    pub agent_id: String,
    /// That agent's name when it began.
    pub agent_name: String,
    /// Active or archived.
    pub status: SessionStatus,
    /// Its answers within the range.
    #[serde(flatten)]
    pub sums: UsageSums,
}

/// Those that are not listed one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageOfRest {
    /// How many they are.
    pub count: u64,
    /// Their answers.
    #[serde(flatten)]
    pub sums: UsageSums,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_called_the_same_everywhere_and_begins_so_many_days_ago() {
        for range in UsageRange::ALL {
            assert_eq!(serde_json::to_value(range).unwrap(), range.name());
            assert_eq!(UsageRange::named(range.name()), Some(range));
        }
        assert_eq!(UsageRange::named("1d"), None);
        let first = |range: UsageRange| range.first_day(Day(100));
        assert_eq!(
            UsageRange::ALL.map(first),
            [Some(Day(94)), Some(Day(71)), Some(Day(11)), None],
            "today is one of them"
        );
        for by in [UsageBy::Day, UsageBy::Agent, UsageBy::Model, UsageBy::Session] {
            assert_eq!(serde_json::to_value(by).unwrap(), by.name());
        }
    }
}
