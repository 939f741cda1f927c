use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel_migrations::MigrationHarness;
use proptest::prelude::*;
use protocol::{
    plan::PlanDecision,
    session::{Decision, Message, MessageMetadata, MessageType, TurnStatus},
};
use tempfile::TempDir;

use super::{
    super::{
        BeginTurn, Begun, FinishTurn, MIGRATIONS, MessagePage, Part, Prompt, Shown, Store, plan::plan, schema::sessions,
    },
    *,
};

const USER: Uuid = Uuid::from_u128(7);

/// A conversation in the database, and what it must be.
struct Conversation {
    store: Store,
    _folder: TempDir,
    session_id: Option<Uuid>,
    /// In the order of writing.
    said: Vec<Said>,
    head: Option<usize>,
}

#[derive(Debug, Clone, PartialEq)]
struct Said {
    message_id: Uuid,
    parent: Option<usize>,
    message_type: MessageType,
    content: String,
}

/// What a person does next; a number picks a message.
#[derive(Debug, Clone)]
enum Step {
    Send,
    Replace(usize),
    Regenerate(usize),
    Show(usize),
}

impl Conversation {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("x.db")).await.unwrap();
        Self {
            store,
            _folder: folder,
            session_id: None,
            said: Vec::new(),
            head: None,
        }
    }

    /// The one of this type that `pick` picks.
    fn pick(&self, message_type: MessageType, pick: usize) -> Option<usize> {
        let all: Vec<usize> = (0..self.said.len())
            .filter(|index| self.said[*index].message_type == message_type)
            .collect();
        (!all.is_empty()).then(|| all[pick % all.len()])
    }

    /// From the first to this one.
    fn path(&self, to: Option<usize>) -> Vec<Said> {
        let mut path: Vec<Said> = std::iter::successors(to, |index| self.said[*index].parent)
            .map(|index| self.said[index].clone())
            .collect();
        path.reverse();
        path
    }

    async fn step(&mut self, step: &Step) {
        let text = format!("said {}", self.said.len());
        match step {
            Step::Send => {
                let head = self.head;
                self.turn(Prompt::New(text.clone()), Some(text), head).await;
            }
            Step::Replace(pick) => {
                let Some(old) = self.pick(MessageType::User, *pick) else {
                    return;
                };
                let of = self.said[old].message_id;
                let parent = self.said[old].parent;
                let prompt = Prompt::Version { text: text.clone(), of };
                self.turn(prompt, Some(text), parent).await;
            }
            Step::Regenerate(pick) => {
                let Some(old) = self.pick(MessageType::Assistant, *pick) else {
                    return;
                };
                let parent = self.said[old].parent;
                self.turn(Prompt::Again(self.said[old].message_id), None, parent).await;
            }
            Step::Show(pick) => {
                let (Some(session_id), false) = (self.session_id, self.said.is_empty()) else {
                    return;
                };
                let with = pick % self.said.len();
                let shown = self
                    .store
                    .show_branch(USER, session_id, self.said[with].message_id)
                    .await;
                assert_eq!(shown.unwrap(), Shown::Now);
                // The last that was written of those that have it behind them.
                self.head = (0..self.said.len()).rev().find(|index| {
                    let mut way = std::iter::successors(Some(*index), |index| self.said[*index].parent);
                    way.any(|index| index == with)
                });
            }
        }
    }

    fn begin(&self, prompt: Prompt) -> BeginTurn {
        BeginTurn {
            user_id: USER,
            session_id: self.session_id,
            title: "x".into(),
            prompt,
            agent_id: "architect".into(),
            agent_name: "Architect".into(),
            parent_role: None,
            model: serde_json::from_value(serde_json::json!({
                "model_id": "m", "model_name": "M", "provider": "p", "context_window": 1000, "capabilities": [],
                "status": "active",
            }))
            .unwrap(),
            client_request_id: None,
        }
    }

    /// A turn with a new message after `after`, or with `after` itself.
    async fn turn(&mut self, prompt: Prompt, text: Option<String>, after: Option<usize>) {
        let begun = self.store.begin_turn(self.begin(prompt), |begun| begun).await.unwrap();
        let Begun::Started { accepted, history, .. } = begun else {
            panic!("{begun:?}")
        };
        self.session_id = Some(accepted.session_id);
        let question = match text {
            None => after,
            Some(content) => {
                self.said.push(Said {
                    message_id: accepted.message_id,
                    parent: after,
                    message_type: MessageType::User,
                    content,
                });
                Some(self.said.len() - 1)
            }
        };
        assert_eq!(self.said[question.unwrap()].message_id, accepted.message_id);
        let expected: Vec<String> = self.path(question).into_iter().map(|said| said.content).collect();
        let history: Vec<String> = history.into_iter().map(|message| message.content).collect();
        assert_eq!(history, expected, "what the Gateway gets is the branch");
        let content = format!("answer {}", self.said.len());
        let finish = FinishTurn {
            turn_id: accepted.turn_id,
            status: TurnStatus::Complete,
            content: content.clone(),
            usage: None,
            cost_usd: None,
            metadata: MessageMetadata::default(),
            last_seq: 3,
        };
        self.store.finish_turn(finish).await.unwrap();
        self.said.push(Said {
            message_id: accepted.answer_id,
            parent: question,
            message_type: MessageType::Assistant,
            content,
        });
        self.head = Some(self.said.len() - 1);
    }

    /// The branch shown, as a reader pages through it.
    async fn read(&self, session_id: Uuid, limit: u64) -> Vec<Message> {
        let mut read: Vec<Message> = Vec::new();
        loop {
            let before = read.first().map(|message| message.message_id);
            let page = self
                .page(session_id, before.map_or(Part::Last, Part::Before), limit)
                .await;
            assert_eq!(page.has_later, before.is_some());
            read.splice(0..0, page.messages);
            if !page.has_more {
                return read;
            }
        }
    }

    /// The same, from the first message down.
    async fn read_downwards(&self, session_id: Uuid, first: &Message, limit: u64) -> Vec<Message> {
        let mut read = vec![first.clone()];
        while let Some(last) = read.last() {
            let page = self.page(session_id, Part::After(last.message_id), limit).await;
            assert!(page.has_more || page.messages.is_empty());
            read.extend(page.messages);
            if !page.has_later {
                break;
            }
        }
        read
    }

    /// A part around each message has it in its middle, as far as there are others.
    async fn check_around(&self, session_id: Uuid, branch: &[Message], limit: usize) {
        for (index, message) in branch.iter().enumerate() {
            let page = self
                .page(session_id, Part::Around(message.message_id), limit as u64)
                .await;
            let last = (index + limit / 2).min(branch.len() - 1);
            let first = (last + 1).saturating_sub(limit);
            assert_eq!(page.messages, branch[first..=last]);
            assert_eq!((page.has_more, page.has_later), (first > 0, last + 1 < branch.len()));
        }
    }

    async fn page(&self, session_id: Uuid, part: Part, limit: u64) -> MessagePage {
        let page = self.store.message_page(USER, session_id, part, limit).await;
        let page = page.unwrap().unwrap();
        assert!(page.messages.len() as u64 <= limit);
        page
    }

    fn same(&self, message: &Message) -> Said {
        Said {
            message_id: message.message_id,
            parent: self.place_of(message.parent_id),
            message_type: message.message_type,
            content: message.content.clone(),
        }
    }

    fn place_of(&self, message_id: Option<Uuid>) -> Option<usize> {
        let of = |id: Uuid| self.said.iter().position(|said| said.message_id == id);
        message_id.map(|id| of(id).expect("a message that was said"))
    }

    /// The place of a message among its versions.
    fn version(&self, message: &Message) -> Option<Version> {
        let said = self.same(message);
        let group: Vec<&Said> = self
            .said
            .iter()
            .filter(|other| (other.parent, other.message_type) == (said.parent, said.message_type))
            .collect();
        let index = group.iter().position(|other| other.message_id == said.message_id)?;
        let id = |index: usize| group.get(index).map(|said| said.message_id);
        (group.len() > 1).then(|| Version {
            number: index as u64 + 1,
            count: group.len() as u64,
            previous: index.checked_sub(1).and_then(id),
            next: id(index + 1),
        })
    }

    async fn check(&self) {
        let Some(session_id) = self.session_id else { return };
        let whole = self.store.conversation(USER, session_id).await.unwrap().unwrap();
        let kept: Vec<Said> = whole
            .messages
            .iter()
            .map(|message| Said {
                message_id: message.message_id,
                parent: self.place_of(message.parent_id),
                message_type: message.message_type,
                content: message.content.clone(),
            })
            .collect();
        assert_eq!(kept, self.said, "nothing is lost, and nothing rewritten");
        assert_eq!(whole.session.head_id, self.head.map(|head| self.said[head].message_id));
        for limit in [3, 100] {
            let read = self.read(session_id, limit).await;
            let branch: Vec<Said> = read.iter().map(|message| self.same(message)).collect();
            assert_eq!(branch, self.path(self.head), "from the first message to the head");
            assert!(read.windows(2).all(|pair| pair[0].timestamp < pair[1].timestamp));
            assert_eq!(self.read_downwards(session_id, &read[0], limit).await, read);
            self.check_around(session_id, &read, 3).await;
            for message in &read {
                assert_eq!(message.version, self.version(message));
            }
        }
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        2 => Just(Step::Send),
        2 => any::<usize>().prop_map(Step::Replace),
        2 => any::<usize>().prop_map(Step::Regenerate),
        1 => any::<usize>().prop_map(Step::Show),
    ];
    prop::collection::vec(step, 1..24)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_done_nothing_is_lost_and_the_branch_shown_is_what_the_gateway_gets(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut conversation = Conversation::new().await;
            conversation.step(&Step::Send).await;
            for step in &steps {
                conversation.step(step).await;
                conversation.check().await;
            }
        });
    }
}

fn database(path: &Path) -> SqliteConnection {
    SqliteConnection::establish(path.to_str().unwrap()).unwrap()
}

#[tokio::test]
async fn each_step_of_a_walk_is_a_search_by_a_key_and_nothing_is_sorted_but_the_answer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    drop(Store::open(&path).await.unwrap());
    let mut connection = database(&path);
    let id = Id(USER);
    let walk = Walk {
        columns: MessageRow::as_select(),
        session_id: id,
        from: id,
        back_to: 0,
        limit: 21,
    };
    let by_key = "sqlite_autoindex_messages_1 (message_id=?)";
    let following = "messages_following (session_id=? AND parent_id=?";
    for (plan, searches) in [
        (plan(&mut connection, &walk), vec![by_key, by_key, by_key]),
        (
            plan(
                &mut connection,
                &Following {
                    session_id: id,
                    parents: "[]".into(),
                },
            ),
            vec![following],
        ),
        (
            plan(
                &mut connection,
                &NewestLeaf {
                    session_id: id,
                    below: id,
                },
            ),
            vec![by_key, following],
        ),
    ] {
        let found: Vec<&String> = plan.iter().filter(|line| line.starts_with("SEARCH")).collect();
        assert_eq!(found.len(), searches.len(), "{plan:#?}");
        for (line, search) in found.iter().zip(searches) {
            assert!(line.contains(search), "{plan:#?}");
        }
        let scans = plan.iter().filter(|line| line.starts_with("SCAN"));
        for scan in scans {
            let scans_little = ["SCAN branch", "SCAN tree", "SCAN parents VIRTUAL TABLE"];
            assert!(scans_little.iter().any(|little| scan.starts_with(little)), "{plan:#?}");
        }
    }
}

/// The schema before there were versions, with two conversations in it.
fn old_database(path: &Path) -> SqliteConnection {
    let mut connection = database(path);
    for _ in 0..2 {
        connection.run_next_migration(MIGRATIONS).unwrap();
    }
    connection
        .batch_execute(
            "INSERT INTO sessions (session_id, user_id, agent_id, agent_name, model_id, model_name, title, status,
                                   created_at, updated_at)
             VALUES ('s', 'u', 'a', 'A', 'm', 'M', 't', 'active', 1, 1), ('t', 'u', 'a', 'A', 'm', 'M', 't', 'active', 1, 1),
                    ('empty', 'u', 'a', 'A', 'm', 'M', 't', 'active', 1, 1);
             INSERT INTO messages (message_id, session_id, message_type, content, agent_id, timestamp, status)
             VALUES ('s3', 's', 'user', 'x', 'a', 30, 'complete'), ('s1', 's', 'user', 'x', 'a', 10, 'complete'),
                    ('s2', 's', 'assistant', 'x', 'a', 20, 'complete'), ('t1', 't', 'user', 'x', 'a', 15, 'complete'),
                    ('t2', 't', 'assistant', 'x', 'a', 25, 'complete');",
        )
        .unwrap();
    connection
}

#[test]
fn what_was_said_before_there_were_versions_is_one_branch_and_stays_when_they_go() {
    let folder = tempfile::tempdir().unwrap();
    let mut connection = old_database(&folder.path().join("x.db"));
    connection.run_next_migration(MIGRATIONS).unwrap();
    let parents: Vec<(String, Option<String>)> = messages::table
        .order(messages::timestamp)
        .select((messages::message_id, messages::parent_id))
        .load(&mut connection)
        .unwrap();
    let parents: Vec<_> = parents.iter().map(|(id, parent)| (&**id, parent.as_deref())).collect();
    let expected = [
        ("s1", None),
        ("t1", None),
        ("s2", Some("s1")),
        ("t2", Some("t1")),
        ("s3", Some("s2")),
    ];
    assert_eq!(parents, expected);
    let heads: Vec<(String, Option<String>)> = sessions::table
        .order(sessions::session_id)
        .select((sessions::session_id, sessions::head_id))
        .load(&mut connection)
        .unwrap();
    let heads: Vec<_> = heads.iter().map(|(id, head)| (&**id, head.as_deref())).collect();
    assert_eq!(heads, [("empty", None), ("s", Some("s3")), ("t", Some("t2"))]);

    connection.revert_last_migration(MIGRATIONS).unwrap();
    let count: i64 = messages::table.count().get_result(&mut connection).unwrap();
    assert_eq!(count, 5);
    assert!(
        messages::table
            .select(messages::parent_id)
            .load::<Option<String>>(&mut connection)
            .is_err()
    );
    connection.run_next_migration(MIGRATIONS).unwrap();
}

#[tokio::test]
async fn a_decision_is_taken_right_after_its_plan_and_nowhere_else() {
    let mut conversation = Conversation::new().await;
    conversation.step(&Step::Send).await;
    let plan = conversation.said[1].message_id;
    let decision = || Prompt::Decision {
        text: "Approved".into(),
        decision: PlanDecision {
            decision: Decision::Approve,
            note: None,
        },
        on: plan,
    };
    conversation.turn(decision(), Some("Approved".into()), Some(1)).await;
    conversation.check().await;
    // Two that looked at the same time both saw the plan as the last message.
    let begun = conversation
        .store
        .begin_turn(conversation.begin(decision()), |begun| begun);
    assert!(matches!(begun.await.unwrap(), Begun::MessageNotFound));
}
