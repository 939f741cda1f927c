//! One stream as fast as it goes: from sending the message to the end of the answer.

use std::time::Duration;

use super::{Plan, check_saved, read_whole};
use crate::{
    Fault,
    client::Client,
    clock,
    failure::Failures,
    progress, rotated,
    script::Script,
    stats,
    target::{Gateway, Kind, Programs, Target},
};

/// The longest that one stream may take.
const LIMIT: Duration = Duration::from_secs(60);

/// What was measured.
#[derive(Debug)]
pub(crate) struct Speed {
    /// Tokens of each answer.
    pub(crate) tokens: u32,
    /// One row for each target, in the order of [`Kind::ALL`].
    pub(crate) rows: Vec<Row>,
}

/// What was measured of one target.
#[derive(Debug)]
pub(crate) struct Row {
    /// Which.
    pub(crate) kind: Kind,
    /// Tokens a second, of each run.
    pub(crate) speeds: Vec<f64>,
    /// Runs that were not whole.
    pub(crate) failures: Failures,
}

impl Row {
    /// Tokens a second, of the run in the middle.
    pub(crate) fn speed(&self) -> Option<f64> {
        stats::median(&self.speeds)
    }
}

/// Measures it.
pub(crate) async fn measure(programs: &Programs, plan: &Plan) -> Result<Speed, Fault> {
    let gateway = Gateway::start(programs, 1).await?;
    let mut targets = Vec::new();
    let mut rows = Vec::new();
    for kind in Kind::ALL {
        targets.push(Target::start(kind, programs, &gateway).await?);
        rows.push(Row {
            kind,
            speeds: Vec::new(),
            failures: Failures::default(),
        });
    }
    let tokens = plan.tokens_at_full_speed;
    // The first run of each is not counted.
    for run in 0..=plan.runs {
        progress(format_args!("full speed: run {run} of {}", plan.runs));
        for kind in rotated(Kind::ALL, run) {
            let row = &mut rows[kind as usize];
            let mut client = Client::connect(&targets[kind as usize]).await?;
            let read = read_whole(&mut client, Script::full_speed(tokens), LIMIT).await;
            let ended = clock::now();
            let checked = match read {
                Ok(whole) => check_saved(&mut client, kind, &whole).await.map(|()| whole),
                Err(failure) => Err(failure),
            };
            match checked {
                Ok(_) if run == 0 => {}
                Ok(whole) => {
                    let seconds = ended.saturating_sub(whole.asked.at) as f64 / 1e9;
                    row.speeds.push(f64::from(tokens) / seconds);
                }
                Err(failure) => row.failures.push(&failure),
            }
        }
    }
    Ok(Speed { tokens, rows })
}
