//! From the first rendering to another session, and what a session says anew.

use leptos::{prelude::*, task::spawn_local};
use protocol::session::{MessageType, SessionDetail};
use std::sync::Arc;
use uuid::Uuid;

use super::{Chat, Delivery, Line, Remedy, View};
use crate::{
    boot::{Boot, Place, no_such_session},
    browser,
    error::PageError,
    server_fns,
};

impl Chat {
    /// Fills the page for its first rendering, on the server and again in the browser.
    pub(crate) fn start(self, boot: Boot) {
        if self.started.get_value() {
            return;
        }
        self.started.set_value(true);
        self.clock.now.set(boot.now);
        self.theme.set(boot.theme);
        match boot.registry {
            Ok(registry) => self.registry.set(Arc::new(registry)),
            Err(error) => self.report(error, Some(Remedy::Registry)),
        }
        match boot.sessions {
            Ok(list) => self.list(list),
            Err(error) => self.report(error, Some(Remedy::Sessions)),
        }
        self.choose_default_agent();
        if let Place::Session(session_id) = boot.place {
            self.session_id.set(Some(session_id));
        }
        match boot.session {
            None => {}
            Some(Ok(detail)) => self.fill(detail),
            Some(Err(error)) => self.fail_to_open(error, self.session_id.get_untracked()),
        }
    }

    /// Follows the answer that was being written when the page was rendered. In the browser only.
    pub(crate) fn resume(self, cursor: Option<String>) {
        if let (Some(session_id), true) = (
            self.session_id.get_untracked(),
            self.turn.with_untracked(Option::is_some),
        ) {
            self.attach(session_id, cursor);
        }
    }

    /// Shows what the address names. A session that is already shown stays as it is.
    pub(crate) fn show(self, place: Place) {
        let shown = match self.view.get_untracked() {
            View::New => Place::New,
            View::Missing => self.session_id.get_untracked().map_or(Place::Nowhere, Place::Session),
            _ => self.session_id.get_untracked().map_or(Place::New, Place::Session),
        };
        self.drawer.set(false);
        if shown == place {
            return;
        }
        self.leave();
        match place {
            Place::New => {
                self.session_id.set(None);
                self.view.set(View::New);
                if untrack(|| self.agent()).is_none() {
                    self.choose_default_agent();
                }
            }
            Place::Session(session_id) => {
                self.session_id.set(Some(session_id));
                self.view.set(View::Loading);
                self.read(session_id);
            }
            Place::Nowhere => {
                self.session_id.set(None);
                self.fail_to_open(no_such_session(), None);
            }
        }
        self.draft.set(browser::draft(self.session_id.get_untracked()));
    }

    /// Drops what belongs to the session shown. An unsent message becomes its draft.
    fn leave(self) {
        let unsent = self.lines.with_untracked(|lines| {
            lines
                .iter()
                .filter(|line| matches!(*line.delivery.read_untracked(), Delivery::Failed(_)))
                .map(|line| line.text.get_untracked())
                .next_back()
        });
        if let Some(unsent) = unsent
            && self.draft.with_untracked(String::is_empty)
        {
            browser::keep_draft(self.session_id.get_untracked(), &unsent);
        }
        self.visit.update_value(|visit| *visit += 1);
        self.connection.set_value(None);
        self.turn.set(None);
        self.reconnecting.set(false);
        self.session.set(None);
        self.lines.set(Vec::new());
        self.has_more.set(false);
        self.notice.set(None);
    }

    fn read(self, session_id: Uuid) {
        let visit = self.visit.get_value();
        spawn_local(async move {
            let outcome = server_fns::session(session_id, None).await;
            if !self.is_visit(visit) {
                return;
            }
            match outcome {
                Ok(detail) => {
                    let cursor = detail.cursor.clone();
                    self.fill(detail);
                    self.resume(cursor);
                }
                Err(error) => self.fail_to_open(error, Some(session_id)),
            }
        });
    }

    fn fail_to_open(self, error: PageError, session_id: Option<Uuid>) {
        if error.is_not_found() {
            self.view.set(View::Missing);
        } else {
            self.view.set(View::Failed);
            self.report(error, session_id.map(Remedy::Session));
        }
    }

    fn fill(self, detail: SessionDetail) {
        self.session_id.set(Some(detail.session.session_id));
        self.agent_id.set(detail.session.agent_id.clone());
        self.model_id.set(detail.session.model_id.clone());
        self.session.set(Some(detail.session));
        self.has_more.set(detail.has_more);
        let lines: Vec<Line> = detail.messages.into_iter().filter(is_shown).map(Line::saved).collect();
        if detail.cursor.is_some() {
            self.take_up(&lines);
        }
        self.lines.set(lines);
        self.view.set(View::Open);
    }

    /// Reads the session shown once more, keeps the rows there are, and follows its answer if one is being written.
    pub(crate) fn read_again(self, session_id: Uuid) {
        if self.view.get_untracked() != View::Open {
            self.view.set(View::Loading);
            return self.read(session_id);
        }
        let visit = self.visit.get_value();
        spawn_local(async move {
            let outcome = server_fns::session(session_id, None).await;
            if !self.is_visit(visit) {
                return;
            }
            match outcome {
                Ok(detail) => self.merge(detail),
                Err(error) => self.report(error, Some(Remedy::Session(session_id))),
            }
        });
    }

    /// Takes over what the server says now. While an answer is being written here, its stream knows better.
    pub(crate) fn merge(self, detail: SessionDetail) {
        let mut lines = self.lines.get_untracked();
        let followed = self.turn.with_untracked(|turn| turn.as_ref().map(|turn| turn.line.key));
        for message in detail.messages.into_iter().filter(is_shown) {
            match lines.iter().find(|line| line.message_id() == message.message_id) {
                Some(line) if Some(line.key) == followed && detail.cursor.is_some() => {}
                Some(line) => {
                    line.refresh(message);
                    line.text.with_untracked(|text| line.markdown.finish(text));
                }
                None => lines.push(Line::saved(message)),
            }
        }
        self.session.set(Some(detail.session));
        let running = followed.is_some();
        if detail.cursor.is_some() && !running {
            self.take_up(&lines);
        } else if detail.cursor.is_none() && running {
            self.turn.set(None);
            self.connection.set_value(None);
        }
        if lines != self.lines.get_untracked() {
            self.lines.set(lines);
        }
        if !running {
            self.resume(detail.cursor);
        }
        self.grown.notify();
    }

    /// Reads the messages before those shown.
    pub(crate) fn read_earlier(self) {
        let first = self.lines.with_untracked(|lines| lines.first().map(Line::message_id));
        let (Some(session_id), Some(first)) = (self.session_id.get_untracked(), first) else {
            return;
        };
        let visit = self.visit.get_value();
        spawn_local(async move {
            let outcome = server_fns::session(session_id, Some(first)).await;
            if !self.is_visit(visit) {
                return;
            }
            match outcome {
                Ok(detail) => {
                    let mut lines: Vec<Line> = detail.messages.into_iter().filter(is_shown).map(Line::saved).collect();
                    self.has_more.set(detail.has_more);
                    lines.extend(self.lines.get_untracked());
                    self.lines.set(lines);
                }
                Err(error) => self.report(error, None),
            }
        });
    }

    /// Reads agents and models again.
    pub(crate) fn read_registry(self) {
        spawn_local(async move {
            match server_fns::registry().await {
                Ok(registry) => {
                    self.registry.set(Arc::new(registry));
                    if self.agent_id.with_untracked(String::is_empty) {
                        self.choose_default_agent();
                    }
                }
                Err(error) => self.report(error, Some(Remedy::Registry)),
            }
        });
    }
}

fn is_shown(message: &protocol::session::Message) -> bool {
    matches!(message.message_type, MessageType::User | MessageType::Assistant)
}
