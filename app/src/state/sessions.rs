//! The sidebar's list, and what can be done to one of its sessions.

use leptos::{leptos_dom::helpers::set_timeout_with_handle, prelude::*, task::spawn_local};
use protocol::{
    history::{RestoreFrom, SessionQuery},
    session::{SessionList, SessionPatch, SessionSummary},
    timestamp::Timestamp,
};
use std::{cmp::Reverse, collections::HashSet, time::Duration};
use uuid::Uuid;

use super::{Chat, Remedy, Text, View, tabs::News};
use crate::{boot::SESSIONS_PER_PAGE, browser, components::session_row::dots_of, server_fns};

/// How often the list is read again while an answer is being written in a session that is not shown.
const POLL: Duration = Duration::from_secs(5);
/// The same where another tab follows each of those answers. It may crash and tell nothing.
const POLL_WHEN_TOLD: Duration = Duration::from_secs(60);
/// One look at the page is told several times, by the tab and by the window. In microseconds.
const ONE_LOOK: i64 = 1_000_000;

impl Chat {
    /// Takes over the first page of the list. What was loaded below it stays.
    pub(super) fn list(self, list: SessionList) {
        let shown = self.session_id.get_untracked();
        if let Some(session) = list.sessions.iter().find(|session| Some(session.session_id) == shown) {
            self.session.set(Some(session.clone()));
        }
        let former = self.sessions.get_untracked();
        browser::keep_focus();
        let (sessions, is_longer) = renewed(list.sessions, list.next.is_some(), former);
        if !is_longer {
            self.next_page.set(list.next);
        }
        self.sessions.set(sessions);
        self.listed.notify();
    }

    /// Takes sessions out of the list, before the server is asked for it again.
    pub(super) fn unlist(self, session_ids: &[Uuid]) {
        self.sessions
            .update(|all| all.retain(|session| !session_ids.contains(&session.session_id)));
    }

    /// Many sessions have changed: the list is read again, in the other tabs too.
    pub(crate) fn many_changed(self) {
        self.tell(News::ManyChanged);
        self.read_sessions();
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

    /// Whoever looks next finds things changed, however soon that is.
    pub(super) fn forget_look(self) {
        self.looked_at.set_value(Timestamp(0));
    }

    fn read_list(self, also_shown: bool) {
        let query = SessionQuery {
            limit: SESSIONS_PER_PAGE,
            ..Default::default()
        };
        spawn_local(async move {
            let outcome = server_fns::sessions(query).await;
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

    /// Lists the next page as well.
    pub(crate) fn list_more(self) {
        let Some(after) = self
            .next_page
            .get_untracked()
            .filter(|_| !self.is_listing_more.get_untracked())
        else {
            return;
        };
        self.is_listing_more.set(true);
        let query = SessionQuery {
            after: Some(after.clone()),
            limit: SESSIONS_PER_PAGE,
            ..Default::default()
        };
        spawn_local(async move {
            let outcome = server_fns::sessions(query).await;
            self.is_listing_more.set(false);
            self.is_failing_to_list.set_value(outcome.is_err());
            // The list was read anew meanwhile and ends elsewhere.
            if self.next_page.with_untracked(|next| next.as_ref() != Some(&after)) {
                return;
            }
            match outcome {
                Ok(list) => {
                    self.next_page.set(list.next);
                    self.sessions.update(|all| {
                        let known: HashSet<Uuid> = all.iter().map(|session| session.session_id).collect();
                        let new = list.sessions.into_iter();
                        all.extend(new.filter(|session| !known.contains(&session.session_id)));
                    });
                    self.poll();
                }
                Err(error) => self.report(error, None),
            }
        });
    }

    /// Keeps an eye on answers that are being written elsewhere: closely, unless another tab will tell of their end.
    pub(crate) fn poll(self) {
        if let Some(timer) = self.polling.try_update_value(Option::take).flatten() {
            timer.clear();
        }
        let shown = self.session_id.get_untracked();
        let elsewhere: Vec<Uuid> = self.sessions.with_untracked(|all| {
            let running = all
                .iter()
                .filter(|session| session.running && Some(session.session_id) != shown);
            running.map(|session| session.session_id).collect()
        });
        if elsewhere.is_empty() {
            return;
        }
        let are_told = self
            .followed_elsewhere
            .with_value(|followed| elsewhere.iter().all(|session_id| followed.contains(session_id)));
        let look = move || {
            if browser::is_visible() {
                self.read_list(true);
            } else {
                // Who comes back to the page has it read.
                self.forget_look();
            }
        };
        let timer = set_timeout_with_handle(look, if are_told { POLL_WHEN_TOLD } else { POLL });
        self.polling.set_value(timer.ok());
    }

    /// Gives a session another title; `former` comes back if the person changes their mind.
    pub(crate) fn rename(self, session_id: Uuid, title: String, former: String) {
        spawn_local(async move {
            if self.change_title(session_id, title).await {
                self.offer_former_title(session_id, former);
            }
        });
    }

    pub(super) async fn change_title(self, session_id: Uuid, title: String) -> bool {
        let patch = SessionPatch {
            title: Some(title),
            ..Default::default()
        };
        self.change(session_id, patch).await
    }

    /// Keeps a session at the top, or no longer.
    pub(crate) fn pin(self, session_id: Uuid, pinned: bool) {
        let patch = SessionPatch {
            pinned: Some(pinned),
            ..Default::default()
        };
        spawn_local(async move {
            self.change(session_id, patch).await;
            // Its row is another one now, in another place.
            browser::focus_if_lost(&dots_of(session_id));
        });
    }

    /// Takes the session shown out of the archive.
    pub(crate) fn take_out_of_archive(self, session_id: Uuid) {
        spawn_local(async move {
            match server_fns::restore(session_id, RestoreFrom::Archived).await {
                Ok(summary) => {
                    self.replace(summary);
                    self.announce("The conversation is back in the list.");
                    self.tell(News::Changed(session_id));
                    self.read_sessions();
                    browser::focus("#message");
                }
                Err(error) => self.report(error, None),
            }
        });
    }

    async fn change(self, session_id: Uuid, patch: SessionPatch) -> bool {
        match server_fns::patch(session_id, patch).await {
            Ok(summary) => {
                self.replace(summary);
                self.tell(News::Changed(session_id));
                self.read_sessions();
                true
            }
            Err(error) => {
                self.report(error, None);
                false
            }
        }
    }

    fn replace(self, summary: SessionSummary) {
        if self.session_id.get_untracked() == Some(summary.session_id) {
            self.session.set(Some(summary.clone()));
        }
        self.sessions.update(|all| {
            if let Some(listed) = all.iter_mut().find(|listed| listed.session_id == summary.session_id) {
                *listed = summary;
                // One that is pinned now goes to its place at once.
                all.sort_by_key(place);
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
                Ok(summary) => {
                    self.replace(summary);
                    self.tell(News::Changed(session_id));
                }
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

/// The list once its first page was read again, and whether it is longer than that page. What was loaded below stays, in
/// order, where it joins on: where the page ends with what stood there before.
fn renewed(first: Vec<SessionSummary>, goes_on: bool, former: Vec<SessionSummary>) -> (Vec<SessionSummary>, bool) {
    let Some(last) = first.last().filter(|_| goes_on).map(place) else {
        return (first, false);
    };
    if !former.iter().any(|session| place(session) == last) {
        return (first, false);
    }
    let known: HashSet<Uuid> = first.iter().map(|session| session.session_id).collect();
    let mut below: Vec<SessionSummary> = former
        .into_iter()
        .filter(|session| place(session) > last && !known.contains(&session.session_id))
        .collect();
    // One that is pinned no longer has its place among them.
    below.sort_by_key(place);
    let is_longer = !below.is_empty();
    let mut sessions = first;
    sessions.append(&mut below);
    (sessions, is_longer)
}

/// Where a session stands in the list: pinned ones first, then the newest.
fn place(session: &SessionSummary) -> (Reverse<bool>, Reverse<Timestamp>, Reverse<Uuid>) {
    (
        Reverse(session.pinned),
        Reverse(session.updated_at),
        Reverse(session.session_id),
    )
}

#[cfg(test)]
mod tests;
