//! What a bar stands for, told when it is pointed at, by mouse, finger or keys. It comes with the scripts.

use leptos::{ev, html, prelude::*};

use super::{
    super::{periods::Period, scale::Measure},
    says,
};
use crate::figures::percentage;

/// How far a page of bars is.
const PAGE: usize = 7;

/// Lies over the bars: one stop for the keyboard, from which the arrows go on.
#[component]
pub(super) fn Pointer(periods: Memo<Vec<Period>>, measure: Memo<Measure>) -> impl IntoView {
    // The server writes none: without scripts it would be a place where nothing happens.
    let is_alive = RwSignal::new(false);
    Effect::new(move |_| is_alive.set(true));
    view! {
        <Show when=move || is_alive.get()>
            <Slider periods measure/>
        </Show>
    }
}

#[component]
fn Slider(periods: Memo<Vec<Period>>, measure: Memo<Measure>) -> impl IntoView {
    let count = Memo::new(move |_| periods.with(Vec::len));
    let last = move || count.get().saturating_sub(1);
    let shown = RwSignal::new(None::<usize>);
    // Where the arrows have been, shown or not; among other bars they are at the end, as at first.
    let moved_to = RwSignal::new(None::<usize>);
    let at = Memo::new(move |_| moved_to.get().unwrap_or(usize::MAX).min(last()));
    Effect::new(move |former: Option<()>| {
        count.track();
        if former.is_some() {
            moved_to.set(None);
            shown.set(None);
        }
    });
    let area = NodeRef::<html::Div>::new();
    let point = move |event: ev::PointerEvent| {
        let width = area.get_untracked().map_or(0, |area| area.client_width());
        let place = under(event.offset_x(), width, count.get_untracked());
        moved_to.set(Some(place));
        shown.set(Some(place));
    };
    let press = move |event: ev::KeyboardEvent| {
        let Some(next) = next(&event.key(), at.get_untracked(), untrack(last)) else {
            return;
        };
        event.prevent_default();
        if next.is_some() {
            moved_to.set(next);
        }
        shown.set(next);
    };
    let words = move |place: usize| {
        periods.with(|periods| {
            let period = periods.get(place)?;
            Some((period.name.clone(), says(period, measure.get())))
        })
    };
    let text = move || words(at.get()).map(|(name, says)| name + ": " + &says);
    let tip = move || {
        let place = shown.get()?;
        let (name, says) = words(place)?;
        let middle = 2 * place as u64 + 1;
        let whole = 2 * count.get() as u64;
        let side = match 3 * middle / whole {
            0 => "tip left",
            1 => "tip",
            _ => "tip right",
        };
        // Set through the browser's own object of styles, which the CSP allows; in markup it would not be.
        Some(view! {
            <i class="at" style:left=percentage(middle, whole)></i>
            <p class=side style:left=percentage(middle, whole)>
                <b>{says}</b>
                <span>{name}</span>
            </p>
        })
    };
    view! {
        <div
            class="pointer"
            node_ref=area
            role="slider"
            tabindex="0"
            aria-label="Bar of the chart"
            aria-orientation="horizontal"
            aria-valuemin="1"
            aria-valuemax=move || count.get().to_string()
            aria-valuenow=move || (at.get() + 1).to_string()
            aria-valuetext=text
            on:pointermove=point
            on:pointerdown=point
            on:pointerleave=move |_| shown.set(None)
            on:focus=move |_| shown.set(Some(at.get_untracked()))
            on:blur=move |_| shown.set(None)
            on:keydown=press
        ></div>
        <div class="tips" aria-hidden="true">{tip}</div>
    }
}

/// The bar under a point.
fn under(x: i32, width: i32, count: usize) -> usize {
    let (x, width) = (usize::try_from(x).unwrap_or(0), usize::try_from(width).unwrap_or(0));
    let place = (x * count).checked_div(width).unwrap_or(0);
    place.min(count.saturating_sub(1))
}

/// Where a key leads; to nothing shown, where it is Escape. `None`: the key is not for this.
fn next(key: &str, at: usize, last: usize) -> Option<Option<usize>> {
    let place = match key {
        "ArrowLeft" | "ArrowDown" => at.saturating_sub(1),
        "ArrowRight" | "ArrowUp" => (at + 1).min(last),
        "PageDown" => at.saturating_sub(PAGE),
        "PageUp" => (at + PAGE).min(last),
        "Home" => 0,
        "End" => last,
        "Escape" => return Some(None),
        _ => return None,
    };
    Some(Some(place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_over_one_bar_and_the_edges_over_the_outer_ones() {
        assert_eq!(
            [-3, 0, 99, 100, 699, 700, 900].map(|x| under(x, 700, 7)),
            [0, 0, 0, 1, 6, 6, 6]
        );
        assert_eq!(under(5, 0, 7), 0, "before it has a width");
    }

    #[test]
    fn arrows_go_from_bar_to_bar_and_stop_at_the_ends() {
        let go = |key, at| next(key, at, 29).flatten();
        assert_eq!(go("ArrowLeft", 29), Some(28));
        assert_eq!(go("ArrowRight", 29), Some(29));
        assert_eq!(go("ArrowLeft", 0), Some(0));
        assert_eq!((go("Home", 9), go("End", 9)), (Some(0), Some(29)));
        assert_eq!((go("PageDown", 3), go("PageUp", 3)), (Some(0), Some(10)));
        assert_eq!(next("Escape", 3, 29), Some(None));
        assert_eq!(next("Tab", 3, 29), None);
    }
}
