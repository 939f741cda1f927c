//! The tree of a conversation: a branch is walked from its last message to its first, each step by a key.
//!
//! The queries are written out, for Diesel has no words for a walk; as types of their own they are compiled once for each
//! connection, like any other.

use std::collections::HashMap;

use diesel::{
    dsl::max,
    prelude::*,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{BigInt, Nullable, Text},
    sqlite::Sqlite,
};
use protocol::session::Version;
use uuid::Uuid;

use super::{
    StoreError,
    ids::{Id, to_json},
    rows::MessageRow,
    schema::messages,
};

/// A message and those before it, the last first, as far back as an instant.
#[derive(Debug, QueryId)]
struct Walk<C> {
    columns: C,
    session_id: Id,
    from: Id,
    back_to: i64,
    limit: i64,
}

impl<C: Expression> Query for Walk<C> {
    type SqlType = C::SqlType;
}

impl<C> RunQueryDsl<SqliteConnection> for Walk<C> {}

impl<C: QueryFragment<Sqlite>> QueryFragment<Sqlite> for Walk<C> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql(
            "WITH RECURSIVE branch (message_id, parent_id, timestamp) AS (
                 SELECT message_id, parent_id, timestamp FROM messages WHERE session_id = ",
        );
        out.push_bind_param::<Text, _>(&self.session_id)?;
        out.push_sql(" AND message_id = ");
        out.push_bind_param::<Text, _>(&self.from)?;
        // Whatever the database may hold, each step leads further back, so that there is an end.
        out.push_sql(
            " UNION ALL
                 SELECT earlier.message_id, earlier.parent_id, earlier.timestamp
                 FROM branch CROSS JOIN messages AS earlier ON earlier.message_id = branch.parent_id
                 WHERE earlier.timestamp < branch.timestamp AND earlier.timestamp >= ",
        );
        out.push_bind_param::<BigInt, _>(&self.back_to)?;
        out.push_sql(" LIMIT ");
        out.push_bind_param::<BigInt, _>(&self.limit)?;
        out.push_sql(") SELECT ");
        self.columns.walk_ast(out.reborrow())?;
        out.push_sql(" FROM branch CROSS JOIN messages ON messages.message_id = branch.message_id");
        Ok(())
    }
}

/// What follows each of these messages; what begins the conversation, where `null` is among them. In the order of writing.
#[derive(Debug, QueryId)]
struct Following {
    session_id: Id,
    parents: String,
}

impl Query for Following {
    type SqlType = (Nullable<Text>, Text, Text);
}

impl RunQueryDsl<SqliteConnection> for Following {}

impl QueryFragment<Sqlite> for Following {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("SELECT following.parent_id, following.message_type, following.message_id FROM json_each(");
        out.push_bind_param::<Text, _>(&self.parents)?;
        out.push_sql(") AS parents CROSS JOIN messages AS following ON following.session_id = ");
        out.push_bind_param::<Text, _>(&self.session_id)?;
        out.push_sql(" AND following.parent_id IS parents.value ORDER BY following.timestamp");
        Ok(())
    }
}

/// The message written last among this one and all that follow it on any branch: nothing follows it.
#[derive(Debug, QueryId)]
struct NewestLeaf {
    session_id: Id,
    below: Id,
}

impl Query for NewestLeaf {
    type SqlType = Text;
}

impl RunQueryDsl<SqliteConnection> for NewestLeaf {}

impl QueryFragment<Sqlite> for NewestLeaf {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql(
            "WITH RECURSIVE tree (session_id, message_id, timestamp) AS (
                 SELECT session_id, message_id, timestamp FROM messages WHERE session_id = ",
        );
        out.push_bind_param::<Text, _>(&self.session_id)?;
        out.push_sql(" AND message_id = ");
        out.push_bind_param::<Text, _>(&self.below)?;
        out.push_sql(
            " UNION ALL
                 SELECT later.session_id, later.message_id, later.timestamp
                 FROM tree CROSS JOIN messages AS later
                     ON later.session_id = tree.session_id AND later.parent_id = tree.message_id
                        AND later.timestamp > tree.timestamp
             ) SELECT message_id FROM tree ORDER BY timestamp DESC LIMIT 1",
        );
        Ok(())
    }
}

/// A message of this session and those before it on its branch, oldest first, `limit` at most; nothing, where it is not
/// of this session.
pub(super) fn branch(
    connection: &mut SqliteConnection,
    session_id: Id,
    from: Id,
    limit: i64,
) -> QueryResult<Vec<MessageRow>> {
    let walk = Walk {
        columns: MessageRow::as_select(),
        session_id,
        from,
        back_to: i64::MIN,
        limit,
    };
    let mut rows: Vec<MessageRow> = walk.load(connection)?;
    rows.sort_by_key(|row| row.timestamp);
    Ok(rows)
}

/// The type and the text of each message of a branch, oldest first.
pub(super) fn texts(connection: &mut SqliteConnection, session_id: Id, from: Id) -> QueryResult<Vec<(String, String)>> {
    let walk = Walk {
        columns: (messages::timestamp, messages::message_type, messages::content),
        session_id,
        from,
        back_to: i64::MIN,
        limit: i64::MAX,
    };
    let mut rows: Vec<(i64, String, String)> = walk.load(connection)?;
    rows.sort_by_key(|(timestamp, ..)| *timestamp);
    Ok(rows
        .into_iter()
        .map(|(_, message_type, text)| (message_type, text))
        .collect())
}

/// What follows this message on the branch that ends with `head`, oldest first. `None`: it is not on that branch.
pub(super) fn following(
    connection: &mut SqliteConnection,
    session_id: Id,
    head: Id,
    (message_id, timestamp): (Id, i64),
) -> QueryResult<Option<Vec<Id>>> {
    let walk = Walk {
        columns: (messages::timestamp, messages::message_id),
        session_id,
        from: head,
        back_to: timestamp,
        limit: i64::MAX,
    };
    let mut rows: Vec<(i64, Id)> = walk.load(connection)?;
    rows.sort_unstable_by_key(|(timestamp, _)| *timestamp);
    let is_on_it = rows.first().is_some_and(|(_, first)| *first == message_id);
    Ok(is_on_it.then(|| rows.into_iter().skip(1).map(|(_, id)| id).collect()))
}

/// The places of these messages of one session among their versions, of those that have others; in one query.
pub(super) fn versions(
    connection: &mut SqliteConnection,
    session_id: Id,
    rows: &[MessageRow],
) -> Result<HashMap<Uuid, Version>, StoreError> {
    let mut parents: Vec<Option<Uuid>> = rows.iter().map(|row| row.parent_id.map(|id| id.0)).collect();
    parents.sort_unstable();
    parents.dedup();
    let following = Following {
        session_id,
        parents: to_json(&parents)?,
    };
    let mut groups: HashMap<(Option<Id>, String), Vec<Uuid>> = HashMap::new();
    for (parent_id, message_type, Id(message_id)) in following.load::<(Option<Id>, String, Id)>(connection)? {
        groups.entry((parent_id, message_type)).or_default().push(message_id);
    }
    let groups = groups.into_values().filter(|group| group.len() > 1);
    Ok(groups.flat_map(places).collect())
}

fn places(group: Vec<Uuid>) -> impl Iterator<Item = (Uuid, Version)> {
    let at = |group: &[Uuid], index: Option<usize>| index.and_then(|index| group.get(index).copied());
    (0..group.len()).map(move |index| {
        let version = Version {
            number: index as u64 + 1,
            count: group.len() as u64,
            previous: at(&group, index.checked_sub(1)),
            next: at(&group, index.checked_add(1)),
        };
        (group[index], version)
    })
}

/// The last message of the branch to show, where it is to contain this message: of all the branches that do, the one
/// that was written to last. `None`: there is no such message in the session.
pub(super) fn newest_leaf(connection: &mut SqliteConnection, session_id: Id, below: Id) -> QueryResult<Option<Id>> {
    NewestLeaf { session_id, below }.get_result(connection).optional()
}

/// When the session's newest message was written, on whatever branch.
pub(super) fn newest_timestamp(connection: &mut SqliteConnection, session_id: Id) -> QueryResult<Option<i64>> {
    messages::table
        .filter(messages::session_id.eq(session_id))
        .select(max(messages::timestamp))
        .get_result(connection)
}

#[cfg(test)]
mod tests;
