//! The figures, one table for each part.

use super::Table;
use crate::{
    failure::Failures,
    measure::{
        latency::{self, Latency},
        many,
        speed::Speed,
        stop::Stop,
    },
    stats::{self, Times, cell, difference},
    target::Kind,
};

/// First tokens and gaps.
pub(super) fn latency(latency: &Latency) -> String {
    type Pick = fn(&latency::Row) -> &Times;
    let parts: [(&str, Pick); 3] = [
        ("First token at 10 streams, messages 2 ms apart", |row| &row.apart),
        ("First token at 10 streams, messages in the same instant", |row| {
            &row.at_once
        }),
        ("Change of the gap between two tokens at 10 streams", |row| &row.gaps),
    ];
    let mut text = String::new();
    for (title, pick) in parts {
        let columns = ["", "count", "p50 ms", "p99 ms", "p50 added", "p99 added", "p50 ratio"];
        let mut table = Table::new(title, &columns);
        let direct = pick(&latency.rows[Kind::Direct as usize]);
        for row in &latency.rows {
            let times = pick(row);
            table.row(&[
                row.kind.to_string(),
                times.len().to_string(),
                cell(times.percentile(50)),
                cell(times.percentile(99)),
                difference(times.added(direct, 50)),
                difference(times.added(direct, 99)),
                stats::times(times.ratio(direct, 50)),
            ]);
        }
        text.push_str(&table.0);
        text.push('\n');
    }
    for row in &latency.rows {
        text.push_str(&failures(&row.kind.to_string(), &row.failures));
    }
    text
}

/// One stream at full speed.
pub(super) fn speed(speed: &Speed) -> String {
    let title = format!("One stream of {} tokens at full speed", speed.tokens);
    let mut table = Table::new(&title, &["", "runs", "tokens/s (median)", "of nginx"]);
    let nginx = speed.rows[Kind::Nginx as usize].speed();
    for row in &speed.rows {
        let ratio = row.speed().zip(nginx).map(|(own, nginx)| own / nginx);
        table.row(&[
            row.kind.to_string(),
            row.speeds.len().to_string(),
            row.speed().map_or("-".into(), |speed| format!("{speed:.0}")),
            stats::times(ratio),
        ]);
    }
    for row in &speed.rows {
        table.0.push_str(&failures(&row.kind.to_string(), &row.failures));
    }
    table.0
}

/// Many streams.
pub(super) fn many(rows: &[many::Row]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let columns = [
        "streams",
        "",
        "whole",
        "failed",
        "of these silently",
        "first token p50 ms",
        "p95 ms",
        "wall s",
        "CPU s",
        "bench CPU s",
        "idle MB",
        "peak MB",
        "KB a stream",
    ];
    let mut table = Table::new("Many streams of 200 tokens, one every 20 ms", &columns);
    for row in rows {
        table.row(&[
            row.streams.to_string(),
            row.kind.to_string(),
            format!("{:.2} %", 100.0 * row.whole as f64 / row.streams as f64),
            row.failures.len().to_string(),
            row.failures.silent().to_string(),
            cell(row.first_tokens.percentile(50)),
            cell(row.first_tokens.percentile(95)),
            format!("{:.2}", row.wall.as_secs_f64()),
            format!("{:.2}", row.cpu_seconds),
            format!("{:.2}", row.own_cpu_seconds),
            format!("{:.1}", row.idle as f64 / 1024.0),
            format!("{:.1}", row.peak as f64 / 1024.0),
            format!("{:.1}", row.memory_per_stream()),
        ]);
    }
    for row in rows {
        table.0.push_str(&failures(
            &format!("{}, {} streams", row.kind, row.streams),
            &row.failures,
        ));
    }
    table.0
}

/// Stop.
pub(super) fn stop(stop: &Stop) -> String {
    let columns = ["stopped", "count", "p50 ms", "p99 ms", "max ms"];
    let mut table = Table::new("Stop, from the request to the Gateway's cancel", &columns);
    for (name, times) in [
        ("before the first token", &stop.in_silence),
        ("in mid-answer", &stop.in_answer),
    ] {
        table.row(&[
            name.into(),
            times.len().to_string(),
            cell(times.percentile(50)),
            cell(times.percentile(99)),
            cell(times.percentile(100)),
        ]);
    }
    table.0.push_str(&failures("stop", &stop.failures));
    table.0
}

/// Every failure with its text.
pub(crate) fn failures(what: &str, failures: &Failures) -> String {
    let lines = failures.lines().into_iter();
    lines
        .map(|(text, count)| format!("\n- {what}: {count} failed: {text}\n"))
        .collect()
}
