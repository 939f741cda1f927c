//! `bench-streams`: the same streams read directly, through nginx and through Parley, side by side in one run.

use std::{io::Write, path::PathBuf, time::Instant};

use clap::{Parser, Subcommand};

use crate::{
    Fault, WHOLE_RUN, gateway, guarded,
    measure::{Part, Plan, Results},
    process, report, runtime,
    target::Programs,
};

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

/// Does what the arguments of the process say.
pub(crate) fn run() -> Result<(), Fault> {
    let arguments = Arguments::parse();
    match arguments.command {
        Some(Command::Gateway { port, threads }) => runtime(threads)?.block_on(gateway::serve(port)),
        None => measure_all(&arguments),
    }
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
        report::keep(&report, report::STREAMS)?;
    }
    Ok(())
}
