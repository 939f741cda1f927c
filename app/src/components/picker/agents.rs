//! Picks the agent. PAS Root is the person's own seat and not among them; the bare model comes last.

use leptos::prelude::*;
use protocol::registry::{Agent, TIER_ARCHITECT, TIER_PAS_ROOT};

use super::{Choice, Kind, List, Picker, State, Tone};
use crate::{
    components::tier::{self, TierMark},
    state::{OpenPicker, use_chat},
};

const KIND: Kind = Kind {
    which: OpenPicker::Agent,
    label: "Agent",
    id: "agent-picker",
    find: "Find an agent",
    button: "#agent-picker > button",
    field: "#agent-picker input",
};

/// Shows the agent spoken to, and lets another be picked.
#[component]
pub(crate) fn AgentPicker() -> impl IntoView {
    let chat = use_chat();
    let name = Signal::derive(move || chat.agent_name());
    view! {
        <Picker kind=KIND name list=|tools| tools.agents>
            <TierMark agent_id=chat.agent_id/>
            <b>{move || name.get()}</b>
        </Picker>
    }
}

/// The agents to pick from.
#[component]
pub(crate) fn AgentList() -> impl IntoView {
    let chat = use_chat();
    chat.refresh_registry();
    let choices = Memo::new(move |_| chat.registry.with(|registry| choices(&registry.agents)));
    let on_pick = Callback::new(move |agent_id: String| {
        if let Some(agent) = untrack(|| chat.agent_of(&agent_id)) {
            chat.pick_agent(agent);
        }
    });
    view! { <List kind=KIND choices chosen=chat.agent_id on_pick/> }
}

/// By tier, and within a tier by parent, in the order of the registry.
fn choices(agents: &[Agent]) -> Vec<Choice> {
    let place_of = |id: &Option<String>| agents.iter().position(|agent| Some(&agent.agent_id) == id.as_ref());
    let mut agents: Vec<&Agent> = agents.iter().filter(|agent| agent.tier != TIER_PAS_ROOT).collect();
    agents.sort_by_key(|agent| (is_direct(agent), agent.tier, place_of(&agent.parent_id)));
    agents
        .into_iter()
        .map(|agent| Choice {
            id: agent.agent_id.clone(),
            heading: heading(agent),
            title: agent.agent_name.clone(),
            detail: detail(agent),
            aside: String::new(),
            depth: agent.tier.saturating_sub(TIER_ARCHITECT + 1),
            mark: Some((
                tier::class(agent.tier),
                agent.icon.clone().unwrap_or_else(|| tier::initial(&agent.agent_name)),
            )),
            snippet: Vec::new(),
            marked_title: Vec::new(),
            is_found: false,
            state: Some(State {
                tone: if agent.status == "active" {
                    Tone::Good
                } else {
                    Tone::Unknown
                },
                words: agent.status.clone(),
            }),
        })
        .collect()
}

fn is_direct(agent: &Agent) -> bool {
    agent.agent_id == "direct"
}

fn heading(agent: &Agent) -> String {
    let of = |what: &str| match &agent.parent_role {
        Some(parent) => what.to_owned() + " of " + parent,
        None => what.to_owned(),
    };
    match agent.tier {
        _ if is_direct(agent) => "No agent".into(),
        TIER_ARCHITECT => "Architect".into(),
        3 => "Directors".into(),
        4 => of("Managers"),
        _ => of("Programmers"),
    }
}

fn detail(agent: &Agent) -> String {
    let role = agent.parent_role.as_ref().map(|parent| "you are ".to_owned() + parent);
    let about = agent
        .description
        .as_ref()
        .map(|text| text.trim_end_matches('.').to_owned());
    about.into_iter().chain(role).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agent(id: &str, tier: u8, parent: Option<&str>) -> Agent {
        Agent {
            agent_id: id.into(),
            agent_name: id.into(),
            tier,
            role: String::new(),
            parent_id: parent.map(Into::into),
            parent_role: parent.map(Into::into),
            status: "active".into(),
            icon: None,
            description: Some("Works.".into()),
        }
    }

    #[test]
    fn agents_stand_by_tier_and_parent_without_the_root_and_with_the_bare_model_last() {
        let registry = [
            agent("root", 1, None),
            agent("direct", 2, None),
            agent("architect", 2, Some("root")),
            agent("dir-a", 3, Some("architect")),
            agent("mgr-a", 4, Some("dir-a")),
            agent("prog-a", 5, Some("mgr-a")),
            agent("dir-b", 3, Some("architect")),
            agent("mgr-b", 4, Some("dir-b")),
            agent("mgr-a2", 4, Some("dir-a")),
        ];
        let choices = choices(&registry);
        let shape: Vec<_> = choices
            .iter()
            .map(|one| (one.heading.as_str(), one.id.as_str(), one.depth))
            .collect();
        assert_eq!(
            shape,
            [
                ("Architect", "architect", 0),
                ("Directors", "dir-a", 0),
                ("Directors", "dir-b", 0),
                ("Managers of dir-a", "mgr-a", 1),
                ("Managers of dir-a", "mgr-a2", 1),
                ("Managers of dir-b", "mgr-b", 1),
                ("Programmers of mgr-a", "prog-a", 2),
                ("No agent", "direct", 0),
            ]
        );
        assert_eq!(choices[1].detail, "Works; you are architect");
    }
}
