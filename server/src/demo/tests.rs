use protocol::history::SessionQuery;

use super::*;
use crate::store::TextQuery;

const ADA: Uuid = Uuid::from_u128(1);
const NOW: Timestamp = Timestamp(1_764_000_000_000_000);

async fn open() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("x.db")).await.unwrap();
    (folder, store)
}

fn wanted(sessions: u64, messages: u64) -> SeedDemo {
    SeedDemo {
        sessions,
        messages,
        user: Some(ADA),
        seed: 1,
        into_existing: false,
    }
}

async fn add(store: &Store, wanted: &SeedDemo) -> Result<Seeded, SeedError> {
    seed(store, wanted, NOW, |_, _| {}).await
}

async fn titles(store: &Store, user_id: Uuid) -> Vec<String> {
    let query = SessionQuery {
        limit: 1_000,
        ..SessionQuery::default()
    };
    let list = store.list_sessions(user_id, query).await.unwrap().unwrap();
    list.sessions.into_iter().map(|session| session.title).collect()
}

#[tokio::test]
async fn as_many_as_wanted_are_added_and_found() {
    let (_folder, store) = open().await;
    let added = add(&store, &wanted(60, 400)).await.unwrap();
    assert_eq!((added.sessions, added.messages, added.is_known), (60, 400, false));
    let query = SessionQuery {
        limit: 100,
        ..SessionQuery::default()
    };
    let mut sessions = store.list_sessions(ADA, query.clone()).await.unwrap().unwrap().sessions;
    let archived = SessionQuery {
        status: Some(protocol::session::SessionStatus::Archived),
        ..query
    };
    sessions.extend(store.list_sessions(ADA, archived).await.unwrap().unwrap().sessions);
    assert_eq!(sessions.len(), 60);
    assert_eq!(sessions.iter().map(|session| session.message_count).sum::<u64>(), 400);
    assert!(sessions.iter().any(|session| session.cost_usd > 0.0));
    assert!(
        sessions
            .iter()
            .all(|session| session.created_at < session.updated_at && session.updated_at <= NOW)
    );
    for session in &sessions {
        let whole = store.conversation(ADA, session.session_id).await.unwrap().unwrap();
        assert_eq!(
            whole.session.head_id,
            whole.messages.last().map(|message| message.message_id)
        );
        assert!(
            whole
                .messages
                .windows(2)
                .all(|pair| pair[0].timestamp < pair[1].timestamp)
        );
        assert!(
            whole
                .messages
                .windows(2)
                .all(|pair| pair[1].parent_id == Some(pair[0].message_id))
        );
    }
    let sought = crate::search::question::Question::read("server ", 0).sought;
    let query = TextQuery {
        sought,
        ..TextQuery::default()
    };
    assert!(!store.find_texts(ADA, query).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_same_seed_gives_the_same_conversations() {
    let ((_one, first), (_two, second)) = (open().await, open().await);
    add(&first, &wanted(20, 100)).await.unwrap();
    add(&second, &wanted(20, 100)).await.unwrap();
    assert_eq!(titles(&first, ADA).await, titles(&second, ADA).await);
    let (_three, third) = open().await;
    add(
        &third,
        &SeedDemo {
            seed: 2,
            ..wanted(20, 100)
        },
    )
    .await
    .unwrap();
    assert_ne!(titles(&first, ADA).await, titles(&third, ADA).await);
}

#[tokio::test]
async fn conversations_of_ones_own_are_added_to_only_where_that_is_meant() {
    let (_folder, store) = open().await;
    add(&store, &wanted(3, 6)).await.unwrap();
    let refused = add(&store, &wanted(3, 6)).await.unwrap_err();
    assert!(matches!(refused, SeedError::NotEmpty(3)), "{refused}");
    let meant = SeedDemo {
        into_existing: true,
        user: None,
        ..wanted(3, 6)
    };
    // The one person who has used it; and with the same seed, since ids are others.
    let added = add(&store, &meant).await.unwrap();
    assert_eq!((added.user_id, added.is_known), (ADA, true));
    let bobs = SeedDemo {
        user: Some(Uuid::from_u128(2)),
        ..meant.clone()
    };
    add(&store, &bobs).await.unwrap();
    assert!(matches!(add(&store, &meant).await.unwrap_err(), SeedError::Several(2)));
}

#[tokio::test]
async fn what_cannot_be_done_is_said_before_anything_is_added() {
    let (_folder, store) = open().await;
    for messages in [0, 9, 11] {
        let refused = add(&store, &wanted(5, messages)).await.unwrap_err();
        assert!(matches!(refused, SeedError::TooFewMessages(10)), "{refused}");
    }
    let nobodys = SeedDemo {
        user: None,
        ..wanted(5, 10)
    };
    assert!(matches!(add(&store, &nobodys).await.unwrap_err(), SeedError::Nobody));
    assert!(store.people().await.unwrap().is_empty());
}
