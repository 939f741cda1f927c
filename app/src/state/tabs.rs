//! What the tabs of one browser tell each other. They are one person, so that what one does shows in all at once.
//!
//! Nothing depends on it: where a word is lost, the list is read again when somebody looks, and every few seconds while an
//! answer is being written of whose end no tab will tell.

use leptos::{ev, prelude::*};
use std::{fmt, str::FromStr, time::Duration};
use uuid::Uuid;

use super::{Chat, Text, View};
use crate::browser;

/// News that come together are read together.
const TOGETHER: Duration = Duration::from_millis(60);

/// What a tab tells the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum News {
    /// Something of that session is not what it was: a message, its title, its pin, its state.
    Changed(Uuid),
    /// That session is no longer in the list.
    Gone(Uuid),
    /// Many sessions have changed.
    ManyChanged,
    /// The teller follows the answer in that session, and will tell of its end.
    Follows(Uuid),
    /// The answer in that session has ended.
    Ended(Uuid),
    /// The teller follows that answer no longer.
    Left(Uuid),
    /// The teller is new: who follows an answer?
    Who,
}

impl fmt::Display for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, session_id) = match self {
            Self::Changed(session_id) => ("changed ", Some(session_id)),
            Self::Gone(session_id) => ("gone ", Some(session_id)),
            Self::ManyChanged => ("many", None),
            Self::Follows(session_id) => ("follows ", Some(session_id)),
            Self::Ended(session_id) => ("ended ", Some(session_id)),
            Self::Left(session_id) => ("left ", Some(session_id)),
            Self::Who => ("who", None),
        };
        f.write_str(word)?;
        session_id.map_or(Ok(()), |session_id| fmt::Display::fmt(session_id, f))
    }
}

/// Not in words that this page knows: the teller is of another version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unknown;

impl FromStr for News {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        let (word, session_id) = text.split_once(' ').unwrap_or((text, ""));
        let about = |news: fn(Uuid) -> Self| Uuid::try_parse(session_id).map(news).map_err(|_| Unknown);
        match word {
            "changed" => about(Self::Changed),
            "gone" => about(Self::Gone),
            "many" => Ok(Self::ManyChanged),
            "follows" => about(Self::Follows),
            "ended" => about(Self::Ended),
            "left" => about(Self::Left),
            "who" => Ok(Self::Who),
            _ => Err(Unknown),
        }
    }
}

impl Chat {
    /// Tells the other tabs.
    pub(super) fn tell(self, news: News) {
        browser::tell_tabs(&news.to_string());
    }

    /// Hears the other tabs, for as long as the page lives.
    pub(crate) fn hear_tabs(self) {
        browser::hear_tabs(move |news| {
            if let Ok(news) = news.parse() {
                self.hear(news);
            }
        });
        self.tell(News::Who);
        // A tab that is closed, or goes elsewhere, tells of no end any more.
        let closed = window_event_listener(ev::pagehide, move |_| self.tell_left());
        on_cleanup(move || closed.remove());
    }

    /// Tells that the answer followed here is followed no longer, if one was.
    pub(super) fn tell_left(self) {
        if let Some(session_id) = self.followed_here() {
            self.tell(News::Left(session_id));
        }
    }

    /// The session whose answer is followed here.
    fn followed_here(self) -> Option<Uuid> {
        let is_followed = self
            .turn
            .with_untracked(|turn| turn.as_ref().is_some_and(|turn| turn.is_accepted));
        self.session_id.get_untracked().filter(|_| is_followed)
    }

    fn hear(self, news: News) {
        match news {
            News::Changed(session_id) => self.take_note(Some(session_id)),
            News::ManyChanged => self.take_note(self.session_id.get_untracked()),
            News::Gone(session_id) => {
                self.unlist(&[session_id]);
                self.take_note(Some(session_id));
            }
            News::Follows(session_id) => self.followed_elsewhere.update_value(|followed| {
                followed.insert(session_id);
            }),
            News::Ended(session_id) => {
                self.forget_follower(session_id);
                // Who follows it here as well has heard it by itself, or is about to.
                if self.followed_here() != Some(session_id) {
                    self.take_note(Some(session_id));
                }
            }
            News::Left(session_id) => {
                self.forget_follower(session_id);
                self.poll();
            }
            News::Who => {
                if let Some(session_id) = self.followed_here() {
                    self.tell(News::Follows(session_id));
                }
            }
        }
    }

    fn forget_follower(self, session_id: Uuid) {
        self.followed_elsewhere.update_value(|followed| {
            followed.remove(&session_id);
        });
    }

    /// Reads the list again, and the session shown if it is that one, together with what else is told meanwhile.
    fn take_note(self, session_id: Option<Uuid>) {
        let is_shown = session_id.is_some() && session_id == self.session_id.get_untracked();
        let is_first = self.noted.with_value(Option::is_none);
        self.noted
            .update_value(|noted| *noted = Some(noted.unwrap_or(false) || is_shown));
        if !is_first {
            return;
        }
        set_timeout(
            move || {
                let is_shown = self.noted.try_update_value(Option::take).flatten() == Some(true);
                if browser::is_visible() {
                    self.read_sessions();
                    if is_shown {
                        self.read_shown();
                    }
                } else {
                    // Nobody sees it. Who looks next reads it all.
                    self.forget_look();
                }
            },
            TOGETHER,
        );
    }

    /// Reads the session shown again because another tab has changed it. An answer that is written here has its stream.
    fn read_shown(self) {
        let Some(session_id) = self.session_id.get_untracked() else {
            return;
        };
        match self.view.get_untracked() {
            View::Open if self.turn.with_untracked(Option::is_none) => {
                // Nobody asked for it, so nobody is told if it fails.
                leptos::task::spawn_local(async move {
                    self.ask(session_id, Text::FromStream).await;
                });
            }
            // It was deleted, and may be back.
            View::Missing => self.read_again(session_id),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_heard() {
        let session_id = Uuid::from_u128(7);
        for news in [
            News::Changed(session_id),
            News::Gone(session_id),
            News::ManyChanged,
            News::Follows(session_id),
            News::Ended(session_id),
            News::Left(session_id),
            News::Who,
        ] {
            assert_eq!(news.to_string().parse(), Ok(news));
        }
        for other in ["", "changed", "changed x", "renamed 7"] {
            assert_eq!(other.parse::<News>(), Err(Unknown), "{other}");
        }
    }
}
