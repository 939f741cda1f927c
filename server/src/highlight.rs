//! Tells what each part of some code is: keyword, string, comment ….
//!
//! It never holds up anything else: it runs on threads of its own, few at a time, and what is too long or takes too long
//! is left plain. What was told once is kept for a while.

mod aliases;
mod cache;
mod classes;
mod parse;
mod syntaxes;

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use protocol::highlight::{Code, MAX_BLOCKS, MAX_BYTES, Runs};
use tokio::{sync::Semaphore, time::timeout};

use crate::error::Error;
use cache::{Cache, Key};
use parse::runs;
use syntaxes::Syntaxes;

/// The longest block that is looked at, in bytes.
const LARGEST_BLOCK: usize = 200 * 1024;
/// The longest time for a block.
const TIME_PER_BLOCK: Duration = Duration::from_millis(250);
/// The longest time for all blocks of a request.
const TIME_PER_REQUEST: Duration = Duration::from_secs(1);
/// How many requests are worked on at once.
const AT_ONCE: usize = 2;
/// How long a request waits for its turn; then its code is left plain.
const PATIENCE: Duration = Duration::from_secs(2);
/// What is kept, in bytes.
const KEPT: usize = 4 * 1024 * 1024;

/// The highlighter. Cheap to clone; what it knows of languages is loaded with the first block.
#[derive(Clone)]
pub struct Highlighter(Arc<Inner>);

struct Inner {
    syntaxes: OnceLock<Syntaxes>,
    cache: Mutex<Cache>,
    places: Arc<Semaphore>,
}

impl Default for Highlighter {
    fn default() -> Self {
        Self(Arc::new(Inner {
            syntaxes: OnceLock::new(),
            cache: Mutex::new(Cache::new(KEPT)),
            places: Arc::new(Semaphore::new(AT_ONCE)),
        }))
    }
}

impl Highlighter {
    /// What each part of these blocks is, in their order. `None`: the language is not known, or it would take too long.
    ///
    /// # Errors
    /// When there are too many of them, or they are too large.
    pub async fn highlight(&self, blocks: Vec<Code>) -> Result<Vec<Option<Runs>>, Error> {
        if blocks.len() > MAX_BLOCKS {
            return Err(Error::InvalidRequest(format!("at most {MAX_BLOCKS} blocks of code")));
        }
        if blocks.iter().map(|block| block.code.len()).sum::<usize>() > MAX_BYTES {
            return Err(Error::InvalidRequest(format!("at most {MAX_BYTES} bytes of code")));
        }
        let plain = vec![None; blocks.len()];
        let Ok(Ok(place)) = timeout(PATIENCE, Arc::clone(&self.0.places).acquire_owned()).await else {
            return Ok(plain);
        };
        let inner = Arc::clone(&self.0);
        let told = tokio::task::spawn_blocking(move || {
            let _place = place;
            let give_up = Instant::now() + TIME_PER_REQUEST;
            blocks.iter().map(|block| inner.tell(block, give_up)).collect()
        });
        Ok(told.await.unwrap_or_else(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "the highlighter failed");
            plain
        }))
    }
}

impl Highlighter {
    /// What was told of these blocks before, for who cannot wait.
    pub fn known(&self, blocks: &[Code]) -> Vec<Option<Runs>> {
        let mut cache = self.0.cache.lock();
        blocks
            .iter()
            .map(|block| cache.get(&Key::new(block)).flatten())
            .collect()
    }
}

impl Inner {
    fn tell(&self, block: &Code, give_up: Instant) -> Option<Runs> {
        if block.code.len() > LARGEST_BLOCK {
            return None;
        }
        let key = Key::new(block);
        if let Some(kept) = self.cache.lock().get(&key) {
            return kept;
        }
        let give_up_all = give_up.checked_duration_since(Instant::now())?;
        let syntaxes = self.syntaxes.get_or_init(Syntaxes::load);
        let syntax = syntaxes.find(&block.language)?;
        let for_this = TIME_PER_BLOCK.min(give_up_all);
        let runs = runs(syntaxes, syntax, &block.code, Instant::now() + for_this);
        // What took too long although it had all the time that a block may have would do so again.
        if runs.is_some() || for_this == TIME_PER_BLOCK {
            self.cache.lock().put(key, runs.clone());
        }
        runs
    }
}

#[cfg(test)]
mod tests;
