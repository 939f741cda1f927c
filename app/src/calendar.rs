//! Times of day and names of days, in the person's own time zone; and those of days that are UTC's.

use leptos::prelude::*;
use protocol::timestamp::Timestamp;
use time::{Date, OffsetDateTime};

use crate::state::Lasting;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// What time it is, and where. The server's word until the page is alive, so that both render the same.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    /// The present.
    pub(crate) now: Lasting<Timestamp>,
    /// How far local time is ahead of UTC, in minutes.
    pub(crate) utc_offset_minutes: Lasting<i32>,
}

impl Clock {
    /// The instant as the person's clock shows it. Tracked.
    fn local(self, at: Timestamp) -> OffsetDateTime {
        shifted(at, self.utc_offset_minutes.get())
    }

    /// `10:24`.
    pub(crate) fn time(self, at: Timestamp) -> String {
        hour_and_minute(self.local(at))
    }

    /// The heading over messages of that day.
    pub(crate) fn day(self, at: Timestamp) -> String {
        day_name(self.local(self.now.get()).date(), self.local(at).date())
    }

    /// The heading over sessions of that day in the sidebar.
    pub(crate) fn period(self, at: Timestamp) -> String {
        period(self.local(self.now.get()).date(), self.local(at).date())
    }

    /// When a session was last written to, where nothing else says the day: `Today 10:24`, `3 March 10:24`, `3 March 2025`.
    pub(crate) fn date(self, at: Timestamp) -> String {
        date(self.local(self.now.get()).date(), self.local(at))
    }

    /// The time of a session under such a heading: `10:24`, `Wed`, `3 Mar`.
    pub(crate) fn brief(self, at: Timestamp) -> String {
        brief(self.local(self.now.get()).date(), self.local(at))
    }
}

/// `Wednesday, 11 March 2026`.
pub(crate) fn full_date(date: Date) -> String {
    weekday(date).to_owned() + ", " + &date_and_year(date)
}

/// `11 March 2026`.
pub(crate) fn date_and_year(date: Date) -> String {
    date.day().to_string() + " " + &month_and_year(date)
}

/// `March 2026`.
pub(crate) fn month_and_year(date: Date) -> String {
    month(date).to_owned() + " " + &date.year().to_string()
}

/// `11 Mar`.
pub(crate) fn short_date(date: Date) -> String {
    date.day().to_string() + " " + &month(date)[..3]
}

/// `Mar 2026`.
pub(crate) fn short_month(date: Date) -> String {
    month(date)[..3].to_owned() + " " + &date.year().to_string()
}

fn shifted(at: Timestamp, minutes: i32) -> OffsetDateTime {
    Timestamp(at.0.saturating_add(i64::from(minutes) * 60_000_000)).to_utc()
}

fn days_between(today: Date, day: Date) -> i32 {
    today.to_julian_day() - day.to_julian_day()
}

fn weekday(day: Date) -> &'static str {
    WEEKDAYS[usize::from(day.weekday().number_days_from_monday())]
}

fn month(day: Date) -> &'static str {
    MONTHS[usize::from(u8::from(day.month()) - 1)]
}

fn two_digits(number: u8) -> String {
    let text = number.to_string();
    if text.len() < 2 { "0".to_owned() + &text } else { text }
}

fn hour_and_minute(at: OffsetDateTime) -> String {
    two_digits(at.hour()) + ":" + &two_digits(at.minute())
}

fn day_name(today: Date, day: Date) -> String {
    match days_between(today, day) {
        ..=0 => "Today".into(),
        1 => "Yesterday".into(),
        2..=6 => weekday(day).into(),
        _ => {
            let text = day.day().to_string() + " " + month(day);
            with_year(text, today, day)
        }
    }
}

fn period(today: Date, day: Date) -> String {
    match days_between(today, day) {
        ..=0 => "Today".into(),
        1 => "Yesterday".into(),
        2..=7 => "Last 7 days".into(),
        _ => with_year(month(day).into(), today, day),
    }
}

fn brief(today: Date, at: OffsetDateTime) -> String {
    let day = at.date();
    match days_between(today, day) {
        ..=1 => hour_and_minute(at),
        2..=6 => weekday(day)[..3].into(),
        _ => short_date(day),
    }
}

fn date(today: Date, at: OffsetDateTime) -> String {
    let name = day_name(today, at.date());
    if today.year() == at.year() || days_between(today, at.date()) < 7 {
        name + " " + &hour_and_minute(at)
    } else {
        name
    }
}

fn with_year(text: String, today: Date, day: Date) -> String {
    if today.year() == day.year() {
        text
    } else {
        text + " " + &day.year().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> OffsetDateTime {
        text.parse::<Timestamp>().unwrap().to_utc()
    }

    #[test]
    fn days_are_named_from_today_backwards() {
        let today = at("2026-03-11T08:00:00Z").date(); // a Wednesday
        let names = |text: &str| {
            let then = at(text);
            (
                day_name(today, then.date()),
                period(today, then.date()),
                brief(today, then),
            )
        };
        let expected = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
        assert_eq!(names("2026-03-11T07:05:00Z"), expected("Today", "Today", "07:05"));
        assert_eq!(names("2026-03-12T00:00:00Z"), expected("Today", "Today", "00:00"));
        assert_eq!(
            names("2026-03-10T23:59:00Z"),
            expected("Yesterday", "Yesterday", "23:59")
        );
        assert_eq!(
            names("2026-03-05T12:00:00Z"),
            expected("Thursday", "Last 7 days", "Thu")
        );
        assert_eq!(
            names("2026-03-04T12:00:00Z"),
            expected("4 March", "Last 7 days", "4 Mar")
        );
        assert_eq!(
            names("2026-01-31T12:00:00Z"),
            expected("31 January", "January", "31 Jan")
        );
        assert_eq!(
            names("2025-12-31T12:00:00Z"),
            expected("31 December 2025", "December 2025", "31 Dec")
        );
    }

    #[test]
    fn a_day_of_utc_is_named_without_regard_to_today() {
        let date = at("2026-03-11T23:59:00Z").date();
        assert_eq!(full_date(date), "Wednesday, 11 March 2026");
        assert_eq!((&*short_date(date), &*short_month(date)), ("11 Mar", "Mar 2026"));
    }

    #[test]
    fn a_date_is_as_exact_as_it_is_near() {
        let today = at("2026-01-03T08:00:00Z").date();
        let dates =
            ["2026-01-03T07:05:00Z", "2025-12-31T12:00:00Z", "2025-12-20T12:00:00Z"].map(|text| date(today, at(text)));
        assert_eq!(dates, ["Today 07:05", "Wednesday 12:00", "20 December 2025"]);
        assert_eq!(
            date(at("2026-12-03T08:00:00Z").date(), at("2026-03-04T09:30:00Z")),
            "4 March 09:30"
        );
    }

    #[test]
    fn the_time_zone_moves_the_hour_and_the_day() {
        let late: Timestamp = "2026-03-10T23:30:00Z".parse().unwrap();
        assert_eq!(hour_and_minute(shifted(late, 0)), "23:30");
        assert_eq!(hour_and_minute(shifted(late, 60)), "00:30");
        assert_eq!(shifted(late, 60).day(), 11);
        assert_eq!(hour_and_minute(shifted(late, -570)), "14:00");
        assert_eq!(hour_and_minute(shifted(Timestamp(i64::MAX), 60)), "00:00");
    }
}
