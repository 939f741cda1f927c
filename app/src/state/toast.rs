//! What was done to a conversation, and how it is undone. Nothing is asked before what can be undone.

use leptos::{prelude::*, task::spawn_local};
use std::time::Duration;
use uuid::Uuid;

use super::Chat;
use crate::{browser, server_fns};

/// How long a person has to change their mind. The server keeps what was deleted for longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Toast {
    /// In words.
    pub(crate) text: &'static str,
    /// The conversation that comes back.
    session_id: Uuid,
    /// Whether it was the one shown, and is shown again.
    was_shown: bool,
    number: u64,
}

impl Chat {
    /// Archives the session shown.
    pub(crate) fn clear(self) {
        let Some(session_id) = self.session_id.get_untracked() else {
            return;
        };
        spawn_local(async move {
            match server_fns::clear(session_id).await {
                Ok(_) => self.gone(session_id, "The conversation is in the archive."),
                Err(error) => self.report(error, None),
            }
        });
    }

    /// Deletes a session.
    pub(crate) fn delete(self, session_id: Uuid) {
        spawn_local(async move {
            match server_fns::delete(session_id).await {
                Ok(()) => self.gone(session_id, "The conversation is deleted."),
                Err(error) => self.report(error, None),
            }
        });
    }

    fn gone(self, session_id: Uuid, text: &'static str) {
        let was_shown = self.session_id.get_untracked() == Some(session_id);
        self.sessions
            .update(|all| all.retain(|session| session.session_id != session_id));
        if was_shown {
            self.go("/llm".into(), false);
        }
        self.read_sessions();
        self.announcement.set(text);
        self.offer_undo(session_id, text, was_shown);
    }

    fn offer_undo(self, session_id: Uuid, text: &'static str, was_shown: bool) {
        self.forget_toast();
        let number = self.toasts.get_value() + 1;
        self.toasts.set_value(number);
        self.toast.set(Some(Toast {
            text,
            session_id,
            was_shown,
            number,
        }));
        spawn_local(async move {
            browser::sleep(PATIENCE).await;
            let is_there = |toast: &Option<Toast>| toast.as_ref().is_some_and(|toast| toast.number == number);
            if self.toast.with_untracked(is_there) {
                self.forget_toast();
            }
        });
    }

    /// It stays done: what was typed there and not sent goes as well.
    pub(crate) fn forget_toast(self) {
        if let Some(toast) = self.toast.get_untracked() {
            browser::keep_draft(Some(toast.session_id), "");
            self.toast.set(None);
        }
    }

    /// Undoes it.
    pub(crate) fn undo(self) {
        let Some(toast) = self.toast.get_untracked() else {
            return;
        };
        self.toast.set(None);
        spawn_local(async move {
            match server_fns::restore(toast.session_id).await {
                Ok(_) => {
                    self.announcement.set("The conversation is back.");
                    self.read_sessions();
                    if toast.was_shown {
                        self.go(format!("/llm/{}", toast.session_id), false);
                    }
                }
                Err(error) => self.report(error, None),
            }
        });
    }
}
