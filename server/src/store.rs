//! Diesel and SQLite. Nothing outside knows a table.
//!
//! One writer connection, whose waiting work is done together (`writer`), and a small pool of readers; neither ever holds up
//! the runtime's other tasks. What belongs to a person is asked for with `user_id` in the query.

mod branch;
mod conversations;
mod copy;
mod demo;
mod ids;
mod import;
mod messages;
#[cfg(test)]
mod plan;
mod purge;
mod rows;
mod schema;
mod search;
mod sessions;
mod turns;
mod usage;
mod writer;

pub use conversations::Place;
pub use copy::verify;
pub use demo::{DemoSession, DemoTurn, Person};
pub use import::{Fate, Imported};
pub use messages::{MessagePage, Missing, Part, Shown};
pub(crate) use rows::{dollars, micros};
pub use search::{FoundText, Scope, TextQuery};
pub(crate) use search::{MOST_MESSAGES, MOST_TITLES, STEP as SEARCH_STEP};
pub use sessions::{Change, SessionChange, UnreadableCursor};
pub use turns::{BeginTurn, Begun, FinishTurn, LastTurn, Prompt, TurnState};

use std::{path::Path, sync::Arc, time::Duration};

use diesel::{
    Connection, SqliteConnection,
    connection::SimpleConnection,
    r2d2::{ConnectionManager, CustomizeConnection, Pool},
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use protocol::timestamp::Timestamp;
use tokio::sync::Semaphore;
use writer::{Thread, Writer};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations/sqlite");
const READERS: u32 = 4;

/// The database could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each variant's message says what it is")]
pub enum StoreError {
    #[error("the database could not be opened: {0}")]
    Open(String),
    #[error("a migration failed: {0}")]
    Migration(String),
    #[error("no connection came free")]
    Pool(#[from] diesel::r2d2::PoolError),
    #[error("the database refused")]
    Query(#[from] diesel::result::Error),
    #[error("the transaction failed: {0}")]
    Commit(String),
    #[error("the database's thread gave up")]
    GivenUp,
    #[error("a stored value cannot be read: {0}")]
    Corrupt(String),
    #[error("the database thread failed")]
    Thread(#[from] tokio::task::JoinError),
}

type SqlitePool = Pool<ConnectionManager<SqliteConnection>>;

/// The database.
#[derive(Clone)]
pub struct Store {
    writer: Writer,
    readers: Connections,
}

/// A pool with a queue in front of it, so that who waits for a connection waits as a task and does not hold a thread.
#[derive(Clone)]
struct Connections {
    pool: SqlitePool,
    free: Arc<Semaphore>,
}

impl Store {
    /// Opens (or makes) the database file and brings it to the newest schema.
    ///
    /// # Errors
    /// When the file cannot be opened or a migration fails.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let path = path.to_owned();
        tokio::task::spawn_blocking(move || {
            let url = path
                .to_str()
                .ok_or_else(|| StoreError::Open("its path is not UTF-8".into()))?
                .to_owned();
            let writer = pool(&url, 1)?;
            migrate(&mut *writer.get()?).map_err(|error| StoreError::Migration(error.to_string()))?;
            Ok(Self {
                writer: Writer::new(writer),
                readers: Connections::open(&url, READERS)?,
            })
        })
        .await?
    }

    /// Opens a database that is there as it is, beside a server that may be running.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub async fn open_existing(path: &Path) -> Result<Self, StoreError> {
        let path = path.to_owned();
        tokio::task::spawn_blocking(move || {
            let url = path
                .to_str()
                .filter(|_| path.is_file())
                .ok_or_else(|| StoreError::Open("there is no such file, or its path is not UTF-8".into()))?
                .to_owned();
            Ok(Self {
                writer: Writer::new(pool(&url, 1)?),
                readers: Connections::open(&url, 1)?,
            })
        })
        .await?
    }

    /// Whether its schema is the one that this program knows.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_current(&self) -> Result<bool, StoreError> {
        self.readers
            .run(|connection| {
                let pending = connection.has_pending_migration(MIGRATIONS);
                pending
                    .map(|pending| !pending)
                    .map_err(|error| StoreError::Migration(error.to_string()))
            })
            .await
    }

    /// Runs `work` in a transaction on the writer connection.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut SqliteConnection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.writer.write(Thread::Blocking, work, |value| value).await
    }

    /// Runs `work` on a reader connection, in one transaction so that its queries see one state.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut SqliteConnection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.readers
            .run(move |connection| SqliteConnection::transaction(connection, work))
            .await
    }

    /// Moves what was committed from the write-ahead log into the database file, as far as readers allow, beside the
    /// writer and not in one of its commits: it waits for the disk.
    pub async fn checkpoint(&self) -> Result<(), StoreError> {
        self.readers
            .run(|connection| Ok(connection.batch_execute("PRAGMA wal_checkpoint(PASSIVE)")?))
            .await
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn check(&self) -> Result<(), StoreError> {
        self.read(|connection| Ok(connection.batch_execute("SELECT 1")?)).await
    }
}

/// Brings a database to the newest schema; says so where it holds something, for that may take a while.
fn migrate(connection: &mut SqliteConnection) -> diesel::migration::Result<()> {
    let is_new = connection.applied_migrations()?.is_empty();
    if !is_new && connection.has_pending_migration(MIGRATIONS)? {
        tracing::info!("the database is brought up to date; with a million messages this takes some minutes");
    }
    connection.run_pending_migrations(MIGRATIONS)?;
    Ok(())
}

/// Now, as the store counts it.
pub fn now() -> Timestamp {
    let since_epoch = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
}

impl Connections {
    fn open(url: &str, size: u32) -> Result<Self, StoreError> {
        Ok(Self {
            pool: pool(url, size)?,
            free: Arc::new(Semaphore::new(size as usize)),
        })
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut SqliteConnection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        // The semaphore is never closed; without a place we would wait for a connection instead.
        let place = Arc::clone(&self.free).acquire_owned().await.ok();
        let pool = self.pool.clone();
        tokio::task::spawn_blocking(move || {
            let _place = place;
            work(&mut *pool.get()?)
        })
        .await?
    }
}

fn pool(url: &str, size: u32) -> Result<SqlitePool, StoreError> {
    Pool::builder()
        .max_size(size)
        .min_idle(Some(1))
        .connection_timeout(Duration::from_secs(10))
        .connection_customizer(Box::new(Pragmas))
        .build(ConnectionManager::new(url))
        .map_err(|error| StoreError::Open(error.to_string()))
}

#[derive(Debug)]
struct Pragmas;

impl CustomizeConnection<SqliteConnection, diesel::r2d2::Error> for Pragmas {
    fn on_acquire(&self, connection: &mut SqliteConnection) -> Result<(), diesel::r2d2::Error> {
        connection
            .batch_execute(
                // The log is moved into the file by `checkpoint`; a commit does it only where that could not for long. What is
                // deleted is written over where that costs no other page.
                "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
                 PRAGMA wal_autocheckpoint = 20000; PRAGMA foreign_keys = ON; PRAGMA cache_size = -2000;
                 PRAGMA secure_delete = FAST;",
            )
            .map_err(diesel::r2d2::Error::QueryError)
    }
}
