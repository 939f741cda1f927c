//! Whatever happens to the database, its sums are those of its messages.

use std::collections::BTreeMap;

use diesel::{
    connection::SimpleConnection,
    sql_query,
    sql_types::{Bool, Nullable, Text},
};
use proptest::prelude::*;
use tempfile::TempDir;

use super::super::*;
use crate::store::now;

pub(super) const PEOPLE: [Uuid; 2] = [Uuid::from_u128(1), Uuid::from_u128(2)];
pub(super) const TODAY: Day = Day(20_000);
pub(super) const MICROS_OF_A_DAY: i64 = 86_400_000_000;

/// What happens to the database; numbers pick sessions, messages, days and people, round and round.
#[derive(Debug, Clone)]
enum Step {
    Begin { person: usize },
    Say { session: usize, message: Row },
    Change { message: usize, to: Row },
    Move { message: usize, session: usize },
    Forget { message: usize },
    Delete { session: usize },
    Restore { session: usize },
    Archive { session: usize },
    GiveAway { session: usize, person: usize },
    Purge,
    Remove { session: usize },
}

/// The columns that count.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) is_answer: bool,
    pub(super) agent: usize,
    pub(super) model: Option<usize>,
    pub(super) days_ago: i64,
    pub(super) status: &'static str,
    pub(super) has_text: bool,
    pub(super) tokens: Option<(i64, i64)>,
    pub(super) estimated: bool,
    pub(super) cost_micros: Option<i64>,
}

fn row() -> impl Strategy<Value = Row> {
    let states = prop::sample::select(vec!["streaming", "complete", "error", "cancelled", "interrupted"]);
    let first = (
        prop::bool::weighted(0.8),
        0..3_usize,
        prop::option::of(0..3_usize),
        0..100_i64,
        states,
    );
    let tokens = prop::option::weighted(0.8, (0..5_000_i64, 0..900_i64));
    let cost = prop::option::weighted(0.8, 0..3_000_000_i64);
    (first, any::<bool>(), tokens, any::<bool>(), cost).prop_map(
        |((is_answer, agent, model, days_ago, status), has_text, tokens, estimated, cost_micros)| Row {
            is_answer,
            agent,
            model,
            days_ago,
            status,
            has_text,
            tokens,
            estimated,
            cost_micros,
        },
    )
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let pick = || 0..16_usize;
    let step = prop_oneof![
        2 => pick().prop_map(|person| Step::Begin { person }),
        12 => (pick(), row()).prop_map(|(session, message)| Step::Say { session, message }),
        5 => (pick(), row()).prop_map(|(message, to)| Step::Change { message, to }),
        1 => (pick(), pick()).prop_map(|(message, session)| Step::Move { message, session }),
        2 => pick().prop_map(|message| Step::Forget { message }),
        2 => pick().prop_map(|session| Step::Delete { session }),
        2 => pick().prop_map(|session| Step::Restore { session }),
        1 => pick().prop_map(|session| Step::Archive { session }),
        1 => (pick(), pick()).prop_map(|(session, person)| Step::GiveAway { session, person }),
        1 => Just(Step::Purge),
        1 => pick().prop_map(|session| Step::Remove { session }),
    ];
    prop::collection::vec(step, 1..60)
}

/// A database with what has happened to it.
struct History {
    store: Store,
    _folder: TempDir,
    /// With whose they are.
    sessions: Vec<(Uuid, Uuid)>,
    messages: Vec<Uuid>,
    /// No two messages of a session share an instant.
    instants: i64,
}

impl History {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            store: Store::open(&folder.path().join("x.db")).await.unwrap(),
            _folder: folder,
            sessions: Vec::new(),
            messages: Vec::new(),
            instants: 0,
        }
    }

    async fn execute(&self, statement: String) {
        let execute = move |connection: &mut SqliteConnection| Ok(connection.batch_execute(&statement)?);
        self.store.write(execute).await.unwrap();
    }

    async fn step(&mut self, step: &Step) {
        let session = |pick: usize| self.sessions.get(pick % self.sessions.len().max(1)).copied();
        let message = |pick: usize| self.messages.get(pick % self.messages.len().max(1)).copied();
        match step {
            Step::Begin { person } => {
                let (id, owner) = (Uuid::new_v4(), PEOPLE[person % 2]);
                self.sessions.push((id, owner));
                self.execute(insert_session(id, owner)).await;
            }
            Step::Say { session: pick, message } => {
                let Some((session_id, _)) = session(*pick) else { return };
                let id = Uuid::new_v4();
                self.instants += 1;
                let statement = message.insert(id, session_id, self.instants);
                self.messages.push(id);
                // Of a session that was removed nothing can be said any more.
                let say = move |connection: &mut SqliteConnection| Ok(connection.batch_execute(&statement).is_ok());
                self.store.write(say).await.unwrap();
            }
            Step::Change { message: pick, to } => {
                let Some(id) = message(*pick) else { return };
                self.instants += 1;
                self.execute(to.update(id, self.instants)).await;
            }
            Step::Move {
                message: pick,
                session: to,
            } => {
                let (Some(id), Some((to, _))) = (message(*pick), session(*to)) else {
                    return;
                };
                let to = format!("(SELECT session_id FROM sessions WHERE session_id = '{to}')");
                let statement =
                    format!("UPDATE messages SET session_id = COALESCE({to}, session_id) WHERE message_id = '{id}'");
                self.execute(statement).await;
            }
            Step::Forget { message: pick } => {
                let Some(id) = message(*pick) else { return };
                self.execute(format!("DELETE FROM messages WHERE message_id = '{id}'"))
                    .await;
            }
            Step::Delete { session: pick } => {
                let Some((id, owner)) = session(*pick) else { return };
                self.store.delete_session(owner, id).await.unwrap();
            }
            Step::Restore { session: pick } => {
                let Some((id, owner)) = session(*pick) else { return };
                self.store.restore_session(owner, id, None).await.unwrap();
            }
            Step::Archive { session: pick } => {
                let Some((id, owner)) = session(*pick) else { return };
                self.store.archive_session(owner, id).await.unwrap();
            }
            Step::GiveAway { session: pick, person } => {
                let (Some((id, _)), owner) = (session(*pick), PEOPLE[person % 2]) else {
                    return;
                };
                self.sessions
                    .iter_mut()
                    .filter(|(other, _)| *other == id)
                    .for_each(|session| session.1 = owner);
                self.execute(format!(
                    "UPDATE sessions SET user_id = '{owner}' WHERE session_id = '{id}'"
                ))
                .await;
            }
            Step::Purge => {
                self.store.purge_some(now()).await.unwrap();
            }
            // With its messages still there, which go with it.
            Step::Remove { session: pick } => {
                let Some((id, _)) = session(*pick) else { return };
                self.execute(format!("DELETE FROM sessions WHERE session_id = '{id}'"))
                    .await;
            }
        }
    }

    /// What stands in the messages is what every table of every person's report adds up to.
    async fn check(&self) {
        let answers = self.store.read(|connection| Ok(answers(connection))).await.unwrap();
        let kept: i64 = self
            .store
            .read(|connection| {
                Ok(usage::table
                    .select(sql::<BigInt>("COALESCE(SUM(answers), 0)"))
                    .first(connection)?)
            })
            .await
            .unwrap();
        assert_eq!(kept, answers.len() as i64, "nothing is kept of what is gone");
        for person in PEOPLE {
            for range in UsageRange::ALL {
                let first = range.first_day(TODAY).unwrap_or(Day(i64::MIN));
                let own: Vec<&Answer> = answers
                    .iter()
                    .filter(|answer| answer.user_id == person.to_string() && answer.day() >= first)
                    .collect();
                let report = self.store.usage(person, range, TODAY).await.unwrap();
                assert_eq!(report.totals, own.iter().map(|answer| answer.sums()).sum());
                let used = |day: &&UsageOfDay| day.sums.answers > 0;
                let days = report.days.iter().filter(used).map(|line| (line.day, line.sums));
                assert_eq!(days.collect::<BTreeMap<_, _>>(), added(&own, |answer| answer.day()));
                let agents = report.agents.top.iter().map(|line| (line.agent_id.clone(), line.sums));
                assert_eq!(
                    agents.collect::<BTreeMap<_, _>>(),
                    added(&own, |answer| answer.agent_id.clone())
                );
                let models = report.models.top.iter().map(|line| (line.model_id.clone(), line.sums));
                assert_eq!(
                    models.collect::<BTreeMap<_, _>>(),
                    added(&own, |answer| answer.model_id.clone().unwrap_or_default())
                );
                let sessions = report.sessions.top.iter();
                let sessions = sessions.map(|line| (line.session_id.to_string(), line.sums));
                assert_eq!(
                    sessions.collect::<BTreeMap<_, _>>(),
                    added(&own, |answer| answer.session_id.clone())
                );
            }
        }
    }
}

fn added<K: Ord>(answers: &[&Answer], key: impl Fn(&Answer) -> K) -> BTreeMap<K, UsageSums> {
    let mut sums: BTreeMap<K, UsageSums> = BTreeMap::new();
    for answer in answers {
        *sums.entry(key(answer)).or_default() += answer.sums();
    }
    sums
}

pub(super) fn insert_session(id: Uuid, owner: Uuid) -> String {
    format!(
        "INSERT INTO sessions (session_id, user_id, agent_id, agent_name, model_id, model_name, title, status, created_at,
                               updated_at)
         VALUES ('{id}', '{owner}', 'a', 'A', 'm', 'M', 't', 'active', 1, 1)"
    )
}

fn value(number: Option<i64>) -> String {
    number.map_or("NULL".into(), |number| number.to_string())
}

impl Row {
    /// The columns and their values.
    fn columns(&self, instant: i64) -> [(&'static str, String); 12] {
        let (prompt, completion) = self.tokens.unzip();
        let model = |letter: &str| self.model.map_or("NULL".into(), |model| format!("'{letter}{model}'"));
        [
            (
                "message_type",
                if self.is_answer { "'assistant'" } else { "'user'" }.into(),
            ),
            ("content", if self.has_text { "'x'" } else { "''" }.into()),
            ("agent_id", format!("'a{}'", self.agent)),
            ("model_id", model("m")),
            ("model_name", model("M")),
            (
                "timestamp",
                ((TODAY.0 - self.days_ago) * MICROS_OF_A_DAY + instant).to_string(),
            ),
            ("status", format!("'{}'", self.status)),
            ("prompt_tokens", value(prompt)),
            ("completion_tokens", value(completion)),
            (
                "total_tokens",
                value(self.tokens.map(|(prompt, completion)| prompt + completion)),
            ),
            ("usage_estimated", self.estimated.to_string()),
            ("cost_micros", value(self.cost_micros)),
        ]
    }

    pub(super) fn insert(&self, id: Uuid, session_id: Uuid, instant: i64) -> String {
        let (names, values): (Vec<_>, Vec<_>) = self.columns(instant).into_iter().unzip();
        let (names, values) = (names.join(", "), values.join(", "));
        format!("INSERT INTO messages (message_id, session_id, {names}) VALUES ('{id}', '{session_id}', {values})")
    }

    fn update(&self, id: Uuid, instant: i64) -> String {
        let columns = self.columns(instant).map(|(name, value)| format!("{name} = {value}"));
        format!("UPDATE messages SET {} WHERE message_id = '{id}'", columns.join(", "))
    }
}

/// An answer that counts.
#[derive(Debug, QueryableByName)]
pub(super) struct Answer {
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = Text)]
    session_id: String,
    #[diesel(sql_type = Text)]
    agent_id: String,
    #[diesel(sql_type = Nullable<Text>)]
    model_id: Option<String>,
    #[diesel(sql_type = BigInt)]
    timestamp: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    prompt_tokens: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    completion_tokens: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    total_tokens: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    cost_micros: Option<i64>,
    #[diesel(sql_type = Bool)]
    usage_estimated: bool,
}

impl Answer {
    fn day(&self) -> Day {
        Day(self.timestamp.div_euclid(MICROS_OF_A_DAY))
    }

    pub(super) fn sums(&self) -> UsageSums {
        UsageSums {
            answers: 1,
            prompt_tokens: count(self.prompt_tokens.unwrap_or(0)),
            completion_tokens: count(self.completion_tokens.unwrap_or(0)),
            total_tokens: count(self.total_tokens.unwrap_or(0)),
            cost_micros: count(self.cost_micros.unwrap_or(0)),
            unpriced: u64::from(self.cost_micros.is_none()),
            estimated: u64::from(self.usage_estimated),
        }
    }
}

/// They are read from the messages, by words of their own.
pub(super) fn answers(connection: &mut SqliteConnection) -> Vec<Answer> {
    sql_query(
        "SELECT user_id, messages.session_id, messages.agent_id, messages.model_id, timestamp, prompt_tokens,
                completion_tokens, total_tokens, cost_micros, usage_estimated
         FROM sessions, messages
         WHERE messages.session_id = sessions.session_id AND message_type = 'assistant'
           AND sessions.status IN ('active', 'archived')
           AND (COALESCE(total_tokens, cost_micros) IS NOT NULL OR (messages.status != 'streaming' AND content != ''))",
    )
    .load(connection)
    .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_every_report_adds_up_to_what_the_answers_show(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut history = History::new().await;
            for (number, step) in steps.iter().enumerate() {
                history.step(step).await;
                // Each step alone would be the same, and take long.
                if number % 7 == 0 {
                    history.check().await;
                }
            }
            history.check().await;
        });
    }
}
