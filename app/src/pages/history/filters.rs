//! What narrows the list and orders it. A plain form: without scripts it is sent with a button.

use leptos::{ev, html, leptos_dom::helpers::TimeoutHandle, prelude::*};
use std::time::Duration;

use super::{
    asked::{Asked, ORDERS},
    listing::use_listing,
};
use crate::{
    components::icon::{self, Icon},
    state::use_chat,
};

/// How long to wait for the next letter before reading.
const PAUSE: Duration = Duration::from_millis(250);

/// The form. Each change goes into the address, and the address into the list.
#[component]
pub(super) fn Filters() -> impl IntoView {
    let chat = use_chat();
    let asked = use_listing().asked;
    let form = NodeRef::<html::Form>::new();
    let waiting = StoredValue::new(None::<TimeoutHandle>);
    let forget = move || {
        if let Some(timer) = waiting.try_update_value(Option::take).flatten() {
            timer.clear();
        }
    };
    on_cleanup(forget);
    let is_open = RwSignal::new(false);
    // What is typed letter by letter is one step for the way back.
    let ask = move |replace: bool| {
        forget();
        let Some(form) = form.get_untracked() else { return };
        let wanted = Asked::read(&crate::browser::fields(&form));
        if wanted != asked.get_untracked().first_page() {
            chat.go(wanted.address(), replace);
        }
    };
    let type_on = move |_: ev::Event| {
        forget();
        let replace = asked.with_untracked(|asked| !asked.q.is_empty());
        waiting.set_value(set_timeout_with_handle(move || ask(replace), PAUSE).ok());
    };
    let agents = move || {
        let known = chat.registry.with(|registry| {
            let seats = registry
                .agents
                .iter()
                .filter(|agent| agent.tier != protocol::registry::TIER_PAS_ROOT);
            seats
                .map(|agent| (agent.agent_id.clone(), agent.agent_name.clone()))
                .collect()
        });
        options(known, asked.with(|asked| asked.agent.clone()))
    };
    let models = move || {
        let known = chat.registry.with(|registry| {
            let models = registry.models.iter();
            models
                .map(|model| (model.model_id.clone(), model.model_name.clone()))
                .collect()
        });
        options(known, asked.with(|asked| asked.model.clone()))
    };
    let is_archived = move || asked.with(|asked| asked.archived);
    let sort = move || asked.with(|asked| asked.sort);
    view! {
        <search>
            <form
                class="filters"
                method="get"
                action="/history"
                node_ref=form
                on:submit=move |event| {
                    event.prevent_default();
                    ask(false);
                }
                on:change=move |_| ask(false)
            >
                <label class="find">
                    <Icon glyph=icon::SEARCH/>
                    <input
                        type="search"
                        name="q"
                        placeholder="Words of the title"
                        aria-label="Words of the title"
                        autocomplete="off"
                        value=move || asked.with(|asked| asked.q.clone())
                        prop:value=move || asked.with(|asked| asked.q.clone())
                        on:input=type_on
                    />
                </label>
                // On a phone they would push the list out of sight.
                <button
                    type="button"
                    class="more-filters"
                    aria-controls="narrowing"
                    aria-expanded=move || is_open.get().to_string()
                    on:click=move |_| is_open.update(|is_open| *is_open = !*is_open)
                >
                    {move || match asked.with(Asked::fields_set) {
                        0 => "Filters".to_owned(),
                        count => format!("Filters · {count}"),
                    }}
                </button>
                <div id="narrowing" class="narrowing" class:open=move || is_open.get()>
                    <select name="status" aria-label="Status">
                        {choice("", "Active", move || !is_archived())}
                        {choice("archived", "Archived", is_archived)}
                    </select>
                    <select name="agent" aria-label="Agent">
                        <option value="">"Any agent"</option>
                        {agents}
                    </select>
                    <select name="model" aria-label="Model">
                        <option value="">"Any model"</option>
                        {models}
                    </select>
                    <Day name="from" label="From" day=|asked| asked.from.clone()/>
                    <Day name="until" label="Until" day=|asked| asked.until.clone()/>
                    <select name="sort" aria-label="Order" class="order">
                        {ORDERS
                            .into_iter()
                            .map(|(order, name, title)| choice(name, title, move || sort() == order))
                            .collect_view()}
                    </select>
                </div>
                <button type="submit" class="apply">"Apply"</button>
            </form>
        </search>
    }
}

/// A day, and what it bounds.
#[component]
fn Day(name: &'static str, label: &'static str, day: fn(&Asked) -> String) -> impl IntoView {
    let asked = use_listing().asked;
    view! {
        <label class="day">
            {label}
            <input
                type="date"
                name=name
                value=asked.with_untracked(day)
                prop:value=move || asked.with(day)
            />
        </label>
    }
}

/// Something to choose. The attribute is for the server's page, the property for a field that somebody has changed.
fn choice(
    value: &'static str,
    name: &'static str,
    is_chosen: impl Fn() -> bool + Copy + Send + 'static,
) -> impl IntoView {
    view! {
        <option value=value selected=is_chosen prop:selected=is_chosen>
            {name}
        </option>
    }
}

/// What there is to choose, the chosen one included: it may have left the registry.
fn options(mut known: Vec<(String, String)>, chosen: String) -> impl IntoView {
    if !chosen.is_empty() && !known.iter().any(|(id, _)| *id == chosen) {
        known.push((chosen.clone(), chosen.clone()));
    }
    known
        .into_iter()
        .map(|(id, name)| {
            let selected = id == chosen;
            view! { <option value=id selected=selected>{name}</option> }
        })
        .collect_view()
}
