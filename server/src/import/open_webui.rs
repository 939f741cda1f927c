//! Open WebUI's export of chats: a list, or one alone, each with a tree of messages under `chat.history.messages`.

use protocol::{
    import::LeftOutKind,
    session::{MessageStatus, MessageType, Usage},
};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;

use super::{
    Incoming, Tally,
    foreign::{Entries, Foreign, Node, Said, seconds},
    malformed::Malformed,
    parse,
};

#[derive(Deserialize)]
struct Item {
    id: Option<String>,
    title: Option<String>,
    chat: Chat,
    created_at: Option<f64>,
    updated_at: Option<f64>,
    archived: Option<bool>,
    pinned: Option<bool>,
}

#[derive(Deserialize)]
struct Chat {
    id: Option<String>,
    title: Option<String>,
    models: Option<Vec<String>>,
    history: History,
    files: Option<Vec<IgnoredAny>>,
}

#[derive(Deserialize)]
struct History {
    messages: Entries<ChatMessage>,
    #[serde(rename = "currentId")]
    current_id: Option<String>,
}

#[derive(Deserialize)]
struct ChatMessage {
    #[serde(rename = "parentId")]
    parent_id: Option<String>,
    role: String,
    content: Option<Content>,
    timestamp: Option<f64>,
    model: Option<String>,
    done: Option<bool>,
    files: Option<Vec<File>>,
    usage: Option<Counts>,
    error: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
struct Part {
    #[serde(rename = "type")]
    kind: Option<String>,
    text: Option<String>,
}

#[derive(Deserialize)]
struct File {
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// Some servers count in their own way; what is not counted as here is left out.
#[derive(Deserialize)]
struct Counts {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
}

pub(super) fn read(json: &RawValue) -> Result<Incoming, Malformed> {
    let item: Item = parse(json)?;
    let id = item
        .id
        .or(item.chat.id)
        .ok_or_else(|| Malformed::new("`id`", "it is missing"))?;
    let mut tally = Tally::default();
    tally.add(
        LeftOutKind::Attachment,
        item.chat.files.map_or(0, |files| files.len() as u64),
    );
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
        model: item.chat.models.and_then(|models| models.into_iter().next()),
        shown: item.chat.history.current_id,
        nodes,
        tally,
    };
    foreign.into_ours("chat.history.messages")
}

fn said(message: ChatMessage, tally: &mut Tally) -> Result<Option<Said>, Malformed> {
    let message_type = match message.role.as_str() {
        "user" => MessageType::User,
        "assistant" => MessageType::Assistant,
        "system" => MessageType::System,
        "tool" => {
            tally.add(LeftOutKind::ToolCall, 1);
            return Ok(None);
        }
        role => {
            let problem = format!("{role:?} is none of user, assistant, system and tool");
            return Err(Malformed::new("`role`", problem));
        }
    };
    for file in message.files.unwrap_or_default() {
        let is_picture = file.kind.as_deref() == Some("image");
        tally.add(
            if is_picture {
                LeftOutKind::Image
            } else {
                LeftOutKind::Attachment
            },
            1,
        );
    }
    let text = text_of(message.content, tally);
    let is_answer = message_type == MessageType::Assistant;
    let has_failed = is_answer && message.error.is_some();
    if text.trim().is_empty() && !has_failed {
        tally.add(LeftOutKind::EmptyMessage, 1);
        return Ok(None);
    }
    let is_unfinished = is_answer && !has_failed && message.done == Some(false);
    if is_unfinished {
        tally.add(LeftOutKind::Unfinished, 1);
    }
    let usage = message.usage.filter(|_| is_answer).and_then(|counts| {
        let usage = Usage::exact(counts.prompt_tokens?, counts.completion_tokens?);
        super::parley::is_likely(&usage).then_some(usage)
    });
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

fn text_of(content: Option<Content>, tally: &mut Tally) -> String {
    let parts = match content {
        None => return String::new(),
        Some(Content::Text(text)) => return text,
        Some(Content::Parts(parts)) => parts,
    };
    let mut texts = Vec::new();
    for part in parts {
        match part.kind.as_deref() {
            Some("image_url") => tally.add(LeftOutKind::Image, 1),
            _ => match part.text {
                Some(text) => texts.push(text),
                None => tally.add(LeftOutKind::Attachment, 1),
            },
        }
    }
    texts.join("\n\n")
}
