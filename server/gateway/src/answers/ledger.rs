//! What an answer has taken so far: by task, and together. Whole tokens and whole micro-dollars, so that sums are exact.

use std::collections::HashMap;

use parking_lot::Mutex;
use protocol::session::Usage;

/// Tokens and cost of one or more requests to models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spent {
    /// Tokens, as reported.
    pub(crate) usage: Usage,
    /// Micro-dollars; `None`: a price is not known.
    pub(crate) micro_usd: Option<u64>,
}

impl Spent {
    /// The cost in US dollars.
    pub(crate) fn cost_usd(&self) -> Option<f64> {
        self.micro_usd.map(dollars)
    }

    fn plus(self, other: Self) -> Self {
        Self {
            usage: Usage {
                prompt_tokens: self.usage.prompt_tokens.saturating_add(other.usage.prompt_tokens),
                completion_tokens: self
                    .usage
                    .completion_tokens
                    .saturating_add(other.usage.completion_tokens),
                total_tokens: self.usage.total_tokens.saturating_add(other.usage.total_tokens),
                estimated: self.usage.estimated || other.usage.estimated,
            },
            // A part whose price is not known makes the whole unknown: a sum that leaves it out would be a false one.
            micro_usd: (self.micro_usd.zip(other.micro_usd)).map(|(a, b)| a.saturating_add(b)),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "no answer costs 2^53 micro-dollars")]
fn dollars(micro_usd: u64) -> f64 {
    micro_usd as f64 / 1e6
}

/// The accounts of one answer.
#[derive(Default)]
pub(crate) struct Ledger {
    accounts: Mutex<Accounts>,
}

#[derive(Default)]
struct Accounts {
    by_task: HashMap<String, Spent>,
    /// Requests begun of which no usage has been reported: running, broken off, or the provider keeps no count.
    unreported: usize,
}

impl Ledger {
    /// A model is being asked. What it takes is not known until [`Self::charge`].
    pub(crate) fn begin(&self) {
        self.accounts.lock().unreported += 1;
    }

    /// The model reported what a request took.
    pub(crate) fn charge(&self, task_id: &str, spent: Spent) {
        let mut accounts = self.accounts.lock();
        accounts.unreported = accounts.unreported.saturating_sub(1);
        let account = accounts.by_task.entry(task_id.to_owned());
        account
            .and_modify(|so_far| *so_far = so_far.plus(spent))
            .or_insert(spent);
    }

    /// A request was refused before its first word: it took nothing.
    pub(crate) fn forget(&self) {
        let mut accounts = self.accounts.lock();
        accounts.unreported = accounts.unreported.saturating_sub(1);
    }

    /// What one task took itself; `None`: nothing was reported.
    pub(crate) fn of_task(&self, task_id: &str) -> Option<Spent> {
        self.accounts.lock().by_task.get(task_id).copied()
    }

    /// What all took together; `None`: nothing was reported. Marked as an estimate where some request reported nothing.
    pub(crate) fn total(&self) -> Option<Spent> {
        let accounts = self.accounts.lock();
        let mut total = accounts.by_task.values().copied().reduce(Spent::plus)?;
        total.usage.estimated |= accounts.unreported > 0;
        Some(total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spent(prompt: u64, completion: u64, micro_usd: Option<u64>) -> Spent {
        Spent {
            usage: Usage::exact(prompt, completion),
            micro_usd,
        }
    }

    #[test]
    fn the_total_is_the_sum_of_the_tasks() {
        let ledger = Ledger::default();
        assert_eq!(ledger.total(), None);
        for (task, spent) in [
            ("a", spent(10, 1, Some(7))),
            ("b", spent(20, 2, Some(1))),
            ("a", spent(30, 3, Some(5))),
        ] {
            ledger.begin();
            ledger.charge(task, spent);
        }
        assert_eq!(ledger.of_task("a"), Some(spent(40, 4, Some(12))));
        assert_eq!(ledger.of_task("c"), None);
        let total = ledger.total().unwrap();
        assert_eq!(total, spent(60, 6, Some(13)));
        assert_eq!(total.cost_usd(), Some(0.000_013));
    }

    #[test]
    fn what_is_not_known_is_not_left_out_silently() {
        let ledger = Ledger::default();
        ledger.begin();
        ledger.charge("a", spent(1, 1, Some(5)));
        ledger.begin();
        assert!(
            ledger.total().unwrap().usage.estimated,
            "a request that reported nothing"
        );
        ledger.charge("b", spent(1, 1, None));
        let total = ledger.total().unwrap();
        assert!(!total.usage.estimated);
        assert_eq!(total.cost_usd(), None, "a price that is not known");
    }
}
