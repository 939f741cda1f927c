//! Where everything of the chart is, in percentages.

use protocol::usage::UsageSums;

use super::{
    super::{
        periods::{Period, named},
        scale::{Measure, Scale},
    },
    says,
};
use crate::figures::{self, percentage};

/// The chart of some periods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Drawing {
    /// What one sees at a glance, for those who do not.
    pub(super) description: String,
    /// How far each line across is from the top, and the words beside it.
    pub(super) lines: Vec<(String, String)>,
    /// One for each period.
    pub(super) bars: Vec<Bar>,
    /// Of some periods, under them.
    pub(super) names: Vec<Name>,
}

/// A bar, and what it tells where it is pointed at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bar {
    pub(super) x: String,
    pub(super) width: String,
    pub(super) y: String,
    pub(super) height: String,
    pub(super) says: String,
}

/// A name under a bar, and which part of it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) x: String,
    pub(super) anchor: &'static str,
    pub(super) brief: String,
}

impl Drawing {
    pub(super) fn new(periods: &[Period], measure: Measure) -> Self {
        let highest = periods.iter().max_by_key(|period| measure.value(&period.sums));
        let scale = Scale::new(measure, highest.map_or(0, |highest| measure.value(&highest.sums)));
        let count = periods.len() as u64;
        let top = scale.top;
        let bar = |(at, period): (usize, &Period)| bar(at as u64, count, period, measure, top);
        let name = |at: usize| Some(name(at as u64, count, periods.get(at)?));
        let lines = scale.lines.into_iter();
        Self {
            description: describe(periods, measure, highest),
            lines: lines.map(|(value, words)| (from_top(value, top), words)).collect(),
            bars: periods.iter().enumerate().map(bar).collect(),
            names: named(periods.len()).filter_map(name).collect(),
        }
    }
}

fn from_top(value: u64, top: u64) -> String {
    percentage(top - value.min(top), top)
}

fn bar(at: u64, count: u64, period: &Period, measure: Measure, top: u64) -> Bar {
    // Wide bars look like walls.
    let share_of_slot: u64 = match count {
        0..=7 => 40,
        8..=40 => 62,
        _ => 76,
    };
    let value = measure.value(&period.sums);
    // What is little is seen to be more than nothing.
    let (y, height) = if value > 0 && value < top / 150 {
        ("99.3%".to_owned(), "1".to_owned())
    } else {
        (from_top(value, top), percentage(value, top))
    };
    Bar {
        x: percentage(200 * at + 100 - share_of_slot, 200 * count),
        width: percentage(2 * share_of_slot, 200 * count),
        y,
        height,
        says: period.name.clone() + ": " + &says(period, measure),
    }
}

fn name(at: u64, count: u64, period: &Period) -> Name {
    let middle = 2 * at + 1;
    let (anchor, x) = match figures::permille(middle, 2 * count) {
        0..60 => ("start", "0%".to_owned()),
        60..940 => ("middle", percentage(middle, 2 * count)),
        _ => ("end", "100%".to_owned()),
    };
    Name {
        x,
        anchor,
        brief: period.brief.clone(),
    }
}

fn describe(periods: &[Period], measure: Measure, highest: Option<&Period>) -> String {
    let mut text = String::new();
    if let (Some(first), Some(last)) = (periods.first(), periods.last()) {
        let totals: UsageSums = periods.iter().map(|period| period.sums).sum();
        text = first.name.clone() + " to " + &last.name + ". In all " + &measure.words(&totals) + ".";
    }
    if let Some(highest) = highest.filter(|highest| measure.value(&highest.sums) > 0) {
        text = text + " The most: " + &measure.words(&highest.sums) + ", " + &highest.name + ".";
    }
    text + " The table below has every number."
}
