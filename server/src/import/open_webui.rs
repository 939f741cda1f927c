//! Open WebUI's export of chats: a list, or one alone, each with a tree of messages under `chat.history.messages`.

use protocol::{
    import::LeftOutKind,
    session::{MessageStatus, MessageType, Usage},
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    Incoming, Tally,
    foreign::{Entries, Foreign, Node, Said, seconds},
    lenient::{Count, Counts, First, Parts, flag, is_there, number, text},
    malformed::Malformed,
    parse,
};

#[derive(Deserialize)]
struct Item {
    #[serde(default, deserialize_with = "text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    title: Option<String>,
    chat: Chat,
    #[serde(default, deserialize_with = "number")]
    created_at: Option<f64>,
    #[serde(default, deserialize_with = "number")]
    updated_at: Option<f64>,
    #[serde(default, deserialize_with = "flag")]
    archived: Option<bool>,
    #[serde(default, deserialize_with = "flag")]
    pinned: Option<bool>,
}

#[derive(Deserialize)]
struct Chat {
    #[serde(default, deserialize_with = "text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    title: Option<String>,
    #[serde(default)]
    models: First,
    history: History,
    #[serde(default)]
    files: Count,
}

#[derive(Deserialize)]
struct History {
    messages: Entries<ChatMessage>,
    #[serde(default, rename = "currentId", deserialize_with = "text")]
    current_id: Option<String>,
}

#[derive(Deserialize)]
struct ChatMessage {
    #[serde(default, rename = "parentId", deserialize_with = "text")]
    parent_id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    role: Option<String>,
    #[serde(default)]
    content: Parts,
    #[serde(default, deserialize_with = "number")]
    timestamp: Option<f64>,
    #[serde(default, deserialize_with = "text")]
    model: Option<String>,
    #[serde(default, deserialize_with = "flag")]
    done: Option<bool>,
    #[serde(default)]
    files: Parts,
    #[serde(default)]
    usage: Counts,
    #[serde(default, rename = "error", deserialize_with = "is_there")]
    has_failed: bool,
}

pub(super) fn read(json: &RawValue) -> Result<Incoming, Malformed> {
    let item: Item = parse(json)?;
    let id = item
        .id
        .or(item.chat.id)
        .ok_or_else(|| Malformed::new("`id`", "it is missing"))?;
    let mut tally = Tally::default();
    tally.add(LeftOutKind::Attachment, item.chat.files.0);
    let mut nodes = Vec::with_capacity(item.chat.history.messages.0.len());
    for (key, message) in item.chat.history.messages.0 {
        let place = format!("`chat.history.messages.{key}`");
        let parent = message.parent_id.clone();
        let said = said(message, &mut tally).map_err(|malformed| malformed.within(&place))?;
        nodes.push(Node { key, parent, said });
    }
    let foreign = Foreign {
        id,
        title: item.title.or(item.chat.title),
        created: seconds(item.created_at, "created_at")?,
        updated: seconds(item.updated_at, "updated_at")?,
        is_archived: item.archived.unwrap_or(false),
        is_pinned: item.pinned.unwrap_or(false),
        model: item.chat.models.0,
        shown: item.chat.history.current_id,
        nodes,
        tally,
    };
    foreign.into_ours("chat.history.messages")
}

fn said(message: ChatMessage, tally: &mut Tally) -> Result<Option<Said>, Malformed> {
    let message_type = match message.role.as_deref() {
        Some("user") => MessageType::User,
        Some("assistant") => MessageType::Assistant,
        Some("system") => MessageType::System,
        Some("tool") => {
            tally.add(LeftOutKind::ToolCall, 1);
            return Ok(None);
        }
        _ => {
            tally.add(LeftOutKind::UnknownRole, 1);
            return Ok(None);
        }
    };
    tally.add(LeftOutKind::Image, message.files.pictures + message.content.pictures);
    tally.add(LeftOutKind::Attachment, message.files.others + message.content.others);
    let text = message.content.text;
    let is_answer = message_type == MessageType::Assistant;
    let has_failed = is_answer && message.has_failed;
    if text.trim().is_empty() && !has_failed {
        tally.add(LeftOutKind::EmptyMessage, 1);
        return Ok(None);
    }
    let is_unfinished = is_answer && !has_failed && message.done == Some(false);
    if is_unfinished {
        tally.add(LeftOutKind::Unfinished, 1);
    }
    let counts = message.usage.prompt_tokens.zip(message.usage.completion_tokens);
    let usage = counts
        .filter(|_| is_answer)
        // Twice what an answer may take is no count, and no sum of it is needed.
        .filter(|(prompt, completion)| prompt.checked_add(*completion).is_some())
        .map(|(prompt, completion)| Usage::exact(prompt, completion))
        .filter(super::parley::is_likely);
    Ok(Some(Said {
        message_type,
        text,
        at: seconds(message.timestamp, "timestamp")?,
        model: message.model.filter(|_| is_answer),
        usage,
        status: match () {
            () if has_failed => MessageStatus::Error,
            () if is_unfinished => MessageStatus::Interrupted,
            () => MessageStatus::Complete,
        },
    }))
}
