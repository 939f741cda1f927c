//! What the address of the page of all conversations asks for. The form of the filters writes it, with scripts and without.

use leptos_router::params::ParamsMap;
use protocol::{
    history::{SessionQuery, SessionSort},
    session::SessionStatus,
    timestamp::Timestamp,
};

/// How many conversations a page lists.
const PER_PAGE: u64 = 50;
/// In microseconds.
const ONE_DAY: i64 = 86_400_000_000;

/// The orders that the page offers, with their name in the address and for people.
pub(super) const ORDERS: [(SessionSort, &str, &str); 6] = [
    (SessionSort::Recent, "", "Pinned, then newest"),
    (SessionSort::Newest, "newest", "Newest first"),
    (SessionSort::Oldest, "oldest", "Oldest first"),
    (SessionSort::Title, "title", "By title"),
    (SessionSort::Messages, "messages", "Most messages"),
    (SessionSort::Cost, "cost", "Most expensive"),
];

/// What is asked for. What is empty does not narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Words in the title.
    pub(super) q: String,
    /// With that agent.
    pub(super) agent: String,
    /// With that model.
    pub(super) model: String,
    /// Those in the archive, not those in the list.
    pub(super) archived: bool,
    /// Last written to on that day or later, `2026-03-11`.
    pub(super) from: String,
    /// On that day or earlier.
    pub(super) until: String,
    /// In that order.
    pub(super) sort: SessionSort,
    /// Where the page before ended.
    pub(super) after: Option<String>,
}

impl Asked {
    /// Reads it from an address. What means nothing there is left out.
    pub(crate) fn read(query: &ParamsMap) -> Self {
        let word = |name| query.get_str(name).unwrap_or_default().trim().to_owned();
        let day = |name| {
            Some(word(name))
                .filter(|day| begin_of(day).is_some())
                .unwrap_or_default()
        };
        let sort = word("sort");
        Self {
            q: word("q"),
            agent: word("agent"),
            model: word("model"),
            archived: word("status") == "archived",
            from: day("from"),
            until: day("until"),
            sort: ORDERS
                .into_iter()
                .find(|(_, name, _)| *name == sort)
                .map_or(SessionSort::default(), |(order, ..)| order),
            after: Some(word("after")).filter(|after| !after.is_empty()),
        }
    }

    /// The address that asks for it.
    pub(super) fn address(&self) -> String {
        let order = ORDERS.into_iter().find(|(order, ..)| *order == self.sort);
        let parts = [
            ("q", self.q.as_str()),
            ("agent", &self.agent),
            ("model", &self.model),
            ("status", if self.archived { "archived" } else { "" }),
            ("from", &self.from),
            ("until", &self.until),
            ("sort", order.map_or("", |(_, name, _)| name)),
            ("after", self.after.as_deref().unwrap_or_default()),
        ];
        let mut address = "/history".to_owned();
        for (name, value) in parts.into_iter().filter(|(_, value)| !value.is_empty()) {
            address.push(if address.contains('?') { '&' } else { '?' });
            address.push_str(name);
            address.push('=');
            address.push_str(&escaped(value));
        }
        address
    }

    /// The question to the server. Days begin where the person's clock is that far ahead of UTC, in minutes.
    pub(crate) fn query(&self, utc_offset_minutes: i32) -> SessionQuery {
        let ahead = i64::from(utc_offset_minutes) * 60_000_000;
        let begin = |day: &String| begin_of(day).map(|begin| Timestamp(begin.0.saturating_sub(ahead)));
        let some = |word: &String| Some(word.clone()).filter(|word| !word.is_empty());
        SessionQuery {
            q: self.q.clone(),
            agent_id: some(&self.agent),
            model_id: some(&self.model),
            status: self.archived.then_some(SessionStatus::Archived),
            from: begin(&self.from),
            until: begin(&self.until).map(|begin| Timestamp(begin.0.saturating_add(ONE_DAY))),
            sort: self.sort,
            after: self.after.clone(),
            offset: 0,
            limit: PER_PAGE,
        }
    }

    /// Whether it depends on when a day begins.
    pub(super) fn names_a_day(&self) -> bool {
        !self.from.is_empty() || !self.until.is_empty()
    }

    /// How many of the fields beside the words are not as they are at first.
    pub(super) fn fields_set(&self) -> usize {
        let fields = [&self.agent, &self.model, &self.from, &self.until];
        let named = fields.into_iter().filter(|field| !field.is_empty()).count();
        named + usize::from(self.archived) + usize::from(self.sort != SessionSort::default())
    }

    /// Whether anything narrows the list.
    pub(super) fn narrows(&self) -> bool {
        let words = [&self.q, &self.agent, &self.model, &self.from, &self.until];
        words.iter().any(|word| !word.is_empty())
    }

    /// All of the list, or of the archive, in that order.
    pub(super) fn all(&self) -> Self {
        Self {
            archived: self.archived,
            sort: self.sort,
            ..Self::default()
        }
    }

    /// The same from its first page on.
    pub(super) fn first_page(&self) -> Self {
        Self {
            after: None,
            ..self.clone()
        }
    }
}

/// When a day begins, in UTC. `None`: it is no day.
fn begin_of(day: &str) -> Option<Timestamp> {
    (day.len() == 10)
        .then(|| (day.to_owned() + "T00:00:00Z").parse().ok())
        .flatten()
}

/// A value as it stands in an address, the same in the browser and on the server.
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push('%');
            for half in [byte >> 4, byte & 15] {
                text.extend(char::from_digit(u32::from(half), 16));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &[(&str, &str)]) -> Asked {
        Asked::read(
            &query
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        )
    }

    #[test]
    fn what_is_asked_for_stands_in_the_address() {
        assert_eq!(Asked::default().address(), "/history");
        let asked = read(&[
            ("q", " slow & steady "),
            ("agent", "dir-code"),
            ("status", "archived"),
            ("from", "2026-03-01"),
            ("until", "2026-03-11"),
            ("sort", "cost"),
            ("after", "x1"),
        ]);
        assert_eq!(
            asked.address(),
            "/history?q=slow%20%26%20steady&agent=dir-code&status=archived&from=2026-03-01&until=2026-03-11&sort=cost&after=x1"
        );
        assert_eq!(asked.first_page().after, None);
        assert_eq!(
            asked.query(9 * 60).from,
            "2026-02-28T15:00:00Z".parse().ok(),
            "in Tokyo"
        );
        let query = asked.query(0);
        assert_eq!(query.status, Some(SessionStatus::Archived));
        assert_eq!(query.from, "2026-03-01T00:00:00Z".parse().ok());
        assert_eq!(
            query.until,
            "2026-03-12T00:00:00Z".parse().ok(),
            "the last day is among them"
        );
        assert_eq!(query.sort, SessionSort::Cost);
        assert_eq!(query.model_id, None);
    }

    #[test]
    fn what_means_nothing_does_not_narrow() {
        let asked = read(&[
            ("from", "yesterday"),
            ("until", "2026-02-30"),
            ("sort", "x"),
            ("status", "deleted"),
        ]);
        assert_eq!(asked, Asked::default());
        assert!(!asked.narrows());
        assert_eq!(asked.fields_set(), 0);
        assert_eq!(
            read(&[("q", "x"), ("agent", "a"), ("status", "archived"), ("sort", "cost")]).fields_set(),
            3
        );
        assert!(read(&[("model", "m")]).narrows());
    }
}
