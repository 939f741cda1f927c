//! A button that opens a list to pick from, with a field to search it: an ARIA combobox over a listbox.

mod agents;
mod choice;
mod models;

pub(super) use agents::AgentPicker;
pub(super) use models::ModelPicker;

use leptos::{ev::KeyboardEvent, prelude::*};

use super::icon::{self, Icon};
use crate::browser;
use choice::{Choice, found, groups};

/// What tells the two pickers apart.
#[derive(Debug, Clone, Copy)]
struct Kind {
    /// With which its names begin.
    label: &'static str,
    /// Of its elements' ids.
    id: &'static str,
    /// In the search field.
    find: &'static str,
    /// Selects its button, to give the focus back.
    button: &'static str,
    /// Selects its search field.
    field: &'static str,
}

#[component]
fn Picker(
    kind: Kind,
    /// What the button is called after its label.
    #[prop(into)]
    name: Signal<String>,
    #[prop(into)] choices: Signal<Vec<Choice>>,
    #[prop(into)] chosen: Signal<String>,
    on_pick: Callback<String>,
    /// What the button shows.
    children: Children,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let close = move || {
        open.set(false);
        browser::focus(kind.button);
    };
    view! {
        <div class="picker" id=kind.id>
            <button
                type="button"
                class="pick"
                aria-haspopup="listbox"
                aria-expanded=move || open.get().to_string()
                aria-label=move || kind.label.to_owned() + ": " + &name.get()
                on:click=move |_| open.update(|open| *open = !*open)
            >
                {children()}
                <Icon glyph=icon::DOWN/>
            </button>
            <Show when=move || open.get()>
                <div class="veil" on:click=move |_| close()></div>
                <Popover kind choices chosen on_pick close=Callback::new(move |()| close())/>
            </Show>
        </div>
    }
}

#[component]
fn Popover(
    kind: Kind,
    choices: Signal<Vec<Choice>>,
    chosen: Signal<String>,
    on_pick: Callback<String>,
    close: Callback<()>,
) -> impl IntoView {
    let words = RwSignal::new(String::new());
    let shown = Memo::new(move |_| choices.with(|choices| words.with(|words| found(choices, words))));
    let at_chosen =
        shown.with_untracked(|shown| chosen.with_untracked(|id| shown.iter().position(|one| one.id == *id)));
    let active = RwSignal::new(at_chosen.unwrap_or(0));
    let option_id = move |at: usize| format!("{}-option-{at}", kind.id);
    let pick = move |at: usize| {
        if let Some(id) = shown.with_untracked(|shown| shown.get(at).map(|choice| choice.id.clone())) {
            close.run(());
            on_pick.run(id);
        }
    };
    let on_key = move |event: KeyboardEvent| {
        let last = shown.with_untracked(Vec::len).saturating_sub(1);
        let at = active.get_untracked();
        let next = match event.key().as_str() {
            "ArrowDown" if at >= last => 0,
            "ArrowDown" => at + 1,
            "ArrowUp" if at == 0 => last,
            "ArrowUp" => at - 1,
            "Home" => 0,
            "End" => last,
            "Enter" if !event.is_composing() => {
                event.prevent_default();
                return pick(at);
            }
            "Escape" => {
                event.stop_propagation();
                return close.run(());
            }
            "Tab" => return close.run(()),
            _ => return,
        };
        event.prevent_default();
        active.set(next);
        browser::bring_into_view(&option_id(next));
    };
    Effect::new(move |_| {
        browser::focus(kind.field);
        browser::bring_into_view(&option_id(active.get_untracked()));
    });
    let list_id = format!("{}-list", kind.id);
    view! {
        <div class="popover">
            <div class="search">
                <Icon glyph=icon::SEARCH/>
                <input
                    type="text"
                    role="combobox"
                    autocomplete="off"
                    spellcheck="false"
                    placeholder=kind.find
                    aria-label=kind.find
                    aria-expanded="true"
                    aria-autocomplete="list"
                    aria-controls=list_id.clone()
                    aria-activedescendant=move || option_id(active.get())
                    on:keydown=on_key
                    on:input=move |event| {
                        words.set(event_target_value(&event));
                        active.set(0);
                    }
                />
            </div>
            <div class="options" role="listbox" id=list_id aria-label=kind.label>
                {move || {
                    groups(shown.get())
                        .into_iter()
                        .map(|(heading, options)| {
                            view! {
                                <div role="group" aria-label=heading.clone()>
                                    <p class="heading" aria-hidden="true">{heading.clone()}</p>
                                    {options
                                        .into_iter()
                                        .map(|(at, choice)| {
                                            let is_chosen = chosen.with_untracked(|id| *id == choice.id);
                                            let class = choice.class();
                                            view! {
                                                <div
                                                    role="option"
                                                    id=option_id(at)
                                                    class=class
                                                    class:active=move || active.get() == at
                                                    aria-selected=is_chosen.to_string()
                                                    on:click=move |_| pick(at)
                                                    on:pointermove=move |_| {
                                                        if active.get_untracked() != at {
                                                            active.set(at);
                                                        }
                                                    }
                                                >
                                                    {choice.view(is_chosen)}
                                                </div>
                                            }
                                        })
                                        .collect_view()}
                                </div>
                            }
                        })
                        .collect_view()
                }}
                <Show when=move || shown.with(Vec::is_empty)>
                    <p class="heading" role="status">"Nothing found."</p>
                </Show>
            </div>
        </div>
    }
}
