//! ChatGPT's export: `conversations.json`, a list of conversations, each a tree of nodes under `mapping`.

use protocol::{
    import::LeftOutKind,
    session::{MessageStatus, MessageType},
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    Incoming, Tally,
    foreign::{Entries, Foreign, Node, Said, seconds},
    lenient::{Count, Parts, flag, number, text},
    malformed::Malformed,
    parse,
};

#[derive(Deserialize)]
struct Chat {
    #[serde(default, deserialize_with = "text")]
    conversation_id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    title: Option<String>,
    #[serde(default, deserialize_with = "number")]
    create_time: Option<f64>,
    #[serde(default, deserialize_with = "number")]
    update_time: Option<f64>,
    mapping: Entries<ChatNode>,
    #[serde(default, deserialize_with = "text")]
    current_node: Option<String>,
    #[serde(default, deserialize_with = "flag")]
    is_archived: Option<bool>,
    #[serde(default, deserialize_with = "flag")]
    is_starred: Option<bool>,
    #[serde(default, deserialize_with = "text")]
    default_model_slug: Option<String>,
}

#[derive(Deserialize)]
struct ChatNode {
    #[serde(default, deserialize_with = "text")]
    parent: Option<String>,
    message: Option<ChatMessage>,
}

#[derive(Deserialize)]
struct ChatMessage {
    author: Option<Author>,
    #[serde(default, deserialize_with = "number")]
    create_time: Option<f64>,
    content: Option<Content>,
    #[serde(default, deserialize_with = "text")]
    status: Option<String>,
    #[serde(default, deserialize_with = "text")]
    recipient: Option<String>,
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct Author {
    #[serde(default, deserialize_with = "text")]
    role: Option<String>,
}

#[derive(Default, Deserialize)]
struct Content {
    #[serde(default, deserialize_with = "text")]
    content_type: Option<String>,
    #[serde(default)]
    parts: Parts,
    #[serde(default, deserialize_with = "text")]
    text: Option<String>,
    #[serde(default, deserialize_with = "text")]
    language: Option<String>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default, deserialize_with = "text")]
    model_slug: Option<String>,
    #[serde(default, deserialize_with = "flag")]
    is_visually_hidden_from_conversation: Option<bool>,
    #[serde(default)]
    attachments: Count,
}

pub(super) fn read(json: &RawValue) -> Result<Incoming, Malformed> {
    let chat: Chat = parse(json)?;
    let id = chat.conversation_id.or(chat.id);
    let id = id.ok_or_else(|| Malformed::new("`conversation_id`", "it is missing"))?;
    let mut tally = Tally::default();
    let mut nodes = Vec::with_capacity(chat.mapping.0.len());
    for (key, node) in chat.mapping.0 {
        let said = match node.message {
            None => None,
            Some(message) => {
                said(message, &mut tally).map_err(|malformed| malformed.within(&format!("`mapping.{key}`")))?
            }
        };
        nodes.push(Node {
            key,
            parent: node.parent,
            said,
        });
    }
    let foreign = Foreign {
        id,
        title: chat.title,
        created: seconds(chat.create_time, "create_time")?,
        updated: seconds(chat.update_time, "update_time")?,
        is_archived: chat.is_archived.unwrap_or(false),
        is_pinned: chat.is_starred.unwrap_or(false),
        model: chat.default_model_slug,
        shown: chat.current_node,
        nodes,
        tally,
    };
    foreign.into_ours("mapping")
}

/// What a message says; `None`: nothing that is taken in.
fn said(message: ChatMessage, tally: &mut Tally) -> Result<Option<Said>, Malformed> {
    let at = seconds(message.create_time, "create_time")?;
    let content = message.content.unwrap_or_default();
    let metadata = message.metadata.unwrap_or_default();
    let role = message.author.and_then(|author| author.role).unwrap_or_default();
    let is_to_tool = message.recipient.as_deref().is_some_and(|recipient| recipient != "all");
    let left_out = match (role.as_str(), content.content_type.as_deref().unwrap_or("text")) {
        ("user" | "assistant" | "system", _) if metadata.is_visually_hidden_from_conversation == Some(true) => {
            Some(LeftOutKind::HiddenMessage)
        }
        (_, "user_editable_context" | "model_editable_context") => Some(LeftOutKind::HiddenMessage),
        (_, "thoughts" | "reasoning_recap") => Some(LeftOutKind::Reasoning),
        ("tool", _) => Some(LeftOutKind::ToolCall),
        ("user" | "assistant" | "system", "text" | "multimodal_text" | "code") if !is_to_tool => None,
        ("user" | "assistant" | "system", _) => Some(LeftOutKind::ToolCall),
        _ => Some(LeftOutKind::UnknownRole),
    };
    if let Some(left_out) = left_out {
        tally.add(left_out, 1);
        return Ok(None);
    }
    let message_type = match role.as_str() {
        "user" => MessageType::User,
        "assistant" => MessageType::Assistant,
        _ => MessageType::System,
    };
    let Some(text) = text_of(content, metadata.attachments.0, tally) else {
        // Every conversation begins with an empty note of the system's, which nobody would miss.
        if message_type != MessageType::System {
            tally.add(LeftOutKind::EmptyMessage, 1);
        }
        return Ok(None);
    };
    let is_unfinished = message_type == MessageType::Assistant && message.status.as_deref() == Some("in_progress");
    if is_unfinished {
        tally.add(LeftOutKind::Unfinished, 1);
    }
    Ok(Some(Said {
        message_type,
        text,
        at,
        model: metadata.model_slug.filter(|_| message_type == MessageType::Assistant),
        usage: None,
        status: if is_unfinished {
            MessageStatus::Interrupted
        } else {
            MessageStatus::Complete
        },
    }))
}

/// The text of a message; `None`: it has none.
fn text_of(content: Content, attachments: u64, tally: &mut Tally) -> Option<String> {
    let is_code = content.content_type.as_deref() == Some("code");
    let own = content.text.map(|text| match is_code {
        true => {
            let language = content.language.filter(|language| language != "unknown");
            format!("```{}\n{text}\n```", language.unwrap_or_default())
        }
        false => text,
    });
    let parts = content.parts;
    tally.add(LeftOutKind::Image, parts.pictures);
    // A picture that was sent is told of twice.
    let others = parts.others + attachments.saturating_sub(parts.pictures);
    tally.add(LeftOutKind::Attachment, others);
    let texts = [own.unwrap_or_default(), parts.text];
    let texts: Vec<String> = texts.into_iter().filter(|text| !text.is_empty()).collect();
    let text = texts.join("\n\n");
    (!text.trim().is_empty()).then_some(text)
}
