//! One agent at work on one task.

use std::{borrow::Cow, future::Future, pin::Pin, sync::Arc};

use futures::future::join_all;
use genai::chat::{ChatMessage, ChatRequest, ChatRole, ContentPart, MessageContent, ToolCall, ToolResponse};
use protocol::event::TaskStatus;
use uuid::Uuid;

use super::{
    Turn,
    approval::{REJECTED, Verdict},
    tools::{self, Wish},
};
use crate::{
    answers::writer::Task,
    models::Model,
    providers::{Failure, Reply},
    registry::AgentEntry,
    rehearsal,
    settings::ContextOverflow,
};

/// How often one agent's model is asked. One that calls tools for ever is stopped here.
const MAX_ROUNDS: usize = 20;
/// How the result begins that sends a plan back.
pub(super) const NOT_CARRIED_OUT: &str = "Not carried out:";
/// How often an agent may ask the one above it.
const MAX_QUESTIONS: usize = 3;

/// One agent at work on one task.
pub(super) struct Node {
    pub(super) task: Task,
    /// From 1, the agent that was asked.
    pub(super) level: usize,
    pub(super) parent: Option<Arc<Parent>>,
    pub(super) agent: AgentEntry,
    pub(super) model: Model,
    /// The conversation so far, without the system prompt.
    pub(super) chat: ChatRequest,
    /// What it is to do.
    pub(super) assignment: String,
}

/// The agent above, as a child can ask it: with what it knew when it delegated.
pub(super) struct Parent {
    task: Task,
    agent_id: String,
    agent_name: String,
    model: Model,
    chat: ChatRequest,
}

/// How an agent's work ended.
pub(super) enum End {
    Answered { text: String, note: Option<String> },
    Failed { reason: String, text: String },
}

/// What an agent has done so far.
#[derive(Default)]
struct Progress {
    /// All that it said.
    said: String,
    rounds: usize,
    delegated: usize,
    questions: usize,
    /// Whether its plan was approved, or needs no approval.
    approved: bool,
    without_tools: bool,
    left_out: usize,
}

/// What became of the calls of one round.
enum Round {
    /// The results, to be given back.
    Results(Vec<String>),
    Ended(End),
}

impl Turn<'_> {
    /// Runs the rounds of `node` until it has answered. Boxed, as it calls itself for those below.
    pub(super) fn carry_out(&self, node: Node) -> Pin<Box<dyn Future<Output = End> + Send + '_>> {
        Box::pin(self.rounds(node))
    }

    async fn rounds(&self, mut node: Node) -> End {
        let mut progress = Progress {
            approved: !node.agent.requires_approval || self.was_approved(&node),
            ..Progress::default()
        };
        loop {
            let exhausted = self.allowance.check(self.writer.ledger()).is_err();
            // Once a limit is reached, those below stop, and the agent that was asked answers with what it has.
            if exhausted && node.level > 1 {
                let reason = self.allowance.reached().unwrap_or_default();
                return End::Failed {
                    reason,
                    text: progress.said,
                };
            }
            let last = exhausted || progress.rounds + 1 >= MAX_ROUNDS;
            let reply = match self.ask_patiently(&mut node, &mut progress, last).await {
                Ok(reply) => reply,
                Err(reason) => {
                    return End::Failed {
                        reason,
                        text: progress.said,
                    };
                }
            };
            progress.rounds += 1;
            if reply.calls.is_empty() || last {
                let left_out = (progress.left_out > 0).then(|| {
                    format!(
                        "The {} oldest messages were left out: {} cannot read more at once.",
                        progress.left_out, node.model.name
                    )
                });
                let notes: Vec<String> = reply.note.map(str::to_owned).into_iter().chain(left_out).collect();
                return End::Answered {
                    text: progress.said,
                    note: (!notes.is_empty()).then(|| notes.join(" ")),
                };
            }
            let results = match self.take_calls(&node, &mut progress, &reply).await {
                Round::Results(results) => results,
                Round::Ended(end) => return end,
            };
            let responses = reply.calls.iter().zip(results);
            let responses = responses.map(|(call, result)| ToolResponse::from_tool_call(call, result));
            node.chat.messages.push(ChatMessage::assistant(reply.content));
            node.chat.messages.push(ChatMessage::tool(MessageContent::from_parts(
                responses.map(ContentPart::ToolResponse).collect::<Vec<_>>(),
            )));
        }
    }

    /// Asks the node's model: without tools where it takes none, with less of the conversation where that is too long.
    async fn ask_patiently(&self, node: &mut Node, progress: &mut Progress, last: bool) -> Result<Reply, String> {
        loop {
            let takes_tools = !progress.without_tools && node.model.may_call_tools();
            match self.ask(node, progress, takes_tools, !last).await {
                Ok(reply) => return Ok(reply),
                Err(Failure::NoTools(_)) if takes_tools => progress.without_tools = true,
                Err(Failure::TooLong(reason)) => {
                    let trim = self.inner.settings.context_overflow == ContextOverflow::LeaveOutOldest;
                    let left_out = if trim { leave_out_oldest(&mut node.chat) } else { 0 };
                    if left_out == 0 {
                        return Err(format!(
                            "The conversation is longer than {} can read. Start a new one, or pick a model with a larger \
                             context window. {reason}",
                            node.model.name
                        ));
                    }
                    progress.left_out += left_out;
                }
                Err(Failure::NoTools(reason) | Failure::Other { reason, .. }) => return Err(reason),
            }
        }
    }

    async fn ask(
        &self,
        node: &Node,
        progress: &mut Progress,
        takes_tools: bool,
        may_call: bool,
    ) -> Result<Reply, Failure> {
        let mut children: Vec<&AgentEntry> = if takes_tools && self.allowance.may_go_below(node.level) {
            self.registry.children(&node.agent.agent_id).collect()
        } else {
            Vec::new()
        };
        let tools = if takes_tools && (may_call || holds_calls(&node.chat)) {
            tools::offered(&children, node.parent.is_some())
        } else {
            Vec::new()
        };
        if !may_call {
            children.clear();
        }
        let speaker = match &node.parent {
            Some(parent) => Some(parent.agent_name.as_str()),
            None => self.request.parent_role.as_deref(),
        };
        let system = self
            .registry
            .system_prompt(&node.agent.agent_id, speaker, !children.is_empty());
        let mut request = with_system(&node.chat, system);
        // An empty list is refused by some.
        request.tools = Some(tools).filter(|tools| !tools.is_empty());

        let permit = self.allowance.asking.acquire().await;
        self.writer
            .status(&node.task, TaskStatus::Executing, format!("Asking {}", node.model.name));
        // What an agent says after its calls begins a new paragraph.
        let mut gap = !progress.said.is_empty() && !progress.said.ends_with("\n\n");
        let to_reader = node.parent.is_none();
        let said = &mut progress.said;
        let said_before = said.len();
        let mut say = |piece: String| {
            let piece = if std::mem::take(&mut gap) {
                format!("\n\n{piece}")
            } else {
                piece
            };
            said.push_str(&piece);
            if to_reader {
                self.writer.token(piece);
            }
        };
        let wait = |detail| self.writer.status(&node.task, TaskStatus::Executing, detail);
        self.writer.ledger().begin();
        let reply = if node.model.is_rehearsal() {
            let part = rehearsal::Part {
                agent: &node.agent,
                children: &children,
                assignment: &node.assignment,
                prompt: &request,
                round: progress.rounds,
                is_root: node.parent.is_none(),
                decision: self.decision_on(node),
                delay: self.inner.settings.rehearsal_delay,
            };
            rehearsal::ask(&part, &mut say).await
        } else {
            self.inner
                .providers
                .ask(&node.model, &request, may_call, &mut say, &wait)
                .await
        };
        drop(permit);
        let was_heard = progress.said.len() > said_before;
        self.settle(&node.task, &reply, was_heard);
        reply
    }

    /// Enters into the books what a request took.
    fn settle(&self, task: &Task, reply: &Result<Reply, Failure>, was_heard: bool) {
        match reply {
            Ok(Reply { spent: Some(spent), .. }) => self.writer.ledger().charge(&task.id, *spent),
            Err(_) if !was_heard => self.writer.ledger().forget(),
            _ => {}
        }
    }

    /// Carries out what a reply calls for: those it delegates to work at once.
    async fn take_calls(&self, node: &Node, progress: &mut Progress, reply: &Reply) -> Round {
        let has_parent = node.parent.is_some();
        let wishes: Vec<Wish> = reply.calls.iter().map(|call| tools::wish(call, has_parent)).collect();
        if let Some(Wish::Report { result, done }) = wishes.iter().find(|w| matches!(w, Wish::Report { .. })) {
            return Round::Ended(reported(progress, result, *done));
        }
        if !progress.approved && wishes.iter().any(|wish| matches!(wish, Wish::Delegate { .. })) {
            // The plan is stated before it is decided upon, even where the model has only called.
            if reply.text.trim().is_empty() {
                let plan = self.plan_of(&wishes);
                progress.said.push_str(&plan);
                if node.parent.is_none() {
                    self.writer.token(plan);
                }
            }
            match self.decide(node, &progress.said, &wishes).await {
                Verdict::Approved => progress.approved = true,
                Verdict::Refined(told) => return Round::Results(vec![told; wishes.len()]),
                Verdict::Rejected => {
                    let told = format!("\n\n{REJECTED}\n");
                    progress.said.push_str(&told);
                    if node.parent.is_none() {
                        self.writer.token(told);
                    }
                    let text = std::mem::take(&mut progress.said);
                    return Round::Ended(End::Answered { text, note: None });
                }
                Verdict::Undecided(reason) => {
                    let text = std::mem::take(&mut progress.said);
                    return Round::Ended(End::Failed { reason, text });
                }
            }
        }
        let delegates = wishes.iter().any(|wish| matches!(wish, Wish::Delegate { .. }));
        if delegates {
            let detail = self.handing_on(&wishes);
            self.writer.status(&node.task, TaskStatus::Executing, detail);
        }
        let parent = Arc::new(Parent {
            task: node.task.clone(),
            agent_id: node.agent.agent_id.clone(),
            agent_name: node.agent.agent_name.clone(),
            model: node.model.clone(),
            chat: node.chat.clone(),
        });
        let mut work: Vec<Pin<Box<dyn Future<Output = String> + Send + '_>>> = Vec::new();
        for (wish, call) in wishes.iter().zip(&reply.calls) {
            work.push(match wish {
                Wish::Delegate { agent_id, task } => match self.child(node, progress, &parent, agent_id, task) {
                    Ok(child) => Box::pin(self.delegated(child)),
                    Err(refused) => Box::pin(async { refused }),
                },
                Wish::AskParent { question } => {
                    let question = question.clone();
                    progress.questions += 1;
                    let may_ask = progress.questions <= MAX_QUESTIONS;
                    Box::pin(async move {
                        match &node.parent {
                            Some(above) if may_ask => self.ask_parent(node, above, &question).await,
                            _ => format!("You have asked {MAX_QUESTIONS} times. State your assumption and go on."),
                        }
                    })
                }
                Wish::Unclear(told) => {
                    tracing::debug!(tool = call.fn_name, "a model called what makes no sense");
                    let told = told.clone();
                    Box::pin(async { told })
                }
                // Taken above.
                Wish::Report { .. } => Box::pin(async { String::new() }),
            });
        }
        Round::Results(join_all(work).await)
    }

    fn handing_on(&self, wishes: &[Wish]) -> String {
        let mut names: Vec<Cow<'_, str>> = Vec::new();
        for wish in wishes {
            if let Wish::Delegate { agent_id, .. } = wish {
                let name = self.name_of(agent_id);
                if !names.iter().any(|known| known == name) {
                    names.push(name.into());
                }
            }
        }
        format!("Waiting for {}", names.join(", "))
    }

    /// The node that works on a delegated task; the error is what the model is told instead.
    fn child(
        &self,
        node: &Node,
        progress: &mut Progress,
        parent: &Arc<Parent>,
        agent_id: &str,
        task: &str,
    ) -> Result<Node, String> {
        let children = || self.registry.children(&node.agent.agent_id);
        let Some(agent) = children().find(|child| child.agent_id == agent_id) else {
            let ids: Vec<&str> = children().map(|child| child.agent_id.as_str()).collect();
            return Err(format!(
                "There is no agent `{agent_id}` below you. Delegate to one of: {}.",
                ids.join(", ")
            ));
        };
        if task.trim().is_empty() {
            return Err("The task is empty. Say what is to be done and call again.".into());
        }
        if !self.allowance.may_go_below(node.level) {
            return Err("Nobody below you may work on this turn. Do the task yourself.".into());
        }
        self.allowance
            .take_node(progress.delegated, self.writer.ledger())
            .map_err(|limit| {
                self.writer.status(&node.task, TaskStatus::Executing, limit.clone());
                format!("{limit} Go on with what you have.")
            })?;
        progress.delegated += 1;
        let model = self.inner.models.known_of(agent).unwrap_or_else(|| node.model.clone());
        Ok(Node {
            task: Task {
                id: Uuid::new_v4().to_string(),
                parent_id: Some(node.task.id.clone()),
                agent_id: Some(agent.agent_id.clone()),
            },
            level: node.level + 1,
            parent: Some(Arc::clone(parent)),
            agent: agent.clone(),
            model,
            chat: ChatRequest::from_user(task),
            assignment: task.to_owned(),
        })
    }

    /// Has a child do its task, and gives what its parent is told.
    async fn delegated(&self, child: Node) -> String {
        let task = child.task.clone();
        self.writer
            .status(&task, TaskStatus::Planning, one_line(&child.assignment));
        // Time that a person takes moves the deadline, so it is looked at again when it comes.
        let mut work = self.carry_out(child);
        let end = loop {
            let deadline = self.allowance.deadline();
            match tokio::time::timeout_at(deadline, &mut work).await {
                Ok(end) => break end,
                Err(_) if self.allowance.deadline() > deadline => {}
                Err(_) => {
                    drop(work);
                    break End::Failed {
                        reason: self.allowance.out_of_time(),
                        text: String::new(),
                    };
                }
            }
        };
        match end {
            End::Answered { text, note } => {
                // Else it would go on saying what it did last.
                let detail = note.clone().unwrap_or_else(|| "Done".into());
                self.writer.ended(&task, TaskStatus::Complete, detail, text.clone());
                match note {
                    Some(note) => format!("{text}\n\n({note})"),
                    None => text,
                }
            }
            End::Failed { reason, text } => {
                self.writer
                    .ended(&task, TaskStatus::Error, reason.clone(), text.clone());
                if text.is_empty() {
                    format!("This task failed: {reason}")
                } else {
                    format!("This task failed: {reason}\nWhat there is of it:\n\n{text}")
                }
            }
        }
    }

    /// The answer of the agent above to a question, from what it knew when it delegated. It counts as that agent's work.
    async fn ask_parent(&self, node: &Node, parent: &Parent, question: &str) -> String {
        if let Err(limit) = self.allowance.check(self.writer.ledger()) {
            return format!("{limit} State your assumption and go on.");
        }
        let detail = format!("Asking {}: {}", parent.agent_name, one_line(question));
        self.writer.status(&node.task, TaskStatus::Executing, detail);
        let chat = parent
            .chat
            .clone()
            .append_message(ChatMessage::assistant(format!(
                "I hand this to {}: {}",
                node.agent.agent_name, node.assignment
            )))
            .append_message(ChatMessage::user(format!(
                "{} asks about that task: {question}\nAnswer in a few sentences.",
                node.agent.agent_name
            )));
        let system = self.registry.system_prompt(&parent.agent_id, None, false);
        let mut request = with_system(&chat, system);
        if holds_calls(&chat) {
            let children: Vec<&AgentEntry> = self.registry.children(&parent.agent_id).collect();
            request.tools = Some(tools::offered(&children, parent.task.parent_id.is_some()));
        }
        let mut was_heard = false;
        let mut heard = |_: String| was_heard = true;
        let permit = self.allowance.asking.acquire().await;
        self.writer.ledger().begin();
        let reply = if parent.model.is_rehearsal() {
            Ok(rehearsal::opinion(&request))
        } else {
            let wait = |detail| self.writer.status(&node.task, TaskStatus::Executing, detail);
            self.inner
                .providers
                .ask(&parent.model, &request, false, &mut heard, &wait)
                .await
        };
        drop(permit);
        self.settle(&parent.task, &reply, was_heard);
        match reply {
            Ok(reply) => {
                if reply.spent.is_some() {
                    let waiting = format!("Answered a question of {}", node.agent.agent_name);
                    self.writer.status(&parent.task, TaskStatus::Executing, waiting);
                }
                reply.text
            }
            Err(_) => "There is no answer. State your assumption and go on.".into(),
        }
    }
}

fn reported(progress: &mut Progress, result: &str, done: bool) -> End {
    let said = std::mem::take(&mut progress.said);
    // What was said on the way belongs to the result, unless the report repeats it.
    let text = if said.trim().is_empty() || result.contains(said.trim()) {
        result.to_owned()
    } else {
        format!("{}\n\n{result}", said.trim_end())
    };
    if done {
        End::Answered { text, note: None }
    } else {
        let reason = format!("It could not be done: {}", one_line(result));
        End::Failed { reason, text }
    }
}

/// The conversation with the agent's own prompt before whatever instructions it holds.
fn with_system(chat: &ChatRequest, system: Option<String>) -> ChatRequest {
    let mut request = chat.clone();
    request.system = match (system, request.system.take()) {
        (Some(own), Some(told)) => Some(format!("{own}\n\n{told}")),
        (own, told) => own.or(told),
    };
    request
}

/// Whether tools were called in it. Some providers refuse such a conversation where the tools are not named again, though
/// none is to be called any more.
fn holds_calls(chat: &ChatRequest) -> bool {
    chat.messages.iter().any(|message| message.role == ChatRole::Tool)
}

/// Leaves out about a third of the conversation, the oldest of it, and says how many messages; 0: nothing can go.
///
/// It goes on with a message of the person: providers want one at the head, and no result without its call.
fn leave_out_oldest(chat: &mut ChatRequest) -> usize {
    let least = chat.messages.len().div_ceil(3);
    let is_user = |message: &ChatMessage| message.role == ChatRole::User;
    let next = (least.max(1)..chat.messages.len()).find(|at| is_user(&chat.messages[*at]));
    let Some(next) = next else { return 0 };
    chat.messages.drain(..next);
    next
}

/// The start of a text, on one line.
fn one_line(text: &str) -> String {
    const MAX_CHARS: usize = 120;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MAX_CHARS) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

/// Whether the results that end this conversation send a plan back to be changed.
pub(crate) fn is_refined(chat: &ChatRequest) -> bool {
    let results = chat.messages.last().map(|last| last.content.tool_responses());
    results.is_some_and(|results| results.iter().any(|result| result.content.starts_with(NOT_CARRIED_OUT)))
}

/// A call of a model, as Rehearsal makes them.
pub(crate) fn delegate_call(number: usize, agent_id: &str, task: &str) -> ToolCall {
    ToolCall {
        call_id: format!("call-{number}"),
        fn_name: tools::DELEGATE.into(),
        fn_arguments: serde_json::json!({"agent_id": agent_id, "task": task}),
        thought_signatures: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_first_and_a_question_leads() {
        let mut chat = ChatRequest::new(vec![
            ChatMessage::user("1"),
            ChatMessage::assistant("2"),
            ChatMessage::user("3"),
            ChatMessage::assistant("4"),
            ChatMessage::user("5"),
        ]);
        assert_eq!(leave_out_oldest(&mut chat), 2);
        assert_eq!(leave_out_oldest(&mut chat), 2);
        assert_eq!(chat.messages.len(), 1);
        assert_eq!(leave_out_oldest(&mut chat), 0, "the question itself stays");
    }

    #[test]
    fn a_report_holds_what_was_said_once() {
        let end = |said: &str, result: &str, done| {
            let mut progress = Progress {
                said: said.into(),
                ..Progress::default()
            };
            match reported(&mut progress, result, done) {
                End::Answered { text, .. } => text,
                End::Failed { reason, text } => format!("{reason} | {text}"),
            }
        };
        assert_eq!(end("", "R", true), "R");
        assert_eq!(end("Said.", "Said. R", true), "Said. R");
        assert_eq!(end("Said.\n", "R", true), "Said.\n\nR");
        assert_eq!(end("", "No\nkey", false), "It could not be done: No key | No\nkey");
    }
}
