use super::*;
use proptest::prelude::*;

fn event(id: Option<&str>, event: TurnEvent) -> Input {
    Input::Event(GatewayEvent {
        id: id.map(Into::into),
        event,
    })
}

fn token_event(text: &str) -> TurnEvent {
    TurnEvent::Token {
        content: text.into(),
        offset: Some(7),
    }
}

fn token(text: &str) -> Input {
    event(None, token_event(text))
}

fn token_at(id: &str, text: &str) -> Input {
    event(Some(id), token_event(text))
}

fn status(status: TaskStatus, detail: &str) -> TurnEvent {
    TurnEvent::StatusUpdate(StatusUpdate {
        status,
        task_id: None,
        detail: Some(detail.into()),
        agent_id: None,
        parent_task_id: None,
        cost_usd: None,
        output: None,
        usage: None,
    })
}

fn usage(tokens: u64) -> Input {
    event(
        None,
        TurnEvent::Usage {
            usage: Usage::exact(tokens, tokens),
            cost_usd: Some(0.5),
        },
    )
}

fn done(status: Option<TurnStatus>) -> Input {
    event(None, TurnEvent::Done { status })
}

fn error_status() -> Input {
    event(None, status(TaskStatus::Error, "the model is on fire"))
}

fn failed() -> Input {
    Input::Failed(ErrorBody::new("gateway_unreachable", "gone", "try again"))
}

fn disconnected() -> Input {
    Input::Disconnected(ErrorBody::new("gateway_broken_off", "broke off", "try again"))
}

fn run(inputs: impl IntoIterator<Item = Input>) -> Vec<Effect> {
    let mut turn = Turn::new(Estimator::default());
    inputs.into_iter().flat_map(|input| turn.take(input)).collect()
}

/// What the readers see, and the Gateway is told, in one line.
fn told(effects: &[Effect]) -> Vec<String> {
    effects
        .iter()
        .map(|effect| match effect {
            Effect::Emit(TurnEvent::Token { content, offset }) => {
                assert_eq!(*offset, None, "the Gateway's offsets are not our readers'");
                content.clone()
            }
            Effect::Emit(TurnEvent::StatusUpdate(update)) => format!("{:?}", update.status),
            Effect::Emit(TurnEvent::Usage { usage, .. }) => {
                format!("usage {}{}", usage.total_tokens, if usage.estimated { "~" } else { "" })
            }
            Effect::Emit(TurnEvent::Done { status }) => format!("done {:?}", status.unwrap()),
            Effect::Resume(ResumeFrom::TheStart) => "resume".into(),
            Effect::Resume(ResumeFrom::After(id)) => format!("resume after {id}"),
            Effect::StopAtModel => "stop".into(),
            Effect::Save(ending) => format!("save {:?}", ending.status),
        })
        .collect()
}

fn ending(effects: &[Effect]) -> &Ending {
    effects
        .iter()
        .find_map(|effect| match effect {
            Effect::Save(ending) => Some(ending),
            _ => None,
        })
        .unwrap()
}

#[test]
fn usage_waits_for_the_end_and_only_the_first_counts() {
    let effects = run([token("a"), usage(1), token("b"), usage(2), done(None)]);
    assert_eq!(told(&effects), ["a", "b", "save Complete", "usage 2", "done Complete"]);
    assert_eq!(ending(&effects).usage, Some((Usage::exact(1, 1), Some(0.5))));
}

#[test]
fn without_usage_none_is_invented() {
    let effects = run([token("a"), done(None)]);
    assert_eq!(told(&effects), ["a", "save Complete", "done Complete"]);
    assert_eq!(ending(&effects).usage, None);
}

#[test]
fn statuses_and_approvals_are_passed_on() {
    let effects = run([
        event(None, status(TaskStatus::Planning, "Reading")),
        event(None, status(TaskStatus::AwaitingApproval, "May I?")),
        token("a"),
        event(None, status(TaskStatus::Complete, "Read")),
        done(None),
    ]);
    assert_eq!(
        told(&effects),
        [
            "Planning",
            "AwaitingApproval",
            "a",
            "Complete",
            "save Complete",
            "done Complete"
        ]
    );
}

#[test]
fn an_error_the_agent_reported_is_the_reason_of_the_end() {
    for last in [done(None), done(Some(TurnStatus::Error))] {
        let effects = run([token("a"), error_status(), last]);
        assert_eq!(told(&effects), ["a", "Error", "save Error", "done Error"]);
        assert_eq!(ending(&effects).error.as_ref().unwrap().message, "the model is on fire");
    }
}

#[test]
fn a_failure_is_told_once_and_the_model_is_stopped() {
    assert_eq!(told(&run([failed()])), ["Error", "stop", "save Error", "done Error"]);
    assert_eq!(
        told(&run([error_status(), failed()])),
        ["Error", "stop", "save Error", "done Error"],
        "the agent told it already"
    );
}

#[test]
fn cancel_before_the_first_token_stops_the_model_and_estimates_the_prompt() {
    let mut turn = Turn::new(Estimator::default());
    let effects = turn.take(Input::Cancel);
    assert_eq!(told(&effects), ["stop", "save Cancelled", "usage 0~", "done Cancelled"]);
}

#[test]
fn cancel_in_the_middle_keeps_the_text_and_marks_its_usage_as_estimated() {
    let effects = run([token("four"), token("more"), Input::Cancel]);
    assert_eq!(
        told(&effects),
        ["four", "more", "stop", "save Cancelled", "usage 2~", "done Cancelled"]
    );
}

#[test]
fn cancel_after_usage_keeps_the_exact_figure() {
    let effects = run([token("a"), usage(9), Input::Cancel]);
    assert_eq!(
        told(&effects),
        ["a", "stop", "save Cancelled", "usage 18", "done Cancelled"]
    );
}

/// A task that has told what it took.
fn task(id: &str, parent: Option<&str>, status: TaskStatus, tokens: u64) -> Input {
    let update = StatusUpdate {
        status,
        task_id: Some(id.into()),
        detail: None,
        agent_id: None,
        parent_task_id: parent.map(Into::into),
        usage: Some(Usage::exact(tokens, tokens)),
        cost_usd: Some(0.25),
        output: None,
    };
    event(None, TurnEvent::StatusUpdate(update))
}

#[test]
fn a_divided_answer_that_does_not_come_to_its_end_keeps_what_its_tasks_have_told() {
    let divided = || {
        [
            task("a", None, TaskStatus::Executing, 10),
            task("b", Some("a"), TaskStatus::Complete, 20),
            token("four"),
        ]
    };
    for end in [Input::Cancel, Input::Shutdown, failed(), done(Some(TurnStatus::Error))] {
        let effects = run(divided().into_iter().chain([end.clone()]));
        let sum = Usage {
            estimated: true,
            ..Usage::exact(30, 30)
        };
        assert_eq!(ending(&effects).usage, Some((sum, Some(0.5))), "{end:?}");
    }
    // What the Gateway tells of the whole goes before.
    let effects = run(divided().into_iter().chain([usage(40), Input::Cancel]));
    assert_eq!(ending(&effects).usage, Some((Usage::exact(40, 40), Some(0.5))));
}

#[test]
fn stopped_while_its_plan_waits_an_answer_keeps_exact_figures() {
    let effects = run([task("a", None, TaskStatus::AwaitingApproval, 10), Input::Cancel]);
    assert_eq!(ending(&effects).usage, Some((Usage::exact(10, 10), Some(0.25))));
}

#[test]
fn a_gateway_that_went_away_is_named_as_the_reason() {
    let effects = run([token("a"), done(Some(TurnStatus::Interrupted))]);
    assert_eq!(told(&effects), ["a", "save Interrupted", "done Interrupted"]);
    assert_eq!(ending(&effects).error.as_ref().unwrap().code, "gateway_stopped");
    let ours = run([token("a"), Input::Shutdown]);
    assert_eq!(ending(&ours).error, None);
}

#[test]
fn after_the_end_nothing_has_an_effect() {
    for end in [done(None), failed(), Input::Cancel, Input::Shutdown] {
        let mut turn = Turn::new(Estimator::default());
        assert!(!turn.take(end.clone()).is_empty());
        for late in [
            token("late"),
            usage(1),
            error_status(),
            done(None),
            failed(),
            disconnected(),
            Input::Cancel,
            Input::Shutdown,
        ] {
            assert_eq!(turn.take(late.clone()), [], "{late:?} after {end:?}");
        }
    }
}

#[test]
fn shutdown_interrupts() {
    assert_eq!(
        told(&run([token("a"), Input::Shutdown])),
        ["a", "stop", "save Interrupted", "done Interrupted"]
    );
}

#[test]
fn a_dropped_connection_is_resumed_where_the_last_event_has_an_id() {
    let effects = run([
        token_at("1", "a"),
        token_at("2", "b"),
        disconnected(),
        token_at("3", "c"),
        done(None),
    ]);
    assert_eq!(
        told(&effects),
        ["a", "b", "resume after 2", "c", "save Complete", "done Complete"]
    );
}

#[test]
fn a_stream_that_broke_before_its_first_event_is_asked_for_again() {
    assert_eq!(
        told(&run([disconnected(), token("a"), done(None)])),
        ["resume", "a", "save Complete", "done Complete"]
    );
}

#[test]
fn each_drop_is_resumed_as_long_as_something_came_in_between() {
    let effects = run([
        token_at("1", "a"),
        disconnected(),
        token_at("2", "b"),
        disconnected(),
        disconnected(),
    ]);
    assert_eq!(
        told(&effects),
        [
            "a",
            "resume after 1",
            "b",
            "resume after 2",
            "Error",
            "stop",
            "save Error",
            "done Error"
        ]
    );
}

#[test]
fn without_an_id_on_the_last_event_nothing_is_resumed() {
    // To resume after "1" would bring "b" a second time.
    let effects = run([token_at("1", "a"), token("b"), disconnected()]);
    assert_eq!(told(&effects), ["a", "b", "Error", "stop", "save Error", "done Error"]);
    assert_eq!(ending(&effects).error.as_ref().unwrap().code, "gateway_broken_off");
}

#[test]
fn an_event_sent_twice_is_taken_once() {
    let effects = run([
        token_at("1", "a"),
        token_at("2", "b"),
        token_at("2", "b"),
        token_at("3", "c"),
    ]);
    assert_eq!(told(&effects), ["a", "b", "c"]);
}

#[test]
fn one_id_for_different_events_loses_nothing_and_rules_out_resuming() {
    let effects = run([
        token_at("0", "a"),
        token_at("0", "b"),
        token_at("0", "b"),
        disconnected(),
    ]);
    assert_eq!(
        told(&effects),
        ["a", "b", "b", "Error", "stop", "save Error", "done Error"]
    );
}

#[test]
fn a_gateway_that_starts_over_on_resuming_doubles_nothing() {
    let all = [token_at("1", "a"), token_at("2", "b"), token_at("3", "c")];
    let resumed = [
        token_at("1", "a"),
        token_at("2", "b"),
        token_at("3", "c"),
        token_at("4", "d"),
    ];
    let inclusive = [token_at("3", "c"), token_at("4", "d")];
    for again in [&resumed[..], &inclusive[..]] {
        let inputs = all.iter().cloned().chain([disconnected()]).chain(again.iter().cloned());
        assert_eq!(told(&run(inputs)), ["a", "b", "c", "resume after 3", "d"]);
    }
}

#[test]
fn an_answer_without_end_is_cut_off() {
    let mut turn = Turn::new(Estimator::default());
    let megabyte = "x".repeat(1024 * 1024);
    let effects = (0..MAX_ANSWER_BYTES / megabyte.len())
        .flat_map(|_| turn.take(token(&megabyte)))
        .collect::<Vec<_>>();
    assert!(effects.iter().all(|effect| matches!(effect, Effect::Emit(_))));
    let effects = turn.take(token("x"));
    assert_eq!(told(&effects), ["Error", "stop", "save Error", "done Error"]);
    assert_eq!(ending(&effects).error.as_ref().unwrap().code, "answer_too_long");
}

#[test]
fn statuses_without_end_are_cut_off_too() {
    let mut turn = Turn::new(Estimator::default());
    let report = status(TaskStatus::Executing, &"x".repeat(1024 * 1024));
    let effects = (0..=MAX_ANSWER_BYTES / (1024 * 1024))
        .flat_map(|_| turn.take(event(None, report.clone())))
        .collect::<Vec<_>>();
    assert_eq!(ending(&effects).error.as_ref().unwrap().code, "answer_too_long");
}

fn any_input() -> impl Strategy<Value = Input> {
    let id = prop_oneof![Just(None), (0u8..4).prop_map(|id| Some(id.to_string()))];
    prop_oneof![
        4 => (id.clone(), "[a-z]{0,3}").prop_map(|(id, text)| event(id.as_deref(), token_event(&text))),
        2 => (0u64..9).prop_map(usage),
        1 => (id, Just(())).prop_map(|(id, ())| event(id.as_deref(), status(TaskStatus::Executing, "x"))),
        1 => Just(error_status()),
        1 => Just(done(None)),
        1 => Just(done(Some(TurnStatus::Error))),
        1 => Just(failed()),
        2 => Just(disconnected()),
        1 => Just(Input::Cancel),
        1 => Just(Input::Shutdown),
    ]
}

proptest! {
    /// Whatever the order of inputs: at most one `usage`, exactly one `done`, `usage` right before it, nothing after
    /// it, and the answer saved once, before both.
    #[test]
    fn a_turn_ends_exactly_once_and_nothing_follows(inputs in prop::collection::vec(any_input(), 0..30)) {
        let mut turn = Turn::new(Estimator::default());
        let mut effects: Vec<Effect> = inputs.into_iter().flat_map(|input| turn.take(input)).collect();
        // Whatever the Gateway left open ends when its connection is gone for good.
        for _ in 0..2 {
            effects.extend(turn.take(disconnected()));
        }
        let place = |wanted: fn(&Effect) -> bool| -> Vec<usize> {
            effects.iter().enumerate().filter(|(_, effect)| wanted(effect)).map(|(at, _)| at).collect()
        };
        let done = place(|effect| matches!(effect, Effect::Emit(TurnEvent::Done { .. })));
        let usage = place(|effect| matches!(effect, Effect::Emit(TurnEvent::Usage { .. })));
        let saved = place(|effect| matches!(effect, Effect::Save(_)));
        prop_assert_eq!(&done, &[effects.len() - 1]);
        prop_assert!(usage.is_empty() || usage == [effects.len() - 2]);
        prop_assert_eq!(saved, [effects.len() - 2 - usage.len()]);
        let told_status = match &effects[done[0]] {
            Effect::Emit(TurnEvent::Done { status }) => *status,
            _ => None,
        };
        prop_assert_eq!(told_status, Some(ending(&effects).status));
        prop_assert_eq!(usage.len(), usize::from(ending(&effects).usage.is_some()));
    }

    /// A Gateway that keeps the contract and drops its connection anywhere, any number of times, and takes it up again
    /// strictly after the id, inclusively, or from the start: every piece arrives once and in order.
    #[test]
    fn whatever_is_dropped_and_resumed_the_text_is_whole(
        pieces in prop::collection::vec("[a-c]{1,2}", 1..12),
        drops in prop::collection::vec((0usize..12, 0u8..3), 0..5),
    ) {
        let mut turn = Turn::new(Estimator::default());
        let frames: Vec<Input> = pieces.iter().enumerate().map(|(at, piece)| token_at(&format!("x{at}"), piece)).collect();
        let mut sent = 0;
        let mut text = String::new();
        let mut read = |effects: Vec<Effect>| for effect in effects {
            if let Effect::Emit(TurnEvent::Token { content, .. }) = effect {
                text.push_str(&content);
            }
        };
        for (run, manner) in drops {
            let upto = (sent + 1 + run).min(frames.len());
            for frame in &frames[sent..upto] {
                read(turn.take(frame.clone()));
            }
            let effects = turn.take(disconnected());
            if !matches!(effects.as_slice(), [Effect::Resume(_)]) {
                // Everything had been sent before, so that nothing new had come.
                prop_assert_eq!(sent, frames.len());
                return Ok(());
            }
            sent = upto;
            let again_from = match manner { 0 => sent, 1 => sent - 1, _ => 0 };
            for frame in &frames[again_from..sent] {
                read(turn.take(frame.clone()));
            }
        }
        for frame in &frames[sent..] {
            read(turn.take(frame.clone()));
        }
        prop_assert_eq!(text, pieces.concat());
    }
}
