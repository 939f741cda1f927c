//! Which rows are selected.

use leptos::prelude::*;
use protocol::session::SessionSummary;
use std::collections::HashSet;
use uuid::Uuid;

use super::listing::Listing;

/// The selected rows of the page that is listed.
#[derive(Clone, Copy)]
pub(super) struct Selection {
    listing: Listing,
    chosen: RwSignal<HashSet<Uuid>>,
    /// From where a range reaches: the row that was last selected by itself.
    anchor: StoredValue<Option<Uuid>>,
}

impl Selection {
    /// Nothing is selected. What leaves the page is selected no longer.
    pub(super) fn new(listing: Listing) -> Self {
        let selection = Self {
            listing,
            chosen: RwSignal::new(HashSet::new()),
            anchor: StoredValue::new(None),
        };
        Effect::new(move |_| {
            let ids: HashSet<Uuid> = listing.list.with(|list| {
                list.iter()
                    .flat_map(|list| &list.sessions)
                    .map(|session| session.session_id)
                    .collect()
            });
            if selection.chosen.with_untracked(|chosen| !chosen.is_subset(&ids)) {
                selection.chosen.update(|chosen| chosen.retain(|id| ids.contains(id)));
            }
        });
        selection
    }

    /// How many are selected. Tracked.
    pub(super) fn count(self) -> usize {
        self.chosen.with(HashSet::len)
    }

    /// Whether that row is. Tracked.
    pub(super) fn contains(self, session_id: Uuid) -> bool {
        self.chosen.with(|chosen| chosen.contains(&session_id))
    }

    /// Selects a row, or no longer; with `range`, all from the one before to this one.
    pub(super) fn toggle(self, session_id: Uuid, range: bool) {
        let is_chosen = !self.chosen.with_untracked(|chosen| chosen.contains(&session_id));
        let ids = self.ids();
        let anchor = self.anchor.get_value().filter(|_| range);
        let rows = reach(&ids, anchor.unwrap_or(session_id), session_id);
        self.chosen.update(|chosen| {
            for id in rows {
                if is_chosen {
                    chosen.insert(*id);
                } else {
                    chosen.remove(id);
                }
            }
        });
        self.anchor.set_value(Some(session_id));
    }

    /// Selects all rows of the page, or none.
    pub(super) fn toggle_all(self) {
        let ids = self.ids();
        let all = self.chosen.with_untracked(|chosen| chosen.len() == ids.len());
        self.chosen
            .set(if all { HashSet::new() } else { ids.into_iter().collect() });
        self.anchor.set_value(None);
    }

    /// Selects none.
    pub(super) fn clear(self) {
        self.chosen.set(HashSet::new());
        self.anchor.set_value(None);
    }

    fn ids(self) -> Vec<Uuid> {
        let id = |session: &SessionSummary| session.session_id;
        self.listing
            .list
            .with_untracked(|list| list.iter().flat_map(|list| &list.sessions).map(id).collect())
    }

    /// The row that is nearest to the selected ones and none of them: after the last, or else before.
    pub(super) fn nearest_left(self) -> Option<Uuid> {
        let ids = self.ids();
        let is_chosen = |id: &Uuid| self.chosen.with_untracked(|chosen| chosen.contains(id));
        let last = ids.iter().rposition(is_chosen)?;
        let after = ids[last + 1..].first();
        after.or_else(|| ids[..last].iter().rfind(|id| !is_chosen(id))).copied()
    }

    /// The selected rows, in their order.
    pub(super) fn chosen(self) -> Vec<Uuid> {
        let mut ids = self.ids();
        self.chosen
            .with_untracked(|chosen| ids.retain(|id| chosen.contains(id)));
        ids
    }
}

/// The rows from one to another, whichever stands first. Where the first is there no longer, the other alone.
fn reach(ids: &[Uuid], from: Uuid, to: Uuid) -> &[Uuid] {
    let place = |wanted: Uuid| ids.iter().position(|id| *id == wanted);
    match (place(from), place(to)) {
        (Some(from), Some(to)) => &ids[from.min(to)..=from.max(to)],
        (None, Some(to)) => &ids[to..=to],
        _ => &[],
    }
}

/// The page's selection, from the context.
pub(super) fn use_selection() -> Selection {
    expect_context()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_reaches_both_ways_and_only_over_what_is_there() {
        let ids: Vec<Uuid> = (1..6).map(Uuid::from_u128).collect();
        let rows = |from, to| {
            let rows = reach(&ids, Uuid::from_u128(from), Uuid::from_u128(to));
            rows.iter().map(Uuid::as_u128).collect::<Vec<_>>()
        };
        assert_eq!(rows(2, 4), [2, 3, 4]);
        assert_eq!(rows(4, 2), [2, 3, 4]);
        assert_eq!(rows(3, 3), [3]);
        assert_eq!(rows(99, 3), [3], "the first is gone");
        assert!(rows(1, 99).is_empty());
    }
}
