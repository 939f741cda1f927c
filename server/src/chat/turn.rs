//! A turn as a pure state machine: inputs in, effects out, no IO.
//!
//! Whatever the order of inputs, a turn ends exactly once. `usage` is held back until then, so that it can stand right
//! before `done`, and nothing comes after it.

mod place;
#[cfg(test)]
mod tests;

use protocol::{
    error::ErrorBody,
    event::{StatusUpdate, TaskStatus, TurnEvent},
    session::{TurnStatus, Usage},
    task::{self, Task},
};

use super::{estimate::Estimator, told::told};
use crate::gateway::GatewayEvent;
use place::Place;
pub use place::ResumeFrom;

/// The longest answer that is kept, in UTF-8 bytes: nobody reads more, and a Gateway that never stops must not fill the
/// memory.
pub const MAX_ANSWER_BYTES: usize = 32 * 1024 * 1024;
/// The most events that one answer may have, for the same reason.
pub const MAX_ANSWER_EVENTS: usize = 2_000_000;

/// What happens to a turn.
#[derive(Debug, Clone)]
pub enum Input {
    /// The Gateway sent an event.
    Event(GatewayEvent),
    /// The connection to the Gateway is gone, and this is what to tell if it stays so. The answer may go on there.
    Disconnected(ErrorBody),
    /// The Gateway could not be reached, refused, fell silent, or broke the contract.
    Failed(ErrorBody),
    /// The person pressed Stop.
    Cancel,
    /// The server is going away.
    Shutdown,
}

/// What the owner of the turn must do, in this order.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Append this to the log.
    Emit(TurnEvent),
    /// Take the Gateway's stream up again.
    Resume(ResumeFrom),
    /// Tell the Gateway to stop; what follows does not wait for it.
    StopAtModel,
    /// Save the answer as final. What follows, `usage` (where there is one) and `done`, waits for it: who reads `done`
    /// finds the answer saved.
    Save(Ending),
}

/// How a turn ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ending {
    /// In which way.
    pub status: TurnStatus,
    /// Tokens, and cost in US dollars where it is known.
    pub usage: Option<(Usage, Option<f64>)>,
    /// Why the answer is not whole.
    pub error: Option<ErrorBody>,
}

/// The state of a turn.
#[derive(Debug)]
pub struct Turn {
    estimator: Estimator,
    place: Place,
    text_bytes: usize,
    events: usize,
    usage: Option<(Usage, Option<f64>)>,
    /// What each task has told, without what it said.
    tasks: Vec<Task>,
    reported_error: Option<String>,
    /// Whether the stream was resumed and has given nothing new since.
    resumed_in_vain: bool,
    ended: bool,
}

impl Turn {
    /// A turn that has just begun. Where the model does not get to report usage, `estimator` stands in.
    pub fn new(estimator: Estimator) -> Self {
        Self {
            estimator,
            place: Place::default(),
            text_bytes: 0,
            events: 0,
            usage: None,
            tasks: Vec::new(),
            reported_error: None,
            resumed_in_vain: false,
            ended: false,
        }
    }

    /// Takes one input; the effects are to be carried out in their order. After the end there are none.
    pub fn take(&mut self, input: Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.take_into(input, &mut effects);
        effects
    }

    /// The same, with the effects appended to `effects`, for many inputs at once.
    pub fn take_into(&mut self, input: Input, effects: &mut Vec<Effect>) {
        if self.ended {
            return;
        }
        effects.extend(match input {
            Input::Event(GatewayEvent { id, event }) => {
                if !self.place.advance(id, &event) {
                    return;
                }
                self.resumed_in_vain = false;
                match event {
                    // Nearly all are of this kind.
                    TurnEvent::Token { content, .. } if self.has_room(content.len()) => {
                        if !content.is_empty() {
                            self.estimator.count_answer(&content);
                            // An offset counts for the Gateway's reader, which is us; ours get their own.
                            effects.push(Effect::Emit(TurnEvent::Token { content, offset: None }));
                        }
                        return;
                    }
                    TurnEvent::Token { .. } => self.fail(too_long()),
                    other if self.has_room(size_of_text(&other)) => self.take_event(other),
                    _ => self.fail(too_long()),
                }
            }
            Input::Disconnected(error) => match self.place.resume_from() {
                Some(from) if !self.resumed_in_vain => {
                    self.resumed_in_vain = true;
                    self.place.resumed();
                    vec![Effect::Resume(from)]
                }
                _ => self.fail(error),
            },
            Input::Failed(error) => self.fail(error),
            Input::Cancel => self.stop(TurnStatus::Cancelled, None),
            Input::Shutdown => self.stop(TurnStatus::Interrupted, None),
        });
    }

    /// Counts one more event with this much text. `false`: the answer is too long.
    fn has_room(&mut self, bytes: usize) -> bool {
        self.events += 1;
        self.text_bytes += bytes;
        self.text_bytes <= MAX_ANSWER_BYTES && self.events <= MAX_ANSWER_EVENTS
    }

    fn take_event(&mut self, event: TurnEvent) -> Vec<Effect> {
        match event {
            TurnEvent::Token { .. } => Vec::new(),
            TurnEvent::StatusUpdate(update) => {
                if update.status == TaskStatus::Error && update.parent_task_id.is_none() {
                    self.reported_error = Some(update.detail.clone().unwrap_or_default());
                }
                self.note(&update);
                vec![Effect::Emit(TurnEvent::StatusUpdate(update))]
            }
            TurnEvent::Usage { usage, cost_usd } => {
                self.usage.get_or_insert((usage, cost_usd));
                Vec::new()
            }
            TurnEvent::Done { status } => self.gateway_done(status),
        }
    }

    fn note(&mut self, update: &StatusUpdate) {
        let figures = StatusUpdate {
            status: update.status,
            task_id: update.task_id.clone(),
            parent_task_id: update.parent_task_id.clone(),
            usage: update.usage,
            cost_usd: update.cost_usd,
            detail: None,
            agent_id: None,
            output: None,
        };
        task::note(&mut self.tasks, &figures);
    }

    fn gateway_done(&mut self, status: Option<TurnStatus>) -> Vec<Effect> {
        if status == Some(TurnStatus::Interrupted) {
            return self.end(TurnStatus::Interrupted, Some(stopped()));
        }
        let failed = matches!(status, Some(TurnStatus::Error)) || (status.is_none() && self.reported_error.is_some());
        if !failed {
            return self.end(status.unwrap_or(TurnStatus::Complete), None);
        }
        let reason = self.reported_error.clone().unwrap_or_default();
        let message = if reason.is_empty() {
            "The agent reported an error without a reason.".into()
        } else {
            reason
        };
        let error = ErrorBody::new("agent_error", message, "Try again, or choose another model.");
        self.end(TurnStatus::Error, Some(error))
    }

    fn fail(&mut self, error: ErrorBody) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.reported_error.is_none() {
            effects.push(Effect::Emit(failure_status(&error)));
        }
        effects.extend(self.stop(TurnStatus::Error, Some(error)));
        effects
    }

    /// Ends the turn from our side, where the model may still be at work.
    fn stop(&mut self, status: TurnStatus, error: Option<ErrorBody>) -> Vec<Effect> {
        if self.usage.is_none() && status == TurnStatus::Cancelled {
            // The Gateway would tell exactly, but nobody who presses Stop waits for it.
            self.usage = told(&self.tasks).or_else(|| Some(self.estimator.estimate()));
        }
        let mut effects = vec![Effect::StopAtModel];
        effects.extend(self.end(status, error));
        effects
    }

    fn end(&mut self, status: TurnStatus, error: Option<ErrorBody>) -> Vec<Effect> {
        self.ended = true;
        let usage = self.usage.take().or_else(|| told(&self.tasks));
        let mut effects = vec![Effect::Save(Ending { status, usage, error })];
        if let Some((usage, cost_usd)) = usage {
            effects.push(Effect::Emit(TurnEvent::Usage { usage, cost_usd }));
        }
        effects.push(Effect::Emit(TurnEvent::Done { status: Some(status) }));
        effects
    }
}

/// The bytes of text that an event holds.
fn size_of_text(event: &TurnEvent) -> usize {
    match event {
        TurnEvent::Token { content, .. } => content.len(),
        TurnEvent::StatusUpdate(update) => [
            &update.task_id,
            &update.detail,
            &update.agent_id,
            &update.parent_task_id,
            &update.output,
        ]
        .into_iter()
        .flatten()
        .map(String::len)
        .sum(),
        TurnEvent::Usage { .. } | TurnEvent::Done { .. } => 0,
    }
}

fn failure_status(error: &ErrorBody) -> TurnEvent {
    TurnEvent::StatusUpdate(StatusUpdate {
        status: TaskStatus::Error,
        task_id: None,
        detail: Some(error.message.clone()),
        agent_id: None,
        parent_task_id: None,
        cost_usd: None,
        output: None,
        usage: None,
    })
}

/// The Gateway went away as it should, and said so.
fn stopped() -> ErrorBody {
    ErrorBody::new(
        "gateway_stopped",
        "The Gateway stopped before the answer was whole.",
        "Retry to ask again.",
    )
}

fn too_long() -> ErrorBody {
    ErrorBody::new(
        "answer_too_long",
        "The answer grew longer than Parley keeps and was stopped.",
        "Ask for it in parts.",
    )
}
