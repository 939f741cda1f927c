//! The one place where markup enters the document as markup.

use leptos::prelude::*;

use crate::markdown::SafeHtml;

/// Shows rendered Markdown.
#[component]
pub(super) fn Html(#[prop(into)] html: Signal<SafeHtml>) -> impl IntoView {
    view! { <div class="block" inner_html=move || html.with(|html| html.as_str().to_owned())></div> }
}
