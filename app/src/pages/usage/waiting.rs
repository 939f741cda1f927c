//! The shape of the report while it is on its way.

use leptos::prelude::*;

/// Grey where figures, bars and lines will be.
#[component]
pub(super) fn Waiting() -> impl IntoView {
    let line = |_| view! { <i></i> };
    view! {
        <div class="usage-waiting" aria-busy="true">
            <p class="unseen">"Adding up what answers took."</p>
            <div class="figures" aria-hidden="true">{(0..4).map(line).collect_view()}</div>
            <i class="bars" aria-hidden="true"></i>
            <div class="lines" aria-hidden="true">{(0..6).map(line).collect_view()}</div>
        </div>
    }
}
