//! `/usage`: what answers took, by day, agent, model and conversation. It can be read whole before any script has run.
//!
//! - `periods`: which days a bar of the chart stands for; `scale`: what its lines stand for
//! - `chart`, `shares`, `conversations`: what is shown of it; `words`: how figures are put

mod chart;
mod conversations;
mod headline;
mod periods;
mod scale;
mod shares;
mod words;

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use protocol::usage::{UsageBy, UsageRange, UsageReport};

use super::frame::PageFrame;
use crate::{
    components::icon::{self, Icon},
    error::PageError,
    parts, server_fns,
    state::use_chat,
};
use chart::Chart;
use conversations::Conversations;
use headline::{Headline, Notes};
use scale::Measure;
use shares::{Agents, Models};

/// The page, as soon as its part is here.
#[component]
pub(super) fn UsagePage() -> impl IntoView {
    parts::late::<parts::Usage>(
        |part| (part.page)(),
        || view! { <main id="main" class="page" aria-busy="true" tabindex="-1"></main> }.into_any(),
    )
}

/// What the address asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Asked {
    range: UsageRange,
    /// `None`: whatever there is of.
    measure: Option<Measure>,
}

impl Asked {
    fn address(self) -> String {
        let measure = self.measure.map(|measure| "&chart=".to_owned() + measure.name());
        "/usage?range=".to_owned() + self.range.name() + &measure.unwrap_or_default()
    }
}

/// The page itself.
#[component]
pub(crate) fn Report() -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| {
        query.with(|query| Asked {
            range: query.get_str("range").and_then(UsageRange::named).unwrap_or_default(),
            measure: query.get_str("chart").and_then(Measure::named),
        })
    });
    let chat = use_chat();
    // What the list tells of it: another figure there is another one here.
    let taken = Memo::new(move |_| {
        chat.sessions
            .with(|all| all.iter().map(|session| session.total_tokens).sum::<u64>())
    });
    let report = Resource::new_blocking(
        move || (asked.get().range, taken.get()),
        |(range, _)| server_fns::usage(range),
    );
    view! {
        <PageFrame name="usage" title="Usage" tools=move || view! { <Ranges asked/> }>
            // What is shown stays until the other range is there.
            <Transition fallback=|| ()>
                {move || Suspend::new(async move {
                    match report.await {
                        Ok(report) => view! { <Figures report asked/> }.into_any(),
                        Err(error) => view! { <Refused error asked/> }.into_any(),
                    }
                })}
            </Transition>
        </PageFrame>
    }
}

/// Links, so that each range has an address and none needs scripts.
#[component]
fn Ranges(asked: Memo<Asked>) -> impl IntoView {
    let link = move |range: UsageRange| {
        let address = move || Asked { range, ..asked.get() }.address();
        let current = move || (asked.get().range == range).then_some("page");
        view! { <a href=address aria-current=current>{words::range(range)}</a> }
    };
    view! {
        <nav class="segments" aria-label="Range">
            {UsageRange::ALL.map(link)}
        </nav>
    }
}

#[component]
fn Figures(report: UsageReport, asked: Memo<Asked>) -> impl IntoView {
    if report.totals.answers == 0 {
        return view! { <Nothing range=report.range/> }.into_any();
    }
    let UsageReport {
        range,
        totals,
        days,
        agents,
        models,
        sessions,
        ..
    } = report;
    let measure = Signal::derive(move || asked.get().measure.unwrap_or(Measure::of(totals)));
    view! {
        <Headline totals/>
        <Chart days range measure asked/>
        <div class="usage-pair">
            <Agents agents range measure/>
            <Models models range measure/>
        </div>
        <Conversations sessions range/>
        <Notes totals/>
    }
    .into_any()
}

#[component]
fn Nothing(range: UsageRange) -> impl IntoView {
    let (title, text) = match range {
        UsageRange::All => (
            "Nothing was answered yet",
            "What your conversations take, in tokens and in money, will stand here.",
        ),
        _ => (
            "Nothing was answered in this time",
            "All time, above, shows what was answered before.",
        ),
    };
    view! {
        <div class="lost">
            <h2>{title}</h2>
            <p>{text}</p>
            <a class="button primary" href="/llm">"Begin a conversation"</a>
        </div>
    }
}

#[component]
fn Refused(error: PageError, asked: Memo<Asked>) -> impl IntoView {
    view! {
        <div class="lost" role="alert">
            <h2>{error.error.message}</h2>
            <p>{error.error.action}</p>
            // Asks the server anew, whatever the page has.
            <a class="button primary" href=move || asked.get().address() rel="external">"Try again"</a>
        </div>
    }
}

/// The head of a section, with its table as a file.
#[component]
fn SectionHead(
    title: &'static str,
    by: UsageBy,
    range: UsageRange,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let address = "/api/usage.csv?range=".to_owned() + range.name() + "&by=" + by.name();
    let label = "Download by ".to_owned() + by.name() + " as CSV";
    view! {
        <header class="usage-head">
            <h2>{title}</h2>
            {children.map(|children| children())}
            <a class="button quiet small" href=address download="" rel="external" aria-label=label>
                <Icon glyph=icon::DOWNLOAD/>
                "CSV"
            </a>
        </header>
    }
}
