//! Rehearsal: plays an agent where there is no LLM, and says so in every answer.
//!
//! What it says depends on the message and the agent alone, so that tests have a deterministic partner. A message may
//! begin with a command:
//!
//! - (none): a task goes through the whole hierarchy (`part`): plan, decision, two levels of delegation, code, table; where
//!   nobody is below, or the message is a few words only, as `/answer`
//! - `/answer TEXT`: one agent's answer: planning, then text with a list, a code block and a table, then complete with usage
//! - `/echo TEXT`: the notice, an empty line, and exactly TEXT
//! - `/slow TEXT`: the task, with ten times the pause between tokens
//! - `/long TEXT`: about 2,000 words
//! - `/fail TEXT`: a few tokens, and then a failure as of a provider
//! - `/approval TEXT`: a plan that waits: approve goes on, refine restates it with the note and waits again, reject
//!   ends cleanly
//! - `/delegate TEXT`: the whole hierarchy at work, however short the text
//!
//! Usage counts words as tokens and is marked as an estimate; it costs nothing.

mod part;
mod script;

pub(crate) use part::{Part, ask, opinion};

use std::time::Duration;

use protocol::{
    event::TaskStatus,
    gateway::{GatewayChatRequest, GatewayRole},
    plan::PlanDecision,
    session::{Decision, Usage},
};

use crate::{
    answers::{
        Outcome,
        answer::Word,
        ledger::Spent,
        writer::{Task, Writer},
    },
    turn::{REJECTED, undecided},
};
use script::{Command, NOTICE};

/// What is no longer than this is not worth dividing.
const FEW_WORDS: u64 = 3;

/// Plays the answer to `request` as `agent`, with `delay` between two tokens.
pub(crate) async fn play(
    agent: &str,
    request: &GatewayChatRequest,
    delay: Duration,
    patience: Duration,
    writer: &Writer,
) -> Outcome {
    let (command, text) = script::parse(task_of(request));
    let delay = if command == Command::Slow { delay * 10 } else { delay };
    let root = writer.root();
    let mut stage = Stage {
        writer,
        root: root.clone(),
        patience,
        delay,
        words: 0,
    };
    match command {
        Command::Echo => {
            writer.status(&root, TaskStatus::Executing, "Echoing the message");
            stage.say(&format!("{NOTICE}\n\n{text}")).await;
        }
        Command::Long => {
            writer.status(&root, TaskStatus::Executing, "Writing a long answer");
            stage.say(&script::long()).await;
        }
        Command::Fail => {
            writer.status(&root, TaskStatus::Executing, "Asking a provider that will fail");
            stage.say(&format!("{NOTICE}\n\nThis answer will break")).await;
            return Outcome::failed("Rehearsal answered 503 Service Unavailable: played on request.".into());
        }
        Command::Approval => {
            let decided = request.decision.clone().map(|decided| (decided.decision, decided.note));
            if let Err(reason) = stage.approval(agent, text, decided).await {
                return Outcome::failed(reason);
            }
        }
        Command::Task | Command::Answer | Command::Slow | Command::Delegate => {
            writer.status(&root, TaskStatus::Planning, "Reading the task");
            stage.say(&script::opening(agent, text)).await;
            writer.status(&root, TaskStatus::Executing, "Carrying out the plan");
            stage.say(&script::work()).await;
        }
    }
    let prompt = request
        .messages
        .iter()
        .map(|m| words(&m.content))
        .sum::<u64>()
        .max(words(&request.message));
    let usage = Usage {
        estimated: true,
        ..Usage::exact(prompt, stage.words)
    };
    let spent = Spent {
        usage,
        micro_usd: Some(0),
    };
    writer.ledger().begin();
    writer.ledger().charge(&writer.root().id, spent);
    Outcome::Complete { note: None }
}

/// Whether what is to be played goes through the hierarchy, rather than being one agent's answer.
pub(crate) fn is_delegated(request: &GatewayChatRequest) -> bool {
    is_for_many(task_of(request))
}

/// A few words are answered as they are said, as a model would that has others below it.
fn is_for_many(message: &str) -> bool {
    let (command, text) = script::parse(message);
    command == Command::Delegate || command == Command::Task && words(text) > FEW_WORDS
}

/// What is to be played: the message, or, where that is a decision on an earlier plan, the one that the plan was for.
pub(crate) fn task_of(request: &GatewayChatRequest) -> &str {
    let earlier = request.messages.iter().rev().filter(|m| m.role == GatewayRole::User);
    let plans = |message: &&str| {
        let is_plan = script::parse(message).0 == Command::Approval || is_for_many(message);
        is_plan && !PlanDecision::is_in_words(message)
    };
    let planned = request.decision.as_ref().and_then(|_| {
        let mut texts = earlier.map(|m| m.content.as_str());
        texts.find(plans)
    });
    planned.unwrap_or(&request.message)
}

/// The pause after a word.
async fn pace(delay: Duration) {
    if delay.is_zero() {
        // Without a pause too, others get their turn, and a cancellation is noticed.
        tokio::task::yield_now().await;
    } else {
        tokio::time::sleep(delay).await;
    }
}

/// Where the words are said, and counted.
struct Stage<'a> {
    writer: &'a Writer,
    root: Task,
    patience: Duration,
    delay: Duration,
    words: u64,
}

impl Stage<'_> {
    /// Says `text` word by word, with a pause after each.
    async fn say(&mut self, text: &str) {
        self.words += words(text);
        for token in script::tokens(text) {
            self.writer.token(token.to_owned());
            pace(self.delay).await;
        }
    }

    /// States a plan and waits for the person, unless `decided` is their word on one that was stated before.
    async fn approval(&mut self, agent: &str, text: &str, mut decided: Option<Word>) -> Result<(), String> {
        if decided.is_some() {
            self.say(NOTICE).await;
        } else {
            self.writer.status(&self.root, TaskStatus::Planning, "Reading the task");
            self.say(&script::plan(agent, text)).await;
        }
        loop {
            let word = match decided.take() {
                Some(word) => Some(word),
                None => {
                    let question = "Shall the plan be carried out?";
                    self.writer.ask(&self.root, question, None, self.patience).await
                }
            };
            let Some((decision, note)) = word else {
                return Err(undecided(self.patience));
            };
            match decision {
                Decision::Approve => {
                    self.writer
                        .status(&self.root, TaskStatus::Executing, "The plan was approved");
                    self.say("\n\n").await;
                    self.say(&script::work()).await;
                    return Ok(());
                }
                Decision::Refine => {
                    self.writer
                        .status(&self.root, TaskStatus::Planning, "Changing the plan");
                    self.say(&script::refined(note.as_deref().unwrap_or_default())).await;
                }
                Decision::Reject => {
                    self.writer
                        .status(&self.root, TaskStatus::Executing, "The plan was rejected");
                    self.say(&format!("\n\n{REJECTED}\n")).await;
                    return Ok(());
                }
            }
        }
    }
}

fn words(text: &str) -> u64 {
    text.split_whitespace().count() as u64
}
