//! What the keys and the palette ask for.

use leptos::prelude::*;
use protocol::conversation::ExportFormat;
use uuid::Uuid;

use super::{Chat, View};
use crate::{browser, keys::Command};

/// A dialog that stands over the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overlay {
    /// Conversations and commands.
    Palette,
    /// The list of keys.
    Keys,
    /// Bringing conversations in.
    Import,
}

/// Which picker is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OpenPicker {
    /// That of the agents.
    Agent,
    /// That of the models.
    Model,
}

impl Chat {
    /// Does it.
    pub(crate) fn run(self, command: Command) {
        self.overlay.set(None);
        match command {
            Command::Palette => self.overlay.set(Some(Overlay::Palette)),
            Command::Keys => self.overlay.set(Some(Overlay::Keys)),
            Command::New => self.begin(),
            Command::Import => self.overlay.set(Some(Overlay::Import)),
            Command::Export(format) => {
                if let Some(session_id) = self.conversation() {
                    browser::download(&export_address(session_id, format));
                }
            }
            // The palette does it: from here it would be a part of what every visit fetches.
            Command::Clear => {}
            // Their pickers are on the chat page.
            _ if command.needs_chat() && self.view.get_untracked() == View::Elsewhere => {}
            Command::Agent => self.picker.set(Some(OpenPicker::Agent)),
            Command::Model => self.picker.set(Some(OpenPicker::Model)),
            Command::History => self.visit_page("/history"),
            Command::Usage => self.visit_page("/usage"),
            Command::System => self.use_theme(None),
            Command::Dark => self.use_theme(Some("dark")),
            Command::Light => self.use_theme(Some("light")),
        }
    }

    /// Goes to a page beside the chat.
    fn visit_page(self, path: &str) {
        self.drawer.set(false);
        self.go(path.into(), false);
    }

    /// Opens a conversation.
    pub(crate) fn open(self, session_id: Uuid) {
        self.overlay.set(None);
        self.drawer.set(false);
        self.go(format!("/llm/{session_id}"), false);
        browser::focus("#message");
    }

    /// Opens a conversation at one of its messages.
    pub(crate) fn open_at(self, session_id: Uuid, message_id: Uuid) {
        self.overlay.set(None);
        self.drawer.set(false);
        if self.conversation() == Some(session_id) {
            // The address may name that message already, and so not change.
            self.seek(message_id);
        }
        self.go(message_address(session_id, message_id), false);
    }

    /// Applies a theme, `None` being the system's.
    pub(crate) fn use_theme(self, theme: Option<&'static str>) {
        browser::set_theme(theme);
        self.theme.set(theme.map(str::to_owned));
    }

    /// The conversation shown, where it has begun.
    pub(crate) fn conversation(self) -> Option<Uuid> {
        self.session_id
            .get_untracked()
            .filter(|_| self.view.get_untracked() == View::Open)
    }

    /// Brings back what the person wrote before (`older`), or after that, into the composer; past the newest comes what
    /// was being typed.
    pub(crate) fn recall(self, older: bool) {
        let own: Vec<String> = self.lines.with_untracked(|lines| {
            let mine = lines.iter().filter(|line| line.is_mine);
            mine.map(|line| line.text.get_untracked()).collect()
        });
        let draft = self.draft.get_untracked();
        let (at, typed) = self.recalled.get_value().unwrap_or((own.len(), draft));
        let Some(next) = step(at, own.len(), older) else { return };
        let text = own.get(next).cloned().unwrap_or_else(|| typed.clone());
        self.recalled.set_value((next < own.len()).then_some((next, typed)));
        self.draft.set(text);
    }

    /// What is in the composer now is the person's own words.
    pub(crate) fn forget_recalled(self) {
        self.recalled.set_value(None);
    }
}

/// Where a conversation is saved from.
pub(crate) fn export_address(session_id: Uuid, format: ExportFormat) -> String {
    format!("/api/chat/sessions/{session_id}/export?format={}", format.name())
}

/// Where a conversation opens at one of its messages. Without scripts the browser goes to the fragment by itself.
pub(crate) fn message_address(session_id: Uuid, message_id: Uuid) -> String {
    format!("/llm/{session_id}?message={message_id}#{message_id}")
}

/// From place `at` among `count` messages to the one before or after; `count` itself is what was being typed.
fn step(at: usize, count: usize, older: bool) -> Option<usize> {
    if older {
        at.min(count).checked_sub(1)
    } else {
        (at < count).then_some(at + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_walks_back_to_the_first_and_forth_to_what_was_typed() {
        assert_eq!(step(3, 3, true), Some(2));
        assert_eq!(step(0, 3, true), None);
        assert_eq!(step(2, 3, false), Some(3));
        assert_eq!(step(3, 3, false), None);
        assert_eq!(step(0, 0, true), None, "nothing was said yet");
        assert_eq!(step(9, 2, true), Some(1), "another conversation has fewer");
    }
}
