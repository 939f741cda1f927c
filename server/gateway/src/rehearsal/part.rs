//! Rehearsal as one agent among others: it delegates, waits and answers in the same rounds as a model would.

use std::time::Duration;

use genai::chat::{ChatRequest, ChatRole, MessageContent, ToolCall};
use protocol::session::{Decision, Usage};

use super::{pace, script, words};
use crate::{
    answers::ledger::Spent,
    providers::{Failure, Reply},
    registry::AgentEntry,
    turn::{delegate_call, is_refined},
};

/// How many of those below it an agent hands a part to.
const HANDS_TO: usize = 2;

/// What an agent is asked in one round.
pub(crate) struct Part<'a> {
    pub(crate) agent: &'a AgentEntry,
    /// Those it can delegate to.
    pub(crate) children: &'a [&'a AgentEntry],
    pub(crate) assignment: &'a str,
    pub(crate) prompt: &'a ChatRequest,
    /// From 0.
    pub(crate) round: usize,
    pub(crate) is_root: bool,
    /// The person's, on a plan that was stated in an earlier turn.
    pub(crate) decision: Option<Decision>,
    pub(crate) delay: Duration,
}

/// Plays one round.
pub(crate) async fn ask(part: &Part<'_>, say: &mut (dyn FnMut(String) + Send)) -> Result<Reply, Failure> {
    let (_, task) = script::parse(part.assignment);
    let refined = is_refined(part.prompt);
    let hands_on = !part.children.is_empty() && (part.round == 0 || refined);
    let to: Vec<&str> = part
        .children
        .iter()
        .take(HANDS_TO)
        .map(|c| c.agent_name.as_str())
        .collect();
    let agent = part.agent.agent_name.as_str();
    let text = match (part.is_root, hands_on) {
        (true, true) if refined => script::division_changed(&to),
        (true, true) => match part.decision {
            Some(Decision::Approve) => script::approved(agent, task, &to),
            Some(_) => script::led(&script::division_changed(&to)),
            None => script::division(agent, task, &to, part.agent.requires_approval),
        },
        (true, false) if part.round > 0 => script::composed(),
        // Nobody is below: the whole is one agent's work.
        (true, false) => script::opening(agent, task) + &script::work(),
        (false, true) => script::passed_on(agent, task, &to),
        (false, false) if part.round > 0 => script::reviewed(agent),
        (false, false) => script::part(agent, task),
    };
    for piece in script::tokens(&text) {
        say(piece.to_owned());
        pace(part.delay).await;
    }
    let calls: Vec<ToolCall> = if hands_on {
        let to = part.children.iter().take(HANDS_TO).enumerate();
        to.map(|(at, child)| delegate_call(part.round * HANDS_TO + at, &child.agent_id, task))
            .collect()
    } else {
        Vec::new()
    };
    let spent = counted(part.prompt, &text);
    let mut content = MessageContent::from_text(text.clone());
    content.extend(MessageContent::from_tool_calls(calls.clone()));
    Ok(Reply {
        text,
        calls,
        content,
        note: None,
        spent: Some(spent),
    })
}

/// The answer to a question from below.
pub(crate) fn opinion(prompt: &ChatRequest) -> Reply {
    let text = "Do what is simplest to check.".to_owned();
    Reply {
        spent: Some(counted(prompt, &text)),
        content: MessageContent::from_text(text.clone()),
        text,
        calls: Vec::new(),
        note: None,
    }
}

/// Words stand for tokens, so every figure is marked as an estimate; it costs nothing.
fn counted(prompt: &ChatRequest, text: &str) -> Spent {
    let heard = prompt.messages.iter().filter(|m| m.role != ChatRole::Tool);
    let heard = heard
        .filter_map(|m| m.content.joined_texts())
        .map(|text| words(&text))
        .sum();
    Spent {
        usage: Usage {
            estimated: true,
            ..Usage::exact(heard, words(text))
        },
        micro_usd: Some(0),
    }
}
