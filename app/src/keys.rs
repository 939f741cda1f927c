//! What the keys do, apart from the browser.

use protocol::conversation::ExportFormat;

/// Something that a key, or the palette, can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    /// Opens the palette.
    Palette,
    /// Begins a new conversation.
    New,
    /// Saves the conversation shown.
    Export(ExportFormat),
    /// Brings conversations in.
    Import,
    /// Archives the conversation shown.
    Clear,
    /// Opens the agent picker.
    Agent,
    /// Opens the model picker.
    Model,
    /// Opens the list of all conversations.
    History,
    /// Opens the figures.
    Usage,
    /// Follows the system's theme.
    System,
    /// The dark theme.
    Dark,
    /// The light theme.
    Light,
    /// Lists the keys.
    Keys,
}

impl Command {
    /// What the palette offers, in its order: the command, its name, and its keys.
    pub(crate) const OFFERED: [(Self, &'static str, &'static str); 14] = [
        (Self::New, "New conversation", "Ctrl Shift O"),
        (Self::History, "All conversations", ""),
        (Self::Usage, "Usage", ""),
        (Self::Agent, "Choose agent", "Ctrl ."),
        (Self::Model, "Choose model", "Ctrl /"),
        (Self::Export(ExportFormat::Markdown), "Export as Markdown", "Ctrl E"),
        (Self::Export(ExportFormat::Json), "Export as JSON", ""),
        (Self::Export(ExportFormat::Html), "Export as HTML", ""),
        (Self::Import, "Import conversations", ""),
        (Self::Clear, "Clear this conversation", ""),
        (Self::Dark, "Dark theme", ""),
        (Self::Light, "Light theme", ""),
        (Self::System, "Theme of the system", ""),
        (Self::Keys, "Keyboard shortcuts", "?"),
    ];

    /// Whether it is about the conversation shown, and so needs one.
    pub(crate) fn needs_conversation(self) -> bool {
        matches!(self, Self::Export(_) | Self::Clear)
    }

    /// Whether it is about whom one speaks to, and so needs the chat page.
    pub(crate) fn needs_chat(self) -> bool {
        matches!(self, Self::Agent | Self::Model)
    }
}

/// What the list of keys says.
pub(crate) const LIST: [(&str, &str); 12] = [
    ("Enter", "Send the message"),
    ("Shift Enter", "Break the line"),
    ("Ctrl ↑ / Ctrl ↓", "Bring back what you wrote before"),
    ("Esc", "Stop the answer"),
    ("Ctrl K", "Find a conversation or a command"),
    ("Ctrl Shift O", "New conversation"),
    ("Ctrl .", "Choose the agent"),
    ("Ctrl /", "Choose the model"),
    ("Ctrl E", "Export the conversation"),
    ("Ctrl Z", "Undo what was just archived or deleted"),
    ("↑ ↓ Home End", "Go through a list or a menu"),
    ("?", "Show these keys"),
];

/// A key that was pressed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Press<'a> {
    /// What it writes, by the keyboard's layout.
    pub(crate) key: &'a str,
    /// With Ctrl, or Cmd on a Mac.
    pub(crate) is_control: bool,
    /// With Shift.
    pub(crate) is_shift: bool,
    /// With Alt.
    pub(crate) is_alt: bool,
    /// Whether it would write something where the focus is.
    pub(crate) is_writing: bool,
}

/// What a key press asks for, wherever the focus is.
pub(crate) fn command(press: Press<'_>) -> Option<Command> {
    let Press {
        key,
        is_control,
        is_shift,
        is_alt,
        is_writing,
    } = press;
    if is_alt {
        return None;
    }
    if !is_control {
        return (key == "?" && !is_writing).then_some(Command::Keys);
    }
    // Some layouts need Shift for `/` and `.`, so that it tells only letters apart.
    match key.to_lowercase().as_str() {
        "k" if !is_shift => Some(Command::Palette),
        "o" if is_shift => Some(Command::New),
        "e" if !is_shift => Some(Command::Export(ExportFormat::Markdown)),
        "/" => Some(Command::Model),
        "." => Some(Command::Agent),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(key: &str) -> Press<'_> {
        Press {
            key,
            is_control: true,
            is_shift: false,
            is_alt: false,
            is_writing: true,
        }
    }

    #[test]
    fn keys_ask_for_what_the_list_promises() {
        let shifted = |key| Press {
            is_shift: true,
            ..press(key)
        };
        assert_eq!(command(press("k")), Some(Command::Palette));
        assert_eq!(command(press("K")), Some(Command::Palette), "with the capitals locked");
        assert_eq!(command(shifted("O")), Some(Command::New));
        assert_eq!(command(press("o")), None, "the browser's own");
        assert_eq!(command(press("e")), Some(Command::Export(ExportFormat::Markdown)));
        assert_eq!(command(press("/")), Some(Command::Model));
        assert_eq!(command(shifted("/")), Some(Command::Model), "a German keyboard");
        assert_eq!(command(press(".")), Some(Command::Agent));
        assert_eq!(command(shifted("K")), None);
        assert_eq!(command(press("x")), None);
    }

    #[test]
    fn what_is_being_written_is_left_alone() {
        let plain = |key, is_writing| Press {
            is_control: false,
            is_writing,
            ..press(key)
        };
        assert_eq!(command(plain("?", false)), Some(Command::Keys));
        assert_eq!(command(plain("?", true)), None);
        assert_eq!(command(plain("k", false)), None);
        let with_alt = Press {
            is_alt: true,
            ..press("e")
        };
        assert_eq!(command(with_alt), None, "AltGr E writes the euro sign");
    }

    #[test]
    fn the_palette_and_the_list_name_the_same_keys() {
        for (_, name, keys) in Command::OFFERED {
            assert!(
                keys.is_empty() || LIST.iter().any(|(listed, _)| *listed == keys),
                "{name}"
            );
        }
    }
}
