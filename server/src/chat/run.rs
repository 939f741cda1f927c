//! The task that owns a turn: it asks the Gateway, feeds the state machine, and carries out its effects.

use std::{sync::Arc, time::Instant};

use futures::StreamExt;
use protocol::{
    event::TurnEvent,
    gateway::GatewayChatRequest,
    registry::Model,
    session::{MessageMetadata, TurnStatus},
};
use tokio_util::sync::CancellationToken;

use super::{
    estimate,
    live::{LiveTurn, LiveTurns},
    turn::{Effect, Ending, Input, Turn},
};
use crate::{
    gateway::{EventStream, Gateway, GatewayError},
    store::FinishTurn,
};

/// Everything a turn needs.
pub(super) struct TurnTask {
    pub(super) live: Arc<LiveTurn>,
    pub(super) turns: Arc<LiveTurns>,
    pub(super) gateway: Arc<dyn Gateway>,
    pub(super) shutdown: CancellationToken,
    pub(super) model: Model,
    pub(super) request: GatewayChatRequest,
}

impl TurnTask {
    /// Runs the turn to its end, whatever that is.
    pub(super) async fn run(mut self) {
        let started = Instant::now();
        self.request.model = Some(self.model.model_id.clone());
        let mut turn = Turn::default();
        let ending = tokio::select! {
            biased;
            () = self.live.stop.cancelled() => {
                let input = if self.shutdown.is_cancelled() { Input::Shutdown } else { Input::Cancel };
                // The state machine always ends on these two.
                self.carry_out(turn.take(input))
            }
            ending = self.converse(&mut turn) => Some(ending),
        };
        let Some(ending) = ending else { return };
        if matches!(ending.status, TurnStatus::Cancelled | TurnStatus::Interrupted) || ending.error.is_some() {
            // Beside the end, not before it: Stop is at once for the reader, and the model hears of it just as soon.
            tokio::join!(self.stop_at_the_model(), self.end(ending, started));
        } else {
            self.end(ending, started).await;
        }
    }

    /// Talks to the Gateway until the turn ends. One dropped connection is resumed where the Gateway gives ids.
    async fn converse(&self, turn: &mut Turn) -> Ending {
        let mut last_event_id = None;
        let mut resumed = false;
        let mut events = match self.open().await {
            Ok(events) => events,
            Err(error) => return self.fail(turn, &error),
        };
        loop {
            match events.next().await.unwrap_or(Err(GatewayError::Incomplete)) {
                Ok(event) => {
                    last_event_id = event.id.or(last_event_id);
                    if let Some(ending) = self.carry_out(turn.take(Input::Event(event.event))) {
                        return ending;
                    }
                }
                Err(error) if error.is_disconnect() && !resumed && last_event_id.is_some() => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "stream dropped, resuming");
                    resumed = true;
                    events = match self
                        .gateway
                        .stream(self.request.session_id, last_event_id.clone())
                        .await
                    {
                        Ok(events) => events,
                        Err(error) => return self.fail(turn, &error),
                    };
                }
                Err(error) => return self.fail(turn, &error),
            }
        }
    }

    async fn open(&self) -> Result<EventStream, GatewayError> {
        self.gateway.start(self.request.clone()).await?;
        self.gateway.stream(self.request.session_id, None).await
    }

    fn fail(&self, turn: &mut Turn, error: &GatewayError) -> Ending {
        tracing::warn!(turn = %self.live.log.turn_id, error = error as &dyn std::error::Error, "turn failed at the Gateway");
        let body = error.body();
        let effects = turn.take(Input::Failed(body.clone()));
        self.carry_out(effects).unwrap_or(Ending {
            status: TurnStatus::Error,
            usage: None,
            error: Some(body),
        })
    }

    fn carry_out(&self, effects: Vec<Effect>) -> Option<Ending> {
        let mut ending = None;
        for effect in effects {
            match effect {
                Effect::Emit(event) => self.live.log.append(event),
                Effect::End(end) => ending = Some(end),
            }
        }
        ending
    }

    async fn stop_at_the_model(&self) {
        match self.gateway.cancel(self.request.session_id).await {
            // Nothing was running there, or the Gateway cannot be reached: there is nothing to stop, or no way to.
            Ok(()) | Err(GatewayError::Refused { .. }) => {}
            Err(error) => tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the model could not be told to stop"
            ),
        }
    }

    /// Saves the end, then tells the readers.
    async fn end(&self, ending: Ending, started: Instant) {
        let log = &self.live.log;
        let snapshot = log.snapshot();
        let (usage, cost_usd) = match ending.usage {
            Some((usage, cost_usd)) => (Some(usage), cost_usd),
            None if ending.status == TurnStatus::Cancelled => {
                let usage = estimate::usage(&self.request.messages, &snapshot.text);
                (Some(usage), estimate::cost_usd(usage, &self.model))
            }
            None => (None, None),
        };
        let finish = FinishTurn {
            turn_id: log.turn_id,
            status: ending.status,
            content: snapshot.text,
            usage,
            cost_usd,
            metadata: MessageMetadata {
                task_id: snapshot.last_status.as_ref().and_then(|status| status.task_id.clone()),
                elapsed_ms: u64::try_from(started.elapsed().as_millis()).ok(),
                context_window: Some(self.model.context_window).filter(|window| *window > 0),
                error: ending.error,
                last_status: snapshot.last_status,
            },
            last_seq: snapshot.seq + if usage.is_some() { 2 } else { 1 },
        };
        if let Err(error) = self.turns.save_end(finish).await {
            // The readers still get their end; the database keeps the journal's text and recovers the turn at the next
            // start.
            tracing::error!(turn = %log.turn_id, error = &error as &dyn std::error::Error, "a turn's end could not be saved");
        }
        if let Some(usage) = usage {
            log.append(TurnEvent::Usage { usage, cost_usd });
        }
        log.append(TurnEvent::Done {
            status: Some(ending.status),
        });
    }
}
