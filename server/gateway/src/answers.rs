//! The answers being written, and those kept for late readers.
//!
//! Each answer is one task, owned here: it runs whether or not anyone reads, ends when cancelled, and afterwards keeps
//! its answer on the shelf for a while. Readers hold a cursor into the answer's log and nothing else.

pub(crate) mod answer;
pub(crate) mod ledger;
pub(crate) mod log;
mod shelf;
pub(crate) mod writer;

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use protocol::{
    gateway::{GatewayChatRequest, GatewayStatus},
    session::TurnStatus,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use crate::error::Refusal;
use answer::Answer;
use shelf::Shelf;
use writer::Writer;

/// How long a finished answer is kept for late readers, and its idempotency key with it.
const KEEP: Duration = Duration::from_secs(300);
/// How many answers are written at once at most.
const MAX_RUNNING: usize = 1_000;

/// How an answer ended, as its author tells it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    /// It is whole.
    Complete {
        /// One line for the reader on how it ended, where there is something to say.
        note: Option<String>,
    },
    /// It could not be finished, and why.
    Failed {
        /// One plain sentence or two.
        reason: String,
    },
}

impl Outcome {
    pub(crate) fn failed(reason: String) -> Self {
        Self::Failed { reason }
    }
}

/// All answers.
#[derive(Default)]
pub(crate) struct Answers {
    shelf: Mutex<Shelf>,
    tasks: TaskTracker,
    closing: CancellationToken,
}

impl Answers {
    /// Is cancelled when the Gateway shuts down.
    pub(crate) fn closing(&self) -> CancellationToken {
        self.closing.clone()
    }

    /// The answer that this idempotency key has started already.
    pub(crate) fn started_by(&self, key: &str) -> Option<Arc<Answer>> {
        self.shelf.lock().by_key.get(key).cloned()
    }

    /// Starts an answer, or gives the one this key has started already. `write` writes it to its end.
    pub(crate) fn start<F>(
        self: &Arc<Self>,
        request: &GatewayChatRequest,
        write: impl FnOnce(Writer) -> F,
    ) -> Result<Arc<Answer>, Refusal>
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let mut shelf = self.shelf.lock();
        if let Some(answer) = shelf.by_key.get(&request.idempotency_key) {
            return Ok(Arc::clone(answer));
        }
        if self.closing.is_cancelled() {
            return Err(Refusal::ShuttingDown);
        }
        if shelf
            .by_session
            .get(&request.session_id)
            .is_some_and(|a| !a.log.has_ended())
        {
            return Err(Refusal::TurnInProgress);
        }
        if shelf.running >= MAX_RUNNING {
            return Err(Refusal::Busy);
        }
        let answer = Arc::new(Answer::new(request, self.closing.child_token()));
        shelf.put(&answer);
        let written = write(Writer::new(Arc::clone(&answer)));
        self.tasks.spawn(Arc::clone(self).own(Arc::clone(&answer), written));
        Ok(answer)
    }

    /// The task of one answer, from its first event until it leaves the shelf.
    async fn own(self: Arc<Self>, answer: Arc<Answer>, written: impl Future<Output = Outcome>) {
        {
            let running = Running {
                answers: &self,
                writer: Writer::new(Arc::clone(&answer)),
            };
            tokio::select! {
                biased;
                () = answer.cancelled() => {
                    let by_shutdown = self.closing.is_cancelled();
                    running.writer.finish(if by_shutdown { TurnStatus::Interrupted } else { TurnStatus::Cancelled });
                }
                outcome = written => running.writer.conclude(outcome),
            }
        }
        // Only the shelf keeps it from here on, so that being pushed off the shelf frees it.
        let kept = Arc::downgrade(&answer);
        drop(answer);
        tokio::select! {
            () = self.closing.cancelled() => {}
            () = tokio::time::sleep(KEEP) => if let Some(answer) = kept.upgrade() {
                self.shelf.lock().remove(&answer);
            }
        }
    }

    /// The current answer of a session.
    pub(crate) fn of_session(&self, session_id: Uuid) -> Result<Arc<Answer>, Refusal> {
        let shelf = self.shelf.lock();
        shelf
            .by_session
            .get(&session_id)
            .cloned()
            .ok_or(Refusal::UnknownSession)
    }

    /// Stops the running answer of a session, and returns when it has stopped.
    pub(crate) async fn cancel(&self, session_id: Uuid) -> Result<GatewayStatus, Refusal> {
        let answer = self.of_session(session_id)?;
        if !answer.cancel() {
            return Err(Refusal::NothingRuns);
        }
        answer.log.end().await;
        Ok(GatewayStatus {
            status: "cancelled".into(),
        })
    }

    /// Interrupts every running answer, and returns when every task has stopped.
    pub(crate) async fn shutdown(&self) {
        self.closing.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// An answer being written. However its task comes out of it, by a panic too, the log is ended and the place is freed:
/// no reader waits for ever.
struct Running<'a> {
    answers: &'a Answers,
    writer: Writer,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let answer = self.writer.answer();
        if !answer.log.has_ended() {
            let reason = "The Gateway failed while writing this answer.".into();
            self.writer.conclude(Outcome::Failed { reason });
        }
        self.answers.shelf.lock().retire(answer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(session: u128, key: &str) -> GatewayChatRequest {
        GatewayChatRequest {
            session_id: Uuid::from_u128(session),
            message_id: Uuid::new_v4(),
            message: "hello".into(),
            messages: Vec::new(),
            agent_id: "a".into(),
            parent_role: None,
            model: None,
            idempotency_key: key.into(),
            decision: None,
        }
    }

    const WHOLE: Outcome = Outcome::Complete { note: None };

    async fn finished(answers: &Arc<Answers>, request: &GatewayChatRequest) {
        let answer = answers.start(request, |_| async { WHOLE }).unwrap();
        answer.log.end().await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_finished_answer_is_kept_for_a_while_and_then_dropped() {
        let answers = Arc::new(Answers::default());
        finished(&answers, &request(1, "k")).await;
        tokio::time::sleep(KEEP - Duration::from_secs(1)).await;
        assert!(answers.started_by("k").is_some() && answers.of_session(Uuid::from_u128(1)).is_ok());
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert!(answers.started_by("k").is_none());
        assert_eq!(
            answers.of_session(Uuid::from_u128(1)).err(),
            Some(Refusal::UnknownSession)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_than_so_many_are_kept_and_the_oldest_go_first() {
        let answers = Arc::new(Answers::default());
        for n in 0..=shelf::MAX_KEPT as u128 {
            finished(&answers, &request(n, &n.to_string())).await;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(answers.started_by("0").is_none());
        assert!(answers.started_by("1").is_some());
        assert_eq!(answers.shelf.lock().finished.len(), shelf::MAX_KEPT);
        assert_eq!(answers.shelf.lock().running, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn dropping_an_old_answer_leaves_the_sessions_new_one() {
        let answers = Arc::new(Answers::default());
        finished(&answers, &request(1, "old")).await;
        tokio::time::sleep(KEEP / 2).await;
        finished(&answers, &request(1, "new")).await;
        tokio::time::sleep(KEEP / 2 + Duration::from_secs(1)).await;
        assert!(answers.started_by("old").is_none());
        assert_eq!(answers.of_session(Uuid::from_u128(1)).unwrap().key, "new");
    }

    #[tokio::test]
    async fn of_two_starts_with_one_key_the_second_starts_nothing() {
        let answers = Arc::new(Answers::default());
        let first = answers.start(&request(1, "k"), |_| std::future::pending()).unwrap();
        let second = answers.start(&request(1, "k"), |_| async { panic!("must not be asked") });
        assert!(Arc::ptr_eq(&first, &second.unwrap()));
        assert_eq!(answers.shelf.lock().running, 1);
    }

    #[tokio::test]
    async fn a_cursor_into_one_answer_means_nothing_in_another_to_the_same_message() {
        let answers = Arc::new(Answers::default());
        let first = request(1, "first");
        finished(&answers, &first).await;
        let old = answers.of_session(first.session_id).unwrap();
        let text = String::from_utf8(old.log.read(0).bytes.to_vec()).unwrap();
        let id = text.lines().find_map(|line| line.strip_prefix("id: ")).unwrap();
        assert_eq!(old.log.cursor(Some(id)), 1);
        let again = GatewayChatRequest {
            idempotency_key: "again".into(),
            ..first
        };
        finished(&answers, &again).await;
        let new = answers.of_session(again.session_id).unwrap();
        assert_eq!(new.log.cursor(Some(id)), 0);
    }

    #[tokio::test]
    async fn of_two_who_cancel_one_is_told_that_nothing_runs() {
        let answers = Arc::new(Answers::default());
        let request = request(1, "k");
        answers.start(&request, |_| std::future::pending()).unwrap();
        let cancel = || answers.cancel(request.session_id);
        let (first, second) = tokio::join!(cancel(), cancel());
        assert!(first.is_ok());
        assert_eq!(second, Err(Refusal::NothingRuns));
    }

    #[tokio::test]
    async fn an_author_that_panics_leaves_no_reader_waiting() {
        let answers = Arc::new(Answers::default());
        let answer = answers
            .start(&request(1, "k"), |_| async { panic!("on purpose") })
            .unwrap();
        answer.log.end().await;
        let text = String::from_utf8(answer.log.read(0).bytes.to_vec()).unwrap();
        assert!(text.contains(r#"{"type":"done","status":"error"}"#), "{text}");
        assert_eq!(answers.shelf.lock().running, 0);
    }

    #[tokio::test]
    async fn shutdown_interrupts_what_runs_and_refuses_what_comes() {
        let answers = Arc::new(Answers::default());
        let answer = answers.start(&request(1, "k"), |_| std::future::pending()).unwrap();
        answers.shutdown().await;
        let text = String::from_utf8(answer.log.read(0).bytes.to_vec()).unwrap();
        assert!(text.contains(r#"{"type":"done","status":"interrupted"}"#), "{text}");
        let refused = answers.start(&request(2, "l"), |_| std::future::pending());
        assert_eq!(refused.err(), Some(Refusal::ShuttingDown));
    }
}
