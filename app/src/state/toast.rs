//! What was done to conversations, and how it is undone. Nothing is asked before what can be undone.

use leptos::{prelude::*, task::spawn_local};
use protocol::history::{ManyChange, RestoreFrom};
use std::time::Duration;
use uuid::Uuid;

use super::{Chat, tabs::News};
use crate::{browser, error::PageError, server_fns};

/// How long a person has to change their mind. The server keeps what was deleted for longer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the offer stays after somebody was at it.
const ONE_MORE_LOOK: Duration = Duration::from_secs(2);

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Toast {
    /// In words.
    pub(crate) text: String,
    done: Done,
    number: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Done {
    /// These were archived, or deleted, as `from` says. The one that was shown is shown again.
    Removed {
        session_ids: Vec<Uuid>,
        from: RestoreFrom,
        shown: Option<Uuid>,
    },
    /// These were taken out of the archive.
    Restored(Vec<Uuid>),
    /// This one had another title.
    Renamed { session_id: Uuid, former: String },
}

impl Chat {
    /// Archives the session shown.
    pub(crate) fn clear(self) {
        if let Some(session_id) = self.conversation() {
            self.archive(session_id);
        }
    }

    /// Archives a session.
    pub(crate) fn archive(self, session_id: Uuid) {
        spawn_local(async move {
            match server_fns::clear(session_id).await {
                Ok(_) => {
                    let text = "The conversation is in the archive.".into();
                    self.removed(vec![session_id], RestoreFrom::Archived, text);
                }
                Err(error) => self.report(error, None),
            }
        });
    }

    /// Deletes a session.
    pub(crate) fn delete(self, session_id: Uuid) {
        spawn_local(async move {
            match server_fns::delete(session_id).await {
                Ok(()) => {
                    let text = "The conversation is deleted.".into();
                    self.removed(vec![session_id], RestoreFrom::Deleted, text);
                }
                Err(error) => self.report(error, None),
            }
        });
    }

    /// Archives, restores or deletes these sessions. Says whether it was done.
    pub(crate) async fn change_many(self, session_ids: Vec<Uuid>, change: ManyChange) -> bool {
        let from = (change == ManyChange::Restore).then_some(RestoreFrom::Archived);
        if let Err(error) = server_fns::change_many(session_ids.clone(), change, from).await {
            self.report(error, None);
            return false;
        }
        let count = session_ids.len();
        match change {
            ManyChange::Archive => {
                self.removed(session_ids, RestoreFrom::Archived, are(count, "in the archive"));
            }
            ManyChange::Delete => self.removed(session_ids, RestoreFrom::Deleted, are(count, "deleted")),
            ManyChange::Restore => {
                self.tell(News::ManyChanged);
                self.read_sessions();
                self.offer_undo(are(count, "back in the list"), Done::Restored(session_ids));
            }
        }
        true
    }

    fn removed(self, session_ids: Vec<Uuid>, from: RestoreFrom, text: String) {
        browser::hand_on_focus(".sidebar .session", ".dots");
        self.unlist(&session_ids);
        self.tell_changed(&session_ids, News::Gone);
        let shown = self
            .session_id
            .get_untracked()
            .filter(|shown| session_ids.contains(shown));
        if shown.is_some() {
            self.go("/llm".into(), false);
        }
        self.read_sessions();
        let done = Done::Removed {
            session_ids,
            from,
            shown,
        };
        self.offer_undo(text, done);
    }

    pub(super) fn offer_former_title(self, session_id: Uuid, former: String) {
        let done = Done::Renamed { session_id, former };
        self.offer_undo("The conversation has a new title.".into(), done);
    }

    fn tell_changed(self, session_ids: &[Uuid], news: fn(Uuid) -> News) {
        match session_ids {
            [session_id] => self.tell(news(*session_id)),
            _ => self.tell(News::ManyChanged),
        }
    }

    fn offer_undo(self, text: String, done: Done) {
        self.forget_toast();
        self.announce(text.clone());
        let number = self.toasts.get_value() + 1;
        self.toasts.set_value(number);
        self.toast.set(Some(Toast { text, done, number }));
        spawn_local(async move {
            browser::sleep(PATIENCE).await;
            let is_there = |toast: &Option<Toast>| toast.as_ref().is_some_and(|toast| toast.number == number);
            while self.toast.with_untracked(is_there) {
                if !browser::has(".toast:is(:hover, :focus-within)") {
                    return self.forget_toast();
                }
                // Somebody is at it.
                browser::sleep(ONE_MORE_LOOK).await;
            }
        });
    }

    /// It stays done: what was typed there and not sent goes as well.
    pub(crate) fn forget_toast(self) {
        if let Some(toast) = self.toast.get_untracked() {
            if let Done::Removed { session_ids, .. } = toast.done {
                for session_id in session_ids {
                    browser::keep_draft(Some(session_id), "");
                }
            }
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
            if let Err(error) = self.take_back_what_was(toast.done).await {
                self.report(error, None);
            }
        });
    }

    async fn take_back_what_was(self, done: Done) -> Result<(), PageError> {
        match done {
            Done::Removed {
                session_ids,
                from,
                shown,
            } => {
                match session_ids.as_slice() {
                    [session_id] => {
                        server_fns::restore(*session_id, from).await?;
                        self.announce("The conversation is back.");
                    }
                    _ => {
                        server_fns::change_many(session_ids.clone(), ManyChange::Restore, Some(from)).await?;
                        self.announce("The conversations are back.");
                    }
                }
                self.tell_changed(&session_ids, News::Changed);
                self.read_sessions();
                if let Some(session_id) = shown {
                    self.go(format!("/llm/{session_id}"), false);
                }
            }
            Done::Restored(session_ids) => {
                server_fns::change_many(session_ids, ManyChange::Archive, None).await?;
                self.announce("The conversations are in the archive again.");
                self.tell(News::ManyChanged);
                self.read_sessions();
            }
            Done::Renamed { session_id, former } => {
                if self.change_title(session_id, former).await {
                    self.announce("The conversation has its former title.");
                }
            }
        }
        Ok(())
    }
}

/// `3 conversations are deleted.`
fn are(count: usize, what: &str) -> String {
    if count == 1 {
        format!("The conversation is {what}.")
    } else {
        format!("{count} conversations are {what}.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_and_many_are_told_apart() {
        assert_eq!(are(1, "deleted"), "The conversation is deleted.");
        assert_eq!(are(12, "in the archive"), "12 conversations are in the archive.");
    }
}
