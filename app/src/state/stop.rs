//! Stop: it reaches the model, or the page says that it did not.

use leptos::{prelude::*, task::spawn_local};
use std::time::Duration;
use uuid::Uuid;

use super::{Chat, Standing, Text, Turn};
use crate::{browser, error::PageError, server_fns};

/// How long Stop may take to reach the server before the person is told that it did not.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the stream may take to bring the end of a stopped answer before the session is asked.
const PATIENCE_WITH_STREAM: Duration = Duration::from_secs(1);
/// The code of the notice, which goes when the answer has ended.
const NOT_STOPPED: &str = "not_stopped";

impl Chat {
    /// Stops the answer at the model. What there is of it stays.
    pub(crate) fn stop(self) {
        let Some(turn) = self.turn.get_untracked().filter(|turn| !turn.stopping.get_untracked()) else {
            return;
        };
        turn.stopping.set(true);
        self.forget_stop_notice();
        // A message still on its way has no turn yet; `send` stops it as soon as it has one.
        if let Some(session_id) = self.session_id.get_untracked().filter(|_| turn.is_accepted) {
            self.cancel(session_id, turn);
        }
    }

    pub(super) fn cancel(self, session_id: Uuid, turn: Turn) {
        let visit = self.visit.get_value();
        spawn_local(async move {
            let outcome = browser::within(PATIENCE, server_fns::cancel(session_id)).await;
            let is_current = move |key: Uuid| self.is_visit(visit) && self.turn_key() == Some(key);
            let key = turn.line.key;
            if !is_current(key) {
                return;
            }
            match outcome {
                Some(Ok(())) => browser::sleep(PATIENCE_WITH_STREAM).await,
                // It had ended by itself: nothing went wrong, the page was only late.
                Some(Err(error)) if error.error.code == "nothing_running" => {}
                Some(Err(error)) if error.is_not_found() => return self.vanish(session_id, error),
                failed => {
                    turn.stopping.set(false);
                    return self.report(not_stopped(failed.and_then(Result::err)), None);
                }
            }
            if !is_current(key) {
                return;
            }
            // A stream that is lost does not bring the end; the session tells it as well.
            if !matches!(self.ask(session_id, Text::FromStream).await, Standing::Over) {
                turn.stopping.set(false);
            }
        });
    }

    /// Takes back that an answer could not be stopped: it was tried again, or has ended.
    pub(super) fn forget_stop_notice(self) {
        self.forget_notice(NOT_STOPPED);
    }
}

/// What the person is told; `None`: there was no answer at all.
fn not_stopped(error: Option<PageError>) -> PageError {
    match error.filter(|error| error.error.code != "offline") {
        None => PageError::new(
            NOT_STOPPED,
            "The answer could not be stopped: Parley could not be reached.",
            "Press Stop again when the connection is back.",
        ),
        Some(error) => PageError::new(
            NOT_STOPPED,
            &format!("The answer could not be stopped. {}", error.error.message),
            "Press Stop again.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_that_failed_says_why_and_what_to_do() {
        let offline = PageError::new("offline", "Parley could not be reached.", "Try again.");
        assert_eq!(not_stopped(Some(offline)), not_stopped(None));
        let busy = PageError::new("timed_out", "This took too long.", "Try again.");
        assert_eq!(
            not_stopped(Some(busy)),
            PageError::new(
                NOT_STOPPED,
                "The answer could not be stopped. This took too long.",
                "Press Stop again."
            )
        );
    }
}
