//! Limits per user: how often, and how many at once.

use std::{collections::HashMap, num::NonZeroU32, sync::Arc, time::Duration};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, MonotonicClock},
    middleware::NoOpMiddleware,
    state::keyed::DashMapStateStore,
};
use parking_lot::Mutex;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use uuid::Uuid;

use crate::{config::Limits, error::Error};

type Limiter = RateLimiter<Uuid, DashMapStateStore<Uuid>, MonotonicClock, NoOpMiddleware<std::time::Instant>>;

/// Archives that a user may download at once.
const ARCHIVES: u32 = 2;
/// Files that a user may bring in at once.
const IMPORTS: u32 = 1;
/// Files of all users together that are read at once: each may take as much memory as its largest conversation. As many of the
/// largest size may lie on the disk meanwhile.
const ALL_IMPORTS: usize = 4;
/// How long one that has come in waits for its turn.
const READING_WAITS: Duration = Duration::from_secs(60);
/// Users remembered before the idle ones are forgotten.
const REMEMBERED: usize = 10_000;

/// The limiters of all routes.
pub struct Limiters {
    messages: Rate,
    session_reads: Rate,
    searches: Rate,
    model_reads: Rate,
    streams: Arc<Places>,
    archives: Arc<Places>,
    imports: Arc<Places>,
    all_imports: Arc<Semaphore>,
    import_room: Arc<Semaphore>,
    import_megabytes: u64,
}

impl Limiters {
    /// Limiters that allow as much as `limits` say.
    pub fn new(limits: Limits) -> Self {
        Self {
            messages: Rate::new("messages", limits.messages_per_minute),
            session_reads: Rate::new("reads of conversations", limits.session_reads_per_minute),
            searches: Rate::new("searches", limits.searches_per_minute),
            model_reads: Rate::new("reads of models and agents", limits.model_reads_per_minute),
            streams: Places::new("open streams", limits.streams),
            archives: Places::new("archives at once", ARCHIVES),
            imports: Places::new("imports at once", IMPORTS),
            all_imports: Arc::new(Semaphore::new(ALL_IMPORTS)),
            import_room: Arc::new(Semaphore::new(
                (limits.import_megabytes as usize)
                    .saturating_mul(ALL_IMPORTS)
                    .min(Semaphore::MAX_PERMITS),
            )),
            import_megabytes: limits.import_megabytes.into(),
        }
    }

    /// Counts a message.
    ///
    /// # Errors
    /// When the user has sent as many as a minute allows.
    pub fn message(&self, user: Uuid) -> Result<(), Error> {
        self.messages.check(user)
    }

    /// Counts a read of sessions.
    ///
    /// # Errors
    /// When the user has made as many as a minute allows.
    pub fn session_read(&self, user: Uuid) -> Result<(), Error> {
        self.session_reads.check(user)
    }

    /// Counts a search. Who types searches several times a second, and is still to open what was found: the two are counted
    /// apart.
    ///
    /// # Errors
    /// When the user has made as many as a minute allows.
    pub fn search(&self, user: Uuid) -> Result<(), Error> {
        self.searches.check(user)
    }

    /// Counts a read of models or agents.
    ///
    /// # Errors
    /// When the user has made as many as a minute allows.
    pub fn model_read(&self, user: Uuid) -> Result<(), Error> {
        self.model_reads.check(user)
    }

    /// Takes one of the user's places for an open stream, free again when what is returned is dropped.
    ///
    /// # Errors
    /// When all are taken.
    pub fn stream(&self, user: Uuid) -> Result<Place, Error> {
        self.streams.take(user)
    }

    /// Takes one of the user's places for an archive that is being downloaded, free again when what is returned is dropped.
    ///
    /// # Errors
    /// When all are taken.
    pub fn archive(&self, user: Uuid) -> Result<Place, Error> {
        self.archives.take(user)
    }

    /// The largest file that may be brought in, in megabytes.
    pub fn import_megabytes(&self) -> u64 {
        self.import_megabytes
    }

    /// Takes the user's place for an import; it is free again when what is returned is dropped.
    ///
    /// # Errors
    /// When it is taken.
    pub fn import(&self, user: Uuid) -> Result<Place, Error> {
        self.imports.take(user)
    }

    /// The room that files on their way in have together, in megabytes.
    pub fn import_room(&self) -> &Arc<Semaphore> {
        &self.import_room
    }

    /// Waits for one of the places for reading a file that has come in: each takes memory.
    ///
    /// # Errors
    /// When none comes free within a minute.
    pub async fn reading(&self) -> Result<OwnedSemaphorePermit, Error> {
        let free = Arc::clone(&self.all_imports).acquire_owned();
        match timeout(READING_WAITS, free).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(Error::RateLimited {
                what: "imports of all users at once",
                retry_after: 5,
            }),
        }
    }
}

struct Rate {
    what: &'static str,
    limiter: Option<Limiter>,
}

impl Rate {
    fn new(what: &'static str, per_minute: u32) -> Self {
        let limiter = NonZeroU32::new(per_minute)
            .map(|count| RateLimiter::new(Quota::per_minute(count), DashMapStateStore::default(), MonotonicClock));
        Self { what, limiter }
    }

    fn check(&self, user: Uuid) -> Result<(), Error> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        if limiter.len() > REMEMBERED {
            limiter.retain_recent();
        }
        limiter.check_key(&user).map_err(|refusal| {
            let wait: Duration = refusal.wait_time_from(MonotonicClock.now());
            Error::RateLimited {
                what: self.what,
                retry_after: wait.as_secs() + 1,
            }
        })
    }
}

struct Places {
    what: &'static str,
    /// 0: as many as they like.
    most: u32,
    open: Mutex<HashMap<Uuid, u32>>,
}

impl Places {
    fn new(what: &'static str, most: u32) -> Arc<Self> {
        Arc::new(Self {
            what,
            most,
            open: Mutex::default(),
        })
    }

    fn take(self: &Arc<Self>, user: Uuid) -> Result<Place, Error> {
        let mut open = self.open.lock();
        let count = open.entry(user).or_default();
        if self.most > 0 && *count >= self.most {
            return Err(Error::RateLimited {
                what: self.what,
                retry_after: 1,
            });
        }
        *count += 1;
        Ok(Place {
            places: Arc::clone(self),
            user,
        })
    }
}

/// A place that one of a user's requests holds.
pub struct Place {
    places: Arc<Places>,
    user: Uuid,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.places.open.lock();
        if let Some(count) = open.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiters(messages_per_minute: u32, streams: u32) -> Limiters {
        Limiters::new(Limits {
            messages_per_minute,
            streams,
            ..Limits::default()
        })
    }

    #[test]
    fn past_the_limit_the_wait_is_told_and_others_are_not_affected() {
        let limiters = limiters(2, 1);
        let (ada, bob) = (Uuid::new_v4(), Uuid::new_v4());
        assert!(limiters.message(ada).is_ok() && limiters.message(ada).is_ok());
        let Err(Error::RateLimited { retry_after, .. }) = limiters.message(ada) else {
            panic!("not limited")
        };
        assert!((1..=31).contains(&retry_after), "{retry_after}");
        assert!(limiters.message(bob).is_ok());
    }

    #[test]
    fn a_closed_stream_frees_its_place() {
        let limiters = limiters(1, 1);
        let ada = Uuid::new_v4();
        let place = limiters.stream(ada).ok().unwrap();
        assert!(limiters.stream(ada).is_err());
        drop(place);
        assert!(limiters.stream(ada).is_ok());
        assert!(
            limiters.streams.open.lock().is_empty(),
            "nothing is remembered of users without streams"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_user_brings_in_one_file_at_a_time_and_of_all_together_a_few_are_read() {
        let limiters = limiters(1, 1);
        let ada = Uuid::new_v4();
        let adas = limiters.import(ada).ok().unwrap();
        assert!(limiters.import(ada).is_err());
        assert!(limiters.import(Uuid::new_v4()).is_ok());
        drop(adas);
        assert!(limiters.import(ada).is_ok());
        let mut reading = Vec::new();
        for _ in 0..ALL_IMPORTS {
            reading.push(limiters.reading().await.ok().unwrap());
        }
        assert!(limiters.reading().await.is_err(), "a minute later");
        reading.pop();
        assert!(limiters.reading().await.is_ok());
    }

    #[test]
    fn zero_lifts_a_limit() {
        let limiters = limiters(0, 0);
        let ada = Uuid::new_v4();
        assert!((0..100).all(|_| limiters.message(ada).is_ok()));
        assert!(
            (0..100)
                .map(|_| limiters.stream(ada))
                .collect::<Vec<_>>()
                .iter()
                .all(Result::is_ok)
        );
    }
}
