//! What one reader has read, and whether it is whole: every token once and in order, then the usage, then the end.

use protocol::{
    event::TurnEvent,
    session::{TurnStatus, Usage},
};

use serde::Deserialize;

use crate::{
    answer::frames::{CHUNK_BEGIN, CHUNK_END, DONE, Frames},
    failure::Failure,
    script::{Checksum, Script, TOKEN_BYTES, Token},
};

/// One answer, as far as it was read.
#[derive(Debug)]
pub(crate) struct Reading {
    expected: u32,
    text: String,
    /// When each token was sent, and when it arrived.
    times: Vec<(u64, u64)>,
    usage: Option<Usage>,
    ended: Option<TurnStatus>,
}

impl Reading {
    /// Nothing yet, of an answer to `script`.
    pub(crate) fn of(script: Script) -> Self {
        Self {
            expected: script.tokens,
            text: String::with_capacity(script.tokens as usize * TOKEN_BYTES),
            times: Vec::with_capacity(script.tokens as usize),
            usage: None,
            ended: None,
        }
    }

    /// Takes the data of one event of such a stream, which arrived at `now`.
    ///
    /// # Errors
    /// When it cannot belong there.
    pub(crate) fn take(&mut self, frames: Frames, now: u64, data: &str) -> Result<(), Failure> {
        if self.ended.is_some() {
            return not_whole("something follows the end");
        }
        match frames {
            Frames::Gateway => self.take_event(now, data),
            Frames::Provider => self.take_chunk(now, data),
        }
    }

    fn take_event(&mut self, now: u64, data: &str) -> Result<(), Failure> {
        if let Some(content) = plain(data, r#"{"type":"token","content":""#, r#""}"#) {
            return self.token(now, content);
        }
        match serde_json::from_str(data) {
            Ok(TurnEvent::Token { content, offset }) => {
                if offset.is_some_and(|offset| offset != self.text.len()) {
                    return not_whole("a token begins elsewhere than the text ends");
                }
                self.token(now, &content)
            }
            Ok(TurnEvent::StatusUpdate(_)) => Ok(()),
            Ok(TurnEvent::Usage { usage, .. }) => self.usage(usage),
            Ok(TurnEvent::Done { status }) => {
                self.ended = Some(status.unwrap_or(TurnStatus::Complete));
                Ok(())
            }
            Err(error) => not_whole(&format!("an event cannot be read: {error}")),
        }
    }

    /// What is no token, no count and no end, such as the reason why it ends, says nothing here.
    fn take_chunk(&mut self, now: u64, data: &str) -> Result<(), Failure> {
        #[derive(Deserialize)]
        struct Chunk {
            usage: Option<Usage>,
        }
        if let Some(content) = plain(data, CHUNK_BEGIN, CHUNK_END) {
            return self.token(now, content);
        }
        if data == DONE {
            self.ended = Some(TurnStatus::Complete);
            return Ok(());
        }
        match serde_json::from_str(data) {
            Ok(Chunk { usage: Some(usage) }) => self.usage(usage),
            Ok(Chunk { usage: None }) => Ok(()),
            Err(error) => not_whole(&format!("a chunk cannot be read: {error}")),
        }
    }

    fn usage(&mut self, usage: Usage) -> Result<(), Failure> {
        match self.usage.replace(usage) {
            None => Ok(()),
            Some(_) => not_whole("the usage came twice"),
        }
    }

    /// The content of a token event: the text of one token, or of several that were put together on the way.
    fn token(&mut self, now: u64, content: &str) -> Result<(), Failure> {
        if self.usage.is_some() {
            return not_whole("a token follows the usage");
        }
        for text in content.as_bytes().chunks(TOKEN_BYTES) {
            let Some(token) = Token::read(text) else {
                return not_whole("a token's text is damaged");
            };
            if token.number as usize != self.times.len() {
                return not_whole("a token is missing, doubled or out of order");
            }
            self.times.push((token.sent, now));
        }
        self.text.push_str(content);
        Ok(())
    }

    /// Whether the answer was read whole.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        match self.ended {
            Some(TurnStatus::Complete) => {}
            Some(status) => return Err(Failure::Ended(format!("{status:?}").to_lowercase())),
            None => return not_whole("the stream ended before its end"),
        }
        let Some(usage) = self.usage else {
            return not_whole("the usage is missing");
        };
        let mut checksum = Checksum::default();
        checksum.add(self.text.as_bytes());
        if self.times.len() != self.expected as usize || usage.completion_tokens != u64::from(self.expected) {
            return not_whole("the answer is shorter than its script");
        }
        if usage.prompt_tokens != checksum.value() {
            return not_whole("the text is not the one that was sent");
        }
        Ok(())
    }

    /// The whole text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// How many tokens arrived.
    pub(crate) fn tokens(&self) -> usize {
        self.times.len()
    }

    /// When the first token arrived.
    pub(crate) fn first_at(&self) -> Option<u64> {
        self.times.first().map(|(_, arrived)| *arrived)
    }

    /// How the answer ended.
    pub(crate) fn ended(&self) -> Option<TurnStatus> {
        self.ended
    }

    /// By how much each gap between two tokens differs at the reader from what it was at the Gateway.
    pub(crate) fn gaps(&self) -> impl Iterator<Item = u64> {
        self.times.windows(2).map(|pair| {
            let (sent, arrived) = (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
            arrived.abs_diff(sent)
        })
    }
}

/// The content of an event that is a token, says nothing else and needs no unescaping: what stands between `begin` and
/// `end`. Nearly all do, and a driver that spends more on an event than the server under test would measure itself.
fn plain<'a>(data: &'a str, begin: &str, end: &str) -> Option<&'a str> {
    let content = data.strip_prefix(begin)?.strip_suffix(end)?;
    (!content.contains(['"', '\\'])).then_some(content)
}

fn not_whole(what: &str) -> Result<(), Failure> {
    Err(Failure::NotWhole(what.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(numbers: std::ops::Range<u32>) -> String {
        let mut text = String::new();
        for number in numbers {
            let sent = u64::from(number) * 20;
            Token { number, sent }.write(&mut text);
        }
        text
    }

    fn token(numbers: std::ops::Range<u32>) -> String {
        format!(r#"{{"type":"token","content":"{}"}}"#, content(numbers))
    }

    fn usage(tokens: u32) -> String {
        let mut checksum = Checksum::default();
        checksum.add(content(0..tokens).as_bytes());
        let event = TurnEvent::Usage {
            usage: Usage::exact(checksum.value(), tokens.into()),
            cost_usd: None,
        };
        serde_json::to_string(&event).unwrap()
    }

    const COMPLETE: &str = r#"{"type":"done","status":"complete"}"#;

    fn read(events: &[&str]) -> Result<Reading, Failure> {
        let mut reading = Reading::of(Script::paced(4));
        for (now, event) in events.iter().enumerate() {
            reading.take(Frames::Gateway, now as u64 * 30, event)?;
        }
        reading.check().map(|()| reading)
    }

    #[test]
    fn tokens_put_together_on_the_way_are_still_whole() {
        let with_offset = token(0..1).replace("\"}", "\",\"offset\":0}");
        let reading = read(&[&with_offset, &token(1..2), &token(2..4), &usage(4), COMPLETE]).unwrap();
        assert_eq!(reading.text(), content(0..4));
        assert_eq!(reading.first_at(), Some(0));
        // Sent 20 apart; arrived 30, 30 and 0 apart.
        assert_eq!(reading.gaps().collect::<Vec<_>>(), [10, 10, 20]);
    }

    #[test]
    fn what_is_not_whole_is_found() {
        let (all, usage_of_all, usage_of_three) = (token(0..4), usage(4), usage(3));
        let changed = all.replace("0000003.000000000000000060", "0000003.000000000000000061");
        let cases: [(&[&str], &str); 9] = [
            (&[&all, &usage_of_all], "the stream ended before its end"),
            (&[&all, COMPLETE], "the usage is missing"),
            (&[&all, &usage_of_all, &usage_of_all], "the usage came twice"),
            (
                &[&token(0..3), &usage_of_three, COMPLETE],
                "the answer is shorter than its script",
            ),
            (
                &[&token(0..1), &token(2..4)],
                "a token is missing, doubled or out of order",
            ),
            (&[&all, &token(3..4)], "a token is missing, doubled or out of order"),
            (&[&usage_of_all, &all], "a token follows the usage"),
            (&[&all, &usage_of_all, COMPLETE, COMPLETE], "something follows the end"),
            (
                &[&changed, &usage_of_all, COMPLETE],
                "the text is not the one that was sent",
            ),
        ];
        for (events, what) in cases {
            assert_eq!(read(events).err(), Some(Failure::NotWhole(what.into())));
        }
        let cancelled = COMPLETE.replace("complete", "cancelled");
        assert_eq!(
            read(&[&all, &usage_of_all, &cancelled]).err(),
            Some(Failure::Ended("cancelled".into()))
        );
    }
}
