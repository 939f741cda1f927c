//! Three benches that share what they are made of.
//!
//! - `streams`: `bench-streams`, the same streams read directly, through nginx and through Parley
//! - `embedded`: `bench-gateway`, the same answers read from their provider and through the embedded Gateway
//! - `history`: `bench-history`, Parley on a large database
//! - `script`: what an answer is to be, and the text its tokens carry; `answer` plays it
//! - `gateway`: a scripted Gateway, a process of its own
//! - `target`: starts and ends what is measured; `process` watches it from outside
//! - `client`: one reader with one warm connection; `reading` checks that what it reads is whole
//! - `measure`: the figures of the streams, one file each; `stats` for percentiles
//! - `report`: figures in Markdown, with the targets they are held against
//! - `clock`: the one clock that all processes share

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")
)]

mod answer;
mod client;
mod clock;
mod embedded;
mod failure;
mod gateway;
mod history;
mod measure;
mod process;
mod reading;
mod report;
mod script;
mod stats;
mod streams;
mod target;

use std::{future::Future, process::ExitCode, time::Duration};

/// What stops a measurement as a whole.
type Fault = Box<dyn std::error::Error + Send + Sync>;

/// The longest that one run may take.
const WHOLE_RUN: Duration = Duration::from_secs(45 * 60);

/// Measures streams as the arguments of the process say.
#[must_use]
pub fn bench_streams() -> ExitCode {
    ended("bench-streams", streams::run())
}

/// Measures the embedded Gateway as the arguments of the process say.
#[must_use]
pub fn bench_gateway() -> ExitCode {
    ended("bench-gateway", embedded::run())
}

/// Measures Parley on a large database as the arguments of the process say.
#[must_use]
pub fn bench_history() -> ExitCode {
    ended("bench-history", history::run())
}

fn ended(name: &str, done: Result<(), Fault>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{name}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn runtime(threads: usize) -> std::io::Result<tokio::runtime::Runtime> {
    let mut builder = if threads > 1 {
        tokio::runtime::Builder::new_multi_thread()
    } else {
        tokio::runtime::Builder::new_current_thread()
    };
    builder.worker_threads(threads).enable_all().build()
}

/// Ends with the work, or before it on a signal or when it takes too long. What the work has started ends with it, since
/// dropping it drops its processes.
async fn guarded(due: std::time::Instant, work: impl Future<Output = Result<(), Fault>>) -> Result<(), Fault> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    tokio::select! {
        done = work => done,
        () = tokio::time::sleep_until(due.into()) => Err("it took too long and was given up".into()),
        _ = tokio::signal::ctrl_c() => Err("interrupted".into()),
        _ = terminate.recv() => Err("terminated".into()),
        _ = hang_up.recv() => Err("its terminal went away".into()),
    }
}

/// All of them, beginning with another one each round, so that no one always follows the same.
fn rotated<T, const N: usize>(mut all: [T; N], round: usize) -> [T; N] {
    all.rotate_left(round % N);
    all
}

/// Says on stderr how far it is.
fn progress(text: std::fmt::Arguments<'_>) {
    eprintln!("==> {text}");
}
