//! The answer being written.

use leptos::prelude::*;
use protocol::{
    event::{EventId, TaskStatus, TurnEvent},
    session::{MessageStatus, TurnStatus},
    timestamp::Timestamp,
};
use uuid::Uuid;

use super::{Chat, Line, tabs::News};
use crate::{browser, stream};

/// A turn, from the moment its message is sent.
#[derive(Clone, PartialEq)]
pub(crate) struct Turn {
    /// The answer.
    pub(crate) line: Line,
    /// When it began.
    pub(crate) started_at: Timestamp,
    /// Whether the server has it. Before, there is nothing to follow and nothing to stop yet.
    pub(crate) is_accepted: bool,
    /// Whether the person has asked it to stop. Shared with the task that sends the message, which may outlive the visit.
    pub(crate) stopping: ArcRwSignal<bool>,
}

impl Turn {
    /// The turn of an answer.
    pub(super) fn new(line: Line, started_at: Timestamp, is_accepted: bool) -> Self {
        Self {
            line,
            started_at,
            is_accepted,
            stopping: ArcRwSignal::new(false),
        }
    }
}

impl Chat {
    /// Finds the answer that is being written among the lines of a session just read.
    pub(super) fn take_up(self, lines: &[Line]) {
        let live = lines
            .iter()
            .rfind(|line| !line.is_mine && line.message.read_untracked().status == MessageStatus::Streaming);
        self.turn.set(live.map(|line| {
            let started_at = line.message.read_untracked().timestamp;
            Turn::new(line.clone(), started_at, true)
        }));
    }

    /// Tells turns apart.
    pub(super) fn turn_key(self) -> Option<Uuid> {
        self.turn.with_untracked(|turn| turn.as_ref().map(|turn| turn.line.key))
    }

    /// Follows the stream of the running turn, after the event `cursor`.
    pub(super) fn attach(self, session_id: Uuid, cursor: EventId) {
        self.forget_loss();
        self.tell(News::Follows(session_id));
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
                line.message.update(|message| message.metadata.note(&status));
                if status.status == TaskStatus::AwaitingApproval {
                    self.announce("A plan waits for your decision.");
                }
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
        self.conclude(line);
        // The stream says that it ended, the session says how: reason, time, window, exact usage.
        if let Some(session_id) = self.session_id.get_untracked() {
            self.read_again(session_id);
        }
        self.read_sessions();
        // How the model does is not what it was.
        if status == TurnStatus::Error || untrack(|| self.model()).is_some_and(|model| model.is_failing()) {
            self.refresh_registry();
        }
    }

    /// Nothing is being written here any more, whoever said so.
    pub(super) fn conclude(self, line: &Line) {
        self.turn.set(None);
        if let Some(session_id) = self.session_id.get_untracked() {
            self.tell(News::Ended(session_id));
        }
        self.connection.set_value(None);
        self.forget_loss();
        self.forget_stop_notice();
        let message = line.message.read_untracked();
        let announcement = match message.status {
            MessageStatus::Streaming => return,
            _ if message.undecided_task().is_some() => "The plan still waits for your decision.",
            MessageStatus::Complete => "The answer is complete.",
            MessageStatus::Cancelled => "The answer was stopped.",
            MessageStatus::Error | MessageStatus::Interrupted => "The answer failed.",
        };
        self.announce(announcement);
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
