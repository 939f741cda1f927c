//! A text as a block quote that nothing in it leaves.
//!
//! Two things reach beyond a quote. HTML that is not closed would take in whatever follows it on a page; Parley shows it as
//! text, so it is written as text. A link's definition (`[1]: https://…`) holds for the whole document, so that one
//! answer's would lead another's links astray; links are written out, and definitions are text.

use pulldown_cmark::{CowStr, Event, LinkType, Options, Parser, Tag, TagEnd};
use std::ops::Range;

/// How often a text is looked at again after a change, which may make something else of what stands beside it. What is not
/// at peace then is quoted as it is written, in a fence.
const ROUNDS: usize = 8;

/// Every character that Markdown may give a meaning to, within a line or at its start.
const MARKS: &[char] = &[
    '\\', '`', '*', '_', '[', ']', '<', '>', '#', '|', '&', '~', '-', '+', '=', '.', ')', '!', ':',
];

/// What is read here is what the page reads.
pub(super) const OPTIONS: Options = Options::ENABLE_TABLES
    .union(Options::ENABLE_STRIKETHROUGH)
    .union(Options::ENABLE_TASKLISTS);

/// The quote, each line after `indent`. Ends with a line's end.
pub(super) fn quoted(text: &str, indent: &str) -> String {
    let text = peaceful(&plain_lines(text));
    let mut quote = String::with_capacity(text.len() + text.len() / 16);
    for line in text.trim_end_matches('\n').split('\n') {
        quote.push_str(indent);
        quote.push('>');
        if !line.is_empty() {
            quote.push(' ');
            quote.push_str(line);
        }
        quote.push('\n');
    }
    quote
}

/// One kind of line's end, and no character that Markdown replaces.
fn plain_lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "\u{fffd}")
}

/// The text without HTML and without definitions.
fn peaceful(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..ROUNDS {
        let edits = edits(&text);
        if edits.is_empty() {
            return text;
        }
        text = applied(&text, edits);
    }
    if edits(&text).is_empty() { text } else { fenced(&text) }
}

/// The text as it is written, in a fence that is longer than any in it.
fn fenced(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{}\n{fence}", text.trim_end_matches('\n'))
}

type Edit = (Range<usize>, String);

fn applied(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    let mut edited = String::with_capacity(text.len() + edits.len() * 2);
    let mut at = 0;
    for (range, with) in edits {
        // What overlaps is left to the next round.
        if range.start >= at {
            edited.push_str(&text[at..range.start]);
            edited.push_str(&with);
            at = range.end;
        }
    }
    edited.push_str(&text[at..]);
    edited
}

fn edits(text: &str) -> Vec<Edit> {
    let parser = Parser::new_ext(text, OPTIONS);
    let definitions = parser.reference_definitions();
    let mut edits: Vec<Edit> = definitions
        .iter()
        .map(|(_, definition)| (definition.span.start..definition.span.start, "\\".to_owned()))
        .collect();
    let mut in_code = false;
    let mut end_of_text = 0;
    for (event, range) in parser.into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(_)) => in_code = true,
            Event::End(TagEnd::CodeBlock) => in_code = false,
            // What is no HTML now may be some with the marks of a quote before its lines.
            Event::Text(_) if !in_code => {
                end_of_text = range.end;
                edits.extend(brackets(text, range));
            }
            // As text it would go on with the lines around it, and what they leave open.
            Event::Start(Tag::HtmlBlock) => {
                let line = text[..range.start].rfind('\n').map_or(0, |newline| newline + 1);
                let is_first = text[line..range.start].contains(|c| c != ' ' && c != '>');
                if line > 0 && end_of_text == line - 1 && !is_first {
                    edits.push((line..line, empty_line(&text[line..range.start])));
                }
                let after = text[range.end..].lines().next();
                if after.is_some_and(|after| !after.trim().is_empty()) && text[..range.end].ends_with('\n') {
                    edits.push((range.end..range.end, empty_line(&text[line..range.start])));
                }
            }
            Event::Html(_) | Event::InlineHtml(_) => edits.extend(as_text(text, range)),
            Event::Start(
                Tag::Link {
                    link_type,
                    dest_url,
                    title,
                    ..
                }
                | Tag::Image {
                    link_type,
                    dest_url,
                    title,
                    ..
                },
            ) => edits.extend(written_out(text, range, link_type, &dest_url, &title)),
            _ => {}
        }
    }
    edits
}

/// HTML as the text that it is shown as: no mark in it has a meaning, and no line of it is indented code.
fn as_text(text: &str, range: Range<usize>) -> impl Iterator<Item = Edit> {
    let source = text.get(range.clone()).unwrap_or_default();
    let indent = source.len() - source.trim_start_matches([' ', '\t']).len();
    let start = range.start + indent;
    let marks = source[indent..].match_indices(MARKS);
    [(range.start..start, String::new())]
        .into_iter()
        .filter(|(range, _)| !range.is_empty())
        .chain(marks.map(move |(at, _)| (start + at..start + at, "\\".to_owned())))
}

/// The brackets in a text that could open a tag and have no mark before them yet.
fn brackets(text: &str, range: Range<usize>) -> impl Iterator<Item = Edit> {
    // What follows a bracket may be counted as another piece of text.
    let opens = |at: &usize| {
        let next = text[at + 1..].chars().next();
        next.is_some_and(|c| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'))
    };
    let source = text.get(range.clone()).unwrap_or_default();
    source
        .match_indices('<')
        .map(move |(at, _)| range.start + at)
        .filter(opens)
        .filter(|at| !is_escaped(text, *at))
        .map(|at| (at..at, "\\".to_owned()))
}

/// An empty line in the same quotes and lists as one that begins so.
fn empty_line(beginning: &str) -> String {
    let marks = beginning.chars().map(|c| if c == '>' { '>' } else { ' ' });
    marks.chain(['\n']).collect()
}

/// Whether a backslash takes its meaning from the character there.
fn is_escaped(text: &str, at: usize) -> bool {
    text[..at].bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

/// A link by reference, with its address in its place.
fn written_out(
    text: &str,
    range: Range<usize>,
    kind: LinkType,
    address: &CowStr<'_>,
    title: &CowStr<'_>,
) -> Option<Edit> {
    let link = text.get(range.clone())?;
    let label = match kind {
        // The empty label is not counted in.
        LinkType::Collapsed if text[range.end..].starts_with("[]") => range.end..range.end + 2,
        LinkType::Shortcut | LinkType::Collapsed => range.end..range.end,
        LinkType::Reference => range.start + label_of(link)?..range.end,
        _ => return None,
    };
    let mut target = format!("(<{}>", escaped(address, &['<', '>']));
    if !title.is_empty() {
        target.push_str(&format!(" \"{}\"", escaped(title, &['"'])));
    }
    target.push(')');
    Some((label, target))
}

/// Where `[label]` begins at the end of `[text][label]`.
fn label_of(link: &str) -> Option<usize> {
    link.rmatch_indices('[')
        .map(|(at, _)| at)
        .find(|at| !is_escaped(link, *at))
}

fn escaped(text: &str, marks: &[char]) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => escaped.push(' '),
            '&' => escaped.push_str("&amp;"),
            c if c == '\\' || marks.contains(&c) => escaped.extend(['\\', c]),
            c => escaped.push(c),
        }
    }
    escaped
}
