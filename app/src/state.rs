//! What the page knows: one [`Chat`] of signals in the context, and the verbs that change it.
//!
//! - `open`: from the first rendering to another session, and what that session says anew
//! - `pages`: its messages before and after those shown, and the one that is looked for
//! - `send`: a message on its way, and again where it failed
//! - `turn`: the answer being written; `stop`: that it is no longer; `loss`: that its stream is away
//! - `sessions`: the sidebar's list; `tabs`: what the other tabs of this browser tell
//! - `colour`: what code consists of
//! - `toast`: what was done to a session, and how it is undone
//! - `command`: what keys and palette ask for
//! - `choose`: agent and model; `decide`: the word that a task waits for
//! - [`Lasting`]: a signal as long-lived as the page; [`line`]: one message in the transcript

mod choose;
mod colour;
mod command;
mod decide;
mod lasting;
pub(crate) mod line;
mod loss;
mod open;
mod pages;
mod send;
mod sessions;
mod stop;
mod tabs;
mod toast;
mod turn;

use leptos::{leptos_dom::helpers::TimeoutHandle, prelude::*};
use protocol::{
    highlight::Code,
    registry::{Agent, Model},
    session::{SessionList, SessionSummary},
    timestamp::Timestamp,
};
use std::{borrow::Cow, collections::HashSet, sync::Arc};
use uuid::Uuid;

use crate::{backend::Registry, browser, calendar::Clock, error::PageError, markdown::Colours, stream::Connection};
pub(crate) use command::{OpenPicker, Overlay, export_address, message_address};
pub(crate) use lasting::Lasting;
pub(crate) use line::{Delivery, Line};
pub(crate) use open::{Standing, Text};
pub(crate) use toast::Toast;
pub(crate) use turn::Turn;

/// What the main column shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    /// A conversation that has not begun.
    New,
    /// One whose messages are on their way.
    Loading,
    /// A conversation.
    Open,
    /// The address names none.
    Missing,
    /// It could not be read; the notice says why.
    Failed,
    /// Another page.
    Elsewhere,
}

/// Something that went wrong, and what a click can do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    /// What happened and what to do.
    pub(crate) error: PageError,
    /// What `Retry` does.
    pub(crate) remedy: Option<Remedy>,
}

/// What `Retry` on a [`Notice`] reads again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Agents and models.
    Registry,
    /// The sidebar.
    Sessions,
    /// The session, and the answer in it if one is being written.
    Session(Uuid),
}

/// A question that must be answered before something happens that cannot be undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Question {
    /// Whether to begin a new conversation with that agent.
    SwitchAgent(Agent),
}

/// The state of the page.
#[derive(Clone, Copy)]
pub(crate) struct Chat {
    /// What time it is, and where.
    pub(crate) clock: Clock,
    /// `dark`, `light`, or the system's.
    pub(crate) theme: Lasting<Option<String>>,
    /// Agents and models, once known.
    pub(crate) registry: Lasting<Arc<Registry>>,
    /// The sidebar's sessions.
    pub(crate) sessions: Lasting<Vec<SessionSummary>>,
    /// Where the list goes on; `None`: all of them are listed.
    pub(crate) next_page: Lasting<Option<String>>,
    /// Whether the next page of the list is on its way.
    pub(crate) is_listing_more: Lasting<bool>,
    /// Whether the next page could not be read. It is asked for again when somebody wants it, not by itself.
    pub(crate) is_failing_to_list: StoredValue<bool>,
    /// Rings when the list was read again, for whoever lists sessions in another way.
    pub(crate) listed: Lasting<()>,
    /// What is searched for in the sidebar.
    pub(crate) find: Lasting<String>,
    /// What the main column shows.
    pub(crate) view: Lasting<View>,
    /// The session shown; `None` until the first message is accepted.
    pub(crate) session_id: Lasting<Option<Uuid>>,
    /// What is known of it.
    pub(crate) session: Lasting<Option<SessionSummary>>,
    /// Its messages, oldest first.
    pub(crate) lines: Lasting<Vec<Line>>,
    /// Whether there are older ones than those.
    pub(crate) has_more: Lasting<bool>,
    /// Whether there are later ones than those: the conversation was opened at a message before its end.
    pub(crate) has_later: Lasting<bool>,
    /// The message that is looked for, until it is found.
    pub(crate) sought: Lasting<Option<Uuid>>,
    /// The answer being written.
    pub(crate) turn: Lasting<Option<Turn>>,
    /// Whether the page says that it is trying to get the stream back.
    pub(crate) reconnecting: Lasting<bool>,
    /// The agent spoken to.
    pub(crate) agent_id: Lasting<String>,
    /// The model of the next answer.
    pub(crate) model_id: Lasting<String>,
    /// What is typed.
    pub(crate) draft: Lasting<String>,
    /// What went wrong.
    pub(crate) notice: Lasting<Option<Notice>>,
    /// What was just done and can be undone.
    pub(crate) toast: Lasting<Option<Toast>>,
    /// What is asked.
    pub(crate) question: Lasting<Option<Question>>,
    /// What a screen reader is told.
    pub(crate) announcement: Lasting<Cow<'static, str>>,
    /// Where to go next, and whether in place of the present entry of the history.
    pub(crate) destination: Lasting<Option<(String, bool)>>,
    /// Which dialog stands over the page.
    pub(crate) overlay: Lasting<Option<Overlay>>,
    /// Which picker is open.
    pub(crate) picker: Lasting<Option<OpenPicker>>,
    /// Whether the sidebar is open on a phone.
    pub(crate) drawer: Lasting<bool>,
    /// Rises when rendered text has grown, for whoever keeps the end in sight.
    pub(crate) grown: Lasting<()>,
    /// What is known of code.
    pub(crate) colours: StoredValue<Colours>,
    started: StoredValue<bool>,
    /// Which visit this is: what arrives for an earlier one is not for the screen.
    visit: StoredValue<u64>,
    /// How many turns have begun here: what was asked before one knows nothing of it.
    turns: StoredValue<u64>,
    connection: StoredValue<Option<Connection>>,
    /// Set while the connection is lost; when it rings, the page says so.
    loss: StoredValue<Option<TimeoutHandle>>,
    /// When the page was last compared with the server because somebody looked at it.
    looked_at: StoredValue<Timestamp>,
    /// Which of the person's earlier messages is in the composer, and what was being typed before.
    recalled: StoredValue<Option<(usize, String)>>,
    /// When it rings, the list is read again for an answer that is being written elsewhere.
    polling: StoredValue<Option<TimeoutHandle>>,
    /// The sessions whose answers other tabs follow.
    followed_elsewhere: StoredValue<HashSet<Uuid>>,
    /// What other tabs have told and is about to be read: whether the session shown is among it.
    noted: StoredValue<Option<bool>>,
    /// The code of which the server was asked.
    asked_colours: StoredValue<HashSet<Code>>,
    /// How many toasts there have been.
    toasts: StoredValue<u64>,
    /// Called right before earlier messages come in above those shown.
    pub(crate) before_earlier: StoredValue<Option<Callback<()>>>,
    /// Whether earlier or later messages are on their way.
    is_reading_part: StoredValue<bool>,
    /// Where the page of all conversations was left: its address, and how far it was scrolled.
    pub(crate) history_place: StoredValue<Option<(String, i32)>>,
    /// What the page of all conversations lists at first, where the server has written it.
    pub(crate) first_history: StoredValue<Option<Result<SessionList, PageError>>>,
}

impl Chat {
    /// An empty page.
    pub(crate) fn new() -> Self {
        let nothing = Registry {
            agents: Vec::new(),
            models: Vec::new(),
            default_models: Vec::new(),
        };
        Self {
            clock: Clock {
                now: Lasting::new(Timestamp(0)),
                utc_offset_minutes: Lasting::new(0),
            },
            theme: Lasting::new(None),
            registry: Lasting::new(Arc::new(nothing)),
            sessions: Lasting::new(Vec::new()),
            next_page: Lasting::new(None),
            is_listing_more: Lasting::new(false),
            is_failing_to_list: StoredValue::new(false),
            listed: Lasting::new(()),
            find: Lasting::new(String::new()),
            view: Lasting::new(View::New),
            session_id: Lasting::new(None),
            session: Lasting::new(None),
            lines: Lasting::new(Vec::new()),
            has_more: Lasting::new(false),
            has_later: Lasting::new(false),
            sought: Lasting::new(None),
            turn: Lasting::new(None),
            reconnecting: Lasting::new(false),
            agent_id: Lasting::new(String::new()),
            model_id: Lasting::new(String::new()),
            draft: Lasting::new(String::new()),
            notice: Lasting::new(None),
            toast: Lasting::new(None),
            question: Lasting::new(None),
            announcement: Lasting::new("".into()),
            destination: Lasting::new(None),
            overlay: Lasting::new(None),
            picker: Lasting::new(None),
            drawer: Lasting::new(false),
            grown: Lasting::new(()),
            colours: StoredValue::new(Colours::default()),
            asked_colours: StoredValue::new(HashSet::new()),
            started: StoredValue::new(false),
            visit: StoredValue::new(0),
            turns: StoredValue::new(0),
            connection: StoredValue::new(None),
            loss: StoredValue::new(None),
            looked_at: StoredValue::new(Timestamp(0)),
            recalled: StoredValue::new(None),
            polling: StoredValue::new(None),
            followed_elsewhere: StoredValue::new(HashSet::new()),
            noted: StoredValue::new(None),
            toasts: StoredValue::new(0),
            before_earlier: StoredValue::new(None),
            is_reading_part: StoredValue::new(false),
            history_place: StoredValue::new(None),
            first_history: StoredValue::new(None),
        }
    }

    /// The agent of that id. Tracked.
    pub(crate) fn agent_of(self, agent_id: &str) -> Option<Agent> {
        self.registry
            .with(|registry| registry.agents.iter().find(|agent| agent.agent_id == agent_id).cloned())
    }

    /// The agent spoken to. Tracked.
    pub(crate) fn agent(self) -> Option<Agent> {
        self.agent_of(&self.agent_id.get())
    }

    /// The name of the agent spoken to, which may have left the registry since. Tracked.
    pub(crate) fn agent_name(self) -> String {
        let fallback = || {
            self.session
                .with(|session| session.as_ref().map(|session| session.agent_name.clone()))
        };
        self.agent()
            .map(|agent| agent.agent_name)
            .or_else(fallback)
            .unwrap_or_else(|| "No agent".into())
    }

    /// The role in which the person speaks. Tracked.
    pub(crate) fn own_role(self) -> Option<String> {
        let kept = self
            .session
            .with(|session| session.as_ref().and_then(|session| session.parent_role.clone()));
        kept.or_else(|| self.agent().and_then(|agent| agent.parent_role))
    }

    /// The model of the next answer. Tracked.
    pub(crate) fn model(self) -> Option<Model> {
        let model_id = self.model_id.get();
        self.registry
            .with(|registry| registry.models.iter().find(|model| model.model_id == model_id).cloned())
    }

    /// The session shown, where it is in the archive. Tracked.
    pub(crate) fn archived(self) -> Option<Uuid> {
        let in_archive = |session: &SessionSummary| session.archived_at.map(|_| session.session_id);
        self.session.with(|session| session.as_ref().and_then(in_archive))
    }

    /// Whether an answer is being written, or a message is on its way. Tracked.
    pub(crate) fn is_running(self) -> bool {
        self.turn.with(Option::is_some)
    }

    /// Has it said to who does not see it.
    pub(crate) fn announce(self, text: impl Into<Cow<'static, str>>) {
        self.announcement.set(text.into());
    }

    /// Closes the sidebar on a phone, and goes back to what opened it.
    pub(crate) fn close_drawer(self) {
        self.drawer.set(false);
        browser::focus(".on-phones[aria-expanded]");
    }

    /// Shows what went wrong. The drawer would hide it.
    pub(crate) fn report(self, error: PageError, remedy: Option<Remedy>) {
        self.drawer.set(false);
        self.notice.set(Some(Notice { error, remedy }));
    }

    /// Takes back the notice of that code: what it says is no longer so.
    pub(crate) fn forget_notice(self, code: &str) {
        let is_it = |notice: &Option<Notice>| notice.as_ref().is_some_and(|notice| notice.error.error.code == code);
        if self.notice.with_untracked(is_it) {
            self.notice.set(None);
        }
    }

    /// Does what `Retry` on the notice promises.
    pub(crate) fn remedy(self) {
        let remedy = self.notice.get_untracked().and_then(|notice| notice.remedy);
        self.notice.set(None);
        match remedy {
            Some(Remedy::Registry) => self.read_registry(),
            Some(Remedy::Sessions) => self.read_sessions(),
            Some(Remedy::Session(session_id)) => self.read_again(session_id),
            None => {}
        }
    }

    /// Does what was asked about.
    pub(crate) fn confirm(self) {
        let question = self.question.get_untracked();
        self.question.set(None);
        match question {
            Some(Question::SwitchAgent(agent)) => self.begin_with(&agent.agent_id),
            None => {}
        }
    }

    pub(crate) fn go(self, path: String, replace: bool) {
        self.destination.set(Some((path, replace)));
    }

    fn is_visit(self, visit: u64) -> bool {
        self.visit.get_value() == visit
    }
}

/// The page's state, from the context.
pub(crate) fn use_chat() -> Chat {
    expect_context()
}
