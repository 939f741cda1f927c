//! The report that is shown, read again whenever it may say something else.

use leptos::{prelude::*, task::spawn_local};
use protocol::{
    session::SessionSummary,
    usage::{UsageRange, UsageReport},
};
use std::collections::BTreeSet;
use uuid::Uuid;

use super::Asked;
use crate::{boot::SESSIONS_PER_PAGE, error::PageError, server_fns, state::Chat};

/// The report, and how it is doing.
#[derive(Clone, Copy)]
pub(super) struct Reading {
    /// The range that is asked for.
    range: Memo<UsageRange>,
    /// What came last; `None`: nothing yet.
    report: RwSignal<Option<UsageReport>>,
    /// Why that could not be read which is asked for.
    error: RwSignal<Option<PageError>>,
    /// Whether what is shown is not yet what is asked for.
    pub(super) is_waiting: RwSignal<bool>,
    /// What there is to show.
    pub(super) shown: Memo<Shown>,
    /// Tells the questions apart: the answer to an older one is not for the screen.
    question: StoredValue<u64>,
}

/// What there is to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shown {
    /// Nothing was answered in that range.
    Nothing(UsageRange),
    /// It could not be read.
    Refusal(PageError),
    /// What answers took.
    Figures,
}

impl Reading {
    /// Reads what is asked for whenever that changes, and again when answers have come that it does not know.
    pub(super) fn new(chat: Chat, asked: Memo<Asked>) -> Self {
        let report = RwSignal::new(None::<UsageReport>);
        let error = RwSignal::new(None);
        let reading = Self {
            range: Memo::new(move |_| asked.get().range),
            report,
            error,
            is_waiting: RwSignal::new(false),
            shown: Memo::new(move |_| match (error.get(), report.with(nothing_in)) {
                (Some(error), _) => Shown::Refusal(error),
                (None, Some(range)) => Shown::Nothing(range),
                (None, None) => Shown::Figures,
            }),
            question: StoredValue::new(0),
        };
        Effect::new(move |former: Option<()>| {
            // Read, not only tracked: it is this that has it follow the address.
            reading.range.get();
            if former.is_some() {
                reading.is_waiting.set(true);
                reading.ask();
            }
        });
        Effect::new(move |former: Option<BTreeSet<(Uuid, u64)>>| {
            // It rings when the list was read again, not when more of it is listed.
            chat.listed.track();
            let now = chat.sessions.with_untracked(|all| taken(all));
            if former.is_some_and(|former| former != now) {
                reading.ask();
            }
            now
        });
        reading
    }

    /// Takes over what came first, unless something newer was faster.
    pub(super) fn begin(self, outcome: Result<UsageReport, PageError>) {
        if self.report.with_untracked(Option::is_some) || self.error.with_untracked(Option::is_some) {
            return;
        }
        match outcome {
            Ok(report) => self.report.set(Some(report)),
            Err(error) => self.error.set(Some(error)),
        }
    }

    /// A part of the report, which changes only where it is another one.
    pub(super) fn part<T>(self, of: impl Fn(&UsageReport) -> T + Send + Sync + 'static) -> Memo<T>
    where
        T: Default + PartialEq + Send + Sync + 'static,
    {
        Memo::new(move |_| self.report.with(|report| report.as_ref().map(&of)).unwrap_or_default())
    }

    fn ask(self) {
        let question = self.question.get_value() + 1;
        self.question.set_value(question);
        let range = self.range.get_untracked();
        spawn_local(async move {
            let outcome = server_fns::usage(range).await;
            // The page may be left by now.
            if self.question.try_get_value() != Some(question) {
                return;
            }
            let was_asked_for = self.is_waiting.get_untracked();
            self.is_waiting.set(false);
            match outcome {
                Ok(report) => {
                    self.error.set(None);
                    self.report.set(Some(report));
                }
                // What stands there is better than nothing, unless it is not what was asked for.
                Err(error) if was_asked_for || self.report.with_untracked(Option::is_none) => {
                    self.error.set(Some(error));
                }
                Err(_) => {}
            }
        });
    }
}

/// The range of a report that tells of nothing.
fn nothing_in(report: &Option<UsageReport>) -> Option<UsageRange> {
    report
        .as_ref()
        .filter(|report| report.totals.answers == 0)
        .map(|report| report.range)
}

/// What the sidebar's list tells of it: another figure there is another one here. Only of its first page, where whatever is
/// answered comes to stand: what was listed below it may not be there the next time.
fn taken(all: &[SessionSummary]) -> BTreeSet<(Uuid, u64)> {
    let first_page = usize::try_from(SESSIONS_PER_PAGE).unwrap_or(usize::MAX);
    let first = all.iter().take(first_page);
    first
        .map(|session| (session.session_id, session.total_tokens))
        .collect()
}
