//! From the first rendering to another session, and what a session says anew.

use leptos::{prelude::*, task::spawn_local};
use protocol::{
    event::EventId,
    session::{Message, MessageStatus, MessageType, SessionDetail},
};
use std::{sync::Arc, time::Duration};
use uuid::Uuid;

use super::{Chat, Delivery, Line, Remedy, View, tabs::News};
use crate::{
    boot::{Boot, Place, no_such_session},
    browser,
    error::PageError,
    server_fns,
};

/// How long the session may take to say where it stands.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where the session shown stands, as far as the page is concerned.
#[derive(Debug)]
pub(crate) enum Standing {
    /// The turn that was followed runs. Its text is known up to that event.
    #[cfg_attr(
        not(target_arch = "wasm32"),
        expect(dead_code, reason = "only a browser follows a stream")
    )]
    Running(EventId),
    /// That turn is over, or there was none; if another one runs, it is followed now.
    Over,
    /// It could not be asked.
    Unknown(PageError),
}

/// Who knows the text of a running answer best.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Text {
    /// Its stream, which is open.
    FromStream,
    /// The session, for the stream is away.
    #[cfg_attr(
        not(target_arch = "wasm32"),
        expect(dead_code, reason = "only a browser follows a stream")
    )]
    FromSession,
}

impl Chat {
    /// Fills the page for its first rendering, on the server and again in the browser.
    pub(crate) fn start(self, boot: Boot) {
        if self.started.get_value() {
            return;
        }
        self.started.set_value(true);
        self.clock.now.set(boot.now);
        self.theme.set(boot.theme);
        self.colours.set_value(boot.colours);
        // Before the field is bound to it: whoever was faster than the WASM has typed already.
        self.draft.set(browser::typed());
        match boot.registry {
            Ok(registry) => self.registry.set(Arc::new(registry)),
            Err(error) => self.report(error, Some(Remedy::Registry)),
        }
        match boot.sessions {
            Ok(list) => self.list(list),
            Err(error) => self.report(error, Some(Remedy::Sessions)),
        }
        self.choose_default_agent();
        match boot.place {
            Place::Session(session_id) => self.session_id.set(Some(session_id)),
            Place::Elsewhere => self.view.set(View::Elsewhere),
            Place::New | Place::Nowhere => {}
        }
        self.first_history.set_value(boot.history);
        match boot.session {
            None => {}
            Some(Ok(detail)) => {
                self.fill(detail);
                self.sought.set(boot.sought);
            }
            Some(Err(error)) => self.fail_to_open(error, self.session_id.get_untracked()),
        }
    }

    /// Follows the answer that is being written in the session shown. In the browser only.
    pub(crate) fn resume(self, cursor: Option<EventId>) {
        if let (Some(session_id), Some(cursor), Some(_)) = (self.session_id.get_untracked(), cursor, self.turn_key()) {
            self.attach(session_id, cursor);
        }
    }

    /// Shows what the address names: a session, at that message where it names one. A session that is already shown stays
    /// as it is.
    pub(crate) fn show(self, place: Place, sought: Option<Uuid>) {
        let session = self.session_id.get_untracked().map(Place::Session);
        let shown = match self.view.get_untracked() {
            View::New => Some(Place::New),
            View::Elsewhere => Some(Place::Elsewhere),
            View::Missing => session.or(Some(Place::Nowhere)),
            // Without a session it is one whose first message is on its way, which has no address yet.
            _ => session,
        };
        self.drawer.set(false);
        if shown == Some(place) {
            match sought {
                Some(message_id) if self.view.get_untracked() == View::Open => self.seek(message_id),
                // It is on its way, and the address has told only now at which message it opens.
                Some(_) => self.sought.set(sought),
                None => {}
            }
            return;
        }
        self.leave();
        self.sought.set(sought);
        match place {
            // An answer that is being written goes on; who comes back finds it where it has got to.
            Place::Elsewhere => {
                self.session_id.set(None);
                self.view.set(View::Elsewhere);
            }
            Place::New => {
                self.session_id.set(None);
                self.view.set(View::New);
                self.choose_who_is_there();
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
        self.tell_left();
        self.visit.update_value(|visit| *visit += 1);
        self.connection.set_value(None);
        self.turn.set(None);
        self.forget_loss();
        self.session.set(None);
        self.lines.set(Vec::new());
        self.has_more.set(false);
        self.has_later.set(false);
        self.sought.set(None);
        self.notice.set(None);
    }

    fn read(self, session_id: Uuid) {
        let visit = self.visit.get_value();
        spawn_local(async move {
            let sought = self.sought.get_untracked();
            let outcome = match sought {
                Some(message_id) => self.page_around(session_id, message_id).await,
                None => server_fns::session(session_id, None).await,
            };
            if !self.is_visit(visit) {
                return;
            }
            match outcome {
                Ok(detail) => {
                    self.fill_and_follow(detail);
                    let now_sought = self.sought.get_untracked();
                    if let Some(message_id) = now_sought.filter(|_| now_sought != sought) {
                        self.seek(message_id);
                    }
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

    /// The session shown is gone: somebody has deleted it.
    pub(super) fn vanish(self, session_id: Uuid, error: PageError) {
        self.leave();
        self.fail_to_open(error, Some(session_id));
        self.read_sessions();
    }

    fn fill(self, detail: SessionDetail) {
        let is_running = cursor(&detail).is_some();
        self.session_id.set(Some(detail.session.session_id));
        self.agent_id.set(detail.session.agent_id.clone());
        self.model_id.set(detail.session.model_id.clone());
        self.session.set(Some(detail.session));
        self.has_more.set(detail.has_more);
        self.has_later.set(detail.has_later);
        let lines: Vec<Line> = detail.messages.into_iter().filter(is_shown).map(Line::saved).collect();
        if is_running {
            self.take_up(&lines);
        }
        self.lines.set(lines);
        self.view.set(View::Open);
    }

    /// Shows a part of a session, and follows the answer in it that is being written.
    fn fill_and_follow(self, detail: SessionDetail) {
        let cursor = cursor(&detail);
        self.fill(detail);
        self.resume(cursor);
    }

    /// Reads the session shown once more, keeps the rows there are, and follows its answer if one is being written.
    pub(crate) fn read_again(self, session_id: Uuid) {
        if self.view.get_untracked() != View::Open {
            self.view.set(View::Loading);
            return self.read(session_id);
        }
        let visit = self.visit.get_value();
        spawn_local(async move {
            if let Standing::Unknown(error) = self.ask(session_id, Text::FromStream).await
                && self.is_visit(visit)
            {
                self.report(error, Some(Remedy::Session(session_id)));
            }
        });
    }

    /// Asks the session shown where it stands, and takes that over.
    pub(crate) async fn ask(self, session_id: Uuid, text: Text) -> Standing {
        let visit = self.visit.get_value();
        let asked_in = self.moment();
        let outcome = browser::within(PATIENCE, server_fns::session(session_id, None)).await;
        if !self.is_visit(visit) {
            return Standing::Over;
        }
        match outcome {
            Some(Ok(detail)) => self.merge(detail, asked_in, text),
            Some(Err(error)) if error.is_not_found() => {
                self.vanish(session_id, error);
                Standing::Over
            }
            Some(Err(error)) => Standing::Unknown(error),
            None => Standing::Unknown(PageError::new(
                "no_answer",
                "Parley did not answer in time.",
                "Try again.",
            )),
        }
    }

    /// Tells apart the times before and after a turn has begun or ended here: how many have begun, and which is running.
    fn moment(self) -> (u64, Option<Uuid>) {
        (self.turns.get_value(), self.turn_key())
    }

    /// Takes over what the server was asked at the moment `asked_in`.
    fn merge(self, detail: SessionDetail, asked_in: (u64, Option<Uuid>), text: Text) -> Standing {
        let turn = self.turn.get_untracked();
        // A turn has begun or ended here meanwhile, or is just beginning: this is old news, and its end reads again.
        if self.moment() != asked_in || turn.as_ref().is_some_and(|turn| !turn.is_accepted) {
            return Standing::Over;
        }
        let cursor = cursor(&detail);
        let followed = turn.as_ref().map(|turn| turn.line.message_id());
        let is_streaming = |message: &Message| message.status == MessageStatus::Streaming;
        let goes_on = cursor.filter(|_| {
            let mut messages = detail.messages.iter();
            messages.any(|message| Some(message.message_id) == followed && is_streaming(message))
        });
        let untouched = followed.filter(|_| goes_on.is_some() && text == Text::FromStream);
        let session = detail.session.clone();
        if self.has_later.get_untracked() && !self.reaches(&detail) {
            // What is shown ends before these begin. The reader is not torn away from it.
            self.session.set(Some(session));
            if let (Some(turn), None) = (turn, goes_on) {
                self.conclude(&turn.line);
                self.read_sessions();
            }
            return goes_on.map_or(Standing::Over, Standing::Running);
        }
        let lines = self.take_over(detail, untouched);
        self.session.set(Some(session));
        self.grown.notify();
        if let Some(cursor) = goes_on {
            return Standing::Running(cursor);
        }
        if let Some(turn) = turn {
            self.conclude(&turn.line);
            self.read_sessions();
        }
        if cursor.is_some() {
            self.take_up(&lines);
            self.resume(cursor);
        }
        Standing::Over
    }

    /// Whether the last messages of a session, as the server said them, join on to those shown.
    fn reaches(self, detail: &SessionDetail) -> bool {
        self.lines.with_untracked(|lines| {
            let is_told = |line: &Line| detail.messages.iter().any(|told| told.message_id == line.message_id());
            lines.iter().any(is_told)
        })
    }

    /// Makes the rows those of the branch of which the server said the last messages. Rows that stay are kept, the row of
    /// the message `untouched` as it is; above them stays what is loaded of the same branch, below them what was not sent.
    fn take_over(self, detail: SessionDetail, untouched: Option<Uuid>) -> Vec<Line> {
        let former = self.lines.get_untracked();
        let messages: Vec<Message> = detail.messages.into_iter().filter(is_shown).collect();
        let is_told = |line: &Line| messages.iter().any(|message| message.message_id == line.message_id());
        // A branch has one way up: what stands above a message of it belongs to it.
        let above = former.iter().position(is_told).unwrap_or(0);
        let mut lines = former[..above].to_vec();
        if above == 0 {
            self.has_more.set(detail.has_more);
        }
        self.has_later.set(false);
        for message in messages {
            let same = former.iter().find(|line| line.message_id() == message.message_id);
            let line = same.or_else(|| former.iter().find(|line| line.has_arrived_as(&message)));
            lines.push(match line {
                Some(line) => {
                    if untouched != Some(message.message_id) {
                        line.refresh(message);
                    }
                    line.clone()
                }
                None => Line::saved(message),
            });
        }
        let unsent = former.iter().filter(|line| !line.is_saved());
        lines.extend(unsent.cloned());
        if lines != former {
            self.lines.set(lines.clone());
        }
        lines
    }

    /// Shows the branch of that message, an earlier or later version of one shown.
    pub(crate) fn show_version(self, message_id: Uuid) {
        let Some(session_id) = self
            .session_id
            .get_untracked()
            .filter(|_| !untrack(|| self.is_running()))
        else {
            return;
        };
        let visit = self.visit.get_value();
        spawn_local(async move {
            let outcome = server_fns::show_version(session_id, message_id).await;
            if !self.is_visit(visit) || self.turn.with_untracked(Option::is_some) {
                return;
            }
            match outcome {
                Ok(detail) => {
                    self.session.set(Some(detail.session.clone()));
                    self.take_over(detail, None);
                    self.tell(News::Changed(session_id));
                }
                Err(error) => self.report(error, Some(Remedy::Session(session_id))),
            }
        });
    }

    /// Reads agents and models again, quietly: what is shown is still good to pick from.
    pub(crate) fn refresh_registry(self) {
        spawn_local(async move {
            if let Ok(registry) = server_fns::registry().await {
                self.registry.set(Arc::new(registry));
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

/// The place in the running turn's events up to which `detail` goes.
pub(super) fn cursor(detail: &SessionDetail) -> Option<EventId> {
    detail.cursor.as_ref().and_then(|cursor| cursor.parse().ok())
}

pub(super) fn is_shown(message: &Message) -> bool {
    matches!(message.message_type, MessageType::User | MessageType::Assistant)
}
