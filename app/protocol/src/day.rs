//! Days of UTC, as whole days since the Unix epoch.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};
use time::{Date, OffsetDateTime};

use crate::timestamp::{Timestamp, date};

const MICROS: i64 = 86_400_000_000;

/// A day of UTC: days since the Unix epoch. On the wire `2026-01-31`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i64);

impl Day {
    /// The day of that instant.
    pub fn of(at: Timestamp) -> Self {
        Self(at.0.div_euclid(MICROS))
    }

    /// The day by the calendar; the epoch, where it lies beyond the years that can be written.
    pub fn date(self) -> Date {
        let noon = self.0.checked_mul(MICROS).map(|micros| Timestamp(micros).to_utc());
        noon.unwrap_or(OffsetDateTime::UNIX_EPOCH).date()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date().to_calendar_date();
        write!(f, "{year:04}-{:02}-{day:02}", u8::from(month))
    }
}

/// The text is not a day as [`Day`] writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidDay;

impl fmt::Display for InvalidDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a day such as 2026-01-31")
    }
}

impl FromStr for Day {
    type Err = InvalidDay;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or(InvalidDay)
    }
}

fn parse(text: &str) -> Option<Day> {
    let midnight = date(text)?.midnight().assume_utc().unix_timestamp();
    Some(Day(midnight.div_euclid(MICROS / 1_000_000)))
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_and_ends_at_midnight() {
        let day = |text: &str| Day::of(text.parse().unwrap()).to_string();
        assert_eq!(day("2026-02-28T23:59:59.999999Z"), "2026-02-28");
        assert_eq!(day("2026-03-01T00:00:00Z"), "2026-03-01");
        assert_eq!(day("1969-12-31T23:59:59.999999Z"), "1969-12-31");
        assert_eq!(Day::of(Timestamp(0)), Day(0));
    }

    #[test]
    fn a_day_survives_the_round_trip_and_what_is_none_is_refused() {
        for day in [Day(0), Day(-1), Day(20_782), Day(2_932_896)] {
            assert_eq!(day.to_string().parse(), Ok(day), "{day}");
        }
        assert_eq!(Day(i64::MAX).to_string(), "1970-01-01");
        for text in [
            "",
            "today",
            "2026-02-30",
            "2026-13-01",
            "2026-01",
            "2026-01-01T00:00:00Z",
        ] {
            assert_eq!(text.parse::<Day>(), Err(InvalidDay), "{text}");
        }
    }
}
