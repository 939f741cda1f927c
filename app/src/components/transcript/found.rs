//! The message that is looked for: brought to the middle, and marked for a moment.

use leptos::{prelude::*, task::spawn_local, web_sys::Element};
use std::time::Duration;

use super::{Place, look, rendered};
use crate::{browser, state::Chat};

/// So many messages before and after the one that is looked for are rendered at first.
const AROUND: usize = 12;
/// How long it is marked.
const MARKED: Duration = Duration::from_secs(3);

/// Goes to the message that is looked for as soon as it is there, and marks it for a moment.
pub(super) fn find_sought(chat: Chat, place: Place) {
    Effect::new(move |_| {
        let Some(sought) = chat.sought.get() else { return };
        let at = chat.lines.with(|lines| {
            let at = lines.iter().position(|line| line.message_id() == sought)?;
            Some((at, lines.len(), lines[at].key))
        });
        let Some((at, count, key)) = at else { return };
        chat.sought.set(None);
        place.at_end.set(false);
        if !untrack(|| rendered(place, count)).contains(&at) {
            // The next look makes it as many as there is room for.
            place
                .omitted
                .set((at.saturating_sub(AROUND), count.saturating_sub(at + AROUND)));
        }
        place.settling.set_value(true);
        place.found.set(Some(key));
        spawn_local(async move {
            leptos::task::tick().await;
            if let Some(row) = settle(place) {
                browser::focus_in_place(&row);
            }
            // Where all of it is in sight, so is its end.
            let scroller = place.scroller.try_get_untracked().flatten();
            if scroller.is_some_and(|scroller| browser::scroll_position(&scroller) == (0, 0))
                && !chat.has_later.get_untracked()
            {
                place.at_end.set(true);
            }
            look(chat, place);
            browser::sleep(MARKED).await;
            if place.found.try_get_untracked() == Some(Some(key)) {
                place.settling.set_value(false);
                place.found.set(None);
            }
        });
    });
    // What is painted late moves what is below it.
    Effect::new(move |_| {
        chat.grown.track();
        if place.settling.get_value() {
            settle(place);
        }
    });
}

/// Brings the message that was looked for to the middle.
fn settle(place: Place) -> Option<Element> {
    let key = place.found.try_get_untracked().flatten()?;
    let row = browser::find(&format!(r#"[data-line="{key}"]"#))?;
    browser::to_the_middle(&row);
    Some(row)
}
