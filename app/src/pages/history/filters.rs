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
    // What is typed letter by letter is one step for the way back.
    let ask = move |replace: bool| {
        forget();
        let Some(form) = form.get_untracked() else { return };
        let wanted = Asked::read(&crate::browser::fields(&form));
        if wanted != asked.get_untracked().from_start() {
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
                <Field label="Status">
                    <select name="status">
                        <option value="" selected=move || !is_archived()>"Active"</option>
                        <option value="archived" selected=is_archived>"Archived"</option>
                    </select>
                </Field>
                <Field label="Agent">
                    <select name="agent">
                        <option value="">"Any agent"</option>
                        {agents}
                    </select>
                </Field>
                <Field label="Model">
                    <select name="model">
                        <option value="">"Any model"</option>
                        {models}
                    </select>
                </Field>
                <Field label="From">
                    <input type="date" name="from" prop:value=move || asked.with(|asked| asked.from.clone()) value=asked.with_untracked(|asked| asked.from.clone())/>
                </Field>
                <Field label="Until">
                    <input type="date" name="until" prop:value=move || asked.with(|asked| asked.until.clone()) value=asked.with_untracked(|asked| asked.until.clone())/>
                </Field>
                <Field label="Order">
                    <select name="sort">
                        {ORDERS
                            .into_iter()
                            .map(|(order, name, title)| {
                                view! { <option value=name selected=move || sort() == order>{title}</option> }
                            })
                            .collect_view()}
                    </select>
                </Field>
                <button type="submit" class="apply">"Apply"</button>
            </form>
        </search>
    }
}

/// A field under its name.
#[component]
fn Field(label: &'static str, children: Children) -> impl IntoView {
    view! {
        <label class="field">
            <span>{label}</span>
            {children()}
        </label>
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
