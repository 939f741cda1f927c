//! One import: where it stands, and what moves it on.

use leptos::prelude::*;
use protocol::{
    error::ErrorBody,
    import::{ImportLine, ImportReport},
};
use std::time::Duration;

use crate::{
    browser::{self, Heard, Importing, PickedFile},
    error::PageError,
    state::Chat,
};

/// The server finishes the conversation at hand before it stops; after that long, all is there that will be.
const LAST_ONE: Duration = Duration::from_secs(1);

/// Where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// A file is to be picked.
    Pick,
    /// The dry run is under way.
    Checking,
    /// It has told what would come of it.
    Checked(ImportReport),
    /// The import is under way.
    Importing,
    /// It is done.
    Done(ImportReport),
    /// It was stopped.
    Stopped,
    /// It was refused.
    Failed(ErrorBody),
}

impl Step {
    /// Selects what has the focus at first: what one most likely does next, or the heading, where one only waits.
    fn first(&self) -> &'static str {
        match self {
            Self::Pick => ".import .drop input",
            Self::Checking | Self::Importing => "#import-title",
            Self::Checked(_) | Self::Done(_) | Self::Stopped | Self::Failed(_) => ".import .primary",
        }
    }
}

/// How far that has come which is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Progress {
    /// What is being done.
    pub(super) doing: &'static str,
    /// So much of a hundred, where that is known.
    pub(super) percent: Option<u64>,
}

const SENDING: &str = "Sending";

/// An import, from the choice of its file on.
#[derive(Clone, Copy)]
pub(super) struct Intake {
    chat: Chat,
    pub(super) step: RwSignal<Step>,
    pub(super) progress: RwSignal<Progress>,
    file: StoredValue<Option<PickedFile>, LocalStorage>,
    /// The request; it stops when this is dropped.
    under_way: StoredValue<Option<Importing>, LocalStorage>,
}

impl Intake {
    pub(super) fn new(chat: Chat) -> Self {
        Self {
            chat,
            step: RwSignal::new(Step::Pick),
            progress: RwSignal::new(Progress {
                doing: SENDING,
                percent: None,
            }),
            file: StoredValue::new_local(None),
            under_way: StoredValue::new_local(None),
        }
    }

    /// What the file is called.
    pub(super) fn name(self) -> String {
        self.file
            .with_value(|file| file.as_ref().map(PickedFile::name).unwrap_or_default())
    }

    /// Whether conversations are coming in.
    pub(super) fn is_importing(self) -> bool {
        self.step.with_untracked(|step| *step == Step::Importing)
    }

    /// Another file is to be picked.
    pub(super) fn begin(self) {
        self.under_way.set_value(None);
        self.step.set(Step::Pick);
    }

    /// Gives each step the focus as it comes: `autofocus` is heeded only when a dialog opens, and what had the focus before
    /// is gone.
    pub(super) fn lead_focus(self) {
        Effect::new(move |_| browser::focus(self.step.with(Step::first)));
    }

    /// Finds out what would come of a file.
    pub(super) fn check(self, picked: Option<PickedFile>) {
        if picked.is_some() {
            self.file.set_value(picked);
            self.run(true);
        }
    }

    /// Takes it in.
    pub(super) fn import(self) {
        self.run(false);
    }

    /// Stops what is under way.
    pub(super) fn stop(self) {
        if !self.is_importing() {
            return self.begin();
        }
        self.under_way.set_value(None);
        self.step.set(Step::Stopped);
        self.tell_of_part();
    }

    /// Its dialog is gone, and with it whatever was under way.
    pub(super) fn leave(self) {
        let was_importing = self.is_importing();
        self.under_way.set_value(None);
        if was_importing {
            self.chat.report(
                PageError::new(
                    "import_stopped",
                    "The import was stopped.",
                    "What was taken in until then stays; the same file again adds the rest and doubles nothing.",
                ),
                None,
            );
            self.tell_of_part();
        }
    }

    /// Some of the conversations are here.
    fn tell_of_part(self) {
        self.chat.many_changed();
        set_timeout(move || self.chat.many_changed(), LAST_ONE);
    }

    fn run(self, dry_run: bool) {
        let Some(picked) = self.file.get_value() else { return };
        let (step, doing) = if dry_run {
            (Step::Checking, "Checking")
        } else {
            (Step::Importing, "Importing")
        };
        let advance = move |doing, percent| self.progress.set(Progress { doing, percent });
        advance(SENDING, Some(0));
        self.step.set(step);
        let hear = move |heard: Heard| {
            let next = match heard {
                Heard::Sent(100) => return advance(doing, None),
                Heard::Sent(percent) => return advance(SENDING, Some(percent)),
                Heard::Line(ImportLine::Progress(progress)) => {
                    return advance(doing, (progress.done * 100).checked_div(progress.of));
                }
                Heard::Line(ImportLine::Report(report)) if dry_run => Step::Checked(report),
                Heard::Line(ImportLine::Report(report)) => Step::Done(report),
                Heard::Failed(error) => Step::Failed(error),
            };
            self.step.set(next);
            if !dry_run {
                self.chat.many_changed();
            }
        };
        self.under_way.set_value(browser::import(&picked, dry_run, hear));
    }
}
