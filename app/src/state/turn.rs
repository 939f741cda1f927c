//! The answer being written.

use leptos::{prelude::*, task::spawn_local};
use protocol::{
    event::TurnEvent,
    session::{MessageStatus, TurnStatus},
    timestamp::Timestamp,
};
use std::time::Duration;
use uuid::Uuid;

use super::{Chat, Line, Remedy};
use crate::{browser, error::PageError, server_fns, stream};

/// How long after Stop the end may take before the page asks what became of the answer.
const PATIENCE_AFTER_STOP: Duration = Duration::from_secs(3);

/// A turn, from the moment its message is sent.
#[derive(Clone, PartialEq)]
pub(crate) struct Turn {
    /// The answer.
    pub(crate) line: Line,
    /// When it began.
    pub(crate) started_at: Timestamp,
    /// Whether the person has asked it to stop.
    pub(crate) stopping: bool,
}

impl Chat {
    /// Finds the answer that is being written among the lines of a session just read.
    pub(super) fn take_up(self, lines: &[Line]) {
        let live = lines
            .iter()
            .rfind(|line| !line.is_mine && line.message.read_untracked().status == MessageStatus::Streaming);
        self.turn.set(live.map(|line| Turn {
            line: line.clone(),
            started_at: line.message.read_untracked().timestamp,
            stopping: false,
        }));
    }

    /// Follows the stream of the running turn, after the event `cursor` if there is one.
    pub(super) fn attach(self, session_id: Uuid, cursor: Option<String>) {
        self.reconnecting.set(false);
        self.connection
            .set_value(Some(stream::follow(self, session_id, cursor)));
    }

    /// Takes in an event. Says whether it was the last.
    #[cfg_attr(
        not(target_arch = "wasm32"),
        expect(dead_code, reason = "only a browser follows a stream")
    )]
    pub(crate) fn take_in(self, event: TurnEvent) -> bool {
        let Some(turn) = self.turn.get_untracked() else {
            return true;
        };
        let line = turn.line;
        match event {
            TurnEvent::Token { content, offset } => {
                line.text.update(|text| append(text, &content, offset));
            }
            TurnEvent::StatusUpdate(status) => {
                line.message
                    .update(|message| message.metadata.last_status = Some(status));
            }
            TurnEvent::Usage { usage, cost_usd } => line.message.update(|message| {
                message.usage = Some(usage);
                message.cost_usd = cost_usd;
            }),
            TurnEvent::Done { status } => {
                self.end(&line, status.unwrap_or(TurnStatus::Complete), turn.started_at);
                return true;
            }
        }
        false
    }

    fn end(self, line: &Line, status: TurnStatus, started_at: Timestamp) {
        line.message.update(|message| {
            message.status = status.into();
            let micros = browser::now().0.saturating_sub(started_at.0);
            message
                .metadata
                .elapsed_ms
                .get_or_insert(u64::try_from(micros / 1_000).unwrap_or(0));
        });
        self.turn.set(None);
        self.reconnecting.set(false);
        self.announcement.set(match status {
            TurnStatus::Complete => "The answer is complete.",
            TurnStatus::Cancelled => "The answer was stopped.",
            TurnStatus::Error | TurnStatus::Interrupted => "The answer failed.",
        });
        // The stream says that it ended, the session says how: reason, time, window, exact usage.
        if let Some(session_id) = self.session_id.get_untracked() {
            self.read_again(session_id);
        }
        self.read_sessions();
    }

    /// The stream ended before its turn did, and will not come back by itself.
    #[cfg_attr(
        not(target_arch = "wasm32"),
        expect(dead_code, reason = "only a browser follows a stream")
    )]
    pub(crate) fn connection_lost(self) {
        self.reconnecting.set(false);
        self.report(
            PageError::new(
                "stream_lost",
                "The connection to this answer was lost. It is still being written.",
                "Retry to follow it again.",
            ),
            self.session_id.get_untracked().map(Remedy::Session),
        );
        // What goes on is known only after asking again; until then nothing here is being written.
        self.turn.set(None);
    }

    /// Stops the answer at the model. What there is of it stays.
    pub(crate) fn stop(self) {
        let Some(turn) = self.turn.get_untracked() else { return };
        if turn.stopping {
            return;
        }
        self.turn.set(Some(Turn { stopping: true, ..turn }));
        // A message still on its way has no session yet; `send` stops its turn as soon as it has one.
        if let Some(session_id) = self
            .session_id
            .get_untracked()
            .filter(|_| self.connection.with_value(Option::is_some))
        {
            self.cancel(session_id);
        }
    }

    pub(super) fn cancel(self, session_id: Uuid) {
        let visit = self.visit.get_value();
        spawn_local(async move {
            let outcome = server_fns::cancel(session_id).await;
            if !self.is_visit(visit) {
                return;
            }
            let ask_again = move || {
                if self.is_visit(visit) && self.turn.with_untracked(Option::is_some) {
                    self.read_again(session_id);
                }
            };
            match outcome {
                Ok(()) => set_timeout(ask_again, PATIENCE_AFTER_STOP),
                // It had ended by itself.
                Err(error) if error.error.code != "offline" => ask_again(),
                Err(error) => {
                    self.turn.update(|turn| {
                        if let Some(turn) = turn {
                            turn.stopping = false;
                        }
                    });
                    self.report(error, None);
                }
            }
        });
    }
}

/// Appends a piece of an answer, at the byte `offset` where one is given: what stood from there on is replaced by it.
fn append(text: &mut String, content: &str, offset: Option<usize>) {
    if let Some(offset) = offset {
        text.truncate(text.floor_char_boundary(offset));
    }
    text.push_str(content);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_with_an_offset_replaces_what_stood_there() {
        let mut text = String::new();
        append(&mut text, "Grü", None);
        append(&mut text, "ße", None);
        append(&mut text, "Grüße", Some(0));
        assert_eq!(text, "Grüße");
        let end = text.len();
        append(&mut text, " an alle", Some(end));
        append(&mut text, "!", Some(999));
        assert_eq!(text, "Grüße an alle!");
        append(&mut text, "n", Some(3));
        assert_eq!(text, "Grn");
    }
}
