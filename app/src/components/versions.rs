//! `‹ 2 / 3 ›`: which version of a message is shown, and the way to the others.

use leptos::prelude::*;
use uuid::Uuid;

use super::icon::{self, Glyph, Icon};
use crate::state::{Line, use_chat};

/// The place of a message among its versions, where it has others.
#[component]
pub(super) fn Versions(line: Line) -> impl IntoView {
    let version = Memo::new(move |_| line.message.read().version);
    let place = move || {
        version
            .get()
            .map(|version| format!("{} / {}", version.number, version.count))
    };
    let previous = Signal::derive(move || version.get().and_then(|version| version.previous));
    let next = Signal::derive(move || version.get().and_then(|version| version.next));
    view! {
        <Show when=move || version.with(Option::is_some)>
            <span class="versions" role="group" aria-label="Versions">
                <Step glyph=icon::LEFT label="Previous version" to=previous/>
                <span>{place}</span>
                <Step glyph=icon::RIGHT label="Next version" to=next/>
            </span>
        </Show>
    }
}

#[component]
fn Step(glyph: Glyph, label: &'static str, to: Signal<Option<Uuid>>) -> impl IntoView {
    let chat = use_chat();
    let show = move |_| {
        if let Some(message_id) = to.get_untracked() {
            chat.show_version(message_id);
        }
    };
    view! {
        <button
            type="button"
            class="quiet"
            aria-label=label
            title=label
            disabled=move || to.get().is_none() || chat.is_running()
            on:click=show
        >
            <Icon glyph/>
        </button>
    }
}
