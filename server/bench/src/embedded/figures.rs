//! What was measured, in Markdown.

use std::path::Path;

use super::{
    measure::{FirstTokens, Measured, Plan, Row},
    way::Way,
};
use crate::{
    report::{
        self, Table, machine,
        tables::failures,
        targets::{self, Target},
    },
    stats::{self, cell, difference},
};

/// The most that the Gateway may add to the first token, in milliseconds, in the middle.
const MAY_ADD: f64 = 2.0;

/// The whole report.
pub(super) fn write(parley: &Path, plan: &Plan, measured: &Measured) -> String {
    let Measured {
        one,
        ten,
        delegated,
        speed,
    } = measured;
    let mut parts = vec![targets::all(
        [("one at a time", one), ("ten at once", ten)]
            .into_iter()
            .filter_map(|(how, rows)| target(how, rows))
            .collect(),
    )];
    parts.extend([
        first_tokens("First token, one answer at a time", one),
        first_tokens("First token, ten answers at once", ten),
        first_tokens(
            "First token where a part is handed on before, three requests of the provider",
            delegated,
        ),
        throughput(plan.tokens, speed),
    ]);
    report::joined(machine::describe(parley, None), &parts)
}

fn target(how: &str, [direct, gateway]: &FirstTokens) -> Option<Target> {
    let added = gateway.figures.added(&direct.figures, 50)?;
    let promise = format!("{how}: added to the first token of the provider p50 < {MAY_ADD} ms, all whole");
    let failed = direct.failures.len() + gateway.failures.len();
    let measured = match failed {
        0 => format!("{added:.3} ms"),
        failed => format!("{added:.3} ms, {failed} failed"),
    };
    Some(Target::new(promise, measured, added < MAY_ADD && failed == 0))
}

fn first_tokens(title: &str, rows: &FirstTokens) -> String {
    const PERCENTS: [u32; 3] = [50, 95, 99];
    let columns = [
        "",
        "count",
        "p50 ms",
        "p95 ms",
        "p99 ms",
        "p50 added",
        "p95 added",
        "p99 added",
        "p50 ratio",
    ];
    let mut table = Table::new(title, &columns);
    let direct = &rows[Way::Direct as usize].figures;
    for Row { way, figures, .. } in rows {
        let mut cells = vec![way.to_string(), figures.len().to_string()];
        cells.extend(PERCENTS.map(|percent| cell(figures.percentile(percent))));
        cells.extend(PERCENTS.map(|percent| difference(figures.added(direct, percent))));
        cells.push(stats::times(figures.ratio(direct, 50)));
        table.row(&cells);
    }
    with_failures(table, rows)
}

fn throughput(tokens: u32, rows: &[Row<Vec<f64>>; 2]) -> String {
    let title = format!("One answer of {tokens} tokens at full speed");
    let mut table = Table::new(&title, &["", "runs", "tokens/s (median)", "of the provider's"]);
    let direct = stats::median(&rows[Way::Direct as usize].figures);
    for Row { way, figures, .. } in rows {
        let speed = stats::median(figures);
        table.row(&[
            way.to_string(),
            figures.len().to_string(),
            speed.map_or("-".into(), |speed| format!("{speed:.0}")),
            stats::times(speed.zip(direct).map(|(own, direct)| own / direct)),
        ]);
    }
    with_failures(table, rows)
}

fn with_failures<T>(Table(mut text): Table, rows: &[Row<T>]) -> String {
    for row in rows {
        text.push_str(&failures(&row.way.to_string(), &row.failures));
    }
    text
}
