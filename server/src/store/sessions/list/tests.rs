use diesel::sql_query;
use protocol::timestamp::Timestamp;

use super::*;
use crate::store::plan::{plan_of, scans};

const ADA: Uuid = Uuid::from_u128(1);
const BOB: Uuid = Uuid::from_u128(2);
const SORTS: [SessionSort; 6] = [
    SessionSort::Recent,
    SessionSort::Newest,
    SessionSort::Oldest,
    SessionSort::Title,
    SessionSort::Messages,
    SessionSort::Cost,
];

/// Ninety sessions of each of two people, many of them alike in what they are sorted by.
async fn ninety_each() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("x.db")).await.unwrap();
    let fill = |connection: &mut SqliteConnection| {
        for (user, first) in [(ADA, 0), (BOB, 1000)] {
            sql_query(format!(
                "WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 89)
                 INSERT INTO sessions (session_id, user_id, agent_id, agent_name, model_id, model_name, title, status,
                                       pinned, created_at, updated_at)
                 SELECT printf('%08x-0000-4000-8000-000000000000', {first} + n * 37 % 90), '{user}',
                        'agent-' || (n % 3), 'A', 'model-' || (n % 2), 'M', substr('aBcDe', n % 5 + 1, 1) || ' title',
                        CASE WHEN n % 10 = 9 THEN 'archived' ELSE 'active' END, n % 7 = 0, n / 4, n / 3 FROM n"
            ))
            .execute(connection)?;
        }
        sql_query(
            "INSERT INTO messages (message_id, session_id, message_type, content, agent_id, timestamp, status, cost_micros)
             SELECT session_id || number, session_id, 'assistant', 'x', 'a', number, 'complete', updated_at % 3
             FROM sessions, (SELECT 1 AS number UNION SELECT 2) WHERE number = 1 OR created_at % 2 = 0",
        )
        .execute(connection)?;
        Ok(())
    };
    store.write(fill).await.unwrap();
    (folder, store)
}

fn query(sort: SessionSort) -> SessionQuery {
    SessionQuery {
        sort,
        limit: 7,
        ..SessionQuery::default()
    }
}

/// All pages, one after the other.
async fn all_pages(store: &Store, mut query: SessionQuery) -> Vec<protocol::session::SessionSummary> {
    let mut all = Vec::new();
    loop {
        let page = store.list_sessions(ADA, query.clone()).await.unwrap().unwrap();
        assert!(page.sessions.len() as u64 <= query.limit);
        all.extend(page.sessions);
        query.after = page.next;
        if query.after.is_none() {
            assert_eq!(all.len() as u64, page.total);
            return all;
        }
    }
}

#[tokio::test]
async fn pages_by_cursor_hold_each_session_once_and_in_order() {
    let (_folder, store) = ninety_each().await;
    for sort in SORTS {
        let listed = all_pages(&store, query(sort)).await;
        assert_eq!(listed.len(), 81, "{sort:?}");
        let mut expected = listed.clone();
        expected.sort_by(|a, b| {
            let updated = a.updated_at.cmp(&b.updated_at).then(a.session_id.cmp(&b.session_id));
            let newest = b.created_at.cmp(&a.created_at).then(b.session_id.cmp(&a.session_id));
            match sort {
                SessionSort::Recent => b.pinned.cmp(&a.pinned).then(updated.reverse()),
                SessionSort::Newest => updated.reverse(),
                SessionSort::Oldest => updated,
                SessionSort::Title => a.title.to_lowercase().cmp(&b.title.to_lowercase()).then(newest),
                SessionSort::Messages => b.message_count.cmp(&a.message_count).then(newest),
                SessionSort::Cost => b.cost_usd.total_cmp(&a.cost_usd).then(newest),
            }
        });
        assert_eq!(listed, expected, "{sort:?}");
        let mut ids: Vec<_> = listed.iter().map(|session| session.session_id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 81, "{sort:?}: each once");

        let counted = SessionQuery {
            offset: 10,
            limit: 20,
            ..query(sort)
        };
        let page = store.list_sessions(ADA, counted).await.unwrap().unwrap();
        assert_eq!(page.sessions, listed[10..30], "{sort:?}: by offset");
    }
}

#[tokio::test]
async fn a_list_is_narrowed_by_all_that_is_asked_for_at_once() {
    let (_folder, store) = ninety_each().await;
    for sort in SORTS {
        let all = all_pages(&store, query(sort)).await;
        let narrowed = SessionQuery {
            agent_id: Some("agent-1".into()),
            model_id: Some("model-0".into()),
            from: Some(Timestamp(5)),
            until: Some(Timestamp(25)),
            q: "E ti".into(),
            ..query(sort)
        };
        let mut halves = [narrowed.clone(), narrowed.clone(), narrowed.clone()];
        halves[0].q = String::new();
        halves[1].from = None;
        halves[1].until = None;
        halves[2].agent_id = None;
        for asked in [narrowed].into_iter().chain(halves) {
            let expected: Vec<_> = all
                .iter()
                .filter(|session| {
                    asked.agent_id.as_ref().is_none_or(|agent| *agent == session.agent_id)
                        && asked.model_id.as_ref().is_none_or(|model| *model == session.model_id)
                        && asked.from.is_none_or(|from| session.updated_at >= from)
                        && asked.until.is_none_or(|until| session.updated_at < until)
                        && session.title.to_lowercase().contains(&asked.q.to_lowercase())
                })
                .cloned()
                .collect();
            assert!(!expected.is_empty(), "{sort:?}: {asked:?} finds something");
            assert_eq!(all_pages(&store, asked).await, expected, "{sort:?}");
        }
    }
}

#[tokio::test]
async fn what_moves_to_the_top_meanwhile_is_neither_listed_twice_nor_pushes_another_out() {
    let (_folder, store) = ninety_each().await;
    let mut query = query(SessionSort::Newest);
    let whole = all_pages(&store, query.clone()).await;
    let first = store.list_sessions(ADA, query.clone()).await.unwrap().unwrap();
    let touched = whole[3].session_id;
    let touch = move |connection: &mut SqliteConnection| {
        diesel::update(sessions::table.find(Id(touched)))
            .set(sessions::updated_at.eq(1_000))
            .execute(connection)?;
        Ok(())
    };
    store.write(touch).await.unwrap();
    query.after = first.next;
    let second = store.list_sessions(ADA, query).await.unwrap().unwrap();
    assert_eq!(second.sessions, whole[7..14]);
}

#[tokio::test]
async fn no_page_reads_more_than_its_part_of_one_index() {
    let (_folder, store) = ninety_each().await;
    let asked = |sort, narrow: bool, after| Asked {
        user_id: Id(ADA),
        status: "active".into(),
        pattern: narrow.then(|| "%x%".into()),
        query: SessionQuery {
            agent_id: narrow.then(|| "a".into()),
            model_id: narrow.then(|| "m".into()),
            from: narrow.then_some(Timestamp(1)),
            until: narrow.then_some(Timestamp(2)),
            ..query(sort)
        },
        after,
    };
    let id = Uuid::nil();
    let places = [
        Place::Recent(true, 5, id),
        Place::Newest(5, id),
        Place::Oldest(5, id),
        Place::Title("t".into(), 5, id),
        Place::Messages(5, 5, id),
        Place::Cost(5, 5, id),
    ];
    for (sort, place) in SORTS.into_iter().zip(places) {
        for walk in Walk::of(sort) {
            for (narrow, after) in [
                (false, None),
                (false, Some(place.clone())),
                (true, None),
                (true, Some(place.clone())),
            ] {
                let asked = asked(sort, narrow, after);
                let listing = walk.in_order(walk.listing(&asked).unwrap());
                let listing = listing
                    .limit(8)
                    .select((SessionRow::as_select(), TotalsRow::as_select()));
                let plan = plan_of(&store, &listing).await;
                let index = match walk {
                    Walk::Pinned => "INDEX sessions_pinned (user_id=? AND status=? AND pinned=?",
                    Walk::NotPinned | Walk::Newest | Walk::Oldest if narrow => "INDEX sessions_by_",
                    Walk::NotPinned | Walk::Newest | Walk::Oldest => "INDEX sessions_by_time (user_id=? AND status=?",
                    Walk::Title => "INDEX sessions_by_title (user_id=? AND status=?",
                    Walk::Messages => "INDEX session_totals_by_messages (user_id=? AND status=?",
                    Walk::Cost => "INDEX session_totals_by_cost (user_id=? AND status=?",
                };
                assert!(plan[0].contains(index), "{walk:?}: {plan:#?}");
                assert!(scans(&plan).is_empty(), "{walk:?}: {plan:#?}");
                assert_eq!(
                    plan.len(),
                    2,
                    "no more than the index and the rows of the page: {walk:?}: {plan:#?}"
                );
            }
        }
    }
    let narrowed_by_agent = asked(SessionSort::Newest, true, None);
    let mut by_agent = narrowed_by_agent.query.clone();
    by_agent.model_id = None;
    let by_agent = Asked {
        query: by_agent,
        ..narrowed_by_agent
    };
    let listing = Walk::Newest
        .in_order(Walk::Newest.listing(&by_agent).unwrap())
        .select(sessions::session_id);
    let plan = plan_of(&store, &listing).await;
    assert!(
        plan[0].contains("sessions_by_agent (user_id=? AND status=? AND agent_id=? AND updated_at>?"),
        "{plan:#?}"
    );
}

#[test]
fn wildcards_in_a_search_are_plain_characters() {
    assert_eq!(like_pattern("  "), None);
    assert_eq!(like_pattern("50%_\\"), Some("%50\\%\\_\\\\%".into()));
}
