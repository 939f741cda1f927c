//! The mark of an agent: one hue a tier, one letter an agent, so that it is known before its name is read.

use leptos::prelude::*;

use crate::state::use_chat;

/// The mark of the agent of that id.
#[component]
pub(crate) fn TierMark(#[prop(into)] agent_id: Signal<String>) -> impl IntoView {
    let chat = use_chat();
    let mark = Memo::new(move |_| {
        let agent_id = agent_id.get();
        match chat.agent_of(&agent_id) {
            Some(agent) => (
                class(agent.tier),
                agent.icon.unwrap_or_else(|| initial(&agent.agent_name)),
            ),
            None => (class(0), initial(&agent_id)),
        }
    });
    view! {
        <span class=move || mark.with(|(class, _)| *class) aria-hidden="true">
            {move || mark.with(|(_, letter)| letter.clone())}
        </span>
    }
}

/// The class of a tier's hue.
pub(super) fn class(tier: u8) -> &'static str {
    match tier {
        2 => "tier t2",
        3 => "tier t3",
        4 => "tier t4",
        5 => "tier t5",
        _ => "tier",
    }
}

/// The letter of an agent that has no icon.
pub(super) fn initial(name: &str) -> String {
    name.chars()
        .next()
        .map(|c| c.to_uppercase().collect())
        .unwrap_or_default()
}
