//! Conversations for tests, and texts that are hard to carry.

use proptest::{collection, prelude::*, sample::select};
use protocol::{
    conversation::{Conversation, ConversationMessage, ConversationSession, FORMAT, VERSION},
    error::ErrorBody,
    event::TaskStatus,
    session::{MessageMetadata, MessageStatus, MessageType, SessionStatus, Usage},
    task::Task,
    timestamp::Timestamp,
};
use uuid::Uuid;

/// Each alone is hard; together they are harder.
pub(crate) const HARD: [&str; 40] = [
    "```",
    "````",
    "~~~",
    "```rust\nfn main() {}\n```",
    "````md\n```\ninner\n```\n",
    "# Heading",
    "## 2. Architect · Model · 2026-01-01 00:00:00 UTC",
    "Title\n===",
    "---",
    "***",
    "> quoted",
    "- item\n  - inner",
    "1. one",
    "    indented",
    "| a | b |\n| - | - |\n| 1 | 2 |",
    "<div>",
    "</blockquote>",
    "<script>alert(1)</script>",
    "<!-- not closed",
    "<![CDATA[",
    "<?php",
    "<details>\n\n# inside\n",
    "[1]: https://one.example \"One\"",
    "[1]: https://two.example",
    "see [1] and [text][1] and [1][]",
    "![picture][1]",
    "[^1]: note",
    "`code",
    "``co`de``",
    "**bold",
    "\\",
    "\\<b>",
    "<https://auto.example>",
    "&lt;b&gt; &amp;",
    "\u{202e}right to left\u{202c} שלום",
    "nul \0 here",
    "\u{fffd}\u{feff}",
    "line\r\nline\rline",
    "   ",
    "",
];

/// A text made of what is hard.
pub(crate) fn hard_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => select(&HARD[..]).prop_map(ToOwned::to_owned),
        1 => any::<String>(),
        1 => "[ -~\n]{0,40}",
    ];
    collection::vec((piece, select(&["\n", "\n\n", " ", ""][..])), 0..8)
        .prop_map(|pieces| pieces.into_iter().map(|(piece, end)| piece + end).collect())
}

pub(crate) fn id(number: u128) -> Uuid {
    Uuid::from_u128(0xc0de_0000_0000_4000_8000_0000_0000_0000 + number)
}

pub(crate) fn message(
    number: u128,
    parent: Option<u128>,
    message_type: MessageType,
    content: &str,
) -> ConversationMessage {
    let is_answer = message_type == MessageType::Assistant;
    ConversationMessage {
        message_id: id(number),
        parent_id: parent.map(id),
        message_type,
        content: content.into(),
        agent_id: "architect".into(),
        model_id: is_answer.then(|| "scripted".into()),
        model_name: is_answer.then(|| "Scripted".into()),
        timestamp: Timestamp(1_764_000_000_000_000 + number as i64),
        status: MessageStatus::Complete,
        usage: is_answer.then(|| Usage::exact(1_200, 34)),
        cost_usd: is_answer.then_some(0.004_11),
        metadata: MessageMetadata::default(),
    }
}

/// These messages as a conversation, the last one shown.
pub(crate) fn conversation(number: u128, messages: Vec<ConversationMessage>) -> Conversation {
    let spoken =
        |message: &&ConversationMessage| matches!(message.message_type, MessageType::User | MessageType::Assistant);
    let tokens = messages
        .iter()
        .filter_map(|message| message.usage)
        .map(|usage| usage.total_tokens);
    let micros = messages
        .iter()
        .filter_map(|message| message.cost_usd)
        .map(|cost| (cost * 1e6).round());
    Conversation {
        format: FORMAT.into(),
        version: VERSION,
        session: ConversationSession {
            session_id: id(number << 64),
            title: "Plan the <move>".into(),
            agent_id: "architect".into(),
            agent_name: "Architect".into(),
            parent_role: Some("PAS Root".into()),
            model_id: "scripted".into(),
            model_name: "Scripted".into(),
            created_at: messages.first().map_or(Timestamp(0), |message| message.timestamp),
            updated_at: messages.last().map_or(Timestamp(0), |message| message.timestamp),
            status: SessionStatus::Active,
            archived_at: None,
            pinned: false,
            head_id: messages.last().map(|message| message.message_id),
            message_count: messages.iter().filter(spoken).count() as u64,
            total_tokens: tokens.sum(),
            cost_usd: micros.sum::<f64>() / 1e6,
        },
        messages,
    }
}

/// A question and its answer.
pub(crate) fn exchange(question: &str, answer: &str) -> Conversation {
    conversation(
        1,
        vec![
            message(1, None, MessageType::User, question),
            message(2, Some(1), MessageType::Assistant, answer),
        ],
    )
}

/// One that has everything: two branches, a stopped answer, a delegation, a note, an archive.
pub(crate) fn rich() -> Conversation {
    let task = |task_id: &str, parent: Option<&str>, output: Option<&str>| Task {
        task_id: task_id.into(),
        parent_task_id: parent.map(Into::into),
        agent_id: Some(format!("agent-{task_id}")),
        status: TaskStatus::Complete,
        detail: Some("Reading *all* of it".into()),
        output: output.map(Into::into),
        usage: Some(Usage::exact(10, 5)),
        cost_usd: Some(0.000_105),
    };
    let mut stopped = message(2, Some(1), MessageType::Assistant, "Half of");
    stopped.status = MessageStatus::Cancelled;
    stopped.usage = Some(Usage {
        estimated: true,
        ..Usage::exact(7, 3)
    });
    stopped.metadata.error = Some(ErrorBody::new("stopped", "You stopped it.", "Ask again."));
    let mut answer = message(3, Some(1), MessageType::Assistant, "The whole **answer**.");
    answer.metadata.elapsed_ms = Some(4_210);
    answer.metadata.tasks = vec![task("a", None, None), task("b", Some("a"), Some("# Output\n```\nopen"))];
    let mut conversation = conversation(
        2,
        vec![
            message(1, None, MessageType::User, "Do it"),
            stopped,
            answer,
            message(4, Some(3), MessageType::Status, "A note"),
        ],
    );
    conversation.session.status = SessionStatus::Archived;
    conversation.session.archived_at = Some(Timestamp(1_764_000_100_000_000));
    conversation.session.pinned = true;
    conversation
}
