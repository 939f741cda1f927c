//! How a stream can fail, and how often which did.

use std::collections::BTreeMap;

use protocol::error::ErrorEnvelope;

/// Why one stream was not read whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    /// Told to the reader by status.
    #[error("refused with status {0}: {1}")]
    Refused(u16, String),
    /// Told to the reader in the stream.
    #[error("the answer ended as {0}")]
    Ended(String),
    /// The connection was not to be had, or broke.
    #[error("connection: {0}")]
    Connection(String),
    /// It took longer than a stream may.
    #[error("it took longer than a stream may")]
    Late,
    /// Something is missing, doubled or out of order.
    #[error("not whole: {0}")]
    NotWhole(String),
    /// What Parley saved is not what was sent.
    #[error("the saved answer is not the one that was sent: {0}")]
    Saved(String),
}

impl Failure {
    /// What a refusal says of itself.
    pub(crate) fn refused(status: u16, body: &[u8]) -> Self {
        let text = match serde_json::from_slice::<ErrorEnvelope>(body) {
            Ok(envelope) => envelope.error.code,
            Err(_) => String::from_utf8_lossy(body)
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned(),
        };
        Self::Refused(status, text)
    }

    /// Whether the reader was told, as opposed to left with less than there was.
    pub(crate) fn is_told(&self) -> bool {
        matches!(self, Self::Refused(..) | Self::Ended(_))
    }
}

impl From<hyper::Error> for Failure {
    fn from(error: hyper::Error) -> Self {
        Self::connection(&error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::connection(&error)
    }
}

impl Failure {
    fn connection(error: &dyn std::error::Error) -> Self {
        let source = error.source().map(|source| format!(": {source}")).unwrap_or_default();
        Self::Connection(format!("{error}{source}"))
    }
}

/// Failures, counted by their text.
#[derive(Debug, Clone, Default)]
pub(crate) struct Failures {
    texts: BTreeMap<String, usize>,
    silent: usize,
}

impl Failures {
    /// Counts one.
    pub(crate) fn push(&mut self, failure: &Failure) {
        *self.texts.entry(failure.to_string()).or_default() += 1;
        self.silent += usize::from(!failure.is_told());
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.texts.values().sum()
    }

    /// How many of them the reader was not told of.
    pub(crate) fn silent(&self) -> usize {
        self.silent
    }

    /// Each text with how often it came, the most frequent first.
    pub(crate) fn lines(&self) -> Vec<(&str, usize)> {
        let mut lines: Vec<_> = self.texts.iter().map(|(text, count)| (text.as_str(), *count)).collect();
        lines.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_counted_by_text_and_silent_ones_apart() {
        let mut failures = Failures::default();
        let body = br#"{"error":{"code":"too_many","message":"Too many.","action":"Wait."}}"#;
        failures.push(&Failure::Late);
        for _ in 0..2 {
            failures.push(&Failure::refused(503, body));
        }
        assert_eq!((failures.len(), failures.silent()), (3, 1));
        assert_eq!(failures.lines()[0], ("refused with status 503: too_many", 2));
        assert_eq!(
            Failure::refused(502, b"<html>\r\n<head>").to_string(),
            "refused with status 502: <html>"
        );
    }
}
