//! A button that opens a list to pick from, with a field to search it: an ARIA combobox over a listbox.

mod agents;
mod choice;
mod finder;
mod models;

pub(crate) use agents::{AgentList, AgentPicker};
pub(super) use choice::Choice;
use choice::{State, Tone};
pub(super) use finder::Finder;
pub(crate) use models::{ModelList, ModelPicker};

use leptos::prelude::*;

use super::icon::{self, Icon};
use crate::{
    browser,
    parts::{self, Tools},
    state::{OpenPicker, use_chat},
};

/// What tells the two pickers apart.
#[derive(Debug, Clone, Copy)]
struct Kind {
    /// Which it is.
    which: OpenPicker,
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

/// The button, and under it, while it is open, the list.
#[component]
fn Picker(
    kind: Kind,
    /// What the button is called after its label.
    #[prop(into)]
    name: Signal<String>,
    list: fn(Tools) -> fn() -> AnyView,
    /// What the button shows.
    children: Children,
) -> impl IntoView {
    let chat = use_chat();
    let open = Memo::new(move |_| chat.picker.get() == Some(kind.which));
    view! {
        <div class="picker" id=kind.id>
            <button
                type="button"
                class="pick"
                aria-haspopup="listbox"
                aria-expanded=move || open.get().to_string()
                aria-label=move || kind.label.to_owned() + ": " + &name.get()
                on:click=move |_| chat.picker.set((!open.get_untracked()).then_some(kind.which))
            >
                {children()}
                <Icon glyph=icon::DOWN/>
            </button>
            <Show when=move || open.get()>{parts::late::<Tools>(move |tools| list(tools)(), || ().into_any())}</Show>
        </div>
    }
}

/// The list, with a field to search it.
#[component]
fn List(
    kind: Kind,
    #[prop(into)] choices: Signal<Vec<Choice>>,
    #[prop(into)] chosen: Signal<String>,
    on_pick: Callback<String>,
) -> impl IntoView {
    let chat = use_chat();
    let close = Callback::new(move |()| {
        chat.picker.set(None);
        browser::focus(kind.button);
    });
    view! {
        <div class="veil" on:click=move |_| close.run(())></div>
        <div class="popover">
            <Finder
                id=kind.id
                label=kind.label
                find=kind.find
                field=kind.field
                words=RwSignal::new(String::new())
                choices
                chosen
                on_pick
                close
            />
        </div>
    }
}
