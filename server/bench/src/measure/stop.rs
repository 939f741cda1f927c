//! Stop: from the click, which is when the request leaves, to the moment the Gateway is told.

use std::time::Duration;

use protocol::session::TurnStatus;

use super::Plan;
use crate::{
    Fault,
    client::Client,
    clock,
    failure::{Failure, Failures},
    progress,
    script::Script,
    stats::Times,
    target::{Gateway, Kind, Programs, Target, show_log},
};

/// The longest that one stop may take.
const LIMIT: Duration = Duration::from_secs(30);
/// Where in the answer it is stopped.
const TOKENS_BEFORE_STOP: usize = 10;

/// What was measured.
#[derive(Debug)]
pub(crate) struct Stop {
    /// Answers stopped before their first token.
    pub(crate) in_silence: Times,
    /// Answers stopped in their middle.
    pub(crate) in_answer: Times,
    /// Stops that went wrong.
    pub(crate) failures: Failures,
}

/// Who takes part.
struct People {
    reader: Client,
    /// The same person over a second connection.
    stopper: Client,
    /// The bench itself, which asks the Gateway.
    watcher: Client,
}

/// Measures it.
pub(crate) async fn measure(programs: &Programs, plan: &Plan) -> Result<Stop, Fault> {
    let gateway = Gateway::start(programs, 1).await?;
    let direct = Target::start(Kind::Direct, programs, &gateway).await?;
    let parley = Target::start(Kind::Parley, programs, &gateway).await?;
    let reader = Client::connect(&parley).await?;
    let mut people = People {
        stopper: reader.second().await?,
        reader,
        watcher: Client::connect(&direct).await?,
    };
    let mut stop = Stop {
        in_silence: Times::default(),
        in_answer: Times::default(),
        failures: Failures::default(),
    };
    for (in_silence, name) in [(true, "before the first token"), (false, "in the middle")] {
        progress(format_args!("stop: {} answers {name}", plan.stops));
        for round in 0..plan.stops {
            let stopped = tokio::time::timeout(LIMIT, people.stop_one(in_silence, round)).await;
            match stopped.unwrap_or(Err(Failure::Late)) {
                Ok(time) if in_silence => stop.in_silence.push(time),
                Ok(time) => stop.in_answer.push(time),
                Err(failure) => stop.failures.push(&failure),
            }
            people.reader.recover().await?;
            people.stopper.recover().await?;
        }
    }
    show_log(Kind::Parley, &parley.log());
    Ok(stop)
}

impl People {
    /// Stops one answer and gives the time until the Gateway was told.
    async fn stop_one(&mut self, in_silence: bool, round: usize) -> Result<u64, Failure> {
        let script = Script {
            silence_us: if in_silence { 20_000_000 } else { 0 },
            ..Script::paced(200)
        };
        let asked = self.reader.ask(script).await?;
        let mut stream = self.reader.stream(asked, script).await?;
        if in_silence {
            // Long enough for the Gateway to have been asked, and never in step with anything that ticks.
            tokio::time::sleep(Duration::from_millis(30 + (round as u64 * 7) % 50)).await;
        } else {
            stream.until(|reading| reading.tokens() >= TOKENS_BEFORE_STOP).await?;
        }
        let at = clock::now();
        self.stopper.cancel(asked.session_id).await?;
        let reading = stream.rest().await?;
        if reading.ended() != Some(TurnStatus::Cancelled) {
            return Err(Failure::NotWhole("a stopped answer did not end as cancelled".into()));
        }
        if self.stopper.saved(asked.session_id).await? != reading.text() {
            return Err(Failure::Saved("its text differs".into()));
        }
        loop {
            if let Some(told) = self.watcher.cancelled_at(asked.session_id).await? {
                return Ok(told.saturating_sub(at));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
