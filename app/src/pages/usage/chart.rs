//! Bars over days, drawn on the server; with the table of what they stand for beneath.
//!
//! Places and lengths are percentages in attributes of SVG: they follow the width of the page without a script, letters
//! stay as large as they are, and no style is needed, which the CSP would refuse.

mod drawing;
mod pointer;

use leptos::prelude::*;
use protocol::usage::{UsageBy, UsageOfDay, UsageRange};

use super::{
    Asked, SectionHead,
    conversations::{cells, heads},
    periods::{Period, Step, periods},
    scale::Measure,
};
use crate::components::icon::{self, Icon};
use drawing::Drawing;
use pointer::Pointer;

/// What each day took.
#[component]
pub(super) fn Chart(
    days: Memo<Vec<UsageOfDay>>,
    range: Memo<UsageRange>,
    measure: Memo<Measure>,
    asked: Memo<Asked>,
) -> impl IntoView {
    let divided = Memo::new(move |_| days.with(|days| periods(days)));
    let step = Memo::new(move |_| divided.with(|(step, _)| *step));
    let periods = Memo::new(move |_| divided.with(|(_, periods)| periods.clone()));
    let title = Signal::derive(move || match step.get() {
        Step::Day => "By day",
        Step::Week => "By week",
        Step::Month => "By month",
    });
    view! {
        <section class="usage-part">
            <SectionHead title by=UsageBy::Day range><Measures measure asked/></SectionHead>
            <Bars periods step measure/>
            <Numbers step periods/>
        </section>
    }
}

#[component]
fn Measures(measure: Memo<Measure>, asked: Memo<Asked>) -> impl IntoView {
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
fn Bars(periods: Memo<Vec<Period>>, step: Memo<Step>, measure: Memo<Measure>) -> impl IntoView {
    let drawing = Memo::new(move |_| periods.with(|periods| Drawing::new(periods, measure.get())));
    let title = move || measure.get().title().to_owned() + " by " + step.get().name();
    let description = move || drawing.with(|drawing| drawing.description.clone());
    let across = move || {
        let line = |y: String| view! { <line x1="0" x2="100%" y1=y.clone() y2=y></line> };
        let lines = drawing.with(|drawing| drawing.lines.clone());
        lines.into_iter().map(|(y, _)| line(y)).collect_view()
    };
    let beside = move || {
        let words = |(y, words)| view! { <text x="100%" y=y dy="0.32em" text-anchor="end">{words}</text> };
        let lines = drawing.with(|drawing| drawing.lines.clone());
        lines.into_iter().map(words).collect_view()
    };
    let bars = move || {
        let bar = |bar: drawing::Bar| {
            view! {
                <rect class="bar" x=bar.x width=bar.width y=bar.y height=bar.height rx="2">
                    <title>{bar.says}</title>
                </rect>
            }
        };
        let bars = drawing.with(|drawing| drawing.bars.clone());
        bars.into_iter().map(bar).collect_view()
    };
    let names = move || {
        let name = |name: drawing::Name| view! { <text x=name.x y="1em" text-anchor=name.anchor>{name.brief}</text> };
        let names = drawing.with(|drawing| drawing.names.clone());
        names.into_iter().map(name).collect_view()
    };
    view! {
        <div class="usage-chart">
            <svg class="beside" aria-hidden="true">{beside}</svg>
            <div class="plot">
                <svg role="img" aria-labelledby="usage-chart-title" aria-describedby="usage-chart-words">
                    <title id="usage-chart-title">{title}</title>
                    <desc id="usage-chart-words">{description}</desc>
                    <g class="across">{across}</g>
                    <g>{bars}</g>
                    <line class="ground" x1="0" x2="100%" y1="100%" y2="100%"></line>
                </svg>
                <Pointer periods measure/>
            </div>
            <svg class="names" aria-hidden="true">{names}</svg>
        </div>
    }
}

/// `$0.12 · 3 answers`.
fn says(period: &Period, measure: Measure) -> String {
    measure.words(&period.sums) + " · " + &super::words::answers(period.sums.answers)
}

/// Every number of the chart, the newest first.
#[component]
fn Numbers(step: Memo<Step>, periods: Memo<Vec<Period>>) -> impl IntoView {
    let summary = move || match step.get() {
        Step::Day => "Every day in numbers",
        Step::Week => "Every week in numbers",
        Step::Month => "Every month in numbers",
    };
    let head = move || match step.get() {
        Step::Day => "Day (UTC)",
        Step::Week => "Week (UTC)",
        Step::Month => "Month (UTC)",
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
                    <tbody>{move || periods.get().into_iter().rev().map(row).collect_view()}</tbody>
                </table>
            </div>
        </details>
    }
}
