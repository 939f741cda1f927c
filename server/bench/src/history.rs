//! `bench-history`: lists, conversations, searches and messages in a large database, and messages in an empty one beside it.
//!
//! - [`place`]: a Parley on a database of its own, filled where wanted
//! - [`reader`]: who asks, over one warm connection
//! - [`measure`]: what is asked for, and the times; [`words`]: what is searched for
//! - [`figures`]: writes them down

mod figures;
mod measure;
mod place;
mod reader;
mod words;

use std::{
    io::Write,
    path::PathBuf,
    time::{Duration, Instant},
};

use clap::{Parser, Subcommand};
use measure::Plan;
use place::Place;

use crate::{Fault, gateway, guarded, process, report, runtime};

/// The longest that it may take to fill a database and measure it.
const WHOLE_RUN: Duration = Duration::from_secs(90 * 60);

#[derive(Debug, Parser)]
#[command(name = "bench-history", about = "Measure Parley on a large database")]
struct Arguments {
    /// A small database and small counts, to try whether it works; on the terminal only
    #[arg(long)]
    quick: bool,
    /// How many conversations
    #[arg(long, default_value_t = 100_000)]
    sessions: u64,
    /// How many messages in all of them
    #[arg(long, default_value_t = 1_000_000)]
    messages: u64,
    /// A folder in which the large database is kept, and taken from the next time
    #[arg(long)]
    keep: Option<PathBuf>,
    /// The Parley to measure
    #[arg(long, default_value = "target/release/parley")]
    parley: PathBuf,
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
    },
}

/// Does what the arguments of the process say.
pub(crate) fn run() -> Result<(), Fault> {
    let arguments = Arguments::parse();
    let runtime = runtime(1)?;
    match arguments.command {
        Some(Command::Gateway { port }) => runtime.block_on(gateway::serve(port)),
        None => runtime.block_on(guarded(Instant::now() + WHOLE_RUN, measure_all(&arguments))),
    }
}

async fn measure_all(arguments: &Arguments) -> Result<(), Fault> {
    process::raise_file_limit()?;
    let parley = process::program(&arguments.parley)?;
    let plan = Plan::new(arguments.quick, arguments.sessions, arguments.messages);
    let scripted = place::Scripted::start().await?;
    let mut large = Place::new(&parley, scripted.address, arguments.keep.as_deref()).await?;
    let filled = large.fill(plan.sessions, plan.messages).await?;
    let empty = Place::new(&parley, scripted.address, None).await?;
    let measured = measure::all(&large, &empty, &plan).await?;
    for (name, place) in [
        ("parley on the large database", &large),
        ("parley on the empty one", &empty),
    ] {
        place.show_log(name);
    }
    let report = figures::write(&parley, &plan, &filled, &measured);
    std::io::stdout().write_all(report.as_bytes())?;
    if !arguments.quick {
        report::keep(&report, report::HISTORY)?;
    }
    Ok(())
}
