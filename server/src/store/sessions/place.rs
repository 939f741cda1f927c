//! The place in a list at which the next page begins, as text that means nothing to who carries it.
//!
//! It holds the sort keys of the last session of a page and no offset, so that a page goes on where the one before it ended
//! although sessions have come, moved and gone meanwhile. It needs no signature: whatever it says, only the caller's own
//! sessions are looked through from there.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use protocol::{history::SessionSort, session::SessionSummary};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::rows::micros;

/// Longer than any that was given out: the longest title, in characters of four bytes.
const MAX_CHARS: usize = 4_000;

/// The sort keys of a session and its id, in the order of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Place {
    /// Pinned, last written to.
    Recent(bool, i64, Uuid),
    /// Last written to.
    Newest(i64, Uuid),
    /// Last written to.
    Oldest(i64, Uuid),
    /// Title, begun.
    Title(String, i64, Uuid),
    /// Messages, begun.
    Messages(i64, i64, Uuid),
    /// Micro-dollars, begun.
    Cost(i64, i64, Uuid),
}

impl Place {
    /// The place of a session in a list of this order.
    pub(super) fn of(session: &SessionSummary, sort: SessionSort) -> Self {
        let (id, updated, created) = (session.session_id, session.updated_at.0, session.created_at.0);
        match sort {
            SessionSort::Recent => Self::Recent(session.pinned, updated, id),
            SessionSort::Newest => Self::Newest(updated, id),
            SessionSort::Oldest => Self::Oldest(updated, id),
            SessionSort::Title => Self::Title(session.title.clone(), created, id),
            SessionSort::Messages => {
                Self::Messages(i64::try_from(session.message_count).unwrap_or(i64::MAX), created, id)
            }
            SessionSort::Cost => Self::Cost(micros(session.cost_usd), created, id),
        }
    }

    /// `None`: it is none that was given out for a list of this order.
    pub(super) fn read(cursor: &str, sort: SessionSort) -> Option<Self> {
        if cursor.len() > MAX_CHARS {
            return None;
        }
        let json = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let place: Self = serde_json::from_slice(&json).ok()?;
        (place.sort() == sort).then_some(place)
    }

    /// `None`: it cannot be written, which no place is known to be.
    pub(super) fn write(&self) -> Option<String> {
        Some(BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).ok()?))
    }

    fn sort(&self) -> SessionSort {
        match self {
            Self::Recent(..) => SessionSort::Recent,
            Self::Newest(..) => SessionSort::Newest,
            Self::Oldest(..) => SessionSort::Oldest,
            Self::Title(..) => SessionSort::Title,
            Self::Messages(..) => SessionSort::Messages,
            Self::Cost(..) => SessionSort::Cost,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_place_survives_being_carried_and_goes_with_its_own_order_only() {
        let id = Uuid::from_u128(7);
        for (sort, place) in [
            (SessionSort::Recent, Place::Recent(true, -1, id)),
            (SessionSort::Newest, Place::Newest(i64::MAX, id)),
            (SessionSort::Oldest, Place::Oldest(i64::MIN, id)),
            (SessionSort::Title, Place::Title("\u{1F600}\u{0}".repeat(100), 1, id)),
            (SessionSort::Messages, Place::Messages(3, 1, id)),
            (SessionSort::Cost, Place::Cost(5, 1, id)),
        ] {
            let cursor = place.write().unwrap();
            assert_eq!(Place::read(&cursor, sort), Some(place));
            let other = if sort == SessionSort::Cost {
                SessionSort::Title
            } else {
                SessionSort::Cost
            };
            assert_eq!(Place::read(&cursor, other), None);
        }
    }

    #[test]
    fn the_place_after_the_longest_title_can_be_read() {
        let title = "\u{1F600}".repeat(protocol::session::MAX_TITLE_CHARS);
        let place = Place::Title(title, i64::MIN, Uuid::nil());
        assert_eq!(Place::read(&place.write().unwrap(), SessionSort::Title), Some(place));
    }

    proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

            #[test]
            fn what_was_not_given_out_is_refused_and_never_a_panic(cursor in ".{0,80}", bytes in any::<Vec<u8>>()) {
                prop_assert_eq!(Place::read(&cursor, SessionSort::Recent), None);
                prop_assert_eq!(Place::read(&BASE64_URL_SAFE_NO_PAD.encode(bytes), SessionSort::Recent), None);
            }
        }
}
