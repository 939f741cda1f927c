//! A turn as a pure state machine: inputs in, effects out, no IO.
//!
//! Whatever the order of inputs, a turn ends exactly once. `usage` is held back until then, so that it can stand right
//! before `done`, and nothing comes after it.

use protocol::{
    error::ErrorBody,
    event::{StatusUpdate, TaskStatus, TurnEvent},
    session::{TurnStatus, Usage},
};

/// What happens to a turn.
#[derive(Debug, Clone)]
pub enum Input {
    /// The Gateway sent an event.
    Event(TurnEvent),
    /// The Gateway could not be reached, broke off, or broke the contract.
    Failed(ErrorBody),
    /// The person pressed Stop.
    Cancel,
    /// The server is going away.
    Shutdown,
}

/// What the owner of the turn must do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Append this to the log.
    Emit(TurnEvent),
    /// Save the answer as final, then append `usage` (where there is one) and `done`.
    End(Ending),
}

/// How a turn ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ending {
    /// In which way.
    pub status: TurnStatus,
    /// Tokens and cost in US dollars, as the Gateway reported them.
    pub usage: Option<(Usage, Option<f64>)>,
    /// Why the answer is not whole.
    pub error: Option<ErrorBody>,
}

/// The state of a turn.
#[derive(Debug, Default)]
pub struct Turn {
    usage: Option<(Usage, Option<f64>)>,
    reported_error: Option<String>,
    ended: bool,
}

impl Turn {
    /// Takes one input; the effects are to be carried out in their order. After the end there are none.
    pub fn take(&mut self, input: Input) -> Vec<Effect> {
        if self.ended {
            return Vec::new();
        }
        match input {
            Input::Event(TurnEvent::Token { content, .. }) if content.is_empty() => Vec::new(),
            // An offset counts for the Gateway's reader, which is us; ours get their own.
            Input::Event(TurnEvent::Token { content, .. }) => {
                vec![Effect::Emit(TurnEvent::Token { content, offset: None })]
            }
            Input::Event(TurnEvent::StatusUpdate(update)) => {
                if update.status == TaskStatus::Error && update.parent_task_id.is_none() {
                    self.reported_error = Some(update.detail.clone().unwrap_or_default());
                }
                vec![Effect::Emit(TurnEvent::StatusUpdate(update))]
            }
            Input::Event(TurnEvent::Usage { usage, cost_usd }) => {
                self.usage.get_or_insert((usage, cost_usd));
                Vec::new()
            }
            Input::Event(TurnEvent::Done { status }) => self.gateway_done(status),
            Input::Failed(error) => {
                let mut effects = Vec::new();
                if self.reported_error.is_none() {
                    effects.push(Effect::Emit(failure_status(&error)));
                }
                effects.push(self.end(TurnStatus::Error, Some(error)));
                effects
            }
            Input::Cancel => vec![self.end(TurnStatus::Cancelled, None)],
            Input::Shutdown => vec![self.end(TurnStatus::Interrupted, None)],
        }
    }

    fn gateway_done(&mut self, status: Option<TurnStatus>) -> Vec<Effect> {
        let failed = matches!(status, Some(TurnStatus::Error)) || (status.is_none() && self.reported_error.is_some());
        if !failed {
            return vec![self.end(status.unwrap_or(TurnStatus::Complete), None)];
        }
        let reason = self.reported_error.clone().unwrap_or_default();
        let message = if reason.is_empty() {
            "The agent reported an error without a reason.".into()
        } else {
            reason
        };
        let error = ErrorBody::new("agent_error", message, "Try again, or choose another model.");
        vec![self.end(TurnStatus::Error, Some(error))]
    }

    fn end(&mut self, status: TurnStatus, error: Option<ErrorBody>) -> Effect {
        self.ended = true;
        Effect::End(Ending {
            status,
            usage: self.usage.take(),
            error,
        })
    }
}

fn failure_status(error: &ErrorBody) -> TurnEvent {
    TurnEvent::StatusUpdate(StatusUpdate {
        status: TaskStatus::Error,
        task_id: None,
        detail: Some(error.message.clone()),
        agent_id: None,
        parent_task_id: None,
        usage: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn token(text: &str) -> Input {
        Input::Event(TurnEvent::Token {
            content: text.into(),
            offset: Some(7),
        })
    }

    fn usage(tokens: u64) -> Input {
        Input::Event(TurnEvent::Usage {
            usage: Usage::exact(tokens, tokens),
            cost_usd: Some(0.5),
        })
    }

    fn done(status: Option<TurnStatus>) -> Input {
        Input::Event(TurnEvent::Done { status })
    }

    fn error_status() -> Input {
        Input::Event(failure_status(&ErrorBody::new("x", "the model is on fire", "")))
    }

    fn failed() -> Input {
        Input::Failed(ErrorBody::new("gateway_unreachable", "gone", "try again"))
    }

    fn run(inputs: impl IntoIterator<Item = Input>) -> Vec<Effect> {
        let mut turn = Turn::default();
        inputs.into_iter().flat_map(|input| turn.take(input)).collect()
    }

    fn ending(effects: &[Effect]) -> &Ending {
        match effects.last() {
            Some(Effect::End(ending)) => ending,
            other => panic!("no end: {other:?}"),
        }
    }

    #[test]
    fn usage_waits_for_the_end_and_only_the_first_counts() {
        let effects = run([token("a"), usage(1), token("b"), usage(2), done(None)]);
        assert_eq!(effects.len(), 3);
        assert_eq!(ending(&effects).usage, Some((Usage::exact(1, 1), Some(0.5))));
        assert_eq!(ending(&effects).status, TurnStatus::Complete);
    }

    #[test]
    fn without_usage_there_is_none() {
        assert_eq!(ending(&run([token("a"), done(None)])).usage, None);
    }

    #[test]
    fn an_error_the_agent_reported_is_the_reason_of_the_end() {
        for last in [done(None), done(Some(TurnStatus::Error))] {
            let effects = run([token("a"), error_status(), last]);
            assert_eq!(ending(&effects).status, TurnStatus::Error);
            assert_eq!(ending(&effects).error.as_ref().unwrap().message, "the model is on fire");
        }
    }

    #[test]
    fn a_failure_is_told_once() {
        assert_eq!(run([failed()]).len(), 2, "status and end");
        assert_eq!(run([error_status(), failed()]).len(), 2, "the agent told it already");
    }

    #[test]
    fn cancel_ends_the_turn_at_any_time_and_once() {
        assert_eq!(run([Input::Cancel, Input::Cancel, token("late"), done(None)]).len(), 1);
        assert_eq!(ending(&run([token("a"), Input::Cancel])).status, TurnStatus::Cancelled);
        let finished = run([done(None), Input::Cancel]);
        assert_eq!(ending(&finished).status, TurnStatus::Complete);
        assert_eq!(ending(&run([Input::Shutdown])).status, TurnStatus::Interrupted);
    }

    fn any_input() -> impl Strategy<Value = Input> {
        prop_oneof![
            "[a-z]{0,3}".prop_map(|text| token(&text)),
            (0u64..9).prop_map(usage),
            Just(error_status()),
            Just(done(None)),
            Just(done(Some(TurnStatus::Error))),
            Just(failed()),
            Just(Input::Cancel),
            Just(Input::Shutdown),
        ]
    }

    proptest! {
        #[test]
        fn a_turn_ends_at_most_once_and_nothing_follows(inputs in prop::collection::vec(any_input(), 0..30)) {
            let ends = |input: &Input| !matches!(
                input,
                Input::Event(TurnEvent::Token { .. } | TurnEvent::StatusUpdate(_) | TurnEvent::Usage { .. })
            );
            let must_end = inputs.iter().any(ends);
            let effects = run(inputs);
            let count = effects.iter().filter(|effect| matches!(effect, Effect::End(_))).count();
            prop_assert_eq!(count, usize::from(must_end));
            prop_assert!(count == 0 || matches!(effects.last(), Some(Effect::End(_))));
            // `usage` and `done` are never passed on as they come: they belong to the end.
            let passed_on = effects.iter().any(|effect| matches!(
                effect,
                Effect::Emit(TurnEvent::Usage { .. } | TurnEvent::Done { .. })
            ));
            prop_assert!(!passed_on);
        }
    }
}
