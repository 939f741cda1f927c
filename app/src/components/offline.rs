//! Says when the browser has no connection.

use leptos::{ev, prelude::*};

use crate::browser;

/// A bar across the page.
#[component]
pub(crate) fn OfflineBar() -> impl IntoView {
    let online = RwSignal::new(true);
    Effect::new(move |_| {
        online.set(browser::is_online());
        let up = window_event_listener(ev::online, move |_| online.set(true));
        let down = window_event_listener(ev::offline, move |_| online.set(false));
        on_cleanup(move || {
            up.remove();
            down.remove();
        });
    });
    view! {
        <Show when=move || !online.get()>
            <p class="offline" role="alert">
                "You are offline. An answer under way goes on and is shown when the connection is back."
            </p>
        </Show>
    }
}
