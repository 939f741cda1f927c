//! What was found, with the matching words marked.

use leptos::prelude::*;
use protocol::history::SnippetPart;

/// A text with the words that were searched for marked.
pub(crate) fn marked(parts: Vec<SnippetPart>) -> impl IntoView {
    parts
        .into_iter()
        .map(|part| {
            if part.is_match {
                view! { <mark>{part.text}</mark> }.into_any()
            } else {
                part.text.into_any()
            }
        })
        .collect_view()
}
