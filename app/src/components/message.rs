//! A person's message, and where it is if it is not with the server.

use leptos::prelude::*;

use super::icon::{self, Icon};
use crate::state::{Delivery, Line, use_chat};

/// The message.
#[component]
pub(super) fn OwnMessage(line: Line) -> impl IntoView {
    let delivery = line.delivery.clone();
    let state = move || match &*delivery.read() {
        Delivery::Saved => "saved",
        Delivery::Pending => "pending",
        Delivery::Failed(_) => "failed",
    };
    let text = line.text.clone();
    view! {
        <div class="own" data-message-type="user" data-delivery=state>
            <p class="bubble">{move || text.get()}</p>
            <Undelivered line/>
        </div>
    }
}

/// Why it did not arrive. Nothing typed is lost: it can be sent again, or changed first.
#[component]
fn Undelivered(line: Line) -> impl IntoView {
    let chat = use_chat();
    let delivery = line.delivery.clone();
    let reason = Memo::new(move |_| match &*delivery.read() {
        Delivery::Failed(error) => Some(error.error.to_string()),
        _ => None,
    });
    view! {
        <Show when=move || reason.with(Option::is_some)>
            {
                let again = line.clone();
                let back = line.clone();
                view! {
                    <div class="failure" role="alert">
                        <Icon glyph=icon::ALERT/>
                        <span>"Not sent. " {move || reason.get()}</span>
                        <div class="choices">
                            <button type="button" class="small" on:click=move |_| chat.send_again(again.clone())>
                                "Retry"
                            </button>
                            <button type="button" class="small" on:click=move |_| chat.take_back(&back)>
                                "Edit"
                            </button>
                        </div>
                    </div>
                }
            }
        </Show>
    }
}
