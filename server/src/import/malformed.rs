//! What is wrong with a file, and where.

use std::fmt;

/// A file that is no good: the place, and the problem with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    place: String,
    problem: String,
}

impl Malformed {
    /// Something is wrong at a place, such as `conversation 3, message 7: `role``.
    pub(super) fn new(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            problem: problem.into(),
        }
    }

    /// Something is wrong with the file as a whole.
    pub(super) fn whole(problem: impl Into<String>) -> Self {
        Self::new("", problem)
    }

    /// The same, seen from further out.
    pub(super) fn within(self, outer: &str) -> Self {
        let place = match self.place.as_str() {
            "" => outer.to_owned(),
            place => format!("{outer}, {place}"),
        };
        Self { place, ..self }
    }

    /// JSON that is none, or cannot be read.
    pub(super) fn json(error: &serde_json::Error) -> Self {
        if error.line() == 0 {
            return Self::whole(reason(error));
        }
        Self::new(
            format!("line {}, column {}", error.line(), error.column()),
            reason(error),
        )
    }

    /// JSON that is not what it should be: the path tells the place.
    pub(super) fn shape(error: &serde_path_to_error::Error<serde_json::Error>) -> Self {
        let path = error.path().to_string();
        let place = match path.strip_prefix("messages[").and_then(|rest| rest.split_once(']')) {
            Some((number, rest)) => {
                let number = number.parse::<usize>().map_or(0, |number| number + 1);
                match rest.trim_start_matches('.') {
                    "" => format!("message {number}"),
                    rest => format!("message {number}, `{rest}`"),
                }
            }
            None if path == "." => String::new(),
            None => format!("`{path}`"),
        };
        Self::new(place, reason(error.inner()))
    }
}

/// A library's reason, short, without its own count of lines and without names of Rust.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    let text = text.replace("struct ", "an object for ");
    text.chars().take(200).collect()
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.is_empty() {
            return f.write_str(&self.problem);
        }
        write!(f, "{}: {}", self.place, self.problem)
    }
}
