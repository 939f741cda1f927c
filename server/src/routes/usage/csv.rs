//! Tables as RFC 4180 has them: lines end with CR LF, a cell that holds a comma, a quote or the end of a line is quoted.

use std::fmt::Write;

use protocol::usage::{UsageOfAgent, UsageOfDay, UsageOfModel, UsageOfSession, UsageSums};

const SUMS: &str = "answers,prompt_tokens,completion_tokens,total_tokens,cost_usd,without_known_cost,estimated";

pub(super) fn by_day(lines: &[UsageOfDay]) -> String {
    table("day", lines, |line| ([line.day.to_string()], line.sums))
}

pub(super) fn by_agent(lines: &[UsageOfAgent]) -> String {
    let cells = |line: &UsageOfAgent| [line.agent_id.clone(), line.agent_name.clone()];
    table("agent_id,agent_name", lines, |line| (cells(line), line.sums))
}

pub(super) fn by_model(lines: &[UsageOfModel]) -> String {
    let cells = |line: &UsageOfModel| [line.model_id.clone(), line.model_name.clone()];
    table("model_id,model_name", lines, |line| (cells(line), line.sums))
}

pub(super) fn by_session(lines: &[UsageOfSession]) -> String {
    let cells = |line: &UsageOfSession| {
        [
            line.session_id.to_string(),
            line.title.clone(),
            line.agent_id.clone(),
            line.agent_name.clone(),
        ]
    };
    table("session_id,title,agent_id,agent_name", lines, |line| {
        (cells(line), line.sums)
    })
}

fn table<T, const N: usize>(head: &str, lines: &[T], cells: impl Fn(&T) -> ([String; N], UsageSums)) -> String {
    let mut text = format!("{head},{SUMS}\r\n");
    for line in lines {
        let (cells, sums) = cells(line);
        for cell in cells {
            push_cell(&mut text, &cell);
            text.push(',');
        }
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "{},{},{},{},{}.{:06},{},{}\r\n",
            sums.answers,
            sums.prompt_tokens,
            sums.completion_tokens,
            sums.total_tokens,
            sums.cost_micros / 1_000_000,
            sums.cost_micros % 1_000_000,
            sums.unpriced,
            sums.estimated
        );
    }
    text
}

/// Spreadsheets reckon out a cell that begins like a formula, and what a title says is not to be run: with an apostrophe
/// before it, it is text.
fn push_cell(text: &mut String, cell: &str) {
    // Some pass over space before they look.
    let is_formula = cell.starts_with(['\t', '\r', '\n']) || cell.trim_start().starts_with(['=', '+', '-', '@']);
    let is_quoted = is_formula || cell.contains([',', '"', '\r', '\n']) || cell.trim() != cell;
    if !is_quoted {
        return text.push_str(cell);
    }
    text.push('"');
    if is_formula {
        text.push('\'');
    }
    text.push_str(&cell.replace('"', "\"\""));
    text.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cell(text: &str) -> String {
        let mut cell = String::new();
        push_cell(&mut cell, text);
        cell
    }

    #[test]
    fn a_cell_is_quoted_where_it_must_be_and_is_never_a_formula() {
        for (text, expected) in [
            ("plain", "plain"),
            ("", ""),
            ("two words", "two words"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("  =1", "\"'  =1\""),
            ("\t=1", "\"'\t=1\""),
            ("1=1", "1=1"),
            ("＝1", "＝1"),
        ] {
            assert_eq!(cell(text), expected, "{text:?}");
        }
    }

    /// Reads a table as RFC 4180 says.
    fn read(text: &str) -> Vec<Vec<String>> {
        let (mut lines, mut line, mut cell) = (Vec::new(), Vec::new(), String::new());
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            match c {
                '"' if cell.is_empty() => loop {
                    match rest.next().expect("a quote is closed") {
                        '"' if rest.peek() == Some(&'"') => cell.push(rest.next().unwrap()),
                        '"' => {
                            assert!(
                                matches!(rest.peek(), Some(',' | '\r')),
                                "nothing follows what is quoted"
                            );
                            break;
                        }
                        c => cell.push(c),
                    }
                },
                ',' => line.push(std::mem::take(&mut cell)),
                '\r' => {
                    assert_eq!(rest.next(), Some('\n'));
                    line.push(std::mem::take(&mut cell));
                    lines.push(std::mem::take(&mut line));
                }
                c => {
                    assert!(c != '"' && c != '\n', "only what is quoted holds these");
                    cell.push(c);
                }
            }
        }
        assert!(line.is_empty() && cell.is_empty(), "the last line is ended as well");
        lines
    }

    proptest! {
        #[test]
        fn whatever_a_title_holds_it_is_read_back(title in "([-=+@,\"\r\n\t 'а-я😀a-z\0]{0,9}|\\PC{0,9})", cost_micros in 0..9_000_000_000_u64) {
            let agent = UsageOfAgent {
                agent_id: "a".into(),
                agent_name: title.clone(),
                sums: UsageSums { cost_micros, answers: 3, ..UsageSums::default() },
            };
            let lines = read(&by_agent(&[agent.clone(), agent]));
            assert_eq!(lines.len(), 3);
            for line in &lines {
                assert_eq!(line.len(), 9, "{line:?}");
            }
            let read = &lines[2][1];
            assert!(!read.trim_start().starts_with(['=', '+', '-', '@']), "{read:?}");
            assert!(*read == title || *read == format!("'{title}"), "{read:?}");
            let (dollars, micros) = lines[2][6].split_once('.').unwrap();
            let micros = dollars.parse::<u64>().unwrap() * 1_000_000 + micros.parse::<u64>().unwrap();
            assert_eq!((micros, &*lines[2][2]), (cost_micros, "3"));
        }
    }
}
