use protocol::session::MessageType;

use super::*;
use crate::export::samples::{conversation, message};

const USER: Uuid = Uuid::from_u128(1);
const OTHER: Uuid = Uuid::from_u128(2);

async fn store(folder: &tempfile::TempDir) -> Store {
    Store::open(&folder.path().join("x.db")).await.unwrap()
}

/// A conversation of so many messages, one after the other.
fn long(count: u128) -> Arc<Conversation> {
    let messages = (1..=count)
        .map(|number| {
            let parent = (number > 1).then(|| number - 1);
            message(number, parent, MessageType::User, &format!("message {number}"))
        })
        .collect();
    Arc::new(conversation(9, messages))
}

/// One part.
async fn take_some(store: &Store, mut intake: Intake) -> Intake {
    store
        .write(move |connection| {
            intake.take_some(connection)?;
            Ok(intake)
        })
        .await
        .unwrap()
}

fn imported(fate: Fate, new_messages: u64, known_messages: u64) -> Imported {
    Imported {
        fate,
        new_messages,
        known_messages,
    }
}

#[tokio::test]
async fn what_breaks_off_stays_and_the_same_again_completes_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let whole = long(450);
    let session_id = whole.session.session_id;
    // The first part, and then the server dies.
    take_some(&store, Intake::new(USER, Arc::clone(&whole))).await;
    let part = store.conversation(USER, session_id).await.unwrap().unwrap();
    assert_eq!(part.messages, whole.messages[..MESSAGES_AT_ONCE]);
    assert_eq!(
        part.session.head_id,
        Some(part.messages[MESSAGES_AT_ONCE - 1].message_id),
        "it can be read"
    );
    let would = store.would_import(USER, Arc::clone(&whole)).await.unwrap();
    assert_eq!(would, imported(Fate::Known, 250, 200));
    assert_eq!(store.import(USER, Arc::clone(&whole)).await.unwrap(), would);
    assert_eq!(
        store.conversation(USER, session_id).await.unwrap().as_ref(),
        Some(&*whole)
    );
    assert_eq!(
        store.import(USER, Arc::clone(&whole)).await.unwrap(),
        imported(Fate::Known, 0, 450)
    );
}

#[tokio::test]
async fn who_writes_meanwhile_waits_for_a_part_and_not_for_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let (sender, mut parts) = tokio::sync::mpsc::unbounded_channel();
    let import = tokio::spawn({
        let store = store.clone();
        async move { store.import(USER, long(1_000)).await }
    });
    let watch = tokio::spawn({
        let store = store.clone();
        async move {
            loop {
                let count = store
                    .write(|connection| Ok(messages::table.count().get_result::<i64>(connection)?))
                    .await
                    .unwrap();
                if sender.send(count).is_err() || count == 1_000 {
                    return;
                }
            }
        }
    });
    import.await.unwrap().unwrap();
    watch.await.unwrap();
    let mut seen = Vec::new();
    while let Ok(count) = parts.try_recv() {
        seen.push(count);
    }
    seen.dedup();
    assert!(
        seen.iter().all(|count| count % MESSAGES_AT_ONCE as i64 == 0),
        "{seen:?}"
    );
}

#[tokio::test]
async fn what_is_deleted_while_it_comes_in_does_not_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let whole = long(450);
    let session_id = whole.session.session_id;
    let intake = take_some(&store, Intake::new(USER, Arc::clone(&whole))).await;
    store.delete_session(USER, session_id).await.unwrap();
    let intake = take_some(&store, intake).await;
    assert!(intake.is_done);
    assert_eq!(intake.imported.new_messages, 200);
}

#[tokio::test]
async fn where_every_id_is_taken_a_conversation_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let whole = long(2);
    let mut id = whole.session.session_id;
    for number in 0..IDS_TRIED {
        let mut other = (*whole).clone();
        other.session.session_id = id;
        for message in &mut other.messages {
            message.message_id = Uuid::new_v5(&Uuid::from_u128(number as u128), message.message_id.as_bytes());
            message.parent_id = None;
        }
        other.session.head_id = None;
        store.import(OTHER, Arc::new(other)).await.unwrap();
        id = Uuid::new_v5(&USER, id.as_bytes());
    }
    let left_out = imported(Fate::IdTaken, 0, 0);
    assert_eq!(store.would_import(USER, Arc::clone(&whole)).await.unwrap(), left_out);
    assert_eq!(store.import(USER, whole).await.unwrap(), left_out);
}

#[test]
fn instants_are_given_out_once_and_a_long_row_of_them_is_not_gone_through_each_time() {
    let mut instants = Instants::default();
    let given: Vec<i64> = (0..100_000).map(|_| instants.take(5)).collect();
    assert_eq!(given, (5..100_005).collect::<Vec<_>>());
    assert_eq!(instants.take(3), 3);
    assert_eq!(instants.take(3), 4);
    assert_eq!(instants.take(3), 100_005);
}
