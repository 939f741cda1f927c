//! What the pages beside the chat have in common: a head with the way to the sidebar, a title, and what the page can do.

use leptos::prelude::*;
use leptos_meta::Title;

use super::{Placeholder, Ready};
use crate::{
    boot::Place,
    components::{menu_button::MenuButton, notice::NoticeBar},
    state::use_chat,
};

/// A page of its own in the main column. Its `name` is what styles and tests know it by; `tools` stand beside its title.
#[component]
pub(super) fn PageFrame(
    name: &'static str,
    title: &'static str,
    #[prop(into, optional)] tools: ViewFn,
    children: ChildrenFn,
) -> impl IntoView {
    leave_conversation();
    let children = StoredValue::new(children);
    view! {
        <Ready placeholder=Placeholder::Column>
            <Title text=title/>
            <main id="main" class="page" data-view=name tabindex="-1">
                <header class="page-head">
                    <MenuButton/>
                    <h1>{title}</h1>
                    <div class="page-tools">{tools.run()}</div>
                </header>
                <div class="page-notice"><NoticeBar/></div>
                {children.with_value(|children| children())}
            </main>
        </Ready>
    }
}

/// No conversation is shown any more: none is marked in the sidebar, and no key is about one.
pub(super) fn leave_conversation() {
    let chat = use_chat();
    Effect::new(move |_| untrack(|| chat.show(Place::Elsewhere, None)));
}
