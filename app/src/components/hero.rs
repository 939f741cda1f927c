//! A conversation that has not begun: what the agent is for, and how one might begin.

use leptos::prelude::*;
use protocol::registry::Agent;

use crate::{browser, state::use_chat};

/// The question over the composer.
#[component]
pub(crate) fn Hero() -> impl IntoView {
    let chat = use_chat();
    let agent = Memo::new(move |_| chat.agent());
    view! {
        <div class="hero">
            <h1>{move || agent.with(|agent| question(agent.as_ref()))}</h1>
            <p>{move || agent.with(|agent| introduction(agent.as_ref()))}</p>
        </div>
    }
}

/// Ways to begin, fitting the agent.
#[component]
pub(crate) fn Ideas() -> impl IntoView {
    let chat = use_chat();
    let tier = Memo::new(move |_| {
        chat.agent()
            .filter(|agent| agent.agent_id != "direct")
            .map_or(0, |agent| agent.tier)
    });
    view! {
        <div class="ideas" role="group" aria-label="Ideas">
            {move || {
                ideas(tier.get())
                    .into_iter()
                    .map(|(title, text)| {
                        let take = move |_| {
                            chat.draft.set(text.to_owned());
                            browser::keep_draft(None, text);
                            browser::focus("#message");
                        };
                        view! {
                            <button type="button" class="idea" on:click=take>
                                <b>{title}</b>
                                <span>{text}</span>
                            </button>
                        }
                    })
                    .collect_view()
            }}
        </div>
    }
}

fn question(agent: Option<&Agent>) -> String {
    match agent {
        Some(agent) if agent.agent_id != "direct" => {
            let name = &agent.agent_name;
            match agent.tier {
                2 => format!("What should the {name} plan?"),
                3 => format!("What should {name} take on?"),
                4 => format!("What should {name} see through?"),
                _ => format!("What should {name} write?"),
            }
        }
        Some(_) => "What would you like to ask?".into(),
        None => "There is nobody to talk to yet".into(),
    }
}

fn introduction(agent: Option<&Agent>) -> String {
    let Some(agent) = agent else {
        return "Agents and models come from the Gateway, which has named none so far.".into();
    };
    let about = agent
        .description
        .as_ref()
        .map(|text| text.trim_end_matches('.').to_owned() + ".");
    let role = agent.parent_role.as_ref().map(|role| format!("You speak as {role}."));
    about.into_iter().chain(role).collect::<Vec<_>>().join(" ")
}

fn ideas(tier: u8) -> [(&'static str, &'static str); 3] {
    match tier {
        2 => [
            (
                "Plan a feature",
                "Plan how we would track user login times, in Postgres and with time zones.",
            ),
            (
                "Review a design",
                "Is our retry policy sound? Three attempts, one second apart, on every error.",
            ),
            (
                "Find the slow part",
                "How would you go about the three slowest queries of a shop's database?",
            ),
        ],
        3 => [
            (
                "Divide the work",
                "Split a migration from REST to events into tasks that can be done side by side.",
            ),
            (
                "Weigh two ways",
                "Compare row-level security with a check in the application, for ten tenants.",
            ),
            (
                "Name the risks",
                "What could go wrong when we rename a column that three services read?",
            ),
        ],
        4 => [
            (
                "Make a checklist",
                "Write the checklist for releasing a service without downtime.",
            ),
            (
                "Set the tests",
                "Which tests would you ask for before a login hook may ship?",
            ),
            (
                "Estimate",
                "How long would pagination of a history list take, and what is unclear about it?",
            ),
        ],
        5 => [
            (
                "Write a function",
                "Write a function that parses an RFC 3339 time without a library, with tests.",
            ),
            (
                "Explain code",
                "Why is a list comprehension faster than a loop with append in Python?",
            ),
            (
                "Fix a bug",
                "A debounce fires twice on a slow phone. What are the usual causes?",
            ),
        ],
        _ => [
            ("Explain", "Explain write-ahead logging in five sentences."),
            ("Compare", "Compare server-sent events with WebSockets in a table."),
            ("Draft", "Draft a short note that tells users of planned maintenance."),
        ],
    }
}
