//! One turn: the agent that was asked, and all those it delegates to, each with its own prompt and model.
//!
//! Every agent goes through the same rounds (`node`): its model is asked, what it calls is carried out, and the results
//! are given back, until it answers without a call. A call of `delegate` runs the same rounds for the agent below, and
//! those of one round run at once. The turn is one future: dropping it drops every request that it has at a model.

mod approval;
pub(crate) mod limits;
mod node;
pub(crate) mod tools;

pub(crate) use approval::{REJECTED, is_rejected, reject, undecided};
pub(crate) use node::{delegate_call, is_refined};

use std::{sync::Arc, time::Duration};

use protocol::gateway::GatewayChatRequest;

use crate::{
    Inner,
    answers::{Outcome, writer::Writer},
    models::Model,
    providers::request,
    registry::{AgentEntry, Registry},
    rehearsal,
};
use limits::Allowance;
use node::{End, Node};

/// What every node of a turn shares.
struct Turn<'a> {
    inner: &'a Inner,
    /// As it was when the turn began: a change of the files does not reach into a running turn.
    registry: Arc<Registry>,
    request: &'a GatewayChatRequest,
    writer: &'a Writer,
    allowance: Allowance,
    /// How long a decision is waited for.
    patience: Duration,
}

/// Writes the answer to `request` as `agent` with `model`, to its end.
pub(crate) async fn run(
    inner: &Inner,
    registry: Arc<Registry>,
    agent: AgentEntry,
    model: Model,
    request: &GatewayChatRequest,
    writer: &Writer,
) -> Outcome {
    let settings = &inner.settings;
    let turn = Turn {
        inner,
        registry,
        request,
        writer,
        allowance: Allowance::new(settings.limits.clone()),
        patience: settings.approval_timeout,
    };
    let root = Node {
        task: writer.root(),
        level: 1,
        parent: None,
        chat: request::chat(None, request),
        assignment: rehearsal::task_of(request).to_owned(),
        agent,
        model,
    };
    match turn.carry_out(root).await {
        End::Answered { note, .. } => {
            let limit = turn.allowance.reached();
            let mut notes: Vec<String> = note.into_iter().chain(limit).collect();
            if notes.is_empty() && turn.allowance.was_divided() {
                // Else its task would go on saying what it did last.
                notes.push("Done".into());
            }
            Outcome::Complete {
                note: (!notes.is_empty()).then(|| notes.join(" ")),
            }
        }
        End::Failed { reason, .. } => Outcome::failed(reason),
    }
}
