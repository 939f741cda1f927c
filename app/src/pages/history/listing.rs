//! What the page lists: a page of what the address asks for, read again whenever it may have changed.

use leptos::{prelude::*, task::spawn_local};
use protocol::session::SessionList;

use super::Asked;
use crate::{browser, error::PageError, server_fns, state::Chat};

/// What scrolls.
const PAGE: &str = ".page";

/// The list, and how it is doing.
#[derive(Clone, Copy)]
pub(super) struct Listing {
    chat: Chat,
    /// What is asked for.
    pub(super) asked: Memo<Asked>,
    /// What came; `None`: nothing yet.
    pub(super) list: RwSignal<Option<SessionList>>,
    /// Whether what is shown is not yet what is asked for.
    pub(super) is_waiting: RwSignal<bool>,
    /// Why it could not be read.
    pub(super) error: RwSignal<Option<PageError>>,
    /// What is given the focus after the next reading, if that takes away what has it.
    near: StoredValue<Option<String>>,
    /// Tells the questions apart: the answer to an older one is not for the screen.
    question: StoredValue<u64>,
}

impl Listing {
    /// Lists what is asked for; at first, what the server has written, where it has.
    pub(super) fn new(chat: Chat, asked: Memo<Asked>) -> Self {
        let first = chat.first_history.get_value();
        let is_written = first.is_some();
        let (list, error) = match first {
            Some(Ok(list)) => (Some(list), None),
            Some(Err(error)) => (None, Some(error)),
            None => (None, None),
        };
        let listing = Self {
            chat,
            asked,
            list: RwSignal::new(list),
            is_waiting: RwSignal::new(false),
            error: RwSignal::new(error),
            near: StoredValue::new(None),
            question: StoredValue::new(0),
        };
        // Where the day begins is known only in the browser.
        let meant = Memo::new(move |_| {
            let asked = asked.get();
            let ahead = if asked.names_a_day() {
                chat.clock.utc_offset_minutes.get()
            } else {
                0
            };
            (asked, ahead)
        });
        Effect::new(move |former: Option<()>| {
            let ahead = meant.with(|(_, ahead)| *ahead);
            // The next visit to this page is not the first rendering any more.
            chat.first_history.set_value(None);
            if former.is_some() || !is_written || ahead != 0 {
                listing.read();
            }
        });
        Effect::new(move |former: Option<()>| {
            chat.listed.track();
            if former.is_some() {
                listing.refresh();
            }
        });
        listing
    }

    /// How many rows there are; `None`: not known yet. Tracked.
    pub(super) fn count(self) -> Option<usize> {
        self.list.with(|list| list.as_ref().map(|list| list.sessions.len()))
    }

    /// Reads what is asked for.
    pub(super) fn read(self) {
        self.is_waiting.set(true);
        self.ask();
    }

    /// Reads it again, quietly: something may have changed.
    pub(super) fn refresh(self) {
        self.ask();
    }

    /// The rows that had the focus go: it goes to what that selector names.
    pub(super) fn refresh_near(self, selector: String) {
        browser::focus(&selector);
        self.near.set_value(Some(selector));
        self.ask();
    }

    /// One leaves the list for one of its conversations: who comes back finds it where it was.
    pub(super) fn keep_place(self) {
        let place = (self.asked.get_untracked().address(), browser::scroll_place(PAGE));
        self.chat.history_place.set_value(Some(place));
    }

    fn go_to_its_place(self, address: String) {
        let kept = self.chat.history_place.try_update_value(Option::take).flatten();
        let place = kept
            .filter(|(kept_for, _)| *kept_for == address)
            .map_or(0, |(_, place)| place);
        // Once the rows are there.
        request_animation_frame(move || browser::scroll_to_place(PAGE, place));
        browser::focus_if_lost("#main");
    }

    fn ask(self) {
        let question = self.question.get_value() + 1;
        self.question.set_value(question);
        let asked = self.asked.get_untracked();
        let query = asked.query(self.chat.clock.utc_offset_minutes.get_untracked());
        spawn_local(async move {
            let outcome = server_fns::sessions(query).await;
            // The page may be left by now.
            if self.question.try_get_value() != Some(question) {
                return;
            }
            let was_asked_for = self.is_waiting.get_untracked();
            self.is_waiting.set(false);
            match outcome {
                Ok(list) => {
                    self.error.set(None);
                    browser::keep_focus();
                    self.list.set(Some(list));
                    if let Some(near) = self.near.try_update_value(Option::take).flatten() {
                        browser::focus_if_lost(&near);
                    }
                    if was_asked_for {
                        self.go_to_its_place(asked.address());
                    }
                }
                // What stands there is better than nothing, unless it is not what was asked for.
                Err(error) if was_asked_for || self.list.with_untracked(Option::is_none) => {
                    self.error.set(Some(error));
                }
                Err(_) => {}
            }
        });
    }
}

/// The page's list, from the context.
pub(super) fn use_listing() -> Listing {
    expect_context()
}
