//! The conversations, by day, page after page.

use leptos::prelude::*;
use protocol::session::SessionSummary;
use std::collections::HashMap;

use crate::{
    browser,
    components::session_row::SessionRow,
    state::{Chat, use_chat},
};

/// How much of the list may be left below what is in sight before the next page is read, in pixels.
const AHEAD: i32 = 600;
/// The list.
#[component]
pub(super) fn Sessions() -> impl IntoView {
    let chat = use_chat();
    let periods = Memo::new(move |_| periods(chat));
    let places = Memo::new(move |_| {
        let id = |(at, session): (usize, &SessionSummary)| (session.session_id, at);
        chat.sessions
            .with(|all| all.iter().enumerate().map(id).collect::<HashMap<_, _>>())
    });
    let has_more = Memo::new(move |_| chat.next_page.with(Option::is_some));
    // A page may be shorter than the screen.
    Effect::new(move |_| {
        chat.sessions.track();
        request_animation_frame(move || list_more_near_end(chat));
    });
    view! {
        <For each=move || periods.get() key=|(period, _)| period.clone() let((period, _))>
            {
                let title = period.clone();
                let sessions = move || {
                    periods.with(|all| {
                        all.iter().find(|(name, _)| *name == period).map(|(_, sessions)| sessions.clone()).unwrap_or_default()
                    })
                };
                view! {
                    <section>
                        <h2>{title}</h2>
                        <ul>
                            <For each=sessions key=|session| session.session_id let(session)>
                                <SessionRow session_id=session.session_id first=session places/>
                            </For>
                        </ul>
                    </section>
                }
            }
        </For>
        <Show when=move || periods.with(Vec::is_empty)>
            <p class="nothing">"What you begin is kept here."</p>
        </Show>
        <Show when=move || has_more.get()>
            <button
                type="button"
                class="small more"
                aria-busy=move || chat.is_listing_more.get().to_string()
                on:click=move |_| chat.list_more()
            >
                "Show more"
            </button>
        </Show>
    }
}

/// The next page is on its way before the end of the list is in sight.
pub(super) fn list_more_near_end(chat: Chat) {
    let Some(scroller) = browser::find(".sessions") else {
        return;
    };
    if browser::is_near_end(&scroller, AHEAD) && !chat.is_failing_to_list.get_value() {
        chat.list_more();
    }
}

/// The list, parted into pinned ones and days.
fn periods(chat: Chat) -> Vec<(String, Vec<SessionSummary>)> {
    let mut periods: Vec<(String, Vec<SessionSummary>)> = Vec::new();
    for session in chat.sessions.get() {
        let period = if session.pinned {
            "Pinned".to_owned()
        } else {
            chat.clock.period(session.updated_at)
        };
        match periods.iter_mut().find(|(name, _)| *name == period) {
            Some((_, sessions)) => sessions.push(session),
            None => periods.push((period, vec![session])),
        }
    }
    periods
}
