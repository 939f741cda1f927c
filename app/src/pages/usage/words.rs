//! How figures are put: `~` before estimates, and `+ ?` after a cost that is not all that it was.

use protocol::usage::{UsageRange, UsageSums};

use crate::figures;

/// What a range is called.
pub(super) fn range(range: UsageRange) -> &'static str {
    match range {
        UsageRange::Week => "7 days",
        UsageRange::Month => "30 days",
        UsageRange::Quarter => "90 days",
        UsageRange::All => "All time",
    }
}

/// `~1,234`.
pub(super) fn tokens(tokens: u64, sums: &UsageSums) -> String {
    mark(sums).to_owned() + &figures::thousands(tokens)
}

/// `~$0.12`, `$0.12 + ?`, `unknown`.
pub(super) fn cost(sums: &UsageSums) -> String {
    let more = if (1..sums.answers).contains(&sums.unpriced) {
        " + ?"
    } else {
        ""
    };
    known_cost(sums) + more
}

/// The same where it is said elsewhere that there is more.
pub(super) fn known_cost(sums: &UsageSums) -> String {
    if sums.unpriced > 0 && sums.unpriced == sums.answers {
        return "unknown".into();
    }
    mark(sums).to_owned() + &figures::money_of_micros(sums.cost_micros)
}

/// `1 answer`, `3 answers`.
pub(super) fn answers(count: u64) -> String {
    counted(count, "answer")
}

/// `1 thing`, `3 things`.
pub(super) fn counted(count: u64, thing: &str) -> String {
    let end = if count == 1 { "" } else { "s" };
    figures::thousands(count) + " " + thing + end
}

fn mark(sums: &UsageSums) -> &'static str {
    if sums.estimated > 0 { "~" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_estimated_or_not_all_is_said() {
        let sums = |answers, unpriced, estimated| UsageSums {
            answers,
            cost_micros: 120_000,
            unpriced,
            estimated,
            ..UsageSums::default()
        };
        assert_eq!(cost(&sums(3, 0, 0)), "$0.12");
        assert_eq!(cost(&sums(3, 0, 1)), "~$0.12");
        assert_eq!(cost(&sums(3, 1, 1)), "~$0.12 + ?");
        assert_eq!(cost(&sums(3, 3, 1)), "unknown");
        assert_eq!(cost(&UsageSums::default()), "$0.00");
        assert_eq!(tokens(1_234, &sums(3, 0, 1)), "~1,234");
        assert_eq!(
            [answers(1), answers(0), answers(1_200)],
            ["1 answer", "0 answers", "1,200 answers"]
        );
    }
}
