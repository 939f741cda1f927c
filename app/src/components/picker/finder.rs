//! A field to search by, over a list to pick from: an ARIA combobox with its listbox.

use leptos::{ev::KeyboardEvent, prelude::*};

use super::choice::{Choice, found, groups};
use crate::{
    browser,
    components::icon::{self, Icon},
};

/// The field and the list under it. It has the focus from the start and keeps it: the arrows move what is active.
#[component]
pub(crate) fn Finder(
    /// Of its elements' ids.
    id: &'static str,
    /// The list's name.
    label: &'static str,
    /// The field's name.
    find: &'static str,
    /// Selects the field.
    field: &'static str,
    /// What is typed.
    words: RwSignal<String>,
    /// What there is to find.
    #[prop(into)]
    choices: Signal<Vec<Choice>>,
    /// The one that is in use now.
    #[prop(into)]
    chosen: Signal<String>,
    /// What is said where there is nothing to pick; `None`: nothing is, for that is not known yet.
    #[prop(optional, into, default = Signal::stored(Some("Nothing found.")))]
    empty: Signal<Option<&'static str>>,
    /// Is given the id of what is picked.
    on_pick: Callback<String>,
    /// Closes what this stands in.
    close: Callback<()>,
) -> impl IntoView {
    let shown = Memo::new(move |_| choices.with(|choices| words.with(|words| found(choices, words))));
    let at_chosen =
        shown.with_untracked(|shown| chosen.with_untracked(|id| shown.iter().position(|one| one.id == *id)));
    let active = RwSignal::new(at_chosen.unwrap_or(0));
    let option_id = move |at: usize| format!("{id}-option-{at}");
    let pick = move |at: usize| {
        if let Some(picked) = shown.with_untracked(|shown| shown.get(at).map(|choice| choice.id.clone())) {
            close.run(());
            on_pick.run(picked);
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
        browser::focus(field);
        browser::bring_into_view(&option_id(active.get_untracked()));
    });
    let list_id = format!("{id}-list");
    view! {
            <div class="search">
                <Icon glyph=icon::SEARCH/>
                <input
                    type="text"
                    role="combobox"
                    autocomplete="off"
                    spellcheck="false"
                    placeholder=find
                    aria-label=find
                    aria-expanded="true"
                    aria-autocomplete="list"
                    aria-controls=list_id.clone()
                    aria-activedescendant=move || shown.with(|shown| !shown.is_empty()).then(|| option_id(active.get()))
                    on:keydown=on_key
                    on:input=move |event| {
                        words.set(event_target_value(&event));
                        active.set(0);
                    }
                />
            </div>
            <div class="options" role="listbox" id=list_id aria-label=label>
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
            </div>
            // No option, so not in the list.
            <p class="none" role="status">{move || empty.get().filter(|_| shown.with(Vec::is_empty))}</p>
    }
}
