//! What a person has typed: words, "phrases", and `agent:`, `model:`, `before:` and `after:`.
//!
//! Whatever is typed is a question; what cannot be understood is told, and the rest searched for. `after:` counts the day,
//! month or year that it names, `before:` ends where it begins; days are those of the person's clock.

use protocol::timestamp::Timestamp;
use time::{Date, Month};

use super::words::words;

/// The most characters of a question that are read.
const MAX_CHARS: usize = 500;
/// The most words and phrases that are searched for.
const MAX_SOUGHT: usize = 12;

/// In minutes.
const ONE_DAY: i32 = 24 * 60;

/// A question, understood as far as possible.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Question {
    /// All of these must occur.
    pub sought: Vec<Sought>,
    /// With one of these agents; none: any.
    pub agents: Vec<String>,
    /// By one of these models; none: any.
    pub models: Vec<String>,
    /// Written at this instant or later.
    pub from: Option<Timestamp>,
    /// Written before this instant.
    pub until: Option<Timestamp>,
    /// What was not understood, a sentence each.
    pub notes: Vec<String>,
}

/// A word, or several that must follow one another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sought {
    /// The words as they were typed, each of letters and digits alone; at least one.
    pub words: Vec<String>,
    /// Whether the last one may go on: it is still being typed.
    pub is_prefix: bool,
}

/// A part of a question: up to the next space, or between quotation marks.
struct Part {
    /// What stands before the first colon outside of quotation marks.
    key: Option<String>,
    value: String,
    is_quoted: bool,
    /// Whether the question ends with it, with no space after it.
    is_last: bool,
}

impl Question {
    /// Reads what was typed where clocks are that far ahead of UTC, in minutes.
    pub fn read(typed: &str, utc_offset_minutes: i32) -> Self {
        let mut question = Self::default();
        let offset = i64::from(utc_offset_minutes.clamp(-ONE_DAY, ONE_DAY)) * 60_000_000;
        let cut: String = typed.chars().take(MAX_CHARS).collect();
        if cut.len() < typed.len() {
            question.note(format!("Only the first {MAX_CHARS} characters were searched for."));
        }
        for part in parts(&cut) {
            question.add(part, offset);
        }
        question
    }

    /// Whether nothing was asked for.
    pub fn is_empty(&self) -> bool {
        self.sought.is_empty() && !self.is_narrowed()
    }

    /// Whether an agent, a model or a time was named.
    pub fn is_narrowed(&self) -> bool {
        !self.agents.is_empty() || !self.models.is_empty() || self.from.is_some() || self.until.is_some()
    }

    /// Adds a sentence on what was not understood.
    pub fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    fn add(&mut self, part: Part, offset: i64) {
        match part.key.as_deref() {
            Some("agent") => self.agents.extend(name(&part)),
            Some("model") => self.models.extend(name(&part)),
            Some("before") => {
                if let Some(date) = self.date("before", &part, offset) {
                    self.until = Some(self.until.map_or(date, |until| until.min(date)));
                }
            }
            Some("after") => {
                if let Some(date) = self.date("after", &part, offset) {
                    self.from = Some(self.from.map_or(date, |from| from.max(date)));
                }
            }
            _ => self.seek(&part),
        }
    }

    fn seek(&mut self, part: &Part) {
        let words: Vec<String> = words(&part.value).map(|word| word.text.to_owned()).collect();
        let Some(last) = words.last() else {
            if !part.value.trim().is_empty() {
                self.note(format!(
                    "“{}” has neither letters nor digits and was left out.",
                    short(&part.value)
                ));
            }
            return;
        };
        if self.sought.len() >= MAX_SOUGHT {
            self.note(format!("Only the first {MAX_SOUGHT} words were searched for."));
            return;
        }
        // One letter may be the beginning of anything: it is looked for as a word.
        let goes_on = last.chars().nth(1).is_some() || !last.is_ascii();
        let ends_with_it = part.value.ends_with(last.as_str());
        self.sought.push(Sought {
            is_prefix: part.is_last && !part.is_quoted && goes_on && ends_with_it,
            words,
        });
    }

    /// While a date is being typed it is none yet, and nothing is said of it.
    fn date(&mut self, key: &str, part: &Part, offset: i64) -> Option<Timestamp> {
        let date = date(&part.value);
        if date.is_none() && !(part.is_last && part.value.len() < 4 && is_digits(&part.value)) {
            self.note(format!(
                "“{key}:{}” is no date: it takes one such as 2026-01-31, 2026-01 or 2026.",
                short(&part.value)
            ));
        }
        date.map(|begin| Timestamp(begin.0 - offset))
    }
}

fn name(part: &Part) -> Option<String> {
    let name = part.value.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

fn short(text: &str) -> String {
    let clean: String = text.chars().filter(|c| !c.is_control()).collect();
    match clean.char_indices().nth(30) {
        Some((at, _)) => format!("{}…", &clean[..at]),
        None => clean,
    }
}

fn parts(typed: &str) -> Vec<Part> {
    const KEYS: [&str; 4] = ["agent", "model", "before", "after"];
    let mut parts = Vec::new();
    let mut rest = typed.trim_start();
    while !rest.is_empty() {
        let key = KEYS.into_iter().find(|key| {
            rest.get(..key.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(key))
                && rest[key.len()..].starts_with(':')
        });
        if let Some(key) = key {
            rest = &rest[key.len() + 1..];
        }
        let (value, is_quoted, after) = match rest.strip_prefix(['"', '“', '”', '„']) {
            Some(quoted) => match quoted.split_once(['"', '“', '”']) {
                Some((value, after)) => (value, true, after),
                // The second mark is yet to be typed.
                None => (quoted, false, ""),
            },
            None => match rest.find(|c: char| c.is_whitespace() || c == '"') {
                Some(end) => (&rest[..end], false, &rest[end..]),
                None => (rest, false, ""),
            },
        };
        rest = after.trim_start();
        parts.push(Part {
            key: key.map(str::to_owned),
            value: value.to_owned(),
            is_quoted,
            is_last: after.is_empty(),
        });
    }
    parts
}

/// Where a day, a month or a year begins, in UTC.
fn date(text: &str) -> Option<Timestamp> {
    let mut numbers = text.split('-');
    let mut number = |digits: usize| match numbers.next() {
        Some(text) if is_digits(text) && text.len() <= digits => text.parse::<u16>().ok().map(Some),
        Some(_) => None,
        None => Some(None),
    };
    let year = number(4)?.filter(|_| text.len() >= 4)?;
    let month = number(2)?.unwrap_or(1);
    let day = number(2)?.unwrap_or(1);
    if numbers.next().is_some() || year < 1970 {
        return None;
    }
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    let date = Date::from_calendar_date(i32::from(year), month, u8::try_from(day).ok()?).ok()?;
    Some(Timestamp(date.midnight().assume_utc().unix_timestamp() * 1_000_000))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests;
