//! Searching titles and messages as one types. The last answer wins, whichever comes last.

mod findings;
mod hit;

pub(crate) use findings::Findings;
pub(super) use hit::marked;

use leptos::{leptos_dom::helpers::TimeoutHandle, prelude::*, task::spawn_local};
use protocol::history::SearchResults;
use std::time::Duration;

use crate::{
    error::PageError,
    server_fns,
    state::{Chat, use_chat},
};

/// How long to wait for the next letter before searching.
const PAUSE: Duration = Duration::from_millis(200);
/// A search that takes longer says so.
const SLOW: Duration = Duration::from_millis(500);
/// The most that a search brings.
const MOST: u64 = 40;
/// What narrows a search, in one line.
pub(super) const HINT: &str = "Narrow it with agent:, model:, before: or after: a day, as in after:2026-03-01.";

/// What came of the words that are typed.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Outcome {
    /// Nothing is searched for.
    Idle,
    /// This was found.
    Found(SearchResults),
    /// It could not be searched.
    Failed(PageError),
}

/// A search under way.
#[derive(Clone, Copy)]
pub(super) struct Search {
    chat: Chat,
    words: Signal<String>,
    /// What came last. It stays while the next answer is on its way.
    pub(super) outcome: RwSignal<Outcome>,
    /// Whether what is typed is still to be answered.
    pub(super) is_under_way: RwSignal<bool>,
    /// Whether that takes so long that it should be said.
    pub(super) is_slow: RwSignal<bool>,
    /// When it rings, something is done: asked, or said to be slow.
    timer: StoredValue<Option<TimeoutHandle>>,
}

impl Search {
    /// Searches whatever is typed.
    pub(super) fn new(words: Signal<String>) -> Self {
        let search = Self {
            chat: use_chat(),
            words,
            outcome: RwSignal::new(Outcome::Idle),
            is_under_way: RwSignal::new(false),
            is_slow: RwSignal::new(false),
            timer: StoredValue::new(None),
        };
        Effect::new(move |_| {
            search.forget_timer();
            search.is_slow.set(false);
            let is_question = words.with(|words| is_question(words));
            search.is_under_way.set(!is_question);
            if is_question {
                search.outcome.set(Outcome::Idle);
            } else {
                search.ring(PAUSE, Self::ask);
            }
        });
        on_cleanup(move || search.forget_timer());
        search
    }

    /// Searches once more.
    pub(super) fn ask(self) {
        let asked = self.words.get_untracked();
        let ahead = self.chat.clock.utc_offset_minutes.get_untracked();
        self.is_under_way.set(true);
        self.ring(SLOW, |search| search.is_slow.set(true));
        spawn_local(async move {
            let outcome = server_fns::search(asked.clone(), MOST, ahead).await;
            // Others may be typed by now, or the field may be gone.
            if self.words.try_get_untracked().is_none_or(|words| words != asked) {
                return;
            }
            self.forget_timer();
            self.is_slow.set(false);
            self.is_under_way.set(false);
            self.outcome.set(match outcome {
                Ok(results) => {
                    self.chat.announce(match results.hits.len() {
                        0 => "Nothing found.".into(),
                        1 => "1 found.".into(),
                        count => format!("{count} found."),
                    });
                    Outcome::Found(results)
                }
                Err(error) => Outcome::Failed(error),
            });
        });
    }

    fn ring(self, after: Duration, then: impl FnOnce(Self) + 'static) {
        self.forget_timer();
        self.timer
            .set_value(set_timeout_with_handle(move || then(self), after).ok());
    }

    fn forget_timer(self) {
        if let Some(timer) = self.timer.try_update_value(Option::take).flatten() {
            timer.clear();
        }
    }
}

/// Whether nothing is searched for: no word yet, or how to search is asked.
pub(super) fn is_question(words: &str) -> bool {
    matches!(words.trim(), "" | "?")
}
