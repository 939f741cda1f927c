//! Ten streams at the pace of a model: how long the first token takes, and how evenly the others follow.
//!
//! The rounds alternate between the targets, so that whatever else the machine does falls on all of them alike. In half of
//! the rounds the ten messages leave in the same instant, which is the worst that ten people can do; in the other half they
//! leave two milliseconds apart.

use std::time::Duration;

use tokio::task::JoinSet;

use super::{Plan, Whole, check_saved, read_whole};
use crate::{
    Fault,
    client::Client,
    failure::Failures,
    progress, rotated,
    script::Script,
    stats::Times,
    target::{Gateway, Kind, Programs, Target, show_log},
};

/// How many streams at once.
const STREAMS: usize = 10;
/// Tokens of each answer.
const TOKENS: u32 = 25;
/// The longest that one stream may take.
const LIMIT: Duration = Duration::from_secs(30);

/// How the ten messages of a round leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// Two milliseconds after each other.
    Apart,
    /// In the same instant.
    AtOnce,
}

impl Start {
    fn delay(self, stream: usize) -> Duration {
        match self {
            Self::Apart => Duration::from_millis(2 * stream as u64),
            Self::AtOnce => Duration::ZERO,
        }
    }
}

/// What was measured.
#[derive(Debug)]
pub(crate) struct Latency {
    /// One row for each target, in the order of [`Kind::ALL`].
    pub(crate) rows: Vec<Row>,
}

/// What was measured of one target.
#[derive(Debug)]
pub(crate) struct Row {
    /// Which.
    pub(crate) kind: Kind,
    /// From sending the message to the first token, where they left apart.
    pub(crate) apart: Times,
    /// The same, where they left in one instant.
    pub(crate) at_once: Times,
    /// By how much the gaps between tokens changed on the way.
    pub(crate) gaps: Times,
    /// Streams that were not whole.
    pub(crate) failures: Failures,
}

/// Measures it.
pub(crate) async fn measure(programs: &Programs, plan: &Plan) -> Result<Latency, Fault> {
    let gateway = Gateway::start(programs, 1).await?;
    let mut rows = Vec::from(Kind::ALL.map(Row::of));
    let mut targets = Vec::new();
    for kind in Kind::ALL {
        let target = Target::start(kind, programs, &gateway).await?;
        let mut clients = Vec::new();
        for _ in 0..STREAMS {
            clients.push(Client::connect(&target).await?);
        }
        targets.push((target, clients));
    }
    // The first round of each warms up what a server in use has warm, and its times are not counted.
    for round in 0..=plan.rounds {
        if round % 10 == 0 {
            progress(format_args!("first tokens and gaps: round {round} of {}", plan.rounds));
        }
        for start in [Start::Apart, Start::AtOnce] {
            for kind in rotated(Kind::ALL, round) {
                let (_, clients) = &mut targets[kind as usize];
                *clients = play(std::mem::take(clients), start, &mut rows[kind as usize]).await?;
            }
        }
        if round == 0 {
            for row in &mut rows {
                let failures = std::mem::take(&mut row.failures);
                *row = Row {
                    failures,
                    ..Row::of(row.kind)
                };
            }
        }
    }
    for (target, _) in &targets {
        show_log(target.kind, &target.log());
    }
    Ok(Latency { rows })
}

/// One round of one target: all clients ask once. Gives them back for the next.
async fn play(clients: Vec<Client>, start: Start, row: &mut Row) -> Result<Vec<Client>, Fault> {
    let script = Script::paced(TOKENS);
    let begin = tokio::time::Instant::now() + Duration::from_millis(20);
    let mut streams = JoinSet::new();
    for (stream, mut client) in clients.into_iter().enumerate() {
        streams.spawn(async move {
            tokio::time::sleep_until(begin + start.delay(stream)).await;
            let whole = read_whole(&mut client, script, LIMIT).await;
            (client, whole)
        });
    }
    let mut clients = Vec::new();
    for (mut client, whole) in streams.join_all().await {
        let checked = match whole {
            Ok(whole) => check_saved(&mut client, row.kind, &whole).await.map(|()| whole),
            Err(failure) => Err(failure),
        };
        match checked {
            Ok(whole) => row.take(start, &whole),
            Err(failure) => row.failures.push(&failure),
        }
        client.recover().await?;
        clients.push(client);
    }
    Ok(clients)
}

impl Row {
    fn of(kind: Kind) -> Self {
        Self {
            kind,
            apart: Times::default(),
            at_once: Times::default(),
            gaps: Times::default(),
            failures: Failures::default(),
        }
    }

    fn take(&mut self, start: Start, whole: &Whole) {
        let times = match start {
            Start::Apart => &mut self.apart,
            Start::AtOnce => &mut self.at_once,
        };
        times.extend(whole.first_token());
        self.gaps.extend(whole.reading.gaps());
    }
}
