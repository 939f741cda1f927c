//! Our own files, of every version.

use protocol::{
    conversation::{Conversation, ConversationMessage, FORMAT, VERSION},
    import::LeftOutKind,
    session::{MAX_MESSAGE_CHARS, MAX_TITLE_CHARS, MessageMetadata, MessageStatus, SessionStatus, Usage},
    task::MAX_TASKS,
    timestamp::Timestamp,
};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IgnoredAny, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use std::{fmt, marker::PhantomData};

use super::{
    Incoming, TOO_LATE, Tally, latest,
    malformed::Malformed,
    parse,
    tree::{self, MOST_MESSAGES, place},
};

/// The longest name of an agent, a role or a model, in characters.
const LONGEST_NAME: usize = 200;
/// The most tokens of an answer: beyond it is no answer, and sums must not overflow.
const MOST_TOKENS: u64 = 10_000_000_000;
/// The highest cost of an answer, in US dollars.
const MOST_DOLLARS: f64 = 100_000.0;

/// The most characters of a line that somebody was told, or decided.
const LONGEST_LINE: usize = 10_000;

/// What tells a version from others, and whether there is too much to be read at once: what takes few bytes in a file takes many in
/// memory.
#[derive(Deserialize)]
struct Head {
    format: String,
    version: u32,
    #[serde(default)]
    #[expect(dead_code, reason = "to be read is to be counted")]
    messages: AtMost<HeadMessage, MOST_MESSAGES>,
}

#[derive(Deserialize)]
struct HeadMessage {
    #[serde(default)]
    #[expect(dead_code, reason = "to be read is to be counted")]
    metadata: HeadMetadata,
}

#[derive(Default, Deserialize)]
struct HeadMetadata {
    #[serde(default)]
    #[expect(dead_code, reason = "to be read is to be counted")]
    tasks: AtMost<IgnoredAny, MAX_TASKS>,
}

/// A list of which nothing is kept, and of which there are no more than so many.
struct AtMost<T, const MOST: usize>(PhantomData<T>);

impl<T, const MOST: usize> Default for AtMost<T, MOST> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<'de, T: Deserialize<'de>, const MOST: usize> Deserialize<'de> for AtMost<T, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T, const MOST: usize>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for Reader<T, MOST> {
            type Value = AtMost<T, MOST>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut count = 0;
                while list.next_element::<T>()?.is_some() {
                    count += 1;
                    if count > MOST {
                        return Err(A::Error::custom(format!("there are more than {MOST}")));
                    }
                }
                Ok(AtMost(PhantomData))
            }
        }
        deserializer.deserialize_seq(Reader(PhantomData))
    }
}

pub(super) fn read(json: &RawValue) -> Result<Incoming, Malformed> {
    let head: Head = parse(json)?;
    if head.format != FORMAT {
        return Err(Malformed::new("`format`", format!("it is not `{FORMAT}`")));
    }
    if !(1..=VERSION).contains(&head.version) {
        let problem = format!("version {} is not known here; 1 to {VERSION} are", head.version);
        return Err(Malformed::new("`version`", problem));
    }
    let mut conversation: Conversation = parse(json)?;
    if head.version == 1 {
        chain(&mut conversation);
    }
    check_session(&conversation)?;
    let tally = check_messages(&mut conversation)?;
    Ok(Incoming { conversation, tally })
}

/// Version 1 knew no branches: each message follows the one before it.
fn chain(conversation: &mut Conversation) {
    let mut last = None;
    for message in &mut conversation.messages {
        message.parent_id = last;
        last = Some(message.message_id);
    }
    conversation.session.head_id = last;
}

/// A text on one line that is not too long.
fn check_line(place: impl Fn() -> String, text: &str, most: usize) -> Result<(), Malformed> {
    check_length(&place, text, most)?;
    if text.chars().any(char::is_control) {
        return Err(Malformed::new(place(), "it has control characters"));
    }
    Ok(())
}

fn check_length(place: impl Fn() -> String, text: &str, most: usize) -> Result<(), Malformed> {
    if text.chars().count() > most {
        return Err(Malformed::new(place(), format!("it is longer than {most} characters")));
    }
    Ok(())
}

/// Names and ids stand on one line; what somebody was told may have several.
fn check_fields(number: usize, message: &ConversationMessage, latest: Timestamp) -> Result<(), Malformed> {
    if message.timestamp > latest {
        return Err(Malformed::new(place(number, "timestamp"), TOO_LATE));
    }
    let name =
        |field: &str, text: Option<&str>| check_line(|| place(number, field), text.unwrap_or_default(), LONGEST_NAME);
    let told =
        |field: &str, text: Option<&str>| check_length(|| place(number, field), text.unwrap_or_default(), LONGEST_LINE);
    name("agent_id", Some(&message.agent_id))?;
    name("model_id", message.model_id.as_deref())?;
    name("model_name", message.model_name.as_deref())?;
    let MessageMetadata {
        task_id,
        elapsed_ms: _,
        context_window: _,
        error,
        last_status,
        tasks,
        decision,
    } = &message.metadata;
    name("metadata.task_id", task_id.as_deref())?;
    if let Some(error) = error {
        name("metadata.error.code", Some(&error.code))?;
        told("metadata.error.message", Some(&error.message))?;
        told("metadata.error.action", Some(&error.action))?;
    }
    if let Some(status) = last_status {
        name("metadata.last_status.task_id", status.task_id.as_deref())?;
        name("metadata.last_status.parent_task_id", status.parent_task_id.as_deref())?;
        name("metadata.last_status.agent_id", status.agent_id.as_deref())?;
        told("metadata.last_status.detail", status.detail.as_deref())?;
    }
    for (at, task) in tasks.iter().enumerate() {
        let field = |field: &str| format!("metadata.tasks[{at}].{field}");
        name(&field("task_id"), Some(&task.task_id))?;
        name(&field("parent_task_id"), task.parent_task_id.as_deref())?;
        name(&field("agent_id"), task.agent_id.as_deref())?;
        told(&field("detail"), task.detail.as_deref())?;
    }
    let note = decision.as_ref().and_then(|decision| decision.note.as_deref());
    check_length(
        || place(number, "metadata.decision.note"),
        note.unwrap_or_default(),
        MAX_MESSAGE_CHARS,
    )
}

fn check_session(conversation: &Conversation) -> Result<(), Malformed> {
    let session = &conversation.session;
    let one_line = |field: &str, text: &str, most: usize| check_line(|| format!("`session.{field}`"), text, most);
    let latest = latest();
    for (field, time) in [
        ("created_at", Some(session.created_at)),
        ("updated_at", Some(session.updated_at)),
        ("archived_at", session.archived_at),
    ] {
        if time.is_some_and(|time| time > latest) {
            return Err(Malformed::new(format!("`session.{field}`"), TOO_LATE));
        }
    }
    one_line("title", &session.title, MAX_TITLE_CHARS)?;
    if session.title.trim().is_empty() {
        return Err(Malformed::new("`session.title`", "it is empty"));
    }
    one_line("agent_id", &session.agent_id, LONGEST_NAME)?;
    one_line("agent_name", &session.agent_name, LONGEST_NAME)?;
    one_line(
        "parent_role",
        session.parent_role.as_deref().unwrap_or_default(),
        LONGEST_NAME,
    )?;
    one_line("model_id", &session.model_id, LONGEST_NAME)?;
    one_line("model_name", &session.model_name, LONGEST_NAME)?;
    if session.status == SessionStatus::Deleted {
        return Err(Malformed::new("`session.status`", "it is neither active nor archived"));
    }
    let is_there = |id| conversation.messages.iter().any(|message| message.message_id == id);
    if session.head_id.is_some_and(|head| !is_there(head)) {
        return Err(Malformed::new("`session.head_id`", "there is no message with this id"));
    }
    Ok(())
}

fn check_messages(conversation: &mut Conversation) -> Result<Tally, Malformed> {
    let session = &mut conversation.session;
    match session.status {
        SessionStatus::Archived => session.archived_at = session.archived_at.or(Some(session.updated_at)),
        SessionStatus::Active | SessionStatus::Deleted => session.archived_at = None,
    }
    let messages = &mut conversation.messages;
    let parents = tree::parents(messages)?;
    tree::ordered(&parents).map_err(|number| {
        Malformed::new(
            place(number, "parent_id"),
            "the messages before it go round in a circle",
        )
    })?;
    let mut tally = Tally::default();
    let latest = latest();
    let mut before: Option<(i64, usize)> = None;
    let mut by_time: Vec<usize> = (0..messages.len()).collect();
    by_time.sort_by_key(|number| messages[*number].timestamp);
    for number in by_time {
        let message = &mut messages[number];
        let instant = message.timestamp.0;
        if before.is_some_and(|(before, _)| before == instant) {
            return Err(Malformed::new(
                place(number, "timestamp"),
                "another message has the same",
            ));
        }
        before = Some((instant, number));
        if message.usage.is_some_and(|usage| !is_likely(&usage)) {
            return Err(Malformed::new(
                place(number, "usage"),
                "no answer takes that many tokens",
            ));
        }
        if message
            .cost_usd
            .is_some_and(|cost| !(0.0..=MOST_DOLLARS).contains(&cost))
        {
            return Err(Malformed::new(place(number, "cost_usd"), "no answer costs that"));
        }
        check_fields(number, message, latest)?;
        if message.status == MessageStatus::Streaming {
            message.status = MessageStatus::Interrupted;
            tally.add(LeftOutKind::Unfinished, 1);
        }
    }
    let is_late = |(number, parent): (usize, &Option<usize>)| {
        parent
            .is_some_and(|parent| messages[parent].timestamp >= messages[number].timestamp)
            .then_some(number)
    };
    if let Some(number) = parents.iter().enumerate().find_map(is_late) {
        return Err(Malformed::new(
            place(number, "timestamp"),
            "it is not after that of the message before it",
        ));
    }
    messages.sort_by_key(|message| message.timestamp);
    if conversation.session.head_id.is_none() {
        conversation.session.head_id = messages.last().map(|message| message.message_id);
    }
    Ok(tally)
}

/// Whether an answer could take as much.
pub(super) fn is_likely(usage: &Usage) -> bool {
    [usage.prompt_tokens, usage.completion_tokens, usage.total_tokens]
        .iter()
        .all(|count| *count <= MOST_TOKENS)
}
