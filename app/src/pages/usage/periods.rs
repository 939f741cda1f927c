//! Which days a bar of the chart stands for: one, where there is room for all; else those of a week, or of a month.

use protocol::{
    day::Day,
    usage::{UsageOfDay, UsageSums},
};

use crate::calendar;

/// The most bars that can be told apart on a phone.
const MOST_DAYS: usize = 92;
/// Two years of weeks.
const MOST_WEEKS: usize = 106;
/// A bar alone says nothing: so many are shown, the first of them empty.
const FEWEST: usize = 7;

/// A bar, and a line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Period {
    /// Under the bar.
    pub(super) brief: String,
    /// In the table.
    pub(super) name: String,
    /// What its days add up to.
    pub(super) sums: UsageSums,
}

/// What a bar stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Day,
    Week,
    Month,
}

impl Step {
    fn fitting(days: usize) -> Self {
        match days {
            0..=MOST_DAYS => Self::Day,
            _ if days <= 7 * MOST_WEEKS => Self::Week,
            _ => Self::Month,
        }
    }

    /// `day`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// Tells apart days of different periods. Weeks begin on Monday.
    fn key(self, day: Day) -> i64 {
        match self {
            Self::Day => day.0,
            // The epoch was a Thursday.
            Self::Week => (day.0.saturating_add(3)).div_euclid(7),
            Self::Month => {
                let date = day.date();
                i64::from(date.year()) * 12 + i64::from(u8::from(date.month()))
            }
        }
    }

    fn period(self, first: Day) -> Period {
        let date = first.date();
        let (brief, name) = match self {
            Self::Day => (calendar::short_date(date), calendar::full_date(date)),
            Self::Week => (
                calendar::short_month(date),
                "Week from ".to_owned() + &calendar::date_and_year(date),
            ),
            Self::Month => (calendar::short_month(date), calendar::month_and_year(date)),
        };
        Period {
            brief,
            name,
            sums: UsageSums::default(),
        }
    }
}

/// The bars, the oldest first.
pub(super) fn periods(days: &[UsageOfDay]) -> (Step, Vec<Period>) {
    let step = Step::fitting(days.len());
    let first = days.first().map_or(0, |day| day.day.0);
    let missing = FEWEST.saturating_sub(days.len()) as i64;
    let mut periods: Vec<Period> = (1..=missing)
        .rev()
        .map(|before| step.period(Day(first.saturating_sub(before))))
        .collect();
    let mut last = None;
    for UsageOfDay { day, sums } in days {
        let key = step.key(*day);
        if last != Some(key) {
            periods.push(step.period(*day));
            last = Some(key);
        }
        if let Some(period) = periods.last_mut() {
            period.sums += *sums;
        }
    }
    (step, periods)
}

/// The bars that have their name under them: four at most, evenly apart, the last among them. On a phone there is room for
/// no more.
pub(super) fn named(count: usize) -> impl Iterator<Item = usize> {
    let apart = count.saturating_sub(1).div_ceil(3).max(1);
    (0..count).rev().step_by(apart)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(first: i64, count: i64) -> Vec<UsageOfDay> {
        let day = |number| UsageOfDay {
            day: Day(number),
            sums: UsageSums {
                answers: 1,
                ..UsageSums::default()
            },
        };
        (first..first + count).map(day).collect()
    }

    #[test]
    fn a_longer_time_has_longer_periods_and_nothing_is_lost() {
        // 1 January 2025, a Wednesday.
        for (count, step, bars) in [
            (1, Step::Day, 7),
            (7, Step::Day, 7),
            (90, Step::Day, 90),
            (93, Step::Week, 14),
            (730, Step::Week, 105),
            (3_653, Step::Month, 121),
        ] {
            let (found, periods) = periods(&days(20_089, count));
            assert_eq!((found, periods.len()), (step, bars), "{count} days");
            let answers: u64 = periods.iter().map(|period| period.sums.answers).sum();
            assert_eq!(answers, count as u64);
        }
        let (_, weeks) = periods(&days(20_089, 93));
        let first: Vec<_> = weeks
            .iter()
            .take(2)
            .map(|week| (&*week.name, week.sums.answers))
            .collect();
        assert_eq!(
            first,
            [("Week from 1 January 2025", 5), ("Week from 6 January 2025", 7)]
        );
        let (_, one) = periods(&days(20_089, 1));
        assert_eq!(one[6].name, "Wednesday, 1 January 2025");
        assert_eq!((&*one[0].brief, one[0].sums.answers), ("26 Dec", 0));
        assert_eq!(periods(&days(i64::MIN, 1)).1.len(), 7, "a clock that was very wrong");
    }

    #[test]
    fn few_bars_are_named_and_the_last_is_one_of_them() {
        let named = |count| named(count).collect::<Vec<_>>();
        assert_eq!(named(7), [6, 4, 2, 0]);
        assert_eq!(named(30), [29, 19, 9]);
        assert_eq!(named(4), [3, 2, 1, 0]);
        assert!((1..200).all(|count| named(count).len() <= 4));
    }
}
