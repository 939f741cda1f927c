//! The shape of a conversation whose messages are on their way.

use leptos::prelude::*;

/// Grey lines where text will be.
#[component]
pub(crate) fn Skeleton() -> impl IntoView {
    view! {
        <div class="scroller" aria-busy="true">
            <p class="unseen">"Opening the conversation."</p>
            <div class="transcript skeleton" aria-hidden="true">
                <i class="right"></i>
                <i></i>
                <i></i>
                <i class="short"></i>
                <i class="right"></i>
                <i></i>
                <i class="short"></i>
            </div>
        </div>
    }
}
