//! Conversations to try Parley with, and to measure it on: as many as wanted, with text that reads like any.
//!
//! - `cast`: who is talked to, by which model
//! - `words`: how often which word comes; `prose` and `code`: what is said
//! - `calendar`: when, and how much at once
//! - `conversation`: one conversation from all of these
//!
//! The same seed for the same person gives the same conversations, to the second: only ids differ from one start to the next
//! where there are conversations already.

mod calendar;
mod cast;
mod code;
mod conversation;
mod prose;
mod words;

use std::{
    net::SocketAddr,
    path::Path,
    time::{Duration, Instant},
};

use protocol::timestamp::Timestamp;
use rand::{Rng, SeedableRng, rngs::StdRng};
use uuid::Uuid;

use crate::store::{Store, StoreError, now};
use calendar::{lengths, starts};
use conversation::Author;

/// The most sessions, and about the most messages, that one transaction saves: who uses Parley meanwhile waits for no more.
const SESSIONS_AT_ONCE: usize = 200;
const MESSAGES_AT_ONCE: usize = 2_000;
/// How often to say how far it is.
const PROGRESS: Duration = Duration::from_secs(3);

/// What `parley seed-demo` takes.
#[derive(Debug, Clone, clap::Args)]
pub struct SeedDemo {
    /// How many conversations
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub sessions: u64,
    /// How many messages in all of them together, questions and answers: two for each conversation at least
    #[arg(long, default_value_t = 5_000)]
    pub messages: u64,
    /// Whose they are: `user_id` of /api/csrf, opened in that person's browser (the one person who has used the database)
    #[arg(long)]
    pub user: Option<Uuid>,
    /// Other numbers give other conversations
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Add them to a database that holds conversations already
    #[arg(long)]
    pub into_existing: bool,
}

/// Why nothing was added.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each variant's message says what it is")]
pub enum SeedError {
    #[error("a conversation has a question and an answer: --messages takes an even number, {0} at least")]
    TooFewMessages(u64),
    #[error(
        "the database holds {0} conversations already; to add these to them, run the same again with --into-existing"
    )]
    NotEmpty(u64),
    #[error(
        "nobody has used this database yet, and conversations are somebody's: start Parley, open it in your browser, open \
         /api/csrf there, and give the user_id that it shows as --user"
    )]
    Nobody,
    #[error("{0} people use this database: say whose they are with --user (the user_id of /api/csrf in their browser)")]
    Several(u64),
    #[error("the folder of {0} cannot be made: {1}")]
    Folder(String, std::io::Error),
    #[error("the database failed")]
    Store(#[from] StoreError),
}

/// What was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seeded {
    /// Conversations.
    pub sessions: u64,
    /// Messages in them.
    pub messages: u64,
    /// Whose they are.
    pub user_id: Uuid,
    /// Whether this person has conversations of their own.
    pub is_known: bool,
}

/// Adds them to the database at `path`, and says on stderr how far it is and how to see them.
///
/// # Errors
/// As [`seed`]; and when the database cannot be opened.
pub async fn run(path: &Path, site_addr: SocketAddr, wanted: &SeedDemo) -> Result<(), SeedError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| SeedError::Folder(path.display().to_string(), error))?;
    }
    let store = Store::open(path).await?;
    let began = Instant::now();
    let progress = |done: Seeded, elapsed: Duration| {
        let percent = done.messages * 100 / wanted.messages.max(1);
        let left = elapsed.as_secs() * (wanted.messages - done.messages) / done.messages.max(1);
        eprintln!(
            "{} of {} conversations, {} messages ({percent} %), about {left} s left",
            done.sessions, wanted.sessions, done.messages
        );
    };
    let done = seed(&store, wanted, now(), progress).await?;
    eprintln!(
        "done: {} conversations with {} messages are in {}, after {} s",
        done.sessions,
        done.messages,
        path.display(),
        began.elapsed().as_secs()
    );
    eprintln!(
        "they belong to {}: open http://{site_addr} in that person's browser, or reload it there",
        done.user_id
    );
    if !done.is_known {
        eprintln!("whether a browser is that person's is shown by /api/csrf, opened in it");
    }
    Ok(())
}

/// Adds the conversations, and says through `progress` how far it is. What was added by the time it fails stays.
///
/// # Errors
/// When the numbers do not fit together, when it is not clear whose they are, when there are others and nobody said that this
/// is meant, and when the database fails.
pub async fn seed(
    store: &Store,
    wanted: &SeedDemo,
    now: Timestamp,
    mut progress: impl FnMut(Seeded, Duration),
) -> Result<Seeded, SeedError> {
    let least = wanted.sessions * 2;
    if wanted.messages < least || !wanted.messages.is_multiple_of(2) {
        return Err(SeedError::TooFewMessages(least));
    }
    let people = store.people().await?;
    let existing = people.iter().map(|person| person.sessions).sum();
    let user_id = match (wanted.user, people.as_slice()) {
        (Some(user_id), _) => user_id,
        (None, []) => return Err(SeedError::Nobody),
        (None, [person]) => person.user_id,
        (None, several) => return Err(SeedError::Several(several.len() as u64)),
    };
    if existing > 0 && !wanted.into_existing {
        return Err(SeedError::NotEmpty(existing));
    }
    store.prepare_for_many().await?;
    let mut random = StdRng::seed_from_u64(wanted.seed);
    // Another start with the same seed would else give the same ids.
    let ids = StdRng::seed_from_u64(wanted.seed ^ existing ^ user_id.as_u64_pair().0);
    let lengths = lengths(&mut random, wanted.sessions, wanted.messages / 2);
    let starts = starts(&mut random, wanted.sessions, now);
    let mut author = Author::new(StdRng::seed_from_u64(random.random()), ids, user_id, now);

    let began = Instant::now();
    let mut told = began;
    let mut done = Seeded {
        sessions: 0,
        messages: 0,
        user_id,
        is_known: people.iter().any(|person| person.user_id == user_id),
    };
    let (mut part, mut messages_in_part) = (Vec::new(), 0);
    for (index, (start, turns)) in starts.into_iter().zip(lengths).enumerate() {
        part.push(author.conversation(start, turns));
        messages_in_part += turns * 2;
        let is_last = index as u64 + 1 == wanted.sessions;
        if is_last || part.len() == SESSIONS_AT_ONCE || messages_in_part >= MESSAGES_AT_ONCE {
            done.sessions += part.len() as u64;
            done.messages += messages_in_part as u64;
            store.add_demo_sessions(std::mem::take(&mut part)).await?;
            messages_in_part = 0;
            if told.elapsed() >= PROGRESS {
                told = Instant::now();
                progress(done, began.elapsed());
                // Nothing else does, in a process of its own: the log would grow as large as the database.
                store.checkpoint().await?;
            }
        }
    }
    store.checkpoint().await?;
    Ok(done)
}

#[cfg(test)]
mod tests;
