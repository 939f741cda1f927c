//! The sidebar's list, and what can be done to one of its sessions.

use leptos::{prelude::*, task::spawn_local};
use protocol::{
    history::SessionQuery,
    session::{SessionList, SessionPatch, SessionSummary},
};
use std::time::Duration;
use uuid::Uuid;

use super::{Chat, Remedy, Text, View};
use crate::{boot::SESSIONS_PER_PAGE, browser, server_fns};

/// How often the list is read again while an answer is being written in a session that is not shown.
const POLL: Duration = Duration::from_secs(5);
/// One look at the page is told several times, by the tab and by the window. In microseconds.
const ONE_LOOK: i64 = 1_000_000;

impl Chat {
    /// Shows a list.
    pub(super) fn list(self, list: SessionList) {
        let shown = self.session_id.get_untracked();
        if let Some(session) = list.sessions.iter().find(|session| Some(session.session_id) == shown) {
            self.session.set(Some(session.clone()));
        }
        self.unlisted.set(list.total.saturating_sub(list.sessions.len() as u64));
        self.sessions.set(list.sessions);
    }

    /// Reads the list again.
    pub(crate) fn read_sessions(self) {
        self.read_list(false);
    }

    /// Somebody looks at the page again: what happened meanwhile, in another tab or on another device, is taken over.
    pub(crate) fn look_again(self) {
        let now = browser::now();
        let is_same_look = now.0.saturating_sub(self.looked_at.get_value().0) < ONE_LOOK;
        if is_same_look || !browser::is_visible() {
            return;
        }
        self.looked_at.set_value(now);
        self.read_list(true);
    }

    fn read_list(self, also_shown: bool) {
        let query = SessionQuery {
            q: self.find.get_untracked(),
            limit: self.limit.get_value(),
            ..Default::default()
        };
        spawn_local(async move {
            let outcome = server_fns::sessions(query.clone()).await;
            if query.q != self.find.get_untracked() {
                return;
            }
            self.clock.now.set(browser::now());
            match outcome {
                Ok(list) => {
                    if also_shown {
                        self.catch_up(&list);
                    }
                    self.list(list);
                    self.poll();
                }
                // The list that stands is better than none; what the person does next will say what is wrong.
                Err(error) if !also_shown && self.sessions.with_untracked(Vec::is_empty) => {
                    self.report(error, Some(Remedy::Sessions));
                }
                Err(_) => {}
            }
        });
    }

    /// Reads the session shown again if the list knows more of it. An answer that is being written here has its stream.
    fn catch_up(self, list: &SessionList) {
        let Some(session_id) = self.session_id.get_untracked() else {
            return;
        };
        if self.view.get_untracked() != View::Open || self.turn.with_untracked(Option::is_some) {
            return;
        }
        let listed = list.sessions.iter().find(|session| session.session_id == session_id);
        if self.session.with_untracked(|known| known.as_ref() != listed) {
            // Nobody asked for it, so nobody is told if it fails.
            spawn_local(async move {
                self.ask(session_id, Text::FromStream).await;
            });
        }
    }

    /// Lists more of them.
    pub(crate) fn list_more(self) {
        self.limit.update_value(|limit| *limit += SESSIONS_PER_PAGE);
        self.read_sessions();
    }

    /// Keeps an eye on answers that are being written elsewhere.
    pub(crate) fn poll(self) {
        let shown = self.session_id.get_untracked();
        let elsewhere = self.sessions.with_untracked(|all| {
            all.iter()
                .any(|session| session.running && Some(session.session_id) != shown)
        });
        if elsewhere && !self.polling.get_value() {
            self.polling.set_value(true);
            set_timeout(
                move || {
                    self.polling.set_value(false);
                    self.read_list(true);
                },
                POLL,
            );
        }
    }

    /// Gives a session another title.
    pub(crate) fn rename(self, session_id: Uuid, title: String) {
        let patch = SessionPatch {
            title: Some(title),
            ..Default::default()
        };
        self.change(session_id, patch);
    }

    /// Keeps a session at the top, or no longer.
    pub(crate) fn pin(self, session_id: Uuid, pinned: bool) {
        let patch = SessionPatch {
            pinned: Some(pinned),
            ..Default::default()
        };
        self.change(session_id, patch);
    }

    fn change(self, session_id: Uuid, patch: SessionPatch) {
        spawn_local(async move {
            match server_fns::patch(session_id, patch).await {
                Ok(summary) => {
                    self.replace(summary);
                    self.read_sessions();
                }
                Err(error) => self.report(error, None),
            }
        });
    }

    fn replace(self, summary: SessionSummary) {
        if self.session_id.get_untracked() == Some(summary.session_id) {
            self.session.set(Some(summary.clone()));
        }
        self.sessions.update(|all| {
            if let Some(listed) = all.iter_mut().find(|listed| listed.session_id == summary.session_id) {
                *listed = summary;
            }
        });
    }

    /// Changes the model of the session shown, for its next answer.
    pub(super) fn save_model(self, session_id: Uuid, model_id: String, former: String) {
        let patch = SessionPatch {
            model: Some(model_id.clone()),
            ..Default::default()
        };
        spawn_local(async move {
            match server_fns::patch(session_id, patch).await {
                Ok(summary) => self.replace(summary),
                Err(error) => {
                    if self.model_id.get_untracked() == model_id {
                        self.model_id.set(former);
                    }
                    self.report(error, None);
                }
            }
        });
    }
}
