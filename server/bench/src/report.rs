//! The report in Markdown, and the place in the repository where it is kept.
//!
//! - [`tables`]: the figures
//! - [`targets`]: what they are held against

mod machine;
mod tables;
mod targets;

use std::fs;

use crate::{Fault, measure::Results, target::Programs};

/// Where the last whole run is kept.
const KEPT_IN: &str = "docs/BENCHMARKS.md";
const BEGIN: &str = "<!-- figures: begin -->";
const END: &str = "<!-- figures: end -->";

/// The whole report.
pub(crate) fn write(programs: &Programs, results: &Results) -> String {
    let mut report = machine::describe(programs);
    for part in [
        targets::table(results),
        results.latency.as_ref().map_or_else(String::new, tables::latency),
        results.speed.as_ref().map_or_else(String::new, tables::speed),
        tables::many(&results.many),
        results.stop.as_ref().map_or_else(String::new, tables::stop),
    ] {
        if !part.is_empty() {
            report.push('\n');
            report.push_str(&part);
        }
    }
    report
}

/// Puts the report between the marks in the repository's own document.
pub(crate) fn keep(report: &str) -> Result<(), Fault> {
    let text = fs::read_to_string(KEPT_IN).map_err(|error| format!("{KEPT_IN}: {error}"))?;
    let text = between_marks(&text, report).ok_or_else(|| format!("{KEPT_IN}: the marks are missing"))?;
    Ok(fs::write(KEPT_IN, text)?)
}

fn between_marks(text: &str, report: &str) -> Option<String> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n\n{report}\n{END}{after}"))
}

/// A table of Markdown.
struct Table(String);

impl Table {
    fn new(title: &str, columns: &[&str]) -> Self {
        let lines = "| --- ".repeat(columns.len());
        Self(format!("### {title}\n\n| {} |\n{lines}|\n", columns.join(" | ")))
    }

    fn row(&mut self, cells: &[String]) {
        self.0.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_replaces_the_one_before_it_and_nothing_else() {
        let text = format!("a\n{BEGIN}\nold\n{END}\nz\n");
        let kept = between_marks(&text, "new\n").unwrap();
        assert_eq!(kept, format!("a\n{BEGIN}\n\nnew\n\n{END}\nz\n"));
        assert_eq!(between_marks(&kept, "new\n").unwrap(), kept);
        assert_eq!(between_marks("no marks", "new"), None);
    }

    #[test]
    fn a_table_has_a_line_for_each_row() {
        let mut table = Table::new("T", &["a", "b"]);
        table.row(&["1".into(), "2".into()]);
        assert_eq!(table.0, "### T\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n");
    }
}
