//! The parts of a long conversation: what stands before and after the messages shown, and the message that is looked for.

use leptos::{prelude::*, task::spawn_local};
use protocol::session::{Message, SessionDetail};
use uuid::Uuid;

use super::{
    Chat, Line,
    open::{cursor, is_shown},
};
use crate::{error::PageError, server_fns};

impl Chat {
    /// Goes to a message of the session shown, wherever it is.
    pub(crate) fn seek(self, message_id: Uuid) {
        let is_loaded = move |lines: &Vec<Line>| lines.iter().any(|line| line.message_id() == message_id);
        if self.lines.with_untracked(is_loaded) {
            self.sought.set(Some(message_id));
            return;
        }
        let Some(session_id) = self.session_id.get_untracked() else {
            return;
        };
        let visit = self.visit.get_value();
        spawn_local(async move {
            let outcome = self.page_around(session_id, message_id).await;
            if !self.is_visit(visit) {
                return;
            }
            match outcome {
                Ok(detail) => {
                    if self.show_part(detail) && self.lines.with_untracked(is_loaded) {
                        self.sought.set(Some(message_id));
                    }
                }
                Err(error) => self.report(error, None),
            }
        });
    }

    /// The messages around that one. Where it is no longer there, the last ones, and the person is told.
    pub(super) async fn page_around(self, session_id: Uuid, message_id: Uuid) -> Result<SessionDetail, PageError> {
        match server_fns::session_around(session_id, message_id).await {
            Err(error) if error.is_not_found() => {
                let detail = server_fns::session(session_id, None).await?;
                if self.sought.get_untracked() == Some(message_id) {
                    self.sought.set(None);
                }
                self.announce("That message is no longer in this conversation.");
                Ok(detail)
            }
            outcome => outcome,
        }
    }

    /// Shows the end of the session, which is not among what is shown.
    pub(crate) fn read_end(self) {
        let Some(session_id) = self.session_id.get_untracked() else {
            return;
        };
        let visit = self.visit.get_value();
        spawn_local(async move {
            let outcome = server_fns::session(session_id, None).await;
            if !self.is_visit(visit) {
                return;
            }
            match outcome {
                Ok(detail) => {
                    self.show_part(detail);
                }
                Err(error) => self.report(error, None),
            }
        });
    }

    /// Shows these messages of the session in the place of those shown. Says whether it did: what was typed and has not
    /// arrived stands at the end, and is not torn away from it.
    fn show_part(self, detail: SessionDetail) -> bool {
        let turn = self.turn.get_untracked();
        let is_on_its_way = turn.as_ref().is_some_and(|turn| !turn.is_accepted);
        if is_on_its_way
            || self
                .lines
                .with_untracked(|lines| lines.iter().any(|line| !line.is_saved()))
        {
            self.report(
                PageError::new(
                    "unsent",
                    "A message of yours has not arrived.",
                    "Wait for it, or retry or edit it; then look elsewhere in the conversation.",
                ),
                None,
            );
            return false;
        }
        let cursor = cursor(&detail);
        self.has_more.set(detail.has_more);
        self.has_later.set(detail.has_later);
        self.session.set(Some(detail.session));
        let followed = turn.map(|turn| turn.line);
        let is_followed = followed.is_some();
        let as_line = |message: Message| match &followed {
            Some(line) if line.message_id() == message.message_id => line.clone(),
            _ => Line::saved(message),
        };
        let lines: Vec<Line> = detail.messages.into_iter().filter(is_shown).map(as_line).collect();
        if !is_followed && cursor.is_some() {
            self.take_up(&lines);
        }
        self.lines.set(lines);
        if !is_followed {
            self.resume(cursor);
        }
        true
    }

    /// Reads the messages before those shown.
    pub(crate) fn read_earlier(self) {
        // The first one may be on its way to the server, which then knows of none before it.
        let first = self
            .lines
            .with_untracked(|lines| lines.first().filter(|line| line.is_saved()).map(Line::message_id));
        let (Some(first), true) = (first, self.has_more.get_untracked()) else {
            return;
        };
        self.read_part(Part::Before(first));
    }

    /// Reads the messages after those shown.
    pub(crate) fn read_later(self) {
        let last = self.lines.with_untracked(|lines| lines.last().map(Line::message_id));
        let (Some(last), true) = (last, self.has_later.get_untracked()) else {
            return;
        };
        self.read_part(Part::After(last));
    }

    fn read_part(self, part: Part) {
        let Some(session_id) = self
            .session_id
            .get_untracked()
            .filter(|_| !self.is_reading_part.get_value())
        else {
            return;
        };
        self.is_reading_part.set_value(true);
        let visit = self.visit.get_value();
        spawn_local(async move {
            let outcome = match part {
                Part::Before(message_id) => server_fns::session(session_id, Some(message_id)).await,
                Part::After(message_id) => server_fns::session_after(session_id, message_id).await,
            };
            self.is_reading_part.set_value(false);
            if !self.is_visit(visit) {
                return;
            }
            match outcome {
                Ok(detail) => self.join(part, detail),
                Err(error) => self.report(error, None),
            }
        });
    }

    /// Joins what was read to what is shown, if it still begins or ends there.
    fn join(self, part: Part, detail: SessionDetail) {
        let mut lines = self.lines.get_untracked();
        let (has_more, has_later) = (detail.has_more, detail.has_later);
        let new = detail.messages.into_iter().filter(is_shown).map(Line::saved);
        match part {
            Part::Before(first) if lines.first().map(Line::message_id) == Some(first) => {
                lines = new.chain(lines).collect();
                self.has_more.set(has_more);
                if let Some(hold) = self.before_earlier.get_value() {
                    hold.run(());
                }
            }
            Part::After(last) if lines.last().map(Line::message_id) == Some(last) => {
                lines.extend(new);
                self.has_later.set(has_later);
            }
            _ => return,
        }
        self.lines.set(lines);
    }
}

/// A part of a session that is not shown yet.
#[derive(Debug, Clone, Copy)]
enum Part {
    /// What stands before that message.
    Before(Uuid),
    /// What stands after it.
    After(Uuid),
}
