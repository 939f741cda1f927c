//! `bench-gateway`: the same answers, read from their provider and through the embedded Gateway, side by side in one run.
//!
//! - [`provider`]: a scripted provider, a process of its own
//! - [`way`]: the two ways to an answer, and what is started for them
//! - [`asker`]: who asks and reads, over one warm connection
//! - [`measure`]: the figures; [`figures`] writes them down

mod asker;
mod figures;
mod measure;
mod provider;
mod way;

use std::{
    io::Write,
    path::PathBuf,
    time::{Duration, Instant},
};

use clap::{Parser, Subcommand};
use measure::Plan;
use way::Running;

use crate::{Fault, WHOLE_RUN, guarded, process, report, runtime};

#[derive(Debug, Parser)]
#[command(
    name = "bench-gateway",
    about = "Measure answers of a provider directly and through the embedded Gateway"
)]
struct Arguments {
    /// Small counts, to try whether it works; on the terminal only
    #[arg(long)]
    quick: bool,
    /// How long the provider is silent before each first token, in milliseconds
    #[arg(long, default_value_t = 0)]
    silence: u64,
    /// The Parley whose Gateway is measured
    #[arg(long, default_value = "target/release/parley")]
    parley: PathBuf,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the scripted provider (the bench starts it itself)
    Provider {
        /// The loopback port it listens on
        #[arg(long)]
        port: u16,
    },
}

/// Does what the arguments of the process say.
pub(crate) fn run() -> Result<(), Fault> {
    let arguments = Arguments::parse();
    // One thread each for provider and readers: a few streams are timed, and a thread that wakes nobody is timed best.
    let runtime = runtime(1)?;
    match arguments.command {
        Some(Command::Provider { port }) => runtime.block_on(provider::serve(port)),
        None => runtime.block_on(guarded(Instant::now() + WHOLE_RUN, measure_all(&arguments))),
    }
}

async fn measure_all(arguments: &Arguments) -> Result<(), Fault> {
    process::raise_file_limit()?;
    let parley = process::program(&arguments.parley)?;
    let running = Running::start(&parley).await?;
    let plan = Plan::new(arguments.quick, Duration::from_millis(arguments.silence));
    let measured = measure::all(&running, &plan).await?;
    running.show_log();
    let report = figures::write(&parley, &plan, &measured);
    std::io::stdout().write_all(report.as_bytes())?;
    // What is kept is the whole of it, with a provider that costs no time itself.
    if !arguments.quick && arguments.silence == 0 {
        report::keep(&report, report::EMBEDDED)?;
    }
    Ok(())
}
