//! The figures.
//!
//! - [`latency`]: first tokens and the gaps between tokens, at ten streams
//! - [`speed`]: one stream as fast as it goes
//! - [`many`]: ten to five thousand streams at once
//! - [`stop`]: how soon the model hears of Stop

pub(crate) mod latency;
pub(crate) mod many;
pub(crate) mod speed;
pub(crate) mod stop;

use std::time::Duration;

use clap::ValueEnum;

use crate::{
    Fault,
    client::{Asked, Client},
    failure::Failure,
    reading::Reading,
    script::Script,
    target::{Kind, Programs},
};

/// A part of the bench.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// First tokens and gaps at ten streams
    Latency,
    /// One stream at full speed
    Speed,
    /// Ten to five thousand streams at once
    Many,
    /// Stop
    Stop,
}

impl Part {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [Self::Latency, Self::Speed, Self::Many, Self::Stop];

    /// Measures it, with a Gateway of so many threads.
    pub(crate) async fn measure(
        self,
        programs: &Programs,
        plan: &Plan,
        threads: usize,
        results: &mut Results,
    ) -> Result<(), Fault> {
        match self {
            Self::Latency => results.latency = Some(latency::measure(programs, plan).await?),
            Self::Speed => results.speed = Some(speed::measure(programs, plan).await?),
            Self::Many => results.many = many::measure(programs, plan, threads).await?,
            Self::Stop => results.stop = Some(stop::measure(programs, plan).await?),
        }
        Ok(())
    }
}

/// How much of each is measured.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Rounds of ten streams, of each way to begin them.
    pub(crate) rounds: usize,
    /// Runs of one stream at full speed.
    pub(crate) runs: usize,
    /// Tokens of that stream.
    pub(crate) tokens_at_full_speed: u32,
    /// How many streams at once.
    pub(crate) streams: &'static [usize],
    /// How many answers are stopped, of each kind.
    pub(crate) stops: usize,
}

impl Plan {
    /// The whole bench, or a small one to try it.
    pub(crate) fn new(quick: bool) -> Self {
        if quick {
            return Self {
                rounds: 5,
                runs: 1,
                tokens_at_full_speed: 5_000,
                streams: &[10, 100],
                stops: 10,
            };
        }
        Self {
            rounds: 100,
            runs: 5,
            tokens_at_full_speed: 20_000,
            streams: &[10, 100, 1_000, 5_000],
            stops: 200,
        }
    }
}

/// What was measured.
#[derive(Debug, Default)]
pub(crate) struct Results {
    /// First tokens and gaps.
    pub(crate) latency: Option<latency::Latency>,
    /// One stream at full speed.
    pub(crate) speed: Option<speed::Speed>,
    /// Many streams.
    pub(crate) many: Vec<many::Row>,
    /// Stop.
    pub(crate) stop: Option<stop::Stop>,
}

/// An answer that was read whole.
struct Whole {
    asked: Asked,
    reading: Reading,
}

impl Whole {
    /// From sending the message to the first token.
    fn first_token(&self) -> Option<u64> {
        Some(self.reading.first_at()?.saturating_sub(self.asked.at))
    }
}

/// Asks and reads the whole answer.
async fn read_whole(client: &mut Client, script: Script, limit: Duration) -> Result<Whole, Failure> {
    let read = async {
        let asked = client.ask(script).await?;
        let reading = client.stream(asked, script).await?.rest().await?;
        reading.check()?;
        Ok(Whole { asked, reading })
    };
    tokio::time::timeout(limit, read).await.unwrap_or(Err(Failure::Late))
}

/// Holds what Parley saved against what was read of it, byte for byte. The other targets save nothing.
async fn check_saved(client: &mut Client, kind: Kind, whole: &Whole) -> Result<(), Failure> {
    if kind != Kind::Parley {
        return Ok(());
    }
    let saved = client.saved(whole.asked.session_id);
    let saved = tokio::time::timeout(Duration::from_secs(60), saved)
        .await
        .unwrap_or(Err(Failure::Late))?;
    if saved != whole.reading.text() {
        let (saved, read) = (saved.len(), whole.reading.text().len());
        return Err(Failure::Saved(format!("{saved} bytes where {read} were read")));
    }
    Ok(())
}
