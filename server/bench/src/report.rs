//! Reports in Markdown, and the places in the repository where they are kept.
//!
//! - [`machine`]: what the figures were measured on
//! - [`tables`]: the figures
//! - [`targets`]: what they are held against

pub(crate) mod machine;
pub(crate) mod tables;
pub(crate) mod targets;

use std::fs;

use crate::{Fault, measure::Results, target::Programs};

/// Where the last whole runs are kept.
const KEPT_IN: &str = "docs/BENCHMARKS.md";

/// The marks of a place in that document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Marks {
    begin: &'static str,
    end: &'static str,
}

/// The place of `bench-streams`.
pub(crate) const STREAMS: Marks = Marks {
    begin: "<!-- figures: begin -->",
    end: "<!-- figures: end -->",
};
/// The place of `bench-gateway`.
pub(crate) const EMBEDDED: Marks = Marks {
    begin: "<!-- figures of the embedded Gateway: begin -->",
    end: "<!-- figures of the embedded Gateway: end -->",
};

/// The place of `bench-history`.
pub(crate) const HISTORY: Marks = Marks {
    begin: "<!-- figures of a large database: begin -->",
    end: "<!-- figures of a large database: end -->",
};

/// The whole report on streams.
pub(crate) fn write(programs: &Programs, results: &Results) -> String {
    joined(
        machine::describe(&programs.parley, Some(&programs.nginx)),
        &[
            targets::table(results),
            results.latency.as_ref().map_or_else(String::new, tables::latency),
            results.speed.as_ref().map_or_else(String::new, tables::speed),
            tables::many(&results.many),
            results.stop.as_ref().map_or_else(String::new, tables::stop),
        ],
    )
}

/// Parts of a report below each other; those that are empty are left out.
pub(crate) fn joined(mut report: String, parts: &[String]) -> String {
    for part in parts.iter().filter(|part| !part.is_empty()) {
        report.push('\n');
        report.push_str(part);
    }
    report
}

/// Puts the report between the marks in the repository's own document.
pub(crate) fn keep(report: &str, marks: Marks) -> Result<(), Fault> {
    let text = fs::read_to_string(KEPT_IN).map_err(|error| format!("{KEPT_IN}: {error}"))?;
    let text = between_marks(&text, report, marks).ok_or_else(|| format!("{KEPT_IN}: the marks are missing"))?;
    Ok(fs::write(KEPT_IN, text)?)
}

fn between_marks(text: &str, report: &str, Marks { begin, end }: Marks) -> Option<String> {
    let (before, rest) = text.split_once(begin)?;
    let (_, after) = rest.split_once(end)?;
    Some(format!("{before}{begin}\n\n{report}\n{end}{after}"))
}

/// A table of Markdown.
pub(crate) struct Table(pub(crate) String);

impl Table {
    /// Its heading and its columns.
    pub(crate) fn new(title: &str, columns: &[&str]) -> Self {
        let lines = "| --- ".repeat(columns.len());
        Self(format!("### {title}\n\n| {} |\n{lines}|\n", columns.join(" | ")))
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: &[String]) {
        self.0.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_replaces_the_one_before_it_and_nothing_else() {
        let Marks { begin, end } = EMBEDDED;
        let text = format!("a\n{}\n{begin}\nold\n{end}\nz\n", STREAMS.begin);
        let kept = between_marks(&text, "new\n", EMBEDDED).unwrap();
        assert_eq!(kept, format!("a\n{}\n{begin}\n\nnew\n\n{end}\nz\n", STREAMS.begin));
        assert_eq!(between_marks(&kept, "new\n", EMBEDDED).unwrap(), kept);
        assert_eq!(between_marks("no marks", "new", EMBEDDED), None);
    }

    #[test]
    fn a_table_has_a_line_for_each_row() {
        let mut table = Table::new("T", &["a", "b"]);
        table.row(&["1".into(), "2".into()]);
        assert_eq!(table.0, "### T\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n");
    }
}
