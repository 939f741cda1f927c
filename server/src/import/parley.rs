//! Our own files, of every version.

use protocol::{
    conversation::{Conversation, FORMAT, VERSION},
    import::LeftOutKind,
    session::{MAX_TITLE_CHARS, MessageStatus, SessionStatus, Usage},
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    Incoming, Tally,
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

/// What tells a version from others.
#[derive(Deserialize)]
struct Head {
    format: String,
    version: u32,
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

fn check_session(conversation: &Conversation) -> Result<(), Malformed> {
    let session = &conversation.session;
    let one_line = |field: &str, text: &str, most: usize| {
        if text.chars().count() > most {
            return Err(Malformed::new(
                format!("`session.{field}`"),
                format!("it is longer than {most} characters"),
            ));
        }
        if text.chars().any(char::is_control) {
            return Err(Malformed::new(
                format!("`session.{field}`"),
                "it has control characters",
            ));
        }
        Ok(())
    };
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
    if messages.len() > MOST_MESSAGES {
        return Err(Malformed::new(
            "`messages`",
            format!("there are more than {MOST_MESSAGES}"),
        ));
    }
    let parents = tree::parents(messages)?;
    tree::ordered(&parents).map_err(|number| {
        Malformed::new(
            place(number, "parent_id"),
            "the messages before it go round in a circle",
        )
    })?;
    let mut tally = Tally::default();
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
        if message.metadata.tasks.len() > protocol::task::MAX_TASKS {
            return Err(Malformed::new(place(number, "metadata.tasks"), "there are too many"));
        }
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
