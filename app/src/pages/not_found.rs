//! An address that names no page.

use leptos::prelude::*;
use leptos_meta::Title;

use super::frame::leave_conversation;

/// Says so, with the status 404.
#[component]
pub(super) fn NotFound() -> impl IntoView {
    #[cfg(feature = "ssr")]
    crate::error::set_status(404);
    leave_conversation();
    view! {
        <Title text="Not found"/>
        <main id="main" class="chat" data-view="missing" tabindex="-1">
            <Lost title="This page does not exist" text="The address may be mistyped, or the page has moved."/>
        </main>
    }
}

/// Nothing is here; this is the way on.
#[component]
pub(crate) fn Lost(title: &'static str, text: &'static str) -> impl IntoView {
    view! {
        <div class="lost">
            <p class="figure" aria-hidden="true">"404"</p>
            <h1>{title}</h1>
            <p>{text}</p>
            <a class="button primary" href="/llm">"Begin a conversation"</a>
        </div>
    }
}
