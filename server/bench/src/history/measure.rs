//! What is asked for, and how long it takes.

use protocol::{session::SessionList, timestamp::Timestamp};
use uuid::Uuid;

use super::{
    place::Place,
    reader::Reader,
    words::{COMMON, MEDIUM, NARROWED, PAIRS, PHRASES, TYPED, as_typed, rare},
};
use crate::{Fault, failure::Failures, progress, rotated, stats::Times};

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    /// Conversations in the large database.
    pub(super) sessions: u64,
    /// Messages in it.
    pub(super) messages: u64,
    /// How often each list is read.
    lists: usize,
    /// How many conversations are opened.
    opened: usize,
    /// How often each search is made.
    searches: usize,
    /// How many messages are sent to each of the two.
    pub(super) sent: usize,
    /// How many pages of a hundred lie before the deep one.
    deep: usize,
}

impl Plan {
    /// The whole, or a small one.
    pub(super) fn new(is_quick: bool, sessions: u64, messages: u64) -> Self {
        if is_quick {
            return Self {
                sessions: 1_000,
                messages: 10_000,
                lists: 10,
                opened: 20,
                searches: 2,
                sent: 20,
                deep: 5,
            };
        }
        Self {
            sessions,
            messages,
            lists: 200,
            opened: 400,
            searches: 20,
            sent: 500,
            deep: 400,
        }
    }
}

/// The times of one kind of request.
pub(super) struct Row {
    /// What was asked for.
    pub(super) what: &'static str,
    /// How long it took.
    pub(super) times: Times,
    /// How much came of it, on average.
    pub(super) found: f64,
    count: usize,
}

impl Row {
    fn new(what: &'static str) -> Self {
        Self {
            what,
            times: Times::default(),
            found: 0.0,
            count: 0,
        }
    }

    fn take(&mut self, took: u64, found: usize) {
        self.times.push(took);
        self.count += 1;
        self.found += (found as f64 - self.found) / self.count as f64;
    }
}

/// All figures.
pub(super) struct Measured {
    /// Pages of the list.
    pub(super) lists: Vec<Row>,
    /// Conversations.
    pub(super) opened: Vec<Row>,
    /// Searches.
    pub(super) searches: Vec<Row>,
    /// Messages to the empty database and to the large one.
    pub(super) sent: [Row; 2],
    /// What was refused or went wrong.
    pub(super) failures: Failures,
}

/// Measures it all.
pub(super) async fn all(large: &Place, empty: &Place, plan: &Plan) -> Result<Measured, Fault> {
    let mut reader = large.reader().await?;
    let total = reader.total().await?;
    progress(format_args!("lists: {total} conversations"));
    let lists = lists(&mut reader, plan).await?;
    progress(format_args!("conversations"));
    let (opened, rare) = open(&mut reader, plan).await?;
    progress(format_args!("searches, {} rare words among them", rare.len()));
    let searches = searches(&mut reader, plan, &rare).await?;
    progress(format_args!("messages"));
    let (sent, failures) = send([empty, large], plan).await?;
    Ok(Measured {
        lists,
        opened,
        searches,
        sent,
        failures,
    })
}

async fn lists(reader: &mut Reader, plan: &Plan) -> Result<Vec<Row>, Fault> {
    let deep = deep_cursor(reader, plan.deep).await?;
    let deep = format!("limit=50&after={deep}");
    let kinds = [
        ("first page", "limit=50"),
        ("far down, by cursor", deep.as_str()),
        ("of one agent", "limit=50&agent_id=dir-models"),
        ("by one model", "limit=50&model_id=gpt-5"),
        (
            "of one agent by one model, in one month",
            "limit=50&agent_id=dir-docs&model_id=gpt-5&from=2026-03-01T00:00:00Z&until=2026-04-01T00:00:00Z",
        ),
        ("older than a year", "limit=50&until=2025-06-01T00:00:00Z"),
        ("archived", "limit=50&status=archived"),
        ("by title", "limit=50&sort=title"),
        ("most expensive of one agent", "limit=50&sort=cost&agent_id=dir-models"),
    ];
    let mut rows = Vec::new();
    for (what, query) in kinds {
        let mut row = Row::new(what);
        for index in 0..=plan.lists {
            let (list, took) = reader.list(query).await?;
            // The first one warms up.
            if index > 0 {
                row.take(took, list.sessions.len());
            }
        }
        rows.push(row);
    }
    Ok(rows)
}

async fn deep_cursor(reader: &mut Reader, pages: usize) -> Result<String, Fault> {
    let mut query = "limit=100".to_owned();
    let mut last = None;
    for _ in 0..pages {
        let (list, _) = reader.list(&query).await?;
        let Some(next) = list.next else { break };
        query = format!("limit=100&after={next}");
        last = Some(next);
    }
    last.ok_or_else(|| "there is no second page".into())
}

/// Conversations from all over the list, and the longest ones; and rare words that were read on the way.
async fn open(reader: &mut Reader, plan: &Plan) -> Result<(Vec<Row>, Vec<String>), Fault> {
    let mut short = Row::new("any");
    let mut long = Row::new("the ten longest");
    let mut at_a_message = Row::new("the ten longest, at a message far up");
    let mut words = Vec::new();
    for id in spread(reader, plan.opened).await? {
        let (detail, took) = reader.open(id).await?;
        short.take(took, detail.messages.len());
        words.extend(detail.messages.iter().flat_map(|message| rare(&message.content)));
    }
    let (SessionList { sessions, .. }, _) = reader.list("limit=10&sort=messages").await?;
    for session in sessions {
        let first = first_message(reader, session.session_id).await?;
        for _ in 0..plan.opened.div_ceil(20) {
            let (detail, took) = reader.open(session.session_id).await?;
            long.take(took, usize::try_from(detail.session.message_count)?);
            let (detail, took) = reader.open_at(session.session_id, first).await?;
            at_a_message.take(took, usize::try_from(detail.session.message_count)?);
        }
    }
    Ok((vec![short, long, at_a_message], words))
}

/// The ids of so many conversations, from all over the two years: opened each once, as nobody has them warm.
async fn spread(reader: &mut Reader, count: usize) -> Result<Vec<Uuid>, Fault> {
    let mut ends = Vec::new();
    for sort in ["oldest", "newest"] {
        let (list, _) = reader.list(&format!("limit=1&sort={sort}")).await?;
        ends.extend(list.sessions.first().map(|session| session.updated_at.0));
    }
    let [oldest, newest] = ends[..] else {
        return Err("there are no conversations".into());
    };
    let mut ids = Vec::new();
    for index in 1..=count {
        let until = oldest + (newest - oldest) / i64::try_from(count)? * i64::try_from(index)?;
        let (list, _) = reader
            .list(&format!("limit=1&sort=newest&until={}", Timestamp(until)))
            .await?;
        ids.extend(list.sessions.first().map(|session| session.session_id));
    }
    Ok(ids)
}

/// A message some hundred before the last one, or the first of those there are.
async fn first_message(reader: &mut Reader, session_id: Uuid) -> Result<Uuid, Fault> {
    let (mut detail, _) = reader.open(session_id).await?;
    for _ in 0..20 {
        let Some(first) = detail.messages.first().filter(|_| detail.has_more) else {
            break;
        };
        detail = reader.open_before(session_id, first.message_id).await?;
    }
    let first = detail.messages.first();
    Ok(first.ok_or("a long conversation has no messages")?.message_id)
}

async fn searches(reader: &mut Reader, plan: &Plan, rare: &[String]) -> Result<Vec<Row>, Fault> {
    let rare: Vec<&str> = rare.iter().map(String::as_str).take(100).collect();
    let typed: Vec<&str> = TYPED.iter().flat_map(|text| as_typed(text)).collect();
    let beginnings: Vec<&str> = COMMON
        .iter()
        .chain(&MEDIUM)
        .filter_map(|word| word.get(..word.len() - 1))
        .collect();
    let kinds: [(&'static str, &[&str]); 8] = [
        ("common words", &COMMON),
        ("less common words", &MEDIUM),
        ("rare words", &rare),
        ("two or three words", &PAIRS),
        ("phrases", &PHRASES),
        ("beginnings of words", &beginnings),
        ("letter by letter", &typed),
        ("narrowed by agent, model or time", &NARROWED),
    ];
    let mut rows = Vec::new();
    for (what, questions) in kinds {
        let mut row = Row::new(what);
        // Rare words are many, and each is searched for but once.
        let rounds = if questions.len() > 50 {
            plan.searches.div_ceil(5)
        } else {
            plan.searches
        };
        for _ in 0..rounds {
            for question in questions {
                // With a space, so that a word is one and not the beginning of others.
                let is_typed = matches!(what, "letter by letter" | "beginnings of words");
                let asked = if is_typed {
                    (*question).to_owned()
                } else {
                    format!("{question} ")
                };
                let (results, took) = reader.search(&asked).await?;
                // That a common word is in more texts than are looked at is how it should be.
                if let Some(note) = results.note.filter(|note| !note.starts_with("Only the")) {
                    return Err(format!("{question}: {note}").into());
                }
                row.take(took, results.hits.len());
            }
        }
        rows.push(row);
    }
    Ok(rows)
}

/// Messages to both, in turn, each beginning a conversation; the next is sent when the answer is whole.
async fn send(places: [&Place; 2], plan: &Plan) -> Result<([Row; 2], Failures), Fault> {
    let mut readers = [places[0].reader().await?, places[1].reader().await?];
    let mut rows = [Row::new("empty"), Row::new("large")];
    let mut failures = Failures::default();
    let warm_up = plan.sent / 20 + 1;
    for round in 0..plan.sent + warm_up {
        for index in rotated([0, 1], round) {
            // A script for the Gateway, with words as people write them for the index.
            let words = [COMMON[round % COMMON.len()], MEDIUM[round / 10 % MEDIUM.len()]].join(" ");
            let message = format!(
                "{{\"tokens\":20,\"every_us\":0,\"note\":\"Can you tell me why the {words} of run {round} is not what we \
                 have seen before, and what we should do about it first?\"}}"
            );
            match readers[index].send_message(message).await {
                Ok((accepted, took)) => {
                    readers[index].read_answer(accepted.session_id).await?;
                    if round >= warm_up {
                        rows[index].take(took, 1);
                    }
                }
                Err(failure) => failures.push(&failure),
            }
        }
    }
    Ok((rows, failures))
}
