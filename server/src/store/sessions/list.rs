//! Lists of sessions: each order walks along one index, from a place in it, as far as one page.

use diesel::{
    dsl::sql,
    helper_types::{InnerJoin, IntoBoxed},
    prelude::*,
    sql_types::{BigInt, Bool, Text},
    sqlite::Sqlite,
};
use protocol::{
    history::{SessionQuery, SessionSort},
    session::{SessionList, SessionStatus},
};
use uuid::Uuid;

use super::{place::Place, running_among};
use crate::store::{
    Store, StoreError,
    ids::{Id, column, count, name_of},
    rows::{SessionRow, TotalsRow},
    schema::{session_counts, session_totals, sessions},
};

/// The cursor of a page was not given out for this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnreadableCursor;

impl Store {
    /// A page of the user's sessions.
    pub async fn list_sessions(
        &self,
        user_id: Uuid,
        query: SessionQuery,
    ) -> Result<Result<SessionList, UnreadableCursor>, StoreError> {
        let after = match &query.after {
            None => None,
            Some(cursor) => match Place::read(cursor, query.sort) {
                None => return Ok(Err(UnreadableCursor)),
                place => place,
            },
        };
        let status = query.status.unwrap_or(SessionStatus::Active);
        if status == SessionStatus::Deleted {
            return Ok(Ok(SessionList {
                sessions: Vec::new(),
                total: 0,
                next: None,
            }));
        }
        let asked = Asked {
            user_id: Id(user_id),
            status: name_of(status)?,
            pattern: like_pattern(&query.q),
            query,
            after,
        };
        self.read(move |connection| Ok(Ok(list(connection, &asked)?))).await
    }
}

/// What was asked for.
struct Asked {
    user_id: Id,
    status: String,
    pattern: Option<String>,
    query: SessionQuery,
    after: Option<Place>,
}

fn list(connection: &mut SqliteConnection, asked: &Asked) -> Result<SessionList, StoreError> {
    let total = total(connection, asked)?;
    let mut rows = page(connection, asked)?;
    // One more than asked for tells whether there is a next page.
    let has_more = rows.len() as u64 > asked.query.limit;
    if has_more {
        rows.pop();
    }
    let running = running_among(connection, rows.iter().map(|(row, _)| row.session_id).collect())?;
    let sessions = rows
        .into_iter()
        .map(|(row, totals)| {
            let is_running = running.contains(&row.session_id);
            row.into_summary(totals, is_running)
        })
        .collect::<Result<Vec<_>, _>>()?;
    let last = sessions.last().filter(|_| has_more);
    let next = last.and_then(|session| Place::of(session, asked.query.sort).write());
    Ok(SessionList { sessions, total, next })
}

fn page(connection: &mut SqliteConnection, asked: &Asked) -> QueryResult<Vec<(SessionRow, TotalsRow)>> {
    let mut missing = column(asked.query.limit).saturating_add(1);
    let mut to_pass_over = column(asked.query.offset);
    let mut rows = Vec::new();
    for walk in Walk::of(asked.query.sort) {
        let Some(listing) = walk.listing(asked) else { continue };
        let part: Vec<(SessionRow, TotalsRow)> = walk
            .in_order(listing)
            .limit(missing)
            .offset(to_pass_over)
            .select((SessionRow::as_select(), TotalsRow::as_select()))
            .load(connection)?;
        missing -= column(part.len() as u64);
        if missing == 0 {
            rows.extend(part);
            break;
        }
        if part.is_empty() && to_pass_over > 0 {
            let passed: i64 = match walk.listing(asked) {
                Some(listing) => listing.count().get_result(connection)?,
                None => 0,
            };
            to_pass_over = to_pass_over.saturating_sub(passed);
        } else {
            to_pass_over = 0;
        }
        rows.extend(part);
    }
    Ok(rows)
}

/// How many there are on all pages together. Where words or times narrow them, they are counted in an index.
fn total(connection: &mut SqliteConnection, asked: &Asked) -> QueryResult<u64> {
    let query = &asked.query;
    if asked.pattern.is_none() && query.from.is_none() && query.until.is_none() {
        let mut counts = session_counts::table
            .filter(session_counts::user_id.eq(asked.user_id))
            .filter(session_counts::status.eq(&asked.status))
            .into_boxed();
        if let Some(agent_id) = &query.agent_id {
            counts = counts.filter(session_counts::agent_id.eq(agent_id));
        }
        if let Some(model_id) = &query.model_id {
            counts = counts.filter(session_counts::model_id.eq(model_id));
        }
        let counts: Vec<i64> = counts.select(session_counts::sessions).load(connection)?;
        return Ok(count(counts.iter().sum()));
    }
    let mut counted = sessions::table
        .filter(sessions::user_id.eq(asked.user_id))
        .filter(sessions::status.eq(&asked.status))
        .into_boxed();
    if let Some(agent_id) = &query.agent_id {
        counted = counted.filter(sessions::agent_id.eq(agent_id));
    }
    if let Some(model_id) = &query.model_id {
        counted = counted.filter(sessions::model_id.eq(model_id));
    }
    if let Some(from) = query.from {
        counted = counted.filter(sessions::updated_at.ge(from.0));
    }
    if let Some(until) = query.until {
        counted = counted.filter(sessions::updated_at.lt(until.0));
    }
    if let Some(pattern) = &asked.pattern {
        counted = counted.filter(sessions::title.like(pattern).escape('\\'));
    }
    Ok(count(counted.count().get_result(connection)?))
}

type Listing<'a> = IntoBoxed<'a, InnerJoin<sessions::table, session_totals::table>, Sqlite>;

/// A way along one index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Walk {
    Pinned,
    NotPinned,
    Newest,
    Oldest,
    Title,
    Messages,
    Cost,
}

impl Walk {
    fn of(sort: SessionSort) -> &'static [Self] {
        match sort {
            // One after the other: as one order, times would be no range of an index.
            SessionSort::Recent => &[Self::Pinned, Self::NotPinned],
            SessionSort::Newest => &[Self::Newest],
            SessionSort::Oldest => &[Self::Oldest],
            SessionSort::Title => &[Self::Title],
            SessionSort::Messages => &[Self::Messages],
            SessionSort::Cost => &[Self::Cost],
        }
    }

    /// What lies on this way after the place that was asked for; `None`: the place is behind all of it.
    fn listing(self, asked: &Asked) -> Option<Listing<'_>> {
        let narrowed = self.narrowed(asked);
        let Some(after) = &asked.after else {
            return Some(narrowed);
        };
        Some(match (self, after) {
            (Self::Pinned, Place::Recent(false, ..)) => return None,
            (Self::NotPinned, Place::Recent(true, ..)) => narrowed,
            (Self::Oldest, Place::Oldest(updated, id)) => narrowed
                .filter(sessions::updated_at.ge(*updated))
                .filter(sessions::updated_at.gt(*updated).or(sessions::session_id.gt(Id(*id)))),
            (_, Place::Recent(_, updated, id) | Place::Newest(updated, id) | Place::Oldest(updated, id)) => narrowed
                .filter(sessions::updated_at.le(*updated))
                .filter(sessions::updated_at.lt(*updated).or(sessions::session_id.lt(Id(*id)))),
            (_, Place::Title(title, created, id)) => narrowed.filter(folded_title().ge(title)).filter(
                folded_title()
                    .gt(title)
                    .or(sessions::created_at.lt(*created))
                    .or(sessions::created_at.eq(*created).and(sessions::session_id.lt(Id(*id)))),
            ),
            (_, Place::Messages(messages, created, id)) => {
                narrowed.filter(session_totals::message_count.le(*messages)).filter(
                    session_totals::message_count
                        .lt(*messages)
                        .or(begun_before(*created, *id)),
                )
            }
            (_, Place::Cost(cost, created, id)) => narrowed
                .filter(session_totals::cost_micros.le(*cost))
                .filter(session_totals::cost_micros.lt(*cost).or(begun_before(*created, *id))),
        })
    }

    fn narrowed(self, asked: &Asked) -> Listing<'_> {
        let query = &asked.query;
        let mut listing = sessions::table.inner_join(session_totals::table).into_boxed();
        listing = if self.is_by_totals() {
            listing
                .filter(session_totals::user_id.eq(asked.user_id))
                .filter(session_totals::status.eq(&asked.status))
        } else {
            listing
                .filter(sessions::user_id.eq(asked.user_id))
                .filter(sessions::status.eq(&asked.status))
        };
        // Written out: a value that is bound later cannot choose the index of pinned ones.
        match self {
            Self::Pinned => listing = listing.filter(sql::<Bool>("sessions.pinned = 1")),
            Self::NotPinned => listing = listing.filter(sql::<Bool>("sessions.pinned = 0")),
            _ => {}
        }
        // A `+` keeps SQLite on the index of this way where it would rather collect all that match, and sort them.
        if let Some(agent_id) = &query.agent_id {
            listing = match self {
                Self::NotPinned | Self::Newest | Self::Oldest => listing.filter(sessions::agent_id.eq(agent_id)),
                Self::Pinned | Self::Title => listing.filter(sql::<Text>("+sessions.agent_id").eq(agent_id)),
                Self::Messages | Self::Cost => listing.filter(sql::<Text>("+session_totals.agent_id").eq(agent_id)),
            };
        }
        if let Some(model_id) = &query.model_id {
            listing = match self {
                Self::NotPinned | Self::Newest | Self::Oldest => listing.filter(sessions::model_id.eq(model_id)),
                Self::Pinned | Self::Title => listing.filter(sql::<Text>("+sessions.model_id").eq(model_id)),
                Self::Messages | Self::Cost => listing.filter(sql::<Text>("+session_totals.model_id").eq(model_id)),
            };
        }
        if let Some(from) = query.from {
            listing = match self {
                Self::Title | Self::Messages | Self::Cost => {
                    listing.filter(sql::<BigInt>("+sessions.updated_at").ge(from.0))
                }
                _ => listing.filter(sessions::updated_at.ge(from.0)),
            };
        }
        if let Some(until) = query.until {
            listing = match self {
                Self::Title | Self::Messages | Self::Cost => {
                    listing.filter(sql::<BigInt>("+sessions.updated_at").lt(until.0))
                }
                _ => listing.filter(sessions::updated_at.lt(until.0)),
            };
        }
        if let Some(pattern) = &asked.pattern {
            listing = listing.filter(sessions::title.like(pattern).escape('\\'));
        }
        listing
    }

    fn in_order(self, listing: Listing<'_>) -> Listing<'_> {
        match self {
            Self::Pinned | Self::NotPinned | Self::Newest => {
                listing.order((sessions::updated_at.desc(), sessions::session_id.desc()))
            }
            Self::Oldest => listing.order((sessions::updated_at, sessions::session_id)),
            Self::Title => listing.order((folded_title(), sessions::created_at.desc(), sessions::session_id.desc())),
            Self::Messages => listing.order((
                session_totals::message_count.desc(),
                session_totals::created_at.desc(),
                session_totals::session_id.desc(),
            )),
            Self::Cost => listing.order((
                session_totals::cost_micros.desc(),
                session_totals::created_at.desc(),
                session_totals::session_id.desc(),
            )),
        }
    }

    fn is_by_totals(self) -> bool {
        matches!(self, Self::Messages | Self::Cost)
    }
}

/// The title as it is sorted.
fn folded_title() -> diesel::expression::SqlLiteral<Text> {
    sql("sessions.title COLLATE NOCASE")
}

#[diesel::dsl::auto_type(no_type_alias)]
fn begun_before(created: i64, session_id: Uuid) -> _ {
    let session_id: Id = Id(session_id);
    session_totals::created_at.lt(created).or(session_totals::created_at
        .eq(created)
        .and(session_totals::session_id.lt(session_id)))
}

/// A LIKE pattern that finds `words` anywhere and takes none of its characters for a wildcard.
fn like_pattern(words: &str) -> Option<String> {
    let words = words.trim();
    (!words.is_empty()).then(|| {
        let escaped = words.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        format!("%{escaped}%")
    })
}

#[cfg(test)]
mod tests;
