//! Bringing conversations in: what `POST /api/import` answers.

use serde::{Deserialize, Serialize};

use crate::error::ErrorBody;

/// One line of the answer, which is NDJSON: progress as often as there is any, the report last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportLine {
    /// How far it has come.
    Progress(ImportProgress),
    /// What came of it.
    Report(ImportReport),
}

/// How far an import has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportProgress {
    /// Conversations done.
    pub done: u64,
    /// Conversations in the file.
    pub of: u64,
}

/// Whose export a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportSource {
    /// Our own.
    Parley,
    /// `conversations.json` of ChatGPT.
    Chatgpt,
    /// The chats of Open WebUI.
    OpenWebui,
}

impl ImportSource {
    /// Its name for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Parley => "Parley",
            Self::Chatgpt => "ChatGPT",
            Self::OpenWebui => "Open WebUI",
        }
    }
}

/// What came of an import; of a dry run, what would come of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportReport {
    /// Whose export the file is.
    pub source: ImportSource,
    /// Whether nothing was written.
    pub dry_run: bool,
    /// Conversations in the file.
    pub conversations: u64,
    /// Those that are new.
    pub new_conversations: u64,
    /// Those that were there and got messages that were not.
    pub grown_conversations: u64,
    /// Those that were there with all their messages.
    pub known_conversations: u64,
    /// Messages that are new.
    pub new_messages: u64,
    /// Messages that were there.
    pub known_messages: u64,
    /// What was left out or changed, and how often.
    pub left_out: Vec<LeftOut>,
    /// Why it ended before it was done; what was taken in until then stays, and the same file again completes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<ErrorBody>,
}

/// Something that was left out or changed, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// What.
    pub what: LeftOutKind,
    /// How often.
    pub count: u64,
}

/// What an import can leave out or change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftOutKind {
    /// A conversation in which nothing was said.
    EmptyConversation,
    /// A conversation whose id, and those made from it, belong to others.
    IdTaken,
    /// A message without text.
    EmptyMessage,
    /// A note that its program kept hidden.
    HiddenMessage,
    /// A call of a tool, or what the tool said.
    ToolCall,
    /// A model's thoughts before its answer.
    Reasoning,
    /// A picture.
    Image,
    /// A file or a recording.
    Attachment,
    /// A conversation whose agent does not exist here: it belongs to `direct`, the bare model, now.
    UnknownAgent,
    /// An answer that was still being written: it is marked as interrupted.
    Unfinished,
    /// Half a character, as `\ud800` is: it became `U+FFFD`.
    BrokenCharacter,
    /// A title that was too long or had none but control characters: it was cut, or made from the first message.
    Title,
    /// A file in the archive that holds no conversation.
    OtherFile,
    /// A message of somebody who is neither a person, an assistant, the system, nor a tool.
    UnknownRole,
}

impl LeftOutKind {
    /// So many of them, for people: "3 pictures left out".
    pub fn words(self, count: u64) -> &'static str {
        let (one, many) = match self {
            Self::EmptyConversation => ("empty conversation left out", "empty conversations left out"),
            Self::IdTaken => (
                "conversation left out, for its id is taken",
                "conversations left out, for their ids are taken",
            ),
            Self::EmptyMessage => ("message without text left out", "messages without text left out"),
            Self::HiddenMessage => ("hidden note left out", "hidden notes left out"),
            Self::ToolCall => ("call of a tool left out", "calls of tools left out"),
            Self::Reasoning => ("thought of a model left out", "thoughts of models left out"),
            Self::Image => ("picture left out", "pictures left out"),
            Self::Attachment => ("file or recording left out", "files and recordings left out"),
            Self::UnknownAgent => (
                "conversation given to the bare model, for its agent does not exist here",
                "conversations given to the bare model, for their agents do not exist here",
            ),
            Self::Unfinished => (
                "unfinished answer marked as interrupted",
                "unfinished answers marked as interrupted",
            ),
            Self::BrokenCharacter => (
                "broken character replaced by \u{fffd}",
                "broken characters replaced by \u{fffd}",
            ),
            Self::Title => ("title made fit", "titles made fit"),
            Self::OtherFile => (
                "other file in the archive left out",
                "other files in the archive left out",
            ),
            Self::UnknownRole => (
                "message of an unknown role left out",
                "messages of unknown roles left out",
            ),
        };
        if count == 1 { one } else { many }
    }
}
