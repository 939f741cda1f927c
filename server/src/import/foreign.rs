//! What the exports of other programs have in common: a tree of nodes, not all of which say something.

use protocol::{
    conversation::{Conversation, ConversationMessage, ConversationSession, FORMAT, VERSION},
    import::LeftOutKind,
    session::{MAX_TITLE_CHARS, MessageMetadata, MessageStatus, MessageType, SessionStatus, Usage},
    timestamp::Timestamp,
};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};
use std::{collections::HashMap, fmt, marker::PhantomData};
use uuid::Uuid;

use super::{
    Incoming, TOO_LATE, Tally, latest,
    malformed::Malformed,
    tree::{self, MOST_MESSAGES, too_many},
};
use crate::chat::title;

/// The last second that can be written, of the year 9999.
const LAST_SECOND: f64 = 253_402_300_799.0;
/// The most characters that are kept of a model's name.
const LONGEST_MODEL: usize = 200;

/// A conversation as it stands in another program's export.
pub(super) struct Foreign {
    pub(super) id: String,
    pub(super) title: Option<String>,
    pub(super) created: Option<Timestamp>,
    pub(super) updated: Option<Timestamp>,
    pub(super) is_archived: bool,
    pub(super) is_pinned: bool,
    /// The model of the next answer.
    pub(super) model: Option<String>,
    /// The last node of the branch that is shown.
    pub(super) shown: Option<String>,
    pub(super) nodes: Vec<Node>,
    pub(super) tally: Tally,
}

/// A node of its tree.
pub(super) struct Node {
    pub(super) key: String,
    pub(super) parent: Option<String>,
    /// `None`: there is nothing in it to take in.
    pub(super) said: Option<Said>,
}

/// What a node says.
pub(super) struct Said {
    pub(super) message_type: MessageType,
    pub(super) text: String,
    pub(super) at: Option<Timestamp>,
    pub(super) model: Option<String>,
    pub(super) usage: Option<Usage>,
    pub(super) status: MessageStatus,
}

impl Foreign {
    /// The conversation as ours. `tree` is what the export calls its nodes, for places.
    pub(super) fn into_ours(self, tree: &str) -> Result<Incoming, Malformed> {
        let numbers: HashMap<&str, usize> = self
            .nodes
            .iter()
            .enumerate()
            .map(|(number, node)| (node.key.as_str(), number))
            .collect();
        let place = |number: usize| format!("message {}, `{tree}.{}`", number + 1, shown(&self.nodes[number].key));
        let parents = self.nodes.iter().enumerate().map(|(number, node)| match &node.parent {
            None => Ok(None),
            Some(parent) => numbers.get(parent.as_str()).map(|parent| Some(*parent)).ok_or_else(|| {
                Malformed::new(
                    place(number),
                    format!("the message before it, {}, is not there", shown(parent)),
                )
            }),
        });
        let parents: Vec<Option<usize>> = parents.collect::<Result<_, _>>()?;
        let order = tree::ordered(&parents)
            .map_err(|number| Malformed::new(place(number), "the messages before it go round in a circle"))?;
        let last = self.shown.as_deref().and_then(|shown| numbers.get(shown).copied());
        let session_id = id_of(&Uuid::NAMESPACE_OID, &self.id);
        self.build(session_id, &parents, &order, last)
    }

    fn build(
        mut self,
        session_id: Uuid,
        parents: &[Option<usize>],
        order: &[usize],
        last: Option<usize>,
    ) -> Result<Incoming, Malformed> {
        let begun = self.created.or(self.updated).unwrap_or(Timestamp(0));
        let mut messages: Vec<ConversationMessage> = Vec::with_capacity(order.len());
        // Of each node the message that stands for it: its own, or the last one before it that is taken in.
        let mut stands: Vec<Option<usize>> = vec![None; self.nodes.len()];
        let mut ours_parents: Vec<Option<usize>> = Vec::with_capacity(order.len());
        // Whether the file says nothing of their times.
        let mut guessed: Vec<bool> = Vec::with_capacity(order.len());
        for number in order {
            let before = parents[*number].and_then(|parent| stands[parent]);
            let node = &mut self.nodes[*number];
            let Some(said) = node.said.take() else {
                stands[*number] = before;
                continue;
            };
            let parent = before.map(|before| &messages[before]);
            let model = said.model.map(|model| model_name(&model));
            messages.push(ConversationMessage {
                message_id: id_of(&session_id, &node.key),
                parent_id: parent.map(|parent| parent.message_id),
                message_type: said.message_type,
                content: said.text,
                agent_id: super::DIRECT.into(),
                model_id: model.clone(),
                model_name: model,
                timestamp: said.at.or(parent.map(|parent| parent.timestamp)).unwrap_or(begun),
                status: said.status,
                usage: said.usage,
                cost_usd: None,
                metadata: MessageMetadata::default(),
            });
            stands[*number] = Some(messages.len() - 1);
            ours_parents.push(before);
            guessed.push(said.at.is_none());
        }
        // Keys that are no ids are made into some; two that become the same would be one message.
        tree::parents(&messages)?;
        let head_id = last.and_then(|last| stands[last]).map(|head| messages[head].message_id);
        let messages = tree::set_times(messages, &ours_parents, &guessed);
        Ok(self.into_conversation(session_id, head_id, messages))
    }

    fn into_conversation(
        mut self,
        session_id: Uuid,
        head_id: Option<Uuid>,
        messages: Vec<ConversationMessage>,
    ) -> Incoming {
        let first = messages.first().map(|message| message.timestamp);
        let newest = messages.last().map(|message| message.timestamp);
        let created_at = self.created.or(first).unwrap_or(Timestamp(0));
        let updated_at = self.updated.or(newest).unwrap_or(created_at);
        let newest_model = messages.iter().rev().find_map(|message| message.model_name.clone());
        let model = self
            .model
            .map(|model| model_name(&model))
            .or(newest_model)
            .unwrap_or_default();
        let first_words = messages
            .iter()
            .find(|message| message.message_type == MessageType::User);
        let own_title = self.title.unwrap_or_default();
        let title = fit_title(&own_title, first_words.map_or("", |message| &message.content));
        if title != own_title && !messages.is_empty() {
            self.tally.add(LeftOutKind::Title, 1);
        }
        let session = ConversationSession {
            session_id,
            title,
            agent_id: super::DIRECT.into(),
            agent_name: super::DIRECT.into(),
            parent_role: None,
            model_id: model.clone(),
            model_name: model,
            created_at,
            updated_at,
            status: if self.is_archived {
                SessionStatus::Archived
            } else {
                SessionStatus::Active
            },
            archived_at: self.is_archived.then_some(updated_at),
            pinned: self.is_pinned,
            head_id: head_id.or(messages.last().map(|message| message.message_id)),
            message_count: 0,
            total_tokens: 0,
            cost_usd: 0.0,
        };
        Incoming {
            conversation: Conversation {
                format: FORMAT.into(),
                version: VERSION,
                session,
                messages,
            },
            tally: self.tally,
        }
    }
}

/// A title on one line and short enough; where there is none, one from the first words.
fn fit_title(title: &str, first_words: &str) -> String {
    let one_line: String = title.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let fit: String = one_line.trim().chars().take(MAX_TITLE_CHARS).collect();
    match fit.trim() {
        "" => title::from_message(first_words),
        fit => fit.to_owned(),
    }
}

fn model_name(model: &str) -> String {
    model.chars().filter(|c| !c.is_control()).take(LONGEST_MODEL).collect()
}

/// An id as it stands in the file, where it is one of ours; else one that is made of it, always the same.
fn id_of(within: &Uuid, text: &str) -> Uuid {
    Uuid::try_parse(text).unwrap_or_else(|_| Uuid::new_v5(within, text.as_bytes()))
}

fn shown(key: &str) -> String {
    key.chars().filter(|c| !c.is_control()).take(60).collect()
}

/// An instant in seconds since the epoch.
pub(super) fn seconds(seconds: Option<f64>, field: &str) -> Result<Option<Timestamp>, Malformed> {
    let Some(seconds) = seconds else { return Ok(None) };
    if !(0.0..=LAST_SECOND).contains(&seconds) {
        return Err(Malformed::new(
            format!("`{field}`"),
            format!("{seconds} is no time in seconds since 1970"),
        ));
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it is within the years that can be written"
    )]
    let time = Timestamp((seconds * 1e6).round() as i64);
    if time > latest() {
        return Err(Malformed::new(format!("`{field}`"), TOO_LATE));
    }
    Ok(Some(time))
}

/// A JSON object of messages in the order of the file, of which no key may be there twice. They are counted as they are read: what
/// takes three bytes in a file takes hundreds in memory.
pub(super) struct Entries<T>(pub(super) Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Reader<T> {
            type Value = Entries<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of messages")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                let mut keys = std::collections::HashSet::new();
                while let Some((key, value)) = map.next_entry::<String, T>()? {
                    if entries.len() == MOST_MESSAGES {
                        return Err(A::Error::custom(too_many()));
                    }
                    if !keys.insert(key.clone()) {
                        return Err(A::Error::custom(format!("{} is there twice", shown(&key))));
                    }
                    entries.push((key, value));
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Reader(PhantomData))
    }
}
