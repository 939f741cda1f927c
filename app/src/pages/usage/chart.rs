//! Bars over days, drawn on the server; with the table of what they stand for beneath.
//!
//! Places and lengths are percentages in attributes of SVG: they follow the width of the page without a script, letters
//! stay as large as they are, and no style is needed, which the CSP would refuse.

mod pointer;

use leptos::prelude::*;
use protocol::usage::{UsageBy, UsageOfDay, UsageRange, UsageSums};

use super::{
    Asked, SectionHead,
    conversations::{cells, heads},
    periods::{Period, Step, named, periods},
    scale::{Measure, Scale},
};
use crate::{
    components::icon::{self, Icon},
    figures::{self, percentage},
};
use pointer::Pointer;

/// What each day took.
#[component]
pub(super) fn Chart(
    days: Vec<UsageOfDay>,
    range: UsageRange,
    #[prop(into)] measure: Signal<Measure>,
    asked: Memo<Asked>,
) -> impl IntoView {
    let (step, periods) = periods(&days);
    let totals: UsageSums = days.iter().map(|day| day.sums).sum();
    let title = match step {
        Step::Day => "By day",
        Step::Week => "By week",
        Step::Month => "By month",
    };
    let lines = periods.clone();
    let periods = StoredValue::new(periods);
    view! {
        <section class="usage-part">
            <SectionHead title by=UsageBy::Day range><Measures measure asked/></SectionHead>
            {move || view! { <Bars periods step measure=measure.get() totals/> }}
            <Numbers step lines/>
        </section>
    }
}

#[component]
fn Measures(measure: Signal<Measure>, asked: Memo<Asked>) -> impl IntoView {
    let link = move |of: Measure| {
        let address = move || {
            let measure = Some(of);
            Asked { measure, ..asked.get() }.address()
        };
        let current = move || (measure.get() == of).then_some("true");
        view! { <a href=address aria-current=current>{of.title()}</a> }
    };
    view! {
        <nav class="segments small" aria-label="Chart">
            {Measure::ALL.map(link)}
        </nav>
    }
}

#[component]
fn Bars(periods: StoredValue<Vec<Period>>, step: Step, measure: Measure, totals: UsageSums) -> impl IntoView {
    let (scale, count, highest) = periods.with_value(|periods| {
        let highest = periods.iter().max_by_key(|period| measure.value(&period.sums));
        let value = highest.map_or(0, |highest| measure.value(&highest.sums));
        (Scale::new(measure, value), periods.len() as u64, highest.cloned())
    });
    let title = measure.title().to_owned() + " by " + step.name();
    let description = periods.with_value(|periods| describe(periods, measure, &totals, highest.as_ref()));
    let top = scale.top;
    let from_top = move |value: u64| percentage(top - value.min(top), top);
    // Wide bars look like walls.
    let share_of_slot: u64 = match count {
        0..=7 => 40,
        8..=40 => 62,
        _ => 76,
    };
    let lines: Vec<_> = scale.lines.iter().map(|(value, _)| from_top(*value)).collect();
    let bars = periods.with_value(|periods| {
        let bar = |(at, period): (usize, &Period)| {
            let value = measure.value(&period.sums);
            let left = 200 * at as u64 + 100 - share_of_slot;
            let says = period.name.clone() + ": " + &says(period, measure);
            // What is little is seen to be more than nothing.
            let height = if value > 0 && value < top / 150 {
                "1".to_owned()
            } else {
                percentage(value, top)
            };
            let y = if value > 0 && value < top / 150 {
                "99.3%".to_owned()
            } else {
                from_top(value)
            };
            view! {
                <rect
                    class="bar"
                    x=percentage(left, 200 * count)
                    width=percentage(2 * share_of_slot, 200 * count)
                    y=y
                    height=height
                    rx="2"
                >
                    <title>{says}</title>
                </rect>
            }
        };
        periods.iter().enumerate().map(bar).collect_view()
    });
    let names = periods.with_value(|periods| {
        let name = |at: usize| {
            let middle = 2 * at as u64 + 1;
            let anchor = match figures::permille(middle, 2 * count) {
                0..60 => "start",
                60..940 => "middle",
                _ => "end",
            };
            let x = match anchor {
                "start" => "0%".into(),
                "end" => "100%".into(),
                _ => percentage(middle, 2 * count),
            };
            let brief = periods.get(at).map(|period| period.brief.clone());
            view! { <text x=x y="1em" text-anchor=anchor>{brief}</text> }
        };
        named(periods.len()).map(name).collect_view()
    });
    let across = lines
        .iter()
        .map(|y| view! { <line x1="0" x2="100%" y1=y.clone() y2=y.clone()></line> })
        .collect_view();
    let beside = scale
        .lines
        .into_iter()
        .zip(lines)
        .map(|((_, words), y)| view! { <text x="100%" y=y dy="0.32em" text-anchor="end">{words}</text> })
        .collect_view();
    view! {
        <div class="usage-chart">
            <svg class="beside" aria-hidden="true">{beside}</svg>
            <div class="plot">
                <svg role="img" aria-labelledby="usage-chart-title" aria-describedby="usage-chart-words">
                    <title id="usage-chart-title">{title}</title>
                    <desc id="usage-chart-words">{description}</desc>
                    <g class="across">{across}</g>
                    {bars}
                    <line class="ground" x1="0" x2="100%" y1="100%" y2="100%"></line>
                </svg>
                <Pointer periods measure/>
            </div>
            <svg class="names" aria-hidden="true">{names}</svg>
        </div>
    }
}

/// What one sees at a glance, for those who do not.
fn describe(periods: &[Period], measure: Measure, totals: &UsageSums, highest: Option<&Period>) -> String {
    let mut text = String::new();
    if let (Some(first), Some(last)) = (periods.first(), periods.last()) {
        text = first.name.clone() + " to " + &last.name + ". In all " + &measure.words(totals) + ".";
    }
    if let Some(highest) = highest.filter(|highest| measure.value(&highest.sums) > 0) {
        text = text + " The most: " + &measure.words(&highest.sums) + ", " + &highest.name + ".";
    }
    text + " The table below has every number."
}

/// `$0.12 · 3 answers`.
fn says(period: &Period, measure: Measure) -> String {
    measure.words(&period.sums) + " · " + &super::words::answers(period.sums.answers)
}

/// Every number of the chart, the newest first.
#[component]
fn Numbers(step: Step, lines: Vec<Period>) -> impl IntoView {
    let (summary, head) = match step {
        Step::Day => ("Every day in numbers", "Day (UTC)"),
        Step::Week => ("Every week in numbers", "Week (UTC)"),
        Step::Month => ("Every month in numbers", "Month (UTC)"),
    };
    let row = |period: Period| {
        view! {
            <tr>
                <th scope="row">{period.name}</th>
                {cells(&period.sums)}
            </tr>
        }
    };
    view! {
        <details class="usage-numbers">
            <summary><Icon glyph=icon::RIGHT/>{summary}</summary>
            <div class="usage-table tall" role="region" aria-label=summary tabindex="0">
                <table>
                    <caption class="unseen">{summary}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{head}</th>
                            {heads()}
                        </tr>
                    </thead>
                    <tbody>{lines.into_iter().rev().map(row).collect_view()}</tbody>
                </table>
            </div>
        </details>
    }
}
