//! One message in the transcript. Its signals live as long as it does, for an answer goes on growing after its row was made.

use leptos::prelude::*;
use protocol::{
    session::{Message, MessageMetadata, MessageStatus, MessageType},
    timestamp::Timestamp,
};
use uuid::Uuid;

use crate::{error::PageError, markdown::LiveMarkdown};

/// Where a person's message is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// With the server.
    Saved,
    /// On its way.
    Pending,
    /// Here only.
    Failed(PageError),
}

/// A message as the transcript shows it.
#[derive(Clone)]
pub(crate) struct Line {
    /// Tells rows apart; stays when the server gives the message its id.
    pub(crate) key: Uuid,
    /// Whether the person wrote it.
    pub(crate) is_mine: bool,
    /// All but its text.
    pub(crate) message: ArcRwSignal<Message>,
    /// Its text.
    pub(crate) text: ArcRwSignal<String>,
    /// Its text, rendered; an answer's only, and once it had to be rendered here.
    pub(crate) markdown: ArcStoredValue<LiveMarkdown>,
    /// Where it is.
    pub(crate) delivery: ArcRwSignal<Delivery>,
    /// The message of which it is a new version; a message's only that was typed here.
    pub(crate) replaces: Option<Uuid>,
}

impl PartialEq for Line {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Line {
    /// A message as the server has it.
    pub(crate) fn saved(mut message: Message) -> Self {
        let text = std::mem::take(&mut message.content);
        let is_mine = message.message_type == MessageType::User;
        Self {
            key: message.message_id,
            is_mine,
            markdown: ArcStoredValue::new(LiveMarkdown::default()),
            message: ArcRwSignal::new(message),
            text: ArcRwSignal::new(text),
            delivery: ArcRwSignal::new(Delivery::Saved),
            replaces: None,
        }
    }

    /// A message just typed. Its key is the request's id, which stays the same however often it is sent.
    pub(crate) fn typed(request_id: Uuid, text: String, agent_id: String, now: Timestamp) -> Self {
        let line = Self::saved(blank(request_id, MessageType::User, text, agent_id, now));
        line.delivery.set(Delivery::Pending);
        line
    }

    /// The answer to it, of which nothing has come yet.
    pub(crate) fn awaited(agent_id: String, model_name: Option<String>, now: Timestamp) -> Self {
        let mut message = blank(Uuid::new_v4(), MessageType::Assistant, String::new(), agent_id, now);
        message.model_name = model_name;
        message.status = MessageStatus::Streaming;
        Self::saved(message)
    }

    /// Takes over what the server says of it now.
    pub(crate) fn refresh(&self, mut message: Message) {
        let text = std::mem::take(&mut message.content);
        if *self.text.read_untracked() != text {
            self.text.set(text);
        }
        if *self.message.read_untracked() != message {
            self.message.set(message);
        }
        if !self.is_saved() {
            self.delivery.set(Delivery::Saved);
        }
    }

    /// The server's id of it.
    pub(crate) fn message_id(&self) -> Uuid {
        self.message.read_untracked().message_id
    }

    /// Whether it seemed to fail on its way and is the server's `message` all the same.
    pub(crate) fn has_arrived_as(&self, message: &Message) -> bool {
        self.is_mine
            && message.message_type == MessageType::User
            && matches!(*self.delivery.read_untracked(), Delivery::Failed(_))
            && *self.text.read_untracked() == message.content
    }

    /// Whether the server has it.
    pub(crate) fn is_saved(&self) -> bool {
        *self.delivery.read_untracked() == Delivery::Saved
    }

    /// Its state. Tracked.
    pub(crate) fn status(&self) -> MessageStatus {
        self.message.read().status
    }
}

fn blank(id: Uuid, message_type: MessageType, content: String, agent_id: String, timestamp: Timestamp) -> Message {
    Message {
        message_id: id,
        session_id: Uuid::nil(),
        parent_id: None,
        message_type,
        content,
        agent_id,
        model_name: None,
        timestamp,
        status: MessageStatus::Complete,
        usage: None,
        cost_usd: None,
        metadata: MessageMetadata::default(),
        version: None,
    }
}
