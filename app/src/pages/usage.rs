//! `/usage`: what answers took, by day, agent, model and conversation. It can be read whole before any script has run.
//!
//! - `reading`: the report, and how it stays what the address asks for
//! - `periods`: which days a bar of the chart stands for; `scale`: what its lines stand for
//! - `chart`, `shares`, `conversations`: what is shown of it; `words`: how figures are put; `waiting`: its shape until then

mod chart;
mod conversations;
mod headline;
mod periods;
mod reading;
mod scale;
mod shares;
mod waiting;
mod words;

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use protocol::usage::{UsageBy, UsageRange};

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
use reading::{Reading, Shown};
use scale::Measure;
use shares::{Agents, Models};
use waiting::Waiting;

/// The page, as soon as its part is here.
#[component]
pub(super) fn UsagePage() -> impl IntoView {
    parts::late::<parts::Usage>(
        |part| (part.page)(),
        || {
            view! {
                <Framed asked=asked()>
                    <Waiting/>
                </Framed>
            }
            .into_any()
        },
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

fn asked() -> Memo<Asked> {
    let query = use_query_map();
    Memo::new(move |_| {
        query.with(|query| Asked {
            range: query.get_str("range").and_then(UsageRange::named).unwrap_or_default(),
            measure: query.get_str("chart").and_then(Measure::named),
        })
    })
}

/// The head of the page, whatever stands under it.
#[component]
fn Framed(asked: Memo<Asked>, children: ChildrenFn) -> impl IntoView {
    let children = StoredValue::new(children);
    view! {
        <PageFrame name="usage" title="Usage" tools=move || view! { <Ranges asked/> }>
            {children.with_value(|children| children())}
        </PageFrame>
    }
}

/// The page itself.
#[component]
pub(crate) fn Report() -> impl IntoView {
    let asked = asked();
    let reading = Reading::new(use_chat(), asked);
    let first = OnceResource::new_blocking(server_fns::usage(asked.get_untracked().range));
    view! {
        <Framed asked>
            <Suspense fallback=Waiting>
                {move || Suspend::new(async move {
                    reading.begin(first.await);
                    view! { <Whatever reading asked/> }
                })}
            </Suspense>
        </Framed>
    }
}

/// What there is to show. It stays, faint, until the other range is there.
#[component]
fn Whatever(reading: Reading, asked: Memo<Asked>) -> impl IntoView {
    view! {
        <div class="usage-report" aria-busy=move || reading.is_waiting.get().to_string()>
            {move || match reading.shown.get() {
                Shown::Nothing(range) => view! { <Nothing range/> }.into_any(),
                Shown::Refusal(error) => view! { <Refused error asked/> }.into_any(),
                Shown::Figures => view! { <Figures reading asked/> }.into_any(),
            }}
        </div>
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

/// What is read anew goes into what stands there: what is open stays open, and the focus where it is.
#[component]
fn Figures(reading: Reading, asked: Memo<Asked>) -> impl IntoView {
    let totals = reading.part(|report| report.totals);
    let range = reading.part(|report| report.range);
    let days = reading.part(|report| report.days.clone());
    let agents = reading.part(|report| shares::of_agents(&report.agents));
    let models = reading.part(|report| shares::of_models(&report.models));
    let sessions = reading.part(|report| report.sessions.top.clone());
    let rest = reading.part(|report| report.sessions.rest);
    let measure = Memo::new(move |_| asked.get().measure.unwrap_or(Measure::of(totals.get())));
    view! {
        <Headline totals/>
        <Chart days range measure asked/>
        <div class="usage-pair">
            <Agents shares=agents range measure/>
            <Models shares=models range measure/>
        </div>
        <Conversations sessions rest range/>
        <Notes totals/>
    }
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
    #[prop(into)] title: Signal<&'static str>,
    by: UsageBy,
    range: Memo<UsageRange>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let address = move || "/api/usage.csv?range=".to_owned() + range.get().name() + "&by=" + by.name();
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
