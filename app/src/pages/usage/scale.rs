//! What the chart measures, and the round numbers at its lines.

use protocol::usage::UsageSums;

use super::words;
use crate::figures;

/// What the bars stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    /// Money.
    Cost,
    /// Tokens, read and written.
    Tokens,
}

impl Measure {
    pub(super) const ALL: [Self; 2] = [Self::Cost, Self::Tokens];

    /// What there is of to show.
    pub(super) fn of(sums: UsageSums) -> Self {
        if sums.cost_micros > 0 { Self::Cost } else { Self::Tokens }
    }

    /// Its name in the address.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Cost => "cost",
            Self::Tokens => "tokens",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|measure| measure.name() == name)
    }

    /// Its name on the page.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Cost => "Cost",
            Self::Tokens => "Tokens",
        }
    }

    /// How long a bar is.
    pub(super) fn value(self, sums: &UsageSums) -> u64 {
        match self {
            Self::Cost => sums.cost_micros,
            Self::Tokens => sums.total_tokens,
        }
    }

    /// How it reads.
    pub(super) fn words(self, sums: &UsageSums) -> String {
        match self {
            Self::Cost => words::cost(sums),
            Self::Tokens => words::tokens(sums.total_tokens, sums) + " tokens",
        }
    }

    /// How a value reads beside a line.
    fn at_line(self, value: u64) -> String {
        match self {
            Self::Cost => figures::money_of_micros(value),
            Self::Tokens => figures::short(value),
        }
    }

    /// Below it two lines would read the same.
    fn smallest_step(self) -> u64 {
        match self {
            Self::Cost => 100,
            Self::Tokens => 1,
        }
    }
}

/// The lines across a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scale {
    /// The value at its upper edge.
    pub(super) top: u64,
    /// The values at its lines with how they read, the lowest first; there is none at zero.
    pub(super) lines: Vec<(u64, String)>,
}

impl Scale {
    /// Two to four lines, the last at or above the highest value.
    pub(super) fn new(measure: Measure, highest: u64) -> Self {
        let step = round(highest.div_ceil(4)).max(measure.smallest_step());
        let count = highest.div_ceil(step).max(1);
        let lines: Vec<_> = (1..=count)
            .map(|number| step.saturating_mul(number))
            .map(|value| (value, measure.at_line(value)))
            .collect();
        Self {
            top: lines.last().map_or(step, |(value, _)| *value),
            lines,
        }
    }
}

/// The next of 1, 2, 5, 10, 20, 50, … at or above it.
fn round(value: u64) -> u64 {
    let mut unit: u64 = 1;
    loop {
        for step in [1, 2, 5] {
            let step = unit.saturating_mul(step);
            if step >= value {
                return step;
            }
        }
        unit = unit.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stand_at_round_numbers_and_reach_the_highest_bar() {
        let lines = |measure, highest| {
            let Scale { top, lines } = Scale::new(measure, highest);
            assert!(top >= highest && lines.len() <= 4, "{top}");
            lines.into_iter().map(|(_, words)| words).collect::<Vec<_>>()
        };
        assert_eq!(lines(Measure::Cost, 120_000), ["$0.05", "$0.10", "$0.15"]);
        assert_eq!(lines(Measure::Cost, 3_000_000), ["$1.00", "$2.00", "$3.00"]);
        assert_eq!(lines(Measure::Cost, 0), ["$0.0001"], "all of it was free");
        assert_eq!(lines(Measure::Cost, 150), ["$0.0001", "$0.0002"]);
        assert_eq!(lines(Measure::Tokens, 71_000), ["20k", "40k", "60k", "80k"]);
        assert_eq!(lines(Measure::Tokens, 3), ["1", "2", "3"]);
        for highest in [1, 9, 11, 99, 101, 4_999, 123_456_789, u64::MAX] {
            lines(Measure::Tokens, highest);
        }
    }

    #[test]
    fn a_measure_is_called_the_same_in_the_address() {
        for measure in Measure::ALL {
            assert_eq!(Measure::named(measure.name()), Some(measure));
        }
        assert_eq!(Measure::named(""), None);
        assert_eq!(Measure::of(UsageSums::default()), Measure::Tokens);
    }
}
