//! The task that owns a turn: it asks the Gateway, feeds the state machine, and carries out its effects.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{StreamExt, stream::Peekable};
use protocol::{
    event::TurnEvent,
    gateway::GatewayChatRequest,
    session::{MessageMetadata, TurnStatus},
};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::{
    halt::{Halt, Previous},
    live::{LiveTurn, LiveTurns},
    pace,
    turn::{Effect, Ending, Input, ResumeFrom, Turn},
};
use crate::{
    gateway::{EventStream, GatewayError, registry::Registry},
    store::FinishTurn,
};

/// How much longer than the stop of the turn before it, in the same session, may take, a turn waits for it.
const PATIENCE_BEYOND_STOP: Duration = Duration::from_secs(1);
/// The first pause between two attempts to take a stream up again; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The pauses between attempts to save an answer, while the database refuses.
const SAVE_PAUSES: [Duration; 4] = [
    Duration::from_millis(50),
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(3),
];

/// Everything a turn needs.
pub(super) struct TurnTask {
    pub(super) live: Arc<LiveTurn>,
    /// The turn before it in the same session, where the Gateway may still have to be told to stop it.
    pub(super) previous: Option<Previous>,
    pub(super) turns: Arc<LiveTurns>,
    pub(super) registry: Arc<Registry>,
    /// Whether the model was listed as failing when it was asked.
    pub(super) was_failing: bool,
    /// All that run, this one among them.
    pub(super) tasks: TaskTracker,
    pub(super) halt: Halt,
    pub(super) resume_within: Duration,
    pub(super) context_window: u64,
    pub(super) session_id: Uuid,
    pub(super) started: Instant,
}

impl From<&LiveTurn> for Previous {
    fn from(turn: &LiveTurn) -> Self {
        Self {
            released: turn.released.clone(),
            overtaken: turn.overtaken.clone(),
        }
    }
}

impl TurnTask {
    /// Runs the turn to its end, whatever that is. Boxed is what is needed for a part of its life only: a turn that waits
    /// for its next token is to be small.
    pub(super) async fn run(mut self, mut turn: Turn, request: GatewayChatRequest) {
        let previous = self.previous.take();
        let mut followed = Box::pin(self.follow(previous));
        tokio::select! {
            biased;
            () = self.live.stop.cancelled() => {
                // Over for its readers; but who comes next is still to wait for the turn before this one.
                let close = self.close(turn.take(self.stop_input()));
                Box::pin(async { tokio::join!(close, followed) }).await;
                return;
            }
            () = &mut followed => {}
        }
        drop(followed);
        // Kept alive when the person presses Stop: whether the Gateway has begun is known only from its reply.
        let mut start = Box::pin(self.ask(request));
        let started = tokio::select! {
            biased;
            () = self.live.stop.cancelled() => None,
            started = &mut start => Some(started),
        };
        let Some(started) = started else {
            let effects = turn.take(self.stop_input());
            let stop_what_begins = async {
                // Only a refusal says that nothing has begun.
                let may_have_begun = !matches!(start.await, Err(GatewayError::Refused { .. }));
                if may_have_begun && !self.live.overtaken.is_cancelled() {
                    self.halt.stop(self.session_id).await;
                }
            };
            let close = self.close(effects);
            Box::pin(async { tokio::join!(close, stop_what_begins) }).await;
            return;
        };
        drop(start);
        let effects = tokio::select! {
            biased;
            () = self.live.stop.cancelled() => turn.take(self.stop_input()),
            effects = self.converse(&mut turn, started) => effects,
        };
        Box::pin(self.close(effects)).await;
    }

    fn stop_input(&self) -> Input {
        if self.halt.shutdown.is_cancelled() {
            Input::Shutdown
        } else {
            Input::Cancel
        }
    }

    /// Waits for the turn before to be done at the Gateway. Stopping is by session: a late stop of that turn must not hit
    /// this one.
    async fn follow(&self, previous: Option<Previous>) {
        let Some(previous) = previous else { return };
        let patience = self.halt.within.saturating_add(PATIENCE_BEYOND_STOP);
        timeout(patience, previous.released.cancelled()).await.ok();
        previous.overtaken.cancel();
    }

    /// Asks the Gateway to begin. What it still writes in this session was left behind: a session has one turn at a time, and
    /// that is this one. So it is stopped, and this turn asked for again.
    async fn ask(&self, request: GatewayChatRequest) -> Result<(), GatewayError> {
        let refused = match self.halt.gateway.start(request.clone()).await {
            // One that was stopped meanwhile must not stop the turn that came after it.
            Err(refused @ GatewayError::Refused { status: 409, .. }) if !self.live.stop.is_cancelled() => refused,
            outcome => return outcome,
        };
        tracing::warn!(session = %self.session_id, "the Gateway is told to stop an answer that nobody follows");
        self.halt.stop(self.session_id).await;
        if self.live.stop.is_cancelled() {
            return Err(refused);
        }
        self.halt.gateway.start(request).await
    }

    /// Talks to the Gateway until the turn ends; returns the effects of its end.
    async fn converse(&self, turn: &mut Turn, started: Result<(), GatewayError>) -> Vec<Effect> {
        let mut effects = match started {
            Ok(()) => vec![Effect::Resume(ResumeFrom::TheStart)],
            Err(error) => turn.take(self.failed(&error)),
        };
        let mut events: Option<Peekable<EventStream>> = None;
        let mut has_text = false;
        // Told where the stream cannot be taken up again: that it broke off says more than that nobody answers now.
        let mut broke_off: Option<GatewayError> = None;
        loop {
            let mut resume = None;
            let is_end = |effect: &Effect| matches!(effect, Effect::StopAtModel | Effect::Save(_));
            let end = effects.iter().position(is_end).map(|at| effects.split_off(at));
            self.live
                .log
                .append_all(effects.into_iter().filter_map(|effect| match effect {
                    Effect::Emit(event) => Some(event),
                    Effect::Resume(from) => {
                        resume = Some(from);
                        None
                    }
                    Effect::StopAtModel | Effect::Save(_) => None,
                }));
            if let Some(end) = end {
                return end;
            }
            if let Some(from) = resume {
                match Box::pin(self.open(from)).await {
                    Ok(stream) => events = Some(stream.peekable()),
                    Err(error) => {
                        effects = turn.take(self.failed(&broke_off.take().unwrap_or(error)));
                        continue;
                    }
                }
            }
            let next = match &mut events {
                Some(events) => {
                    // What nobody has seen the beginning of does not wait.
                    let pause = pace::pause(self.tasks.len()).filter(|_| has_text);
                    pace::next(events, pause).await.unwrap_or(Err(GatewayError::Incomplete))
                }
                None => Err(GatewayError::Incomplete),
            };
            effects = match next {
                Ok(events) => {
                    let mut effects = Vec::with_capacity(events.len());
                    for event in events {
                        has_text |= matches!(event.event, TurnEvent::Token { .. });
                        turn.take_into(Input::Event(event), &mut effects);
                    }
                    effects
                }
                Err(error) if error.is_disconnect() => {
                    tracing::warn!(turn = %self.live.log.turn_id, error = &error as &dyn std::error::Error, "the Gateway's stream broke off");
                    let input = Input::Disconnected(error.body());
                    broke_off = Some(error);
                    turn.take(input)
                }
                Err(error) => turn.take(self.failed(&error)),
            };
        }
    }

    /// Opens the stream; where the Gateway is away for a moment, again and again for as long as is worth waiting.
    async fn open(&self, from: ResumeFrom) -> Result<EventStream, GatewayError> {
        let after = match from {
            ResumeFrom::TheStart => None,
            ResumeFrom::After(id) => Some(id),
        };
        let give_up = tokio::time::Instant::now() + self.resume_within;
        let mut pause = FIRST_PAUSE;
        loop {
            match self.halt.gateway.stream(self.session_id, after.clone()).await {
                Err(error) if error.is_passing() && tokio::time::Instant::now() + pause < give_up => {
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                outcome => return outcome,
            }
        }
    }

    fn failed(&self, error: &GatewayError) -> Input {
        tracing::warn!(turn = %self.live.log.turn_id, error = error as &dyn std::error::Error, "turn failed at the Gateway");
        Input::Failed(error.body())
    }

    /// Carries out the effects of the end.
    async fn close(&self, effects: Vec<Effect>) {
        let stop = async {
            if effects.contains(&Effect::StopAtModel) {
                self.halt.stop(self.session_id).await;
            }
        };
        let end = async {
            let mut is_saved = true;
            for effect in &effects {
                match effect {
                    Effect::Save(ending) => is_saved = self.save(ending).await,
                    // The database still takes the turn for running and will find it interrupted.
                    Effect::Emit(TurnEvent::Usage { .. }) if !is_saved => {}
                    Effect::Emit(TurnEvent::Done { .. }) if !is_saved => self.live.log.append(interrupted()),
                    Effect::Emit(event) => self.live.log.append(event.clone()),
                    Effect::StopAtModel | Effect::Resume(_) => {}
                }
            }
        };
        // Side by side: Stop is at once for the reader, and the model hears of it just as soon.
        tokio::join!(stop, end);
    }

    /// Saves the end, patiently. Says whether it is saved.
    async fn save(&self, ending: &Ending) -> bool {
        if self.was_failing || ending.status == TurnStatus::Error {
            self.registry.expire();
        }
        let log = &self.live.log;
        let snapshot = log.snapshot();
        let (usage, cost_usd) = ending.usage.map_or((None, None), |(usage, cost)| (Some(usage), cost));
        let finish = FinishTurn {
            turn_id: log.turn_id,
            status: ending.status,
            content: snapshot.text,
            usage,
            cost_usd,
            metadata: MessageMetadata {
                task_id: snapshot.last_status.as_ref().and_then(|status| status.task_id.clone()),
                elapsed_ms: u64::try_from(self.started.elapsed().as_millis()).ok(),
                context_window: Some(self.context_window).filter(|window| *window > 0),
                error: ending.error.clone(),
                last_status: snapshot.last_status,
                tasks: snapshot.tasks,
                decision: None,
            },
            last_seq: snapshot.seq + if usage.is_some() { 2 } else { 1 },
        };
        let mut pauses = SAVE_PAUSES.into_iter();
        loop {
            let Err(error) = self.turns.save_end(finish.clone()).await else {
                return true;
            };
            tracing::error!(turn = %log.turn_id, error = &error as &dyn std::error::Error, "a turn's end could not be saved");
            match pauses.next() {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return false,
            }
        }
    }
}

impl Drop for TurnTask {
    /// However the task comes to its end, a panic included, no reader waits for ever.
    fn drop(&mut self) {
        self.live.log.append(interrupted());
        self.live.released.cancel();
    }
}

fn interrupted() -> TurnEvent {
    TurnEvent::Done {
        status: Some(TurnStatus::Interrupted),
    }
}
