//! `bench-streams`: the same streams read directly, through nginx and through Parley, side by side in one run.
//!
//! - [`script`]: what an answer is to be, and the text its tokens carry
//! - [`gateway`]: the scripted Gateway that plays it, a process of its own
//! - [`target`]: starts and ends what is measured; [`process`] watches it from outside
//! - [`client`]: one reader with one warm connection; [`reading`] checks that what it reads is whole
//! - [`measure`]: the figures, one file each; [`stats`] for percentiles
//! - [`report`]: all of them in Markdown, with the targets they are held against
//! - [`clock`]: the one clock that all processes share

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")
)]

mod client;
mod clock;
mod failure;
mod gateway;
mod measure;
mod process;
mod reading;
mod report;
mod script;
mod stats;
mod target;

use std::{
    future::Future,
    io::Write,
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::{Parser, Subcommand};
use measure::{Part, Plan, Results};
use target::Programs;

/// What stops a measurement as a whole.
type Fault = Box<dyn std::error::Error + Send + Sync>;

/// The longest that one run may take.
const WHOLE_RUN: Duration = Duration::from_secs(45 * 60);

#[derive(Debug, Parser)]
#[command(
    name = "bench-streams",
    about = "Measure streams directly, through nginx and through Parley"
)]
struct Arguments {
    /// Small counts, to try whether it works
    #[arg(long)]
    quick: bool,
    /// One part alone
    #[arg(long)]
    only: Option<Part>,
    /// The Parley to measure
    #[arg(long, default_value = "target/release/parley")]
    parley: PathBuf,
    /// The nginx to measure beside it
    #[arg(long, default_value = "nginx")]
    nginx: PathBuf,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the scripted Gateway (the bench starts it itself)
    Gateway {
        /// The loopback port it listens on
        #[arg(long)]
        port: u16,
        /// How many threads it may use
        #[arg(long)]
        threads: usize,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.command {
        Some(Command::Gateway { port, threads }) => serve_gateway(port, threads),
        None => measure_all(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-streams: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve_gateway(port: u16, threads: usize) -> Result<(), Fault> {
    runtime(threads)?.block_on(gateway::serve(port))
}

fn measure_all(arguments: &Arguments) -> Result<(), Fault> {
    let due = Instant::now() + WHOLE_RUN;
    process::raise_file_limit()?;
    let programs = Programs::find(&arguments.parley, &arguments.nginx)?;
    let plan = Plan::new(arguments.quick);
    let mut results = Results::default();
    let parts = arguments.only.map_or(Part::ALL.to_vec(), |part| vec![part]);
    for part in parts {
        // A few streams are timed by one thread, which wakes nobody; thousands are read by all the cores there are.
        let threads = if part == Part::Many { process::cores() } else { 1 };
        runtime(threads)?.block_on(guarded(due, part.measure(&programs, &plan, threads, &mut results)))?;
    }
    let report = report::write(&programs, &results);
    std::io::stdout().write_all(report.as_bytes())?;
    if !arguments.quick && arguments.only.is_none() {
        report::keep(&report)?;
    }
    Ok(())
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
async fn guarded(due: Instant, work: impl Future<Output = Result<(), Fault>>) -> Result<(), Fault> {
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
