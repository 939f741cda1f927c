use protocol::session::SessionStatus;

use super::*;

fn session(number: u128, updated_at: i64) -> SessionSummary {
    SessionSummary {
        session_id: Uuid::from_u128(number),
        title: format!("{number}"),
        agent_id: "architect".into(),
        agent_name: "Architect".into(),
        parent_role: None,
        model_id: "rehearsal".into(),
        model_name: "Rehearsal".into(),
        message_count: 2,
        total_tokens: 0,
        cost_usd: 0.0,
        usage_estimated: false,
        created_at: Timestamp(0),
        updated_at: Timestamp(updated_at),
        status: SessionStatus::Active,
        archived_at: None,
        pinned: false,
        running: false,
    }
}

fn pinned(number: u128, updated_at: i64) -> SessionSummary {
    SessionSummary {
        pinned: true,
        ..session(number, updated_at)
    }
}

fn numbers((sessions, is_longer): (Vec<SessionSummary>, bool)) -> (Vec<u128>, bool) {
    (
        sessions.iter().map(|session| session.session_id.as_u128()).collect(),
        is_longer,
    )
}

#[test]
fn what_was_loaded_below_the_first_page_stays() {
    let former = vec![
        pinned(9, 1),
        session(4, 40),
        session(3, 30),
        session(2, 20),
        session(1, 10),
    ];
    let first = vec![pinned(9, 1), session(5, 50), session(4, 40)];
    assert_eq!(
        numbers(renewed(first, true, former)),
        (vec![9, 5, 4, 3, 2, 1], true),
        "what a new one has pushed off the first page is still there"
    );
}

#[test]
fn what_has_moved_up_or_is_gone_stands_there_no_longer() {
    let former = vec![session(4, 40), session(3, 30), session(2, 20), session(1, 10)];
    let moved_up = vec![session(1, 50), session(4, 40), session(3, 30)];
    assert_eq!(
        numbers(renewed(moved_up, true, former.clone())),
        (vec![1, 4, 3, 2], true)
    );
    let without_the_third = vec![session(4, 40), session(2, 20)];
    assert_eq!(
        numbers(renewed(without_the_third, true, former.clone())),
        (vec![4, 2, 1], true)
    );
    let all = vec![session(9, 90)];
    assert_eq!(
        numbers(renewed(all, false, former)),
        (vec![9], false),
        "a list that ends with its first page"
    );
}

#[test]
fn with_nothing_below_the_list_goes_on_where_the_first_page_ends() {
    let former = vec![session(2, 20)];
    let first = vec![session(3, 30), session(2, 20)];
    assert_eq!(numbers(renewed(first, true, former)), (vec![3, 2], false));
}

#[test]
fn what_does_not_join_on_is_loaded_anew() {
    let former = vec![session(4, 40), session(3, 30), session(2, 20)];
    let first = vec![session(4, 100), session(9, 90)];
    assert_eq!(
        numbers(renewed(first, true, former)),
        (vec![4, 9], false),
        "others may stand between the ninth and the third"
    );
}

#[test]
fn one_that_is_pinned_no_longer_goes_to_its_place() {
    let former = vec![
        session(1, 10),
        session(4, 40),
        session(3, 30),
        session(2, 20),
        session(0, 5),
    ];
    let first = vec![session(4, 40), session(3, 30)];
    assert_eq!(numbers(renewed(first, true, former)), (vec![4, 3, 2, 1, 0], true));
}
