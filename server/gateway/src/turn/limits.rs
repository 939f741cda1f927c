//! What one turn may take at most, and what it has taken.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{sync::Semaphore, time::Instant};

use crate::answers::ledger::Ledger;

/// What one turn may take at most. A limit reached is told to the agent that reached it and to the person; what has
/// been done until then stays, and the agent asked answers with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Levels of the tree, the agent that was asked included.
    pub depth: usize,
    /// Tasks that one agent delegates.
    pub children: usize,
    /// Tasks of the whole turn, the agent that was asked included.
    pub nodes: usize,
    /// Models asked at once. An agent that waits for those below it does not count.
    pub at_once: usize,
    /// Tokens of the whole turn, read and written.
    pub tokens: u64,
    /// Cost of the whole turn in US dollars, as far as prices are known.
    pub cost_usd: f64,
    /// Time of the whole turn; waiting for a person does not count.
    pub duration: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 4,
            children: 10,
            nodes: 50,
            at_once: 8,
            tokens: 2_000_000,
            cost_usd: 5.0,
            duration: Duration::from_secs(30 * 60),
        }
    }
}

/// What is left of the limits.
pub(super) struct Allowance {
    limits: Limits,
    nodes: AtomicUsize,
    deadline: Mutex<Instant>,
    pub(super) asking: Semaphore,
    /// The first limit that was reached.
    reached: Mutex<Option<String>>,
}

impl Allowance {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            nodes: AtomicUsize::new(1),
            deadline: Mutex::new(Instant::now() + limits.duration),
            asking: Semaphore::new(limits.at_once.max(1)),
            reached: Mutex::default(),
            limits,
        }
    }

    /// Whether an agent on `level` may have others below it.
    pub(super) fn may_go_below(&self, level: usize) -> bool {
        level < self.limits.depth
    }

    /// Takes the place of one more task, the `siblings + 1`th of its parent; the error says which limit forbids it.
    pub(super) fn take_node(&self, siblings: usize, ledger: &Ledger) -> Result<(), String> {
        self.check(ledger)?;
        if siblings >= self.limits.children {
            return Err(self.reach(format!("one agent delegates {} at most", counted(self.limits.children))));
        }
        let taken = self.nodes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |nodes| {
            (nodes < self.limits.nodes).then_some(nodes + 1)
        });
        taken
            .map(|_| ())
            .map_err(|_| self.reach(format!("a turn has {} at most", counted(self.limits.nodes))))
    }

    /// Whether tokens, money and time are left; the error says which are not.
    pub(super) fn check(&self, ledger: &Ledger) -> Result<(), String> {
        if let Some(spent) = ledger.total() {
            if spent.usage.total_tokens >= self.limits.tokens {
                return Err(self.reach(format!("a turn takes {} tokens at most", self.limits.tokens)));
            }
            if spent.cost_usd().is_some_and(|cost| cost >= self.limits.cost_usd) {
                return Err(self.reach(format!("a turn costs ${:.2} at most", self.limits.cost_usd)));
            }
        }
        if Instant::now() >= self.deadline() {
            return Err(self.out_of_time());
        }
        Ok(())
    }

    pub(super) fn deadline(&self) -> Instant {
        *self.deadline.lock()
    }

    pub(super) fn out_of_time(&self) -> String {
        let minutes = self.limits.duration.as_millis().div_ceil(60_000);
        let unit = if minutes == 1 { "minute" } else { "minutes" };
        self.reach(format!("a turn takes {minutes} {unit} at most"))
    }

    /// Gives back the time that a person took to decide.
    pub(super) fn give_back(&self, time: Duration) {
        *self.deadline.lock() += time;
    }

    /// Whether anything was delegated.
    pub(super) fn was_divided(&self) -> bool {
        self.nodes.load(Ordering::Relaxed) > 1
    }

    /// The first limit that was reached.
    pub(super) fn reached(&self) -> Option<String> {
        self.reached.lock().clone()
    }

    fn reach(&self, limit: String) -> String {
        let said = format!("Limit reached: {limit}.");
        self.reached.lock().get_or_insert(said.clone());
        said
    }
}

fn counted(tasks: usize) -> String {
    let unit = if tasks == 1 { "task" } else { "tasks" };
    format!("{tasks} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answers::ledger::Spent;
    use protocol::session::Usage;

    fn allowance(change: impl FnOnce(&mut Limits)) -> Allowance {
        let mut limits = Limits::default();
        change(&mut limits);
        Allowance::new(limits)
    }

    #[tokio::test]
    async fn each_limit_is_reached_at_its_figure_and_says_so() {
        let ledger = Ledger::default();
        let allowance_of_nodes = allowance(|l| l.nodes = 2);
        assert_eq!(allowance_of_nodes.take_node(0, &ledger), Ok(()));
        let refused = allowance_of_nodes.take_node(0, &ledger);
        assert_eq!(refused, Err("Limit reached: a turn has 2 tasks at most.".into()));
        assert_eq!(allowance_of_nodes.reached(), refused.err());

        let refused = allowance(|l| l.children = 3).take_node(3, &ledger);
        assert_eq!(
            refused,
            Err("Limit reached: one agent delegates 3 tasks at most.".into())
        );
        assert!(allowance(|l| l.depth = 4).may_go_below(3) && !allowance(|l| l.depth = 4).may_go_below(4));

        ledger.charge(
            "a",
            Spent {
                usage: Usage::exact(60, 40),
                micro_usd: Some(250_000),
            },
        );
        assert_eq!(allowance(|l| l.tokens = 101).check(&ledger), Ok(()));
        let refused = allowance(|l| l.tokens = 100).check(&ledger);
        assert_eq!(refused, Err("Limit reached: a turn takes 100 tokens at most.".into()));
        let refused = allowance(|l| l.cost_usd = 0.25).check(&ledger);
        assert_eq!(refused, Err("Limit reached: a turn costs $0.25 at most.".into()));
    }

    #[tokio::test(start_paused = true)]
    async fn time_that_a_person_takes_does_not_count() {
        let ledger = Ledger::default();
        let allowance = allowance(|l| l.duration = Duration::from_secs(60));
        tokio::time::advance(Duration::from_secs(600)).await;
        allowance.give_back(Duration::from_secs(590));
        assert_eq!(allowance.check(&ledger), Ok(()));
        tokio::time::advance(Duration::from_secs(50)).await;
        let refused = allowance.check(&ledger);
        assert_eq!(refused, Err("Limit reached: a turn takes 1 minute at most.".into()));
    }
}
