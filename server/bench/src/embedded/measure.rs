//! The figures: first tokens one at a time, ten at once and where a part is handed on, and answers at full speed.
//!
//! The rounds alternate between the two ways, so that whatever else the machine does falls on both alike.

use std::time::Duration;

use tokio::task::JoinSet;

use super::{
    asker::{Answered, Asker},
    way::{Running, Way},
};
use crate::{Fault, failure::Failures, progress, rotated, script::Script, stats::Times};

/// Rounds at the start that are not counted: both processes find their pace.
const WARM_UP: usize = 20;
/// Tokens of an answer of which the first is timed.
const TOKENS: u32 = 20;
/// Who asks in the same instant.
const AT_ONCE: usize = 10;

/// How much of each is measured.
#[derive(Debug)]
pub(super) struct Plan {
    rounds: usize,
    rounds_at_once: usize,
    runs: usize,
    /// Tokens of an answer at full speed.
    pub(super) tokens: u32,
    /// How long the provider is silent before each first token.
    pub(super) silence: Duration,
}

impl Plan {
    /// The whole bench, or a small one to try it.
    pub(super) fn new(quick: bool, silence: Duration) -> Self {
        Self {
            rounds: if quick { 50 } else { 2_000 },
            rounds_at_once: if quick { 5 } else { 500 },
            runs: if quick { 1 } else { 20 },
            tokens: if quick { 5_000 } else { 20_000 },
            silence,
        }
    }

    fn script(&self, tokens: u32) -> Script {
        Script {
            silence_us: u64::try_from(self.silence.as_micros()).unwrap_or(u64::MAX),
            ..Script::full_speed(tokens)
        }
    }
}

/// What was measured.
pub(super) struct Measured {
    /// First tokens, one answer at a time.
    pub(super) one: FirstTokens,
    /// First tokens, ten answers at once.
    pub(super) ten: FirstTokens,
    /// First tokens of answers before which a part was handed on, one at a time.
    pub(super) delegated: FirstTokens,
    /// Tokens a second.
    pub(super) speed: [Row<Vec<f64>>; 2],
}

/// In the order of [`Way::ALL`].
pub(super) type FirstTokens = [Row<Times>; 2];

/// What was measured of one way.
pub(super) struct Row<T> {
    pub(super) way: Way,
    pub(super) figures: T,
    /// Answers that were not whole.
    pub(super) failures: Failures,
}

impl<T: Default> Row<T> {
    fn both() -> [Self; 2] {
        Way::ALL.map(|way| Self {
            way,
            figures: T::default(),
            failures: Failures::default(),
        })
    }
}

/// Measures all of it.
pub(super) async fn all(running: &Running, plan: &Plan) -> Result<Measured, Fault> {
    let script = plan.script(TOKENS);
    let delegated = Script {
        delegates: true,
        ..script
    };
    Ok(Measured {
        one: first_tokens(running, "one at a time", 1, script, plan.rounds).await?,
        ten: first_tokens(running, "ten at once", AT_ONCE, script, plan.rounds_at_once).await?,
        delegated: first_tokens(running, "with a part handed on", 1, delegated, plan.rounds).await?,
        speed: speed(running, plan).await?,
    })
}

async fn first_tokens(
    running: &Running,
    what: &str,
    askers: usize,
    script: Script,
    rounds: usize,
) -> Result<FirstTokens, Fault> {
    let mut rows = Row::<Times>::both();
    let mut readers: [Vec<Asker>; 2] = Default::default();
    for way in Way::ALL {
        for _ in 0..askers {
            readers[way as usize].push(Asker::connect(way, running.address(way)).await?);
        }
    }
    for round in 0..WARM_UP + rounds {
        if round % 500 == 0 {
            progress(format_args!(
                "first tokens {what}: round {round} of {}",
                WARM_UP + rounds
            ));
        }
        for way in rotated(Way::ALL, round) {
            let (row, readers) = (&mut rows[way as usize], &mut readers[way as usize]);
            let mut asked = JoinSet::new();
            for mut reader in readers.drain(..) {
                asked.spawn(async move { (reader.ask(script).await, reader) });
            }
            for (answered, reader) in asked.join_all().await {
                match answered {
                    Ok(answered) if round >= WARM_UP => row.figures.extend(answered.first_token()),
                    Ok(_) => {}
                    Err(failure) => row.failures.push(&failure),
                }
                readers.push(reader);
            }
        }
    }
    Ok(rows)
}

async fn speed(running: &Running, plan: &Plan) -> Result<[Row<Vec<f64>>; 2], Fault> {
    let mut rows = Row::<Vec<f64>>::both();
    let script = plan.script(plan.tokens);
    // The first run of each is not counted.
    for run in 0..=plan.runs {
        progress(format_args!("full speed: run {run} of {}", plan.runs));
        for way in rotated(Way::ALL, run) {
            let row = &mut rows[way as usize];
            match Asker::connect(way, running.address(way)).await?.ask(script).await {
                Ok(_) if run == 0 => {}
                Ok(answered) => row.figures.push(Answered::speed(&answered)),
                Err(failure) => row.failures.push(&failure),
            }
        }
    }
    Ok(rows)
}
