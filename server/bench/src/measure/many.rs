//! Many streams at once, all opened within about a second. Each count gets fresh processes, so that none inherits the
//! memory of another.

use std::time::Duration;

use tokio::{task::JoinSet, time::Instant};

use super::{Plan, Whole, check_saved, read_whole};
use crate::{
    Fault,
    client::Client,
    failure::{Failure, Failures},
    process, progress,
    script::Script,
    stats::{Times, cell},
    target::{Gateway, Kind, Programs, Target, show_log},
};

/// Tokens of each answer: four seconds of them.
const TOKENS: u32 = 200;
/// The time within which the messages leave.
const RAMP: Duration = Duration::from_secs(1);
/// The longest that one stream may take.
const LIMIT: Duration = Duration::from_secs(180);
/// How long a process is left alone before its idle memory is read.
const SETTLE: Duration = Duration::from_millis(500);
/// How many connect, or read back, at the same time.
const AT_ONCE: usize = 64;

/// What was measured of one target with one count of streams.
#[derive(Debug)]
pub(crate) struct Row {
    /// Which target.
    pub(crate) kind: Kind,
    /// How many streams were asked for.
    pub(crate) streams: usize,
    /// How many were read whole.
    pub(crate) whole: usize,
    /// The others.
    pub(crate) failures: Failures,
    /// From sending the message to the first token.
    pub(crate) first_tokens: Times,
    /// From the first message to the last end.
    pub(crate) wall: Duration,
    /// Processor time of the process under test in that time, in seconds.
    pub(crate) cpu_seconds: f64,
    /// The same of the bench itself.
    pub(crate) own_cpu_seconds: f64,
    /// Memory of the process after its start, in KiB.
    pub(crate) idle: u64,
    /// The most memory it held, in KiB.
    pub(crate) peak: u64,
}

impl Row {
    /// Memory over the idle process for each stream, in KiB.
    pub(crate) fn memory_per_stream(&self) -> f64 {
        self.peak.saturating_sub(self.idle) as f64 / self.streams as f64
    }
}

/// Measures it.
pub(crate) async fn measure(programs: &Programs, plan: &Plan, threads: usize) -> Result<Vec<Row>, Fault> {
    let mut rows = Vec::new();
    for streams in plan.streams {
        for kind in Kind::ALL {
            let row = measure_one(programs, kind, *streams, threads).await?;
            progress(format_args!(
                "{streams} streams, {kind}: {} whole, first token p95 {} ms, {:.1} s",
                row.whole,
                cell(row.first_tokens.percentile(95)),
                row.wall.as_secs_f64(),
            ));
            for (text, count) in row.failures.lines().iter().take(5) {
                eprintln!("    {count} x {text}");
            }
            rows.push(row);
        }
    }
    Ok(rows)
}

async fn measure_one(programs: &Programs, kind: Kind, streams: usize, threads: usize) -> Result<Row, Fault> {
    let gateway = Gateway::start(programs, threads).await?;
    let target = Target::start(kind, programs, &gateway).await?;
    tokio::time::sleep(SETTLE).await;
    let idle = target.usage()?;
    target.forget_peak()?;
    let mut failures = Failures::default();
    let clients = connect_all(&target, streams, &mut failures).await?;

    let (before, own_before) = (target.usage()?, process::own_cpu_seconds());
    let begin = Instant::now();
    let mut reads = JoinSet::new();
    for (stream, mut client) in clients.into_iter().enumerate() {
        let start = begin + RAMP.mul_f64(stream as f64 / streams as f64);
        reads.spawn(async move {
            tokio::time::sleep_until(start).await;
            let whole = read_whole(&mut client, Script::paced(TOKENS), LIMIT).await;
            (client, whole)
        });
    }
    let read = reads.join_all().await;
    let wall = begin.elapsed();
    let (after, own_after) = (target.usage()?, process::own_cpu_seconds());

    let mut row = Row {
        kind,
        streams,
        whole: 0,
        failures,
        first_tokens: Times::default(),
        wall,
        cpu_seconds: after.cpu_seconds - before.cpu_seconds,
        own_cpu_seconds: own_after - own_before,
        idle: idle.resident,
        peak: after.peak,
    };
    row.take_all(read).await?;
    show_log(kind, &target.log());
    Ok(row)
}

impl Row {
    async fn take_all(&mut self, read: Vec<(Client, Result<Whole, Failure>)>) -> Result<(), Fault> {
        let kind = self.kind;
        let mut checks = JoinSet::new();
        for (mut client, whole) in read {
            match whole {
                Err(failure) => self.failures.push(&failure),
                Ok(whole) => {
                    self.first_tokens.extend(whole.first_token());
                    if checks.len() >= AT_ONCE {
                        self.count(checks.join_next().await.transpose()?);
                    }
                    checks.spawn(async move { check_saved(&mut client, kind, &whole).await });
                }
            }
        }
        while let Some(checked) = checks.join_next().await.transpose()? {
            self.count(Some(checked));
        }
        Ok(())
    }

    fn count(&mut self, checked: Option<Result<(), Failure>>) {
        match checked {
            Some(Ok(())) => self.whole += 1,
            Some(Err(failure)) => self.failures.push(&failure),
            None => {}
        }
    }
}

async fn connect_all(target: &Target, streams: usize, failures: &mut Failures) -> Result<Vec<Client>, Fault> {
    use futures::StreamExt;
    let connecting = futures::stream::iter(0..streams).map(|_| Client::connect(target));
    let mut connected = connecting.buffer_unordered(AT_ONCE);
    let mut clients = Vec::new();
    while let Some(client) = connected.next().await {
        match client {
            Ok(client) => clients.push(client),
            Err(failure) => failures.push(&failure),
        }
    }
    Ok(clients)
}
