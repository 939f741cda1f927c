//! What both readable formats say in words.

use protocol::{
    conversation::{Conversation, ConversationMessage},
    event::TaskStatus,
    session::{MessageStatus, MessageType, SessionStatus, Usage},
    task::Placed,
    timestamp::Timestamp,
};

/// Who speaks where nobody's role is known.
const PERSON: &str = "PAS Root";

/// The instant to the second, in UTC.
pub(super) fn time(instant: Timestamp) -> String {
    let text = instant.to_string();
    match (text.get(..10), text.get(11..19)) {
        (Some(date), Some(clock)) => format!("{date} {clock} UTC"),
        _ => text,
    }
}

/// The role in which the person spoke.
pub(super) fn role(conversation: &Conversation) -> &str {
    conversation.session.parent_role.as_deref().unwrap_or(PERSON)
}

/// Who wrote a message.
pub(super) fn author<'a>(conversation: &'a Conversation, message: &'a ConversationMessage) -> &'a str {
    match message.message_type {
        MessageType::User => role(conversation),
        MessageType::Assistant if message.agent_id == conversation.session.agent_id => &conversation.session.agent_name,
        MessageType::Assistant => &message.agent_id,
        MessageType::System => "Instructions",
        MessageType::Status => "Note",
    }
}

/// Why a message is not whole; `None`: it is.
pub(super) fn shortfall(message: &ConversationMessage) -> Option<String> {
    let state = match message.status {
        MessageStatus::Complete => return None,
        MessageStatus::Streaming => "still being written",
        MessageStatus::Cancelled => "stopped",
        MessageStatus::Interrupted => "interrupted",
        MessageStatus::Error => "failed",
    };
    let reason = message.metadata.error.as_ref();
    Some(match reason {
        Some(error) => format!("This answer is not whole: {state}. {}", error.message),
        None => format!("This answer is not whole: {state}."),
    })
}

/// What the conversation is, as names and values.
pub(super) fn facts(conversation: &Conversation) -> Vec<(&'static str, String)> {
    let session = &conversation.session;
    let shown = conversation.branch().len();
    let mut facts = vec![
        ("Agent", session.agent_name.clone()),
        ("Your role", role(conversation).to_owned()),
        ("Model", session.model_name.clone()),
        ("Begun", time(session.created_at)),
        ("Last written to", time(session.updated_at)),
    ];
    if session.status == SessionStatus::Archived {
        let at = session.archived_at.map_or_else(|| "yes".into(), time);
        facts.push(("Archived", at));
    }
    facts.push((
        "Messages",
        match conversation.messages.len() {
            all if all == shown => shown.to_string(),
            all => format!("{shown} on the branch shown, {all} in all"),
        },
    ));
    // A sum with an estimate in it is one.
    let is_estimate = |message: &ConversationMessage| message.usage.is_some_and(|usage| usage.estimated);
    let mark = if conversation.messages.iter().any(is_estimate) {
        "~"
    } else {
        ""
    };
    facts.push((
        "Tokens, all branches",
        format!("{mark}{}", number(session.total_tokens)),
    ));
    facts.push(("Cost, all branches", format!("{mark}{}", dollars(session.cost_usd))));
    facts
}

/// One answer's line of the usage table.
pub(super) struct Spent {
    /// Its place on the branch, from 1.
    pub(super) place: usize,
    /// Model, tokens read, tokens written, both, cost, time.
    pub(super) cells: [String; 6],
}

/// The names of the columns of [`Spent::cells`].
pub(super) const SPENT: [&str; 6] = ["Model", "Tokens read", "Tokens written", "Tokens", "Cost", "Time"];

/// What each answer of the branch took, as far as it is known.
pub(super) fn spent(branch: &[&ConversationMessage]) -> Vec<Spent> {
    let known = |(at, message): (usize, &&ConversationMessage)| {
        let usage = message.usage?;
        let mark = if usage.estimated { "~" } else { "" };
        let tokens = |count: u64| format!("{mark}{}", number(count));
        let Usage {
            prompt_tokens,
            completion_tokens,
            total_tokens,
            ..
        } = usage;
        Some(Spent {
            place: at + 1,
            cells: [
                message.model_name.clone().unwrap_or_default(),
                tokens(prompt_tokens),
                tokens(completion_tokens),
                tokens(total_tokens),
                message
                    .cost_usd
                    .map_or_else(|| "not known".into(), |cost| format!("{mark}{}", dollars(cost))),
                message.metadata.elapsed_ms.map(seconds).unwrap_or_default(),
            ],
        })
    };
    branch.iter().enumerate().filter_map(known).collect()
}

/// A node of the delegation tree in one line, after its agent.
pub(super) fn node(node: &Placed) -> String {
    let state = match node.task.status {
        TaskStatus::Planning => "planning",
        TaskStatus::Executing => "executing",
        TaskStatus::Complete => "complete",
        TaskStatus::Error => "failed",
        TaskStatus::AwaitingApproval => "awaiting approval",
    };
    let mut line = state.to_owned();
    if node.total_tokens > 0 {
        line = format!("{line} · {} tokens", number(node.total_tokens));
    }
    if node.cost_usd > 0.0 {
        line = format!("{line} · {}", dollars(node.cost_usd));
    }
    line
}

/// A count with its thousands apart.
pub(super) fn number(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// To the micro-dollar.
pub(super) fn dollars(cost: f64) -> String {
    format!("${cost:.6}")
}

fn seconds(milliseconds: u64) -> String {
    format!("{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100)
}
