//! What was measured, in Markdown.

use std::path::Path;

use super::{
    measure::{Measured, Plan, Row},
    place::Filled,
};
use crate::{
    report::{
        self, Table, machine,
        tables::failures,
        targets::{self, Target},
    },
    stats::{self, cell, millis},
};

/// The most that a page of the list, or a conversation, may take at the 95th percentile, in milliseconds.
const A_PAGE: f64 = 10.0;
/// The most that a search may take.
const A_SEARCH: f64 = 50.0;
/// How many times as long as in an empty database it may take to send a message.
const AS_LONG: f64 = 1.3;

/// The whole report.
pub(super) fn write(parley: &Path, plan: &Plan, filled: &Filled, measured: &Measured) -> String {
    let mut machine = machine::describe(parley, None);
    let took = filled
        .took
        .map_or("before this run".into(), |took| format!("in {} s", took.as_secs()));
    machine.push_str(&format!(
        "- database: {} conversations and {} messages of one person, {:.1} GB, filled {took}\n",
        plan.sessions,
        plan.messages,
        filled.bytes as f64 / 1e9
    ));
    let [empty, large] = &measured.sent;
    let mut promised: Vec<Target> = Vec::new();
    for (kind, rows, limit) in [
        ("list", &measured.lists, A_PAGE),
        ("conversation", &measured.opened, A_PAGE),
        ("search", &measured.searches, A_SEARCH),
    ] {
        promised.extend(rows.iter().filter_map(|row| target(kind, row, limit)));
    }
    for percent in [50, 95] {
        promised.extend(large.times.ratio(&empty.times, percent).map(|ratio| {
            Target::new(
                format!("sending a message: p{percent} < {AS_LONG} times that of an empty database"),
                format!("{ratio:.2}"),
                ratio < AS_LONG && measured.failures.len() == 0,
            )
        }));
    }
    report::joined(
        machine,
        &[
            targets::all(promised),
            table("A page of fifty conversations", "on the page", &measured.lists),
            table("A conversation", "messages in it", &measured.opened),
            table("A search", "found", &measured.searches),
            sent(&measured.sent) + &failures("sending", &measured.failures),
        ],
    )
}

fn target(kind: &str, row: &Row, limit: f64) -> Option<Target> {
    let p95 = millis(row.times.percentile(95)?);
    Some(Target::new(
        format!("{kind}, {}: p95 < {limit} ms", row.what),
        format!("{p95:.1} ms"),
        p95 < limit,
    ))
}

fn table(title: &str, found: &str, rows: &[Row]) -> String {
    let mut table = Table::new(title, &["", "count", "p50 ms", "p95 ms", "p99 ms", "max ms", found]);
    for row in rows {
        let mut cells = vec![row.what.into(), row.times.len().to_string()];
        cells.extend([50, 95, 99, 100].map(|percent| cell(row.times.percentile(percent))));
        cells.push(format!("{:.0}", row.found));
        table.row(&cells);
    }
    table.0
}

fn sent([empty, large]: &[Row; 2]) -> String {
    let title = "Sending a message, until it is saved";
    let mut table = Table::new(
        title,
        &[
            "database",
            "count",
            "p50 ms",
            "p95 ms",
            "p99 ms",
            "p50 ratio",
            "p95 ratio",
        ],
    );
    for row in [empty, large] {
        let mut cells = vec![row.what.into(), row.times.len().to_string()];
        cells.extend([50, 95, 99].map(|percent| cell(row.times.percentile(percent))));
        cells.extend([50, 95].map(|percent| stats::times(row.times.ratio(&empty.times, percent))));
        table.row(&cells);
    }
    table.0
}
