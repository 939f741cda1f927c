//! What Parley is to reach, and whether it did.

use super::Table;
use crate::{
    measure::{
        Results,
        latency::{self, Latency},
        many,
        speed::Speed,
        stop::Stop,
    },
    stats::{Times, millis},
    target::Kind,
};

/// One promise.
pub(crate) struct Target {
    promise: String,
    measured: String,
    met: bool,
}

impl Target {
    /// What was promised, what was measured, and whether that is what was promised.
    pub(crate) fn new(promise: impl Into<String>, measured: String, met: bool) -> Self {
        Self {
            promise: promise.into(),
            measured,
            met,
        }
    }
}

/// The table of all promises that this run has figures for.
pub(super) fn table(results: &Results) -> String {
    let mut targets = Vec::new();
    targets.extend(results.latency.iter().flat_map(latency));
    targets.extend(results.speed.as_ref().and_then(speed));
    targets.extend(many(&results.many));
    targets.extend(results.stop.as_ref().map(stop));
    all(targets)
}

/// A table of promises; nothing where there are none.
pub(crate) fn all(targets: Vec<Target>) -> String {
    if targets.is_empty() {
        return String::new();
    }
    let mut table = Table::new("Targets", &["target", "measured", ""]);
    for Target { promise, measured, met } in targets {
        table.row(&[promise, measured, if met { "met".into() } else { "**missed**".into() }]);
    }
    table.0
}

fn latency(latency: &Latency) -> Vec<Target> {
    type Pick = fn(&latency::Row) -> &Times;
    let parts: [(&str, Pick); 2] = [
        ("2 ms apart", |row| &row.apart),
        ("in the same instant", |row| &row.at_once),
    ];
    let mut targets = Vec::new();
    for (how, pick) in parts {
        let [direct, parley] = [Kind::Direct, Kind::Parley].map(|kind| pick(&latency.rows[kind as usize]));
        for (percent, limit) in [(50, 0.7), (99, 3.0)] {
            let Some(added) = parley.added(direct, percent) else {
                continue;
            };
            targets.push(Target::new(
                format!("10 streams {how}: added to the first token p{percent} < {limit} ms"),
                format!("{added:.3} ms"),
                added < limit,
            ));
        }
    }
    targets
}

fn speed(speed: &Speed) -> Option<Target> {
    let [nginx, parley] = [Kind::Nginx, Kind::Parley].map(|kind| speed.rows[kind as usize].speed());
    let ratio = parley? / nginx?;
    Some(Target::new(
        "one stream at full speed at least half as fast as through nginx",
        format!("{ratio:.2}"),
        ratio >= 0.5,
    ))
}

fn many(rows: &[many::Row]) -> Vec<Target> {
    let parley = || rows.iter().filter(|row| row.kind == Kind::Parley);
    let mut targets = Vec::new();
    for row in parley() {
        let streams = row.streams;
        if streams == 1_000 {
            let first = row.first_tokens.percentile(95).map_or(f64::INFINITY, millis);
            targets.push(Target::new(
                "1000 streams: all whole, first token p95 < 500 ms",
                format!("{} whole, {first:.1} ms", row.whole),
                row.whole == streams && first < 500.0,
            ));
        }
        if streams == 5_000 {
            let silent = row.failures.silent();
            targets.push(Target::new(
                "5000 streams: none dropped silently",
                format!(
                    "{} whole, {} refused, {silent} dropped",
                    row.whole,
                    row.failures.len() - silent
                ),
                silent == 0 && row.whole + row.failures.len() == streams,
            ));
        }
        // With fewer streams, what is made once for all of them outweighs what is made for each.
        if streams >= 1_000 {
            let memory = row.memory_per_stream();
            targets.push(Target::new(
                format!("{streams} streams: memory over the idle process < 24 KB a stream"),
                format!("{memory:.1} KB"),
                memory < 24.0,
            ));
        }
    }
    targets.extend(parley().map(|row| row.idle).max().map(|idle| {
        let megabytes = idle as f64 / 1024.0;
        Target::new("idle process < 40 MB", format!("{megabytes:.1} MB"), megabytes < 40.0)
    }));
    targets
}

fn stop(stop: &Stop) -> Target {
    let slowest = [&stop.in_silence, &stop.in_answer].map(|times| times.percentile(100).map_or(f64::INFINITY, millis));
    let slowest = slowest[0].max(slowest[1]);
    Target::new(
        "Stop reaches the Gateway within 100 ms, always",
        format!("{slowest:.1} ms at most, {} failed", stop.failures.len()),
        slowest < 100.0 && stop.failures.len() == 0,
    )
}
