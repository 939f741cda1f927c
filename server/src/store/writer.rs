//! The one connection that writes, for all.
//!
//! What waits for it is done together: whoever finds it free does what waits, in one transaction. A commit costs nearly
//! the same for ten messages as for one, and where many come at once nobody has to be woken for each in turn.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use diesel::{Connection, QueryResult, SqliteConnection, result::Error::RollbackTransaction};
use parking_lot::Mutex;
use tokio::{
    runtime::{Handle, RuntimeFlavor},
    sync::oneshot,
    task::{block_in_place, spawn_blocking},
};

use super::{SqlitePool, StoreError};

/// The most that one transaction takes in: who comes next is not to wait for too many.
const LARGEST_GROUP: usize = 64;

/// Which thread does the work where the connection is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thread {
    /// One for blocking work.
    Blocking,
    /// The caller's, where the runtime allows: a person waits, and going to another thread and back takes time.
    Own,
}

#[derive(Clone)]
pub(super) struct Writer(Arc<Inner>);

struct Inner {
    pool: SqlitePool,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Box<dyn Job>>,
    /// Whether somebody is at it, and will come to what is added.
    is_served: bool,
}

/// A piece of work that waits.
trait Job: Send {
    /// Does it, in a transaction. Where it fails it says so to its caller later, and here that it is to be undone.
    fn run(&mut self, connection: &mut SqliteConnection) -> QueryResult<()>;
    /// Tells its caller what came of it, once it is known whether it is committed.
    fn finish(self: Box<Self>, committed: Result<(), String>);
}

impl Writer {
    /// A writer with a pool of one connection.
    pub(super) fn new(pool: SqlitePool) -> Self {
        Self(Arc::new(Inner {
            pool,
            queue: Mutex::default(),
        }))
    }

    /// Does `work` in a transaction, perhaps together with other callers' work, and calls `then` once it is committed.
    /// Both happen or neither, even where the caller goes away meanwhile. What fails is undone alone.
    pub(super) async fn write<T: Send + 'static, U: Send + 'static>(
        &self,
        thread: Thread,
        work: impl FnOnce(&mut SqliteConnection) -> Result<T, StoreError> + Send + 'static,
        then: impl FnOnce(T) -> U + Send + 'static,
    ) -> Result<U, StoreError> {
        let (reply, answer) = oneshot::channel();
        let is_mine_to_serve = self.0.add(Box::new(Work {
            work: Some(work),
            outcome: None,
            then,
            reply,
        }));
        if is_mine_to_serve {
            let mut duty = Duty {
                inner: Arc::clone(&self.0),
                is_over: false,
            };
            let here = thread == Thread::Own && Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread;
            // Here only what waits now: the caller has an answer to give.
            if !here || block_in_place(|| duty.serve_a_group()) {
                spawn_blocking(move || while duty.serve_a_group() {});
            }
        }
        answer.await.map_err(|_| StoreError::GivenUp)?
    }
}

impl Inner {
    /// Says whether nobody is at it: then the caller must be.
    fn add(&self, job: Box<dyn Job>) -> bool {
        let mut queue = self.queue.lock();
        queue.jobs.push_back(job);
        !std::mem::replace(&mut queue.is_served, true)
    }

    /// Does the work in one transaction.
    fn commit(&self, group: &mut [Box<dyn Job>]) -> Result<(), String> {
        let mut connection = self.pool.get().map_err(|error| error.to_string())?;
        connection
            .immediate_transaction(|connection| run_all(connection, group))
            .map_err(|error| error.to_string())
    }
}

/// The duty to do what waits, until nothing does.
struct Duty {
    inner: Arc<Inner>,
    is_over: bool,
}

impl Duty {
    /// Does what waits, in one transaction; says whether more has come since.
    fn serve_a_group(&mut self) -> bool {
        let mut group: Vec<Box<dyn Job>> = {
            let mut queue = self.inner.queue.lock();
            let count = queue.jobs.len().min(LARGEST_GROUP);
            queue.jobs.drain(..count).collect()
        };
        // With a panic the connection is lost, and with it the transaction.
        let committed = catch_unwind(AssertUnwindSafe(|| self.inner.commit(&mut group)));
        let committed = committed.unwrap_or_else(|_| Err("it panicked".into()));
        for job in group {
            let committed = committed.clone();
            // What one caller does next is not to keep the others from theirs.
            if catch_unwind(AssertUnwindSafe(|| job.finish(committed))).is_err() {
                tracing::error!("what follows a transaction panicked");
            }
        }
        let mut queue = self.inner.queue.lock();
        queue.is_served = !queue.jobs.is_empty();
        self.is_over = !queue.is_served;
        queue.is_served
    }
}

impl Drop for Duty {
    /// Where it could not be done, as when no thread is to be had, those who wait hear of it, and the next is served.
    fn drop(&mut self) {
        if !self.is_over {
            let mut queue = self.inner.queue.lock();
            queue.jobs.clear();
            queue.is_served = false;
        }
    }
}

fn run_all(connection: &mut SqliteConnection, group: &mut [Box<dyn Job>]) -> QueryResult<()> {
    if let [only] = group {
        return only.run(connection);
    }
    for job in group {
        // Each in a savepoint: one that fails takes back what it did itself.
        match connection.transaction(|connection| job.run(connection)) {
            Ok(()) | Err(RollbackTransaction) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

struct Work<W, T, F, U> {
    work: Option<W>,
    outcome: Option<Result<T, StoreError>>,
    then: F,
    reply: oneshot::Sender<Result<U, StoreError>>,
}

impl<W, T, F, U> Job for Work<W, T, F, U>
where
    W: FnOnce(&mut SqliteConnection) -> Result<T, StoreError> + Send,
    T: Send,
    F: FnOnce(T) -> U + Send,
    U: Send,
{
    fn run(&mut self, connection: &mut SqliteConnection) -> QueryResult<()> {
        let Some(work) = self.work.take() else { return Ok(()) };
        let outcome = self.outcome.insert(work(connection));
        outcome.as_ref().map(|_| ()).map_err(|_| RollbackTransaction)
    }

    fn finish(self: Box<Self>, committed: Result<(), String>) {
        let Self {
            outcome, then, reply, ..
        } = *self;
        let result = match (outcome, committed) {
            (Some(Err(error)), _) => Err(error),
            (Some(Ok(value)), Ok(())) => Ok(then(value)),
            (_, Err(reason)) => Err(StoreError::Commit(reason)),
            // A transaction that is committed has run all its work.
            (None, Ok(())) => Err(StoreError::GivenUp),
        };
        // The caller may have gone; what it asked for is done.
        let _ = reply.send(result);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    };

    use diesel::{RunQueryDsl, connection::SimpleConnection, r2d2::ConnectionManager, sql_query};
    use tokio::task::JoinHandle;

    use super::*;

    fn writer(folder: &tempfile::TempDir) -> Writer {
        let url = folder.path().join("x.db").to_str().unwrap().to_owned();
        let pool = diesel::r2d2::Pool::builder()
            .max_size(1)
            .build(ConnectionManager::<SqliteConnection>::new(url))
            .unwrap();
        pool.get()
            .unwrap()
            .batch_execute("PRAGMA journal_mode = WAL; CREATE TABLE numbers (number INTEGER UNIQUE);")
            .unwrap();
        Writer::new(pool)
    }

    fn insert(number: i32) -> impl FnOnce(&mut SqliteConnection) -> Result<i32, StoreError> + Send + 'static {
        move |connection| {
            sql_query(format!("INSERT INTO numbers VALUES ({number})")).execute(connection)?;
            Ok(number)
        }
    }

    async fn numbers(writer: &Writer) -> Vec<i32> {
        use diesel::sql_types::Integer;
        #[derive(diesel::QueryableByName)]
        struct Row {
            #[diesel(sql_type = Integer)]
            number: i32,
        }
        let all = |connection: &mut SqliteConnection| {
            Ok(sql_query("SELECT number FROM numbers ORDER BY number").load::<Row>(connection)?)
        };
        let rows = writer.write(Thread::Blocking, all, |rows| rows).await.unwrap();
        rows.into_iter().map(|row| row.number).collect()
    }

    /// Holds the connection until the sender is dropped; what is written meanwhile makes one group.
    fn hold(writer: &Writer) -> mpsc::Sender<()> {
        let (release, held) = mpsc::channel::<()>();
        let (started, has_started) = mpsc::channel();
        let writer = writer.clone();
        tokio::spawn(async move {
            let wait = move |_: &mut SqliteConnection| {
                started.send(()).ok();
                held.recv().ok();
                Ok(())
            };
            writer.write(Thread::Blocking, wait, |()| ()).await.unwrap();
        });
        block_in_place(|| has_started.recv().unwrap());
        release
    }

    fn start(
        writer: &Writer,
        work: impl FnOnce(&mut SqliteConnection) -> Result<i32, StoreError> + Send + 'static,
    ) -> JoinHandle<Result<i32, StoreError>> {
        let writer = writer.clone();
        tokio::spawn(async move { writer.write(Thread::Own, work, |number| number * 10).await })
    }

    async fn waiting(writer: &Writer, count: usize) {
        while writer.0.queue.lock().jobs.len() < count {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_waits_is_committed_together_and_each_caller_hears_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let writer = writer(&folder);
        let commits = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&commits);
        let count = move |connection: &mut SqliteConnection| {
            connection.set_instrumentation(move |event: diesel::connection::InstrumentationEvent<'_>| {
                if matches!(event, diesel::connection::InstrumentationEvent::CommitTransaction { depth, .. } if depth.get() == 1) {
                    counted.fetch_add(1, Ordering::Relaxed);
                }
            });
            Ok(())
        };
        writer.write(Thread::Blocking, count, |()| ()).await.unwrap();
        let held = hold(&writer);
        let before = commits.load(Ordering::Relaxed);
        let callers: Vec<_> = (0..10).map(|number| start(&writer, insert(number))).collect();
        waiting(&writer, 10).await;
        drop(held);
        for (number, caller) in callers.into_iter().enumerate() {
            assert_eq!(caller.await.unwrap().unwrap(), number as i32 * 10);
        }
        assert_eq!(numbers(&writer).await, (0..10).collect::<Vec<_>>());
        let together = commits.load(Ordering::Relaxed) - before;
        assert!(
            together <= 3,
            "that of the holder, theirs, and the one that counts them: {together}"
        );
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_fails_is_undone_alone() {
        let folder = tempfile::tempdir().unwrap();
        let writer = writer(&folder);
        let held = hold(&writer);
        let good = start(&writer, insert(1));
        waiting(&writer, 1).await;
        let bad = start(&writer, |connection| {
            insert(2)(connection)?;
            // Twice the same.
            insert(1)(connection)
        });
        waiting(&writer, 2).await;
        let also_good = start(&writer, insert(3));
        waiting(&writer, 3).await;
        drop(held);
        assert_eq!(good.await.unwrap().unwrap(), 10);
        assert!(matches!(bad.await.unwrap(), Err(StoreError::Query(_))));
        assert_eq!(also_good.await.unwrap().unwrap(), 30);
        assert_eq!(numbers(&writer).await, [1, 3]);
        // The same where it is alone.
        let alone = writer.write(Thread::Own, insert(3), |number| number).await;
        assert!(matches!(alone, Err(StoreError::Query(_))));
        assert_eq!(numbers(&writer).await, [1, 3]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_panic_ends_its_transaction_and_not_the_writer() {
        let folder = tempfile::tempdir().unwrap();
        let writer = writer(&folder);
        let panicking = |connection: &mut SqliteConnection| {
            insert(1)(connection)?;
            if connection.batch_execute("SELECT 1").is_ok() {
                panic!("on purpose");
            }
            Ok(())
        };
        let outcome = writer.write(Thread::Own, panicking, |()| ()).await;
        assert!(matches!(outcome, Err(StoreError::Commit(_))));
        assert_eq!(numbers(&writer).await, [0; 0]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_caller_who_goes_away_leaves_nothing_half_done() {
        let folder = tempfile::tempdir().unwrap();
        let writer = writer(&folder);
        let held = hold(&writer);
        let (told, hears) = oneshot::channel();
        let caller = tokio::spawn({
            let writer = writer.clone();
            async move {
                writer
                    .write(Thread::Own, insert(1), |number| told.send(number).ok())
                    .await
            }
        });
        waiting(&writer, 1).await;
        caller.abort();
        drop(held);
        assert_eq!(hears.await, Ok(1));
        assert_eq!(numbers(&writer).await, [1]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn where_no_thread_is_to_be_had_the_callers_hear_of_it_and_the_next_is_served() {
        let folder = tempfile::tempdir().unwrap();
        let writer = writer(&folder);
        let duty = Duty {
            inner: Arc::clone(&writer.0),
            is_over: false,
        };
        writer.0.queue.lock().is_served = true;
        let caller = start(&writer, insert(1));
        waiting(&writer, 1).await;
        drop(duty);
        assert!(matches!(caller.await.unwrap(), Err(StoreError::GivenUp)));
        assert_eq!(numbers(&writer).await, [0; 0]);
    }
}
