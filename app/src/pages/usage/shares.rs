//! Agents and models, each with a bar under its name: a table whose bars say nothing that its numbers do not.

use leptos::prelude::*;
use protocol::usage::{UsageBy, UsageOfAgent, UsageOfModel, UsageOfRest, UsageRange, UsageSums, UsageTop};

use super::{SectionHead, scale::Measure, words};
use crate::{components::tier::TierMark, figures};

/// A line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Share {
    agent_id: Option<String>,
    name: String,
    sums: UsageSums,
}

/// The lines of the agents.
pub(super) fn of_agents(agents: &UsageTop<UsageOfAgent>) -> Vec<Share> {
    let shares = agents.top.iter().map(|agent| Share {
        agent_id: Some(agent.agent_id.clone()),
        name: agent.agent_name.clone(),
        sums: agent.sums,
    });
    with_rest(shares, agents.rest, "other agent")
}

/// The lines of the models.
pub(super) fn of_models(models: &UsageTop<UsageOfModel>) -> Vec<Share> {
    let shares = models.top.iter().map(|model| Share {
        agent_id: None,
        name: if model.model_name.is_empty() {
            "Unknown".into()
        } else {
            model.model_name.clone()
        },
        sums: model.sums,
    });
    with_rest(shares, models.rest, "other model")
}

/// By agent.
#[component]
pub(super) fn Agents(shares: Memo<Vec<Share>>, range: Memo<UsageRange>, measure: Memo<Measure>) -> impl IntoView {
    view! {
        <section class="usage-part">
            <SectionHead title="By agent" by=UsageBy::Agent range/>
            <Shares caption="What each agent took" head="Agent" shares measure/>
        </section>
    }
}

/// By model.
#[component]
pub(super) fn Models(shares: Memo<Vec<Share>>, range: Memo<UsageRange>, measure: Memo<Measure>) -> impl IntoView {
    view! {
        <section class="usage-part">
            <SectionHead title="By model" by=UsageBy::Model range/>
            <Shares caption="What each model took" head="Model" shares measure/>
        </section>
    }
}

fn with_rest(shares: impl Iterator<Item = Share>, rest: Option<UsageOfRest>, thing: &str) -> Vec<Share> {
    let rest = rest.map(|rest| Share {
        agent_id: None,
        name: words::counted(rest.count, thing),
        sums: rest.sums,
    });
    shares.chain(rest).collect()
}

#[component]
fn Shares(
    caption: &'static str,
    head: &'static str,
    shares: Memo<Vec<Share>>,
    measure: Memo<Measure>,
) -> impl IntoView {
    let longest = Memo::new(move |_| {
        let value = |share: &Share| measure.get().value(&share.sums);
        shares.with(|shares| shares.iter().map(value).max().unwrap_or(0))
    });
    let row = move |Share { agent_id, name, sums }: Share| {
        let width = move || figures::percentage(measure.get().value(&sums), longest.get());
        view! {
            <tr>
                <th scope="row">
                    <span class="usage-name">
                        {agent_id.map(|agent_id| view! { <TierMark agent_id=Signal::stored(agent_id)/> })}
                        <span title=name.clone()>{name.clone()}</span>
                    </span>
                    // A width in an attribute of SVG is not a style, which the CSP would refuse.
                    <svg class="usage-share" aria-hidden="true">
                        <rect width=width height="100%"></rect>
                    </svg>
                </th>
                <td>{words::cost(&sums)}</td>
                <td>{words::tokens(sums.total_tokens, &sums)}</td>
                <td>{figures::thousands(sums.answers)}</td>
            </tr>
        }
    };
    view! {
        <div class="usage-table" role="region" aria-label=caption tabindex="0">
            <table>
                <caption class="unseen">{caption}</caption>
                <thead>
                    <tr>
                        <th scope="col">{head}</th>
                        <th scope="col">"Cost"</th>
                        <th scope="col">"Tokens"</th>
                        <th scope="col">"Answers"</th>
                    </tr>
                </thead>
                <tbody>{move || shares.get().into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}
