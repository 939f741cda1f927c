//! ChatGPT's export: `conversations.json`, a list of conversations, each a tree of nodes under `mapping`.

use protocol::{
    import::LeftOutKind,
    session::{MessageStatus, MessageType},
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
struct Chat {
    conversation_id: Option<String>,
    id: Option<String>,
    title: Option<String>,
    create_time: Option<f64>,
    update_time: Option<f64>,
    mapping: Entries<ChatNode>,
    current_node: Option<String>,
    is_archived: Option<bool>,
    is_starred: Option<bool>,
    default_model_slug: Option<String>,
}

#[derive(Deserialize)]
struct ChatNode {
    parent: Option<String>,
    message: Option<ChatMessage>,
}

#[derive(Deserialize)]
struct ChatMessage {
    author: Author,
    create_time: Option<f64>,
    content: Content,
    status: Option<String>,
    recipient: Option<String>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Author {
    role: String,
}

#[derive(Deserialize)]
struct Content {
    content_type: String,
    #[serde(default)]
    parts: Option<Vec<Part>>,
    text: Option<String>,
    language: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Part {
    Text(String),
    Other {
        content_type: Option<String>,
        text: Option<String>,
    },
    Nothing(()),
}

#[derive(Default, Deserialize)]
struct Metadata {
    model_slug: Option<String>,
    is_visually_hidden_from_conversation: Option<bool>,
    attachments: Option<Vec<IgnoredAny>>,
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
    let content = message.content;
    let is_to_tool = message.recipient.as_deref().is_some_and(|recipient| recipient != "all");
    let left_out = match (message.author.role.as_str(), content.content_type.as_str()) {
        ("user" | "assistant" | "system", _) if message.metadata.is_visually_hidden_from_conversation == Some(true) => {
            Some(LeftOutKind::HiddenMessage)
        }
        (_, "user_editable_context" | "model_editable_context") => Some(LeftOutKind::HiddenMessage),
        (_, "thoughts" | "reasoning_recap") => Some(LeftOutKind::Reasoning),
        ("tool", _) => Some(LeftOutKind::ToolCall),
        ("user" | "assistant" | "system", "text" | "multimodal_text" | "code") if !is_to_tool => None,
        ("user" | "assistant" | "system", _) => Some(LeftOutKind::ToolCall),
        (role, _) => {
            let problem = format!("{role:?} is none of user, assistant, system and tool");
            return Err(Malformed::new("`message.author.role`", problem));
        }
    };
    if let Some(left_out) = left_out {
        tally.add(left_out, 1);
        return Ok(None);
    }
    let message_type = match message.author.role.as_str() {
        "user" => MessageType::User,
        "assistant" => MessageType::Assistant,
        _ => MessageType::System,
    };
    let attachments = message
        .metadata
        .attachments
        .map_or(0, |attachments| attachments.len() as u64);
    let Some(text) = text_of(content, attachments, tally) else {
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
        model: message
            .metadata
            .model_slug
            .filter(|_| message_type == MessageType::Assistant),
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
    let mut texts = Vec::new();
    let mut pictures = 0;
    if content.content_type == "code" {
        let language = content
            .language
            .filter(|language| language != "unknown")
            .unwrap_or_default();
        texts.extend(content.text.map(|text| format!("```{language}\n{text}\n```")));
    } else {
        texts.extend(content.text);
    }
    for part in content.parts.unwrap_or_default() {
        match part {
            Part::Text(text) => texts.push(text),
            Part::Nothing(()) => {}
            Part::Other { content_type, text } => match content_type.as_deref() {
                Some("image_asset_pointer") => pictures += 1,
                // What was said aloud, written down.
                Some("audio_transcription") => texts.extend(text),
                _ => tally.add(LeftOutKind::Attachment, 1),
            },
        }
    }
    tally.add(LeftOutKind::Image, pictures);
    // A picture that was sent is told of twice.
    tally.add(LeftOutKind::Attachment, attachments.saturating_sub(pictures));
    let text = texts
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>()
        .join("\n\n");
    (!text.trim().is_empty()).then_some(text)
}
