//! Where in the Gateway's stream a turn stands: which frames it has had already, and after which it can be resumed.
//!
//! The contract gives each event an id of its own. A Gateway that leaves ids out, or gives one id to different events,
//! cannot be resumed without risk of losing or doubling text; so it is not.

use std::hash::{DefaultHasher, Hash, Hasher};

use protocol::event::TurnEvent;

/// A turn's place in the Gateway's stream.
#[derive(Debug, Default)]
pub(super) struct Place {
    first_id: Option<String>,
    last: Option<Last>,
    /// Whether one id has stood for two different events.
    is_ambiguous: bool,
    /// Since the stream was resumed.
    replay: Replay,
}

#[derive(Debug)]
struct Last {
    /// `None`: the Gateway gave it none.
    id: Option<String>,
    said: Said,
}

/// What an event said, as far as it takes to know it again.
#[derive(Debug, PartialEq)]
enum Said {
    /// The hash of a token's text.
    Token(u64),
    Other(Box<TurnEvent>),
}

impl Said {
    fn by(event: &TurnEvent) -> Self {
        match event {
            TurnEvent::Token { content, .. } => {
                let mut hasher = DefaultHasher::new();
                content.hash(&mut hasher);
                Self::Token(hasher.finish())
            }
            other => Self::Other(Box::new(other.clone())),
        }
    }
}

/// How the Gateway takes up a stream that is resumed.
#[derive(Debug, Default, PartialEq)]
enum Replay {
    /// It goes on with what is new.
    #[default]
    None,
    /// Nothing has come yet.
    Undecided,
    /// It began again with what we have.
    UpToTheLast,
}

/// Where to take up a stream that broke off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResumeFrom {
    /// Nothing of it has come.
    TheStart,
    /// Strictly after the event with this id.
    After(String),
}

impl Place {
    /// Takes note of an event. `false`: it is one that the turn has had already.
    pub(super) fn advance(&mut self, id: Option<String>, event: &TurnEvent) -> bool {
        let is_last_again = id.is_some() && self.last.as_ref().is_some_and(|last| last.id == id);
        match self.replay {
            Replay::Undecided if is_last_again => {
                self.replay = Replay::None;
                return false;
            }
            Replay::Undecided if id.is_some() && id == self.first_id => {
                self.replay = Replay::UpToTheLast;
                return false;
            }
            Replay::UpToTheLast => {
                if is_last_again {
                    self.replay = Replay::None;
                }
                return false;
            }
            Replay::Undecided => self.replay = Replay::None,
            Replay::None => {}
        }
        let said = Said::by(event);
        if is_last_again && !self.is_ambiguous {
            if self.last.as_ref().is_some_and(|last| last.said == said) {
                return false;
            }
            self.is_ambiguous = true;
        }
        if self.last.is_none() {
            self.first_id.clone_from(&id);
        }
        self.last = Some(Last { id, said });
        true
    }

    /// Where the stream can be taken up without losing or doubling anything; `None`: nowhere.
    pub(super) fn resume_from(&self) -> Option<ResumeFrom> {
        match &self.last {
            None => Some(ResumeFrom::TheStart),
            Some(Last { id: Some(id), .. }) if !self.is_ambiguous => Some(ResumeFrom::After(id.clone())),
            Some(_) => None,
        }
    }

    /// The stream is taken up again.
    pub(super) fn resumed(&mut self) {
        self.replay = if self.last.is_some() {
            Replay::Undecided
        } else {
            Replay::None
        };
    }
}
