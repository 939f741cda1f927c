//! What a person's answers took, from sums that the database keeps true by itself: a report costs what has been used in
//! its days, and no message is read.

use std::{cmp::Reverse, collections::HashMap};

use diesel::{
    dsl::{max, sql},
    expression::SqlLiteral,
    prelude::*,
    sql_types::BigInt,
};
use protocol::{
    day::Day,
    usage::{
        UsageOfAgent, UsageOfDay, UsageOfModel, UsageOfRest, UsageOfSession, UsageRange, UsageReport, UsageSums,
        UsageTop,
    },
};
use uuid::Uuid;

use super::{
    Store, StoreError,
    ids::{Id, count, named},
    schema::{sessions, usage},
};

/// The most agents, and the most models, that a report lists.
const TOP_KINDS: usize = 12;
/// The most sessions that a report lists.
const TOP_SESSIONS: usize = 20;
/// Before so many days, ten years, a day without an answer is left out: a clock that was wrong once would fill memory
/// with empty days.
const MOST_EMPTY_DAYS: i64 = 3_653;
/// Titles asked for at once: a query takes only so many values.
const TITLES_AT_ONCE: usize = 500;

impl Store {
    /// All of it, in short.
    pub async fn usage(&self, user_id: Uuid, range: UsageRange, today: Day) -> Result<UsageReport, StoreError> {
        let since = Since::new(user_id, range, today);
        self.read(move |connection| {
            let days = since.days(connection)?;
            Ok(UsageReport {
                range,
                today,
                totals: days.iter().map(|day| day.sums).sum(),
                days,
                agents: cut(since.agents(connection)?, TOP_KINDS, |agent| agent.sums),
                models: cut(since.models(connection)?, TOP_KINDS, |model| model.sums),
                sessions: since.sessions(connection, TOP_SESSIONS)?,
            })
        })
        .await
    }

    /// By day, as in the report.
    pub async fn usage_by_day(
        &self,
        user_id: Uuid,
        range: UsageRange,
        today: Day,
    ) -> Result<Vec<UsageOfDay>, StoreError> {
        let since = Since::new(user_id, range, today);
        self.read(move |connection| since.days(connection)).await
    }

    /// By agent, all of them.
    pub async fn usage_by_agent(
        &self,
        user_id: Uuid,
        range: UsageRange,
        today: Day,
    ) -> Result<Vec<UsageOfAgent>, StoreError> {
        let since = Since::new(user_id, range, today);
        self.read(move |connection| since.agents(connection)).await
    }

    /// By model, all of them.
    pub async fn usage_by_model(
        &self,
        user_id: Uuid,
        range: UsageRange,
        today: Day,
    ) -> Result<Vec<UsageOfModel>, StoreError> {
        let since = Since::new(user_id, range, today);
        self.read(move |connection| since.models(connection)).await
    }

    /// By session, all of them.
    pub async fn usage_by_session(
        &self,
        user_id: Uuid,
        range: UsageRange,
        today: Day,
    ) -> Result<Vec<UsageOfSession>, StoreError> {
        let since = Since::new(user_id, range, today);
        self.read(move |connection| Ok(since.sessions(connection, usize::MAX)?.top))
            .await
    }
}

/// One person's answers from some day on. Not up to one: a clock that has been set back makes days that are yet to come.
#[derive(Debug, Clone, Copy)]
struct Since {
    user_id: Id,
    first: Option<Day>,
    today: Day,
}

impl Since {
    fn new(user_id: Uuid, range: UsageRange, today: Day) -> Self {
        Self {
            user_id: Id(user_id),
            first: range.first_day(today),
            today,
        }
    }

    fn days(self, connection: &mut SqliteConnection) -> Result<Vec<UsageOfDay>, StoreError> {
        let used: Vec<(i64, SumsRow)> = self
            .answers()
            .group_by(usage::day)
            .select((usage::day, sums()))
            .order(usage::day)
            .load(connection)?;
        let used = used.into_iter().map(|(day, sums)| UsageOfDay {
            day: Day(day),
            sums: sums_of(sums),
        });
        Ok(with_empty_days(used.collect(), self.first, self.today))
    }

    fn agents(self, connection: &mut SqliteConnection) -> Result<Vec<UsageOfAgent>, StoreError> {
        let rows = self
            .answers()
            .group_by((usage::agent_id, usage::agent_name))
            .select((usage::agent_id, usage::agent_name, max(usage::day), sums()))
            .load(connection)?;
        let agents = by_id(rows).map(|(agent_id, agent_name, sums)| UsageOfAgent {
            agent_id,
            agent_name,
            sums,
        });
        Ok(agents.collect())
    }

    fn models(self, connection: &mut SqliteConnection) -> Result<Vec<UsageOfModel>, StoreError> {
        let rows = self
            .answers()
            .group_by((usage::model_id, usage::model_name))
            .select((usage::model_id, usage::model_name, max(usage::day), sums()))
            .load(connection)?;
        let models = by_id(rows).map(|(model_id, model_name, sums)| UsageOfModel {
            model_id,
            model_name,
            sums,
        });
        Ok(models.collect())
    }

    fn sessions(self, connection: &mut SqliteConnection, most: usize) -> Result<UsageTop<UsageOfSession>, StoreError> {
        let rows: Vec<(Id, SumsRow)> = self
            .answers()
            .group_by(usage::session_id)
            .select((usage::session_id, sums()))
            .load(connection)?;
        let mut used: Vec<(Id, UsageSums)> = rows.into_iter().map(|(id, sums)| (id, sums_of(sums))).collect();
        used.sort_by_key(|(id, sums)| (Reverse(weight(*sums)), id.0));
        let UsageTop { top, rest } = cut(used, most, |(_, sums)| *sums);
        let mut titles = titles(connection, self.user_id, top.iter().map(|(id, _)| *id).collect())?;
        let mut listed = Vec::with_capacity(top.len());
        for (session_id, sums) in top {
            // Of a session that is not there the database keeps no sums.
            let Some((title, agent_id, agent_name, status)) = titles.remove(&session_id) else {
                return Err(StoreError::Corrupt("usage of a session that is not there".into()));
            };
            listed.push(UsageOfSession {
                session_id: session_id.0,
                title,
                agent_id,
                agent_name,
                status: named(&status)?,
                sums,
            });
        }
        Ok(UsageTop { top: listed, rest })
    }

    fn answers(self) -> answers {
        answers(self.user_id, self.first.map_or(i64::MIN, |first| first.0))
    }
}

#[diesel::dsl::auto_type]
fn answers(user_id: Id, first: i64) -> _ {
    usage::table
        .filter(usage::user_id.eq(user_id))
        .filter(usage::day.ge(first))
}

type SumsRow = (i64, i64, i64, i64, i64, i64, i64);
type Sum = SqlLiteral<BigInt>;

/// Diesel types SUM of BIGINT as NUMERIC, which SQLite does not have.
fn sums() -> (Sum, Sum, Sum, Sum, Sum, Sum, Sum) {
    (
        sql("CAST(SUM(answers) AS BIGINT)"),
        sql("CAST(SUM(prompt_tokens) AS BIGINT)"),
        sql("CAST(SUM(completion_tokens) AS BIGINT)"),
        sql("CAST(SUM(total_tokens) AS BIGINT)"),
        sql("CAST(SUM(cost_micros) AS BIGINT)"),
        sql("CAST(SUM(unpriced) AS BIGINT)"),
        sql("CAST(SUM(estimated) AS BIGINT)"),
    )
}

fn sums_of(row: SumsRow) -> UsageSums {
    let (answers, prompt_tokens, completion_tokens, total_tokens, cost_micros, unpriced, estimated) = row;
    UsageSums {
        answers: count(answers),
        prompt_tokens: count(prompt_tokens),
        completion_tokens: count(completion_tokens),
        total_tokens: count(total_tokens),
        cost_micros: count(cost_micros),
        unpriced: count(unpriced),
        estimated: count(estimated),
    }
}

/// What makes one stand before another.
fn weight(sums: UsageSums) -> (u64, u64, u64) {
    (sums.cost_micros, sums.total_tokens, sums.answers)
}

/// What was called differently at times is one all the same, by its last name.
fn by_id(rows: Vec<(String, String, Option<i64>, SumsRow)>) -> impl Iterator<Item = (String, String, UsageSums)> {
    let mut known: HashMap<String, (Option<i64>, String, UsageSums)> = HashMap::new();
    for (id, name, last, sums) in rows {
        let (known_last, known_name, known_sums) = known.entry(id).or_default();
        *known_sums += sums_of(sums);
        if last > *known_last {
            (*known_last, *known_name) = (last, name);
        }
    }
    let mut all: Vec<_> = known
        .into_iter()
        .map(|(id, (_, name, sums))| (id, name, sums))
        .collect();
    all.sort_by(|(id, _, sums), (other, _, others)| (weight(*others), id).cmp(&(weight(*sums), other)));
    all.into_iter()
}

/// The first `most`, and the others added up.
fn cut<T>(mut all: Vec<T>, most: usize, sums: impl Fn(&T) -> UsageSums) -> UsageTop<T> {
    let beyond = all.split_off(most.min(all.len()));
    let rest = (!beyond.is_empty()).then(|| UsageOfRest {
        count: beyond.len() as u64,
        sums: beyond.iter().map(sums).sum(),
    });
    UsageTop { top: all, rest }
}

/// The same with the days between that had no answer, up to today.
fn with_empty_days(used: Vec<UsageOfDay>, first: Option<Day>, today: Day) -> Vec<UsageOfDay> {
    let Some(begin) = first.or(used.first().map(|day| day.day)) else {
        return used;
    };
    let begin = begin.0.max(today.0 - MOST_EMPTY_DAYS);
    let mut days = Vec::with_capacity(used.len());
    let mut next = begin;
    for day in used {
        days.extend((next..day.day.0.min(today.0 + 1)).map(empty));
        next = next.max(day.day.0.saturating_add(1));
        days.push(day);
    }
    days.extend((next..=today.0).map(empty));
    days
}

fn empty(day: i64) -> UsageOfDay {
    UsageOfDay {
        day: Day(day),
        sums: UsageSums::default(),
    }
}

/// Title, agent, its name, and status.
type Title = (String, String, String, String);

fn titles(connection: &mut SqliteConnection, user_id: Id, ids: Vec<Id>) -> QueryResult<HashMap<Id, Title>> {
    let mut titles = HashMap::with_capacity(ids.len());
    for ids in ids.chunks(TITLES_AT_ONCE) {
        let some: Vec<(Id, Title)> = sessions::table
            .filter(sessions::session_id.eq_any(ids))
            .filter(sessions::user_id.eq(user_id))
            .select((
                sessions::session_id,
                (
                    sessions::title,
                    sessions::agent_id,
                    sessions::agent_name,
                    sessions::status,
                ),
            ))
            .load(connection)?;
        titles.extend(some);
    }
    Ok(titles)
}

#[cfg(test)]
mod tests;
