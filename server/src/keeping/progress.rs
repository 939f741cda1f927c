//! How far a command has come: one line that changes on a terminal, one line a while in a log.

use std::{
    io::{self, IsTerminal, Write},
    time::{Duration, Instant},
};

/// How often it is told to a log.
const PERIOD: Duration = Duration::from_secs(5);
/// How often it is told to a terminal.
const QUICK: Duration = Duration::from_millis(100);

/// What is told of a piece of work.
pub(super) struct Progress {
    what: &'static str,
    is_terminal: bool,
    told: Option<Instant>,
}

impl Progress {
    pub(super) fn new(what: &'static str) -> Self {
        Self {
            what,
            is_terminal: io::stderr().is_terminal(),
            told: None,
        }
    }

    /// Tells it, unless that was done a moment ago.
    pub(super) fn tell(&mut self, done: u64, of: u64, unit: &str) {
        let period = if self.is_terminal { QUICK } else { PERIOD };
        if done < of && self.told.is_some_and(|told| told.elapsed() < period) {
            return;
        }
        self.told = Some(Instant::now());
        let mut out = io::stderr().lock();
        // Who has closed standard error does not want to know.
        let _ = match self.is_terminal {
            true => write!(out, "\r{}: {done} of {of} {unit}\x1b[K", self.what),
            false => writeln!(out, "{}: {done} of {of} {unit}", self.what),
        };
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_terminal && self.told.is_some() {
            let _ = writeln!(io::stderr());
        }
    }
}
