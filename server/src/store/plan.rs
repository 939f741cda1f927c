//! How SQLite would go about a query, for tests: what it reads is told by its plan, and holds for a database of any size.

use diesel::{
    QueryableByName, RunQueryDsl, SqliteConnection, debug_query, query_builder::QueryFragment, sql_query,
    sql_types::Text, sqlite::Sqlite,
};

use super::Store;

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// The steps of the plan, in order.
pub(super) fn plan<Q: QueryFragment<Sqlite>>(connection: &mut SqliteConnection, query: &Q) -> Vec<String> {
    steps(connection, explain(query))
}

/// The same, on a store's own connection.
pub(super) async fn plan_of<Q: QueryFragment<Sqlite>>(store: &Store, query: &Q) -> Vec<String> {
    let explain = explain(query);
    store.read(|connection| Ok(steps(connection, explain))).await.unwrap()
}

fn explain<Q: QueryFragment<Sqlite>>(query: &Q) -> String {
    format!("EXPLAIN QUERY PLAN {}", debug_query::<Sqlite, _>(query))
}

fn steps(connection: &mut SqliteConnection, explain: String) -> Vec<String> {
    let steps: Vec<Step> = sql_query(explain).load(connection).unwrap();
    steps.into_iter().map(|step| step.detail).collect()
}

/// The steps that read or sort more than they give.
pub(super) fn scans(plan: &[String]) -> Vec<&String> {
    plan.iter()
        .filter(|step| step.starts_with("SCAN") || step.contains("TEMP B-TREE"))
        .collect()
}
