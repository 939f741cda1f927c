//! What the tabs of one browser tell each other.

use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{BroadcastChannel, MessageEvent};

thread_local! {
    /// `None` where the browser has none: then each tab asks the server by itself.
    static CHANNEL: Option<BroadcastChannel> = BroadcastChannel::new("parley").ok();
}

/// Tells all other tabs.
pub(crate) fn tell_tabs(news: &str) {
    CHANNEL.with(|channel| {
        if let Some(channel) = channel {
            let _ = channel.post_message(&news.into());
        }
    });
}

/// Hears what other tabs tell, for as long as the page lives.
pub(crate) fn hear_tabs(hear: impl Fn(String) + 'static) {
    CHANNEL.with(|channel| {
        let Some(channel) = channel else { return };
        let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            if let Some(news) = event.data().as_string() {
                hear(news);
            }
        });
        channel.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        on_message.forget();
    });
}
