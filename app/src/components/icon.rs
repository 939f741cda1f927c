//! Icons: one path each on a grid of 24, drawn with the same stroke.

use leptos::prelude::*;

/// The path of an icon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Glyph(&'static str);

pub(crate) const ALERT: Glyph = Glyph("M12 4 21 19.500H3zM12 10v4M12 17h.01");
pub(crate) const ARCHIVE: Glyph = Glyph("M4 5h16v4H4zM5.500 9v10h13V9M10 13h4");
pub(crate) const ARROW_UP: Glyph = Glyph("M12 19V5M6 11l6-6 6 6");
pub(crate) const BIN: Glyph = Glyph("M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13");
pub(crate) const CHART: Glyph = Glyph("M5 20v-6M12 20V4M19 20v-9");
pub(crate) const CHECK: Glyph = Glyph("m5 13 4 4L19 7");
pub(crate) const CLOSE: Glyph = Glyph("M6 6l12 12M18 6 6 18");
pub(crate) const COPY: Glyph = Glyph("M9 9h11v11H9zM5 15V5a1 1 0 0 1 1-1h9");
pub(crate) const DOWN: Glyph = Glyph("m6 9 6 6 6-6");
pub(crate) const DOWNLOAD: Glyph = Glyph("M12 4v11M7 10l5 5 5-5M5 20h14");
pub(crate) const UPLOAD: Glyph = Glyph("M12 20V9M7 14l5-5 5 5M5 4h14");
pub(crate) const KEYS: Glyph = Glyph("M3 6h18v12H3zM7 10h.01M11 10h.01M15 10h2M7 14h10");
pub(crate) const LEFT: Glyph = Glyph("m15 6-6 6 6 6");
pub(crate) const LIST: Glyph = Glyph("M8 6h12M8 12h12M8 18h12M4 6h.01M4 12h.01M4 18h.01");
pub(crate) const MENU: Glyph = Glyph("M4 7h16M4 12h16M4 17h16");
pub(crate) const MOON: Glyph = Glyph("M20 14a8 8 0 1 1-9-10 6 6 0 0 0 9 10z");
pub(crate) const MORE: Glyph = Glyph(
    "M12 4.5a.75.75 0 1 0 0 1.5.75.75 0 1 0 0-1.5M12 11.25a.75.75 0 1 0 0 1.5.75.75 0 1 0 0-1.5M12 18a.75.75 0 1 0 0 1.5.75.75 0 1 0 0-1.5",
);
pub(crate) const PAUSE: Glyph = Glyph("M9 6v12M15 6v12");
pub(crate) const PEN: Glyph = Glyph("M4 20h4L19 9l-4-4L4 16z");
pub(crate) const PIN: Glyph = Glyph("M9 4h6l-1 6 3 4H7l3-4zM12 14v6");
pub(crate) const PLUS: Glyph = Glyph("M12 5v14M5 12h14");
pub(crate) const REDO: Glyph = Glyph("M20 11a8 8 0 1 0-2.3 5.700M20 5v6h-6");
pub(crate) const RIGHT: Glyph = Glyph("m9 6 6 6-6 6");
pub(crate) const SCREEN: Glyph = Glyph("M4 5h16v11H4zM9 20h6M12 16v4");
pub(crate) const SEARCH: Glyph = Glyph("M18 11a7 7 0 1 1-14 0 7 7 0 0 1 14 0zM20.5 20.5 16 16");
pub(crate) const STOP: Glyph = Glyph("M8 8h8v8H8z");
pub(crate) const SUN: Glyph = Glyph(
    "M16 12a4 4 0 1 1-8 0 4 4 0 0 1 8 0zM12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7M17 17l1.4 1.400M18.4 5.6 17 7M7 17l-1.4 1.4",
);
pub(crate) const TALK: Glyph = Glyph("M4 5h16v11H9l-5 4z");

/// [`COPY`] and [`CHECK`] as markup, for the copy button inside rendered Markdown; CSS shows one of the two.
pub(crate) const COPY_SVG: &str = concat!(
    r#"<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M9 9h11v11H9zM5 15V5a1 1 0 0 1 1-1h9"/></svg>"#,
    r#"<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="m5 13 4 4L19 7"/></svg>"#
);

/// Draws a glyph.
#[component]
pub(crate) fn Icon(#[prop(into)] glyph: Signal<Glyph>) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
            <path d=move || glyph.get().0></path>
        </svg>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_markup_shows_the_same_glyphs() {
        assert!(COPY_SVG.contains(COPY.0) && COPY_SVG.contains(CHECK.0));
    }
}
