//! A message on its way, and again where it failed.

use leptos::{prelude::*, task::spawn_local};
use protocol::{
    event::EventId,
    session::{MAX_MESSAGE_CHARS, MessageAccepted, Regenerate, SendMessage},
};
use std::time::Duration;
use uuid::Uuid;

use super::{Chat, Delivery, Line, Remedy, Turn, View, tabs::News};
use crate::{browser, error::PageError, server_fns};

/// How long a message may be on its way. Saving it takes milliseconds; what takes longer is a network that is gone.
const PATIENCE: Duration = Duration::from_secs(30);

impl Chat {
    /// Sends what is typed. Says whether it was sent.
    pub(crate) fn send_draft(self) -> bool {
        let text = self.draft.get_untracked();
        let sent = self.send(text.trim_end().trim_start_matches('\n').to_owned());
        if sent {
            self.draft.set(String::new());
            browser::keep_draft(self.session_id.get_untracked(), "");
        }
        sent
    }

    /// Brings back what was typed here and never sent, above what was typed since.
    pub(crate) fn recover_draft(self) {
        let session_id = self.session_id.get_untracked();
        let draft = with_draft(browser::draft(session_id), &self.draft.get_untracked());
        browser::keep_draft(session_id, &draft);
        self.draft.set(draft);
    }

    /// Sends a message, which shows at once.
    pub(crate) fn send(self, text: String) -> bool {
        self.say(text, None)
    }

    /// Sends a message in the place of an earlier one, from which the conversation then branches off.
    pub(crate) fn send_instead(self, old: &Line, text: String) -> bool {
        self.say(text, Some(old))
    }

    fn say(self, text: String, instead: Option<&Line>) -> bool {
        let is_sendable = !text.trim().is_empty() && text.chars().count() <= MAX_MESSAGE_CHARS;
        if !is_sendable || self.is_running() || self.agent_id.with_untracked(String::is_empty) {
            return false;
        }
        let now = browser::now();
        self.clock.now.set(now);
        if instead.is_none() && self.has_later.get_untracked() {
            // It follows the last message, which is not among those shown. What is before it comes as one scrolls.
            self.lines.set(Vec::new());
            self.has_more.set(true);
        }
        let mut line = Line::typed(Uuid::new_v4(), text, self.agent_id.get_untracked(), now);
        line.replaces = instead.map(Line::message_id);
        self.lines.update(|lines| {
            if let Some(at) = instead.and_then(|old| lines.iter().position(|line| line == old)) {
                lines.truncate(at);
            }
            lines.push(line.clone());
        });
        self.view.set(View::Open);
        self.deliver(line);
        true
    }

    /// Sends a message that failed to arrive once more. It is the same request: had it arrived after all, nothing is doubled.
    pub(crate) fn send_again(self, line: Line) {
        if self.is_running() {
            return;
        }
        line.delivery.set(Delivery::Pending);
        self.deliver(line);
    }

    /// Takes a message that failed to arrive back into the composer.
    pub(crate) fn take_back(self, line: &Line) {
        self.lines.update(|lines| lines.retain(|other| other != line));
        self.draft.set(line.text.get_untracked());
        browser::keep_draft(self.session_id.get_untracked(), &line.text.get_untracked());
        match self.session_id.get_untracked() {
            // What it was to replace is shown again.
            Some(session_id) if line.replaces.is_some() => self.read_again(session_id),
            _ if self.lines.with_untracked(Vec::is_empty) => self.view.set(View::New),
            _ => {}
        }
        browser::focus("#message");
    }

    fn deliver(self, line: Line) {
        let model_id = self.model_id.get_untracked();
        let request = SendMessage {
            session_id: self.session_id.get_untracked(),
            message: line.text.get_untracked(),
            agent_id: self.agent_id.get_untracked(),
            model: (!model_id.is_empty()).then_some(model_id),
            client_request_id: Some(line.key),
            replaces: line.replaces,
        };
        let turn = self.await_answer();
        spawn_local(async move {
            if let Some(outcome) = self.arrive(&turn, server_fns::send_message(request)).await {
                match outcome {
                    Ok(accepted) => self.delivered(&line, turn, &accepted),
                    Err(error) => self.undelivered(&line, &turn, error),
                }
            }
        });
    }

    /// Asks for another answer in the place of this one, which stays as an earlier version.
    pub(crate) fn answer_again(self, answer: &Line) {
        let former = self.lines.get_untracked();
        let at = former.iter().position(|line| line == answer);
        let (Some(session_id), Some(at)) = (self.session_id.get_untracked(), at) else {
            return;
        };
        if self.is_running() {
            return;
        }
        let model_id = self.model_id.get_untracked();
        let request = Regenerate {
            message_id: answer.message_id(),
            model: (!model_id.is_empty()).then_some(model_id),
            client_request_id: Some(Uuid::new_v4()),
        };
        self.clock.now.set(browser::now());
        self.lines.update(|lines| lines.truncate(at));
        let turn = self.await_answer();
        spawn_local(async move {
            match self.arrive(&turn, server_fns::regenerate(session_id, request)).await {
                None => {}
                Some(Ok(accepted)) => self.accepted(turn, &accepted),
                Some(Err(error)) => {
                    self.lines.set(former);
                    self.turn.set(None);
                    self.announce("No other answer was begun.");
                    self.report(error, Some(Remedy::Session(session_id)));
                }
            }
        });
    }

    /// Shows where the answer will be.
    fn await_answer(self) -> Turn {
        let now = browser::now();
        let model_name = untrack(|| self.model()).map(|model| model.model_name);
        let answer = Line::awaited(self.agent_id.get_untracked(), model_name, now);
        let turn = Turn::new(answer.clone(), now, false);
        self.lines.update(|lines| lines.push(answer));
        self.has_later.set(false);
        self.connection.set_value(None);
        self.turns.update_value(|turns| *turns += 1);
        self.turn.set(Some(turn.clone()));
        self.notice.set(None);
        self.announce("The answer has begun.");
        turn
    }

    /// Waits for what the server says to a request; `None`: the person has gone elsewhere meanwhile.
    async fn arrive(
        self,
        turn: &Turn,
        request: impl Future<Output = Result<MessageAccepted, PageError>>,
    ) -> Option<Result<MessageAccepted, PageError>> {
        let visit = self.visit.get_value();
        let outcome = browser::within(PATIENCE, request).await;
        if !self.is_visit(visit) {
            // Whoever pressed Stop and went on meant it all the same.
            if let Some(Ok(accepted)) = &outcome
                && turn.stopping.get_untracked()
            {
                let _ = server_fns::cancel(accepted.session_id).await;
            }
            self.read_sessions();
            return None;
        }
        Some(outcome.unwrap_or_else(|| Err(no_answer())))
    }

    fn delivered(self, line: &Line, turn: Turn, accepted: &MessageAccepted) {
        line.delivery.set(Delivery::Saved);
        line.message.update(|message| message.message_id = accepted.message_id);
        self.accepted(turn, accepted);
    }

    fn accepted(self, turn: Turn, accepted: &MessageAccepted) {
        turn.line
            .message
            .update(|message| message.message_id = accepted.answer_id);
        let session_id = accepted.session_id;
        if self.session_id.get_untracked() != Some(session_id) {
            // What was typed meanwhile goes along.
            let typed = self.draft.get_untracked();
            browser::keep_draft(None, "");
            browser::keep_draft(Some(session_id), &typed);
            self.session_id.set(Some(session_id));
            self.go(format!("/llm/{session_id}"), true);
        }
        let turn = Turn {
            is_accepted: true,
            ..turn
        };
        self.turn.set(Some(turn.clone()));
        self.tell(News::Changed(session_id));
        // From before its first event: all of them, even where the request was a repeated one and the turn is over.
        let beginning = EventId {
            turn_id: accepted.turn_id,
            seq: 0,
        };
        self.attach(session_id, beginning);
        if turn.stopping.get_untracked() {
            self.cancel(session_id, turn);
        }
        self.read_sessions();
    }

    fn undelivered(self, line: &Line, turn: &Turn, error: PageError) {
        self.lines.update(|lines| lines.retain(|other| *other != turn.line));
        self.turn.set(None);
        let is_busy = error.error.code == "turn_in_progress";
        line.delivery.set(Delivery::Failed(error));
        self.announce("The message was not sent.");
        // Another tab was faster: its answer is shown here as well.
        if let Some(session_id) = self.session_id.get_untracked().filter(|_| is_busy) {
            self.read_again(session_id);
        }
    }
}

/// A draft and what was typed before the page was alive. A browser that fills in fields again has typed the draft itself.
fn with_draft(draft: String, typed: &str) -> String {
    if draft.is_empty() || typed.starts_with(&draft) {
        typed.to_owned()
    } else if typed.is_empty() {
        draft
    } else {
        draft + "\n" + typed
    }
}

fn no_answer() -> PageError {
    PageError::new(
        "no_answer",
        "Parley did not answer in time.",
        "Retry; a message that did arrive is not sent twice.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_the_draft_nor_what_was_typed_since_is_lost() {
        let after = |draft: &str, typed| with_draft(draft.to_owned(), typed);
        assert_eq!(after("", ""), "");
        assert_eq!(after("draft", ""), "draft");
        assert_eq!(after("", "typed"), "typed");
        assert_eq!(after("draft", "draft"), "draft");
        assert_eq!(after("draft", "draft and more"), "draft and more");
        assert_eq!(after("draft", "typed"), "draft\ntyped");
    }
}
