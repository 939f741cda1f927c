//! Turns: begun in one transaction, journalled while they run, folded into the answer when they end.

mod begin;
mod finish;

use diesel::prelude::*;
use protocol::{
    gateway::GatewayMessage,
    plan::PlanDecision,
    registry::Model,
    session::{MessageAccepted, MessageMetadata, TurnStatus, Usage},
};
use uuid::Uuid;

use super::{
    Store, StoreError, Thread,
    ids::{Id, column, count, named, to_json},
    rows::{MessageRow, TurnRow},
    schema::{journal, messages, sessions, turns},
    sessions::DELETED,
};
use crate::chat::log::Unsaved;
use begin::{begin_turn, find_claim};
use finish::{finish_turn, recover_turns};

/// What a turn answers.
#[derive(Debug, Clone)]
pub enum Prompt {
    /// A new message with this text, after the last one of the branch shown.
    New(String),
    /// A new message, as a version of one of the session's own user messages: it follows the same message.
    Version {
        /// The text.
        text: String,
        /// That message.
        of: Uuid,
    },
    /// The message that this answer was given to: it is answered once more.
    Again(Uuid),
    /// A new message, the person's decision on the plan that an answer is. That must be the last of the branch shown.
    Decision {
        /// The decision in words.
        text: String,
        /// The decision.
        decision: PlanDecision,
        /// That answer.
        on: Uuid,
    },
}

/// A turn to begin, and what it answers.
#[derive(Debug, Clone)]
pub struct BeginTurn {
    /// Whose it is.
    pub user_id: Uuid,
    /// The session to go on with; `None`: a new one.
    pub session_id: Option<Uuid>,
    /// What a new session is called.
    pub title: String,
    /// What is to be answered.
    pub prompt: Prompt,
    /// The agent spoken to.
    pub agent_id: String,
    /// Its name.
    pub agent_name: String,
    /// The role in which it is spoken to.
    pub parent_role: Option<String>,
    /// The model that is to answer.
    pub model: Model,
    /// Claimed in the same transaction.
    pub client_request_id: Option<Uuid>,
}

/// What came of it.
#[derive(Debug)]
pub enum Begun {
    /// Saved; the turn is to be run.
    Started {
        /// The answer to the request.
        accepted: MessageAccepted,
        /// The branch so far, the message to be answered last.
        history: Vec<GatewayMessage>,
        /// What that message decides on the plan before it, where it does.
        decision: Option<PlanDecision>,
    },
    /// The request had been made before; this was its answer.
    Repeated(MessageAccepted),
    /// No such session, or not the user's.
    SessionNotFound,
    /// No such message in it, or not one of the type asked for.
    MessageNotFound,
    /// The session belongs to this agent.
    AgentMismatch(String),
    /// The session is archived.
    SessionArchived,
    /// A turn is running in it.
    TurnInProgress,
}

/// How a turn ended, to be saved as final.
#[derive(Debug, Clone)]
pub struct FinishTurn {
    /// The turn.
    pub turn_id: Uuid,
    /// How it ended.
    pub status: TurnStatus,
    /// The whole answer.
    pub content: String,
    /// Tokens of the answer.
    pub usage: Option<Usage>,
    /// US dollars.
    pub cost_usd: Option<f64>,
    /// What else is known.
    pub metadata: MessageMetadata,
    /// The seq of the turn's `done`.
    pub last_seq: u64,
}

/// The state of a stored turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnState {
    /// Not ended, as far as the database knows.
    Running,
    /// Ended.
    Ended(TurnStatus),
}

/// The newest turn of a session, with its answer.
#[derive(Debug)]
pub struct LastTurn {
    /// The turn.
    pub turn_id: Uuid,
    /// Its state.
    pub state: TurnState,
    /// The seq of its `done`.
    pub last_seq: u64,
    /// The answer.
    pub content: String,
    /// Its tokens.
    pub usage: Option<Usage>,
    /// Its cost in US dollars.
    pub cost_usd: Option<f64>,
}

const RUNNING: &str = "running";

/// Whether the database takes a turn of this session for running.
pub(super) fn is_running(connection: &mut SqliteConnection, session_id: Id) -> QueryResult<bool> {
    let running = turns::table
        .filter(turns::session_id.eq(session_id))
        .filter(turns::status.eq(RUNNING));
    diesel::select(diesel::dsl::exists(running)).get_result(connection)
}

impl Store {
    /// Saves a message where it is new, an empty answer and a running turn, and claims the request's id, all in one transaction; then
    /// calls `then` with what came of it. Both happen or neither, even where the caller goes away meanwhile.
    pub async fn begin_turn<T: Send + 'static>(
        &self,
        begin: BeginTurn,
        then: impl FnOnce(Begun) -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        self.writer
            .write(Thread::Own, move |connection| begin_turn(connection, begin), then)
            .await
    }

    /// The answer to an earlier request of this user with this id.
    pub async fn find_request(&self, user_id: Uuid, request_id: Uuid) -> Result<Option<MessageAccepted>, StoreError> {
        self.read(move |connection| {
            let claimed = find_claim(connection, user_id, request_id)?;
            Ok(claimed.and_then(|claim| claim.accepted))
        })
        .await
    }

    /// Appends what running turns have written since, all in one transaction.
    pub async fn append_events(&self, unsaved: Vec<Unsaved>) -> Result<(), StoreError> {
        self.write(move |connection| {
            // One by one: a statement for many rows would be compiled anew for every number of them.
            for part in unsaved {
                let statuses = Some(&part.statuses).filter(|statuses| !statuses.is_empty());
                let statuses = statuses.map(to_json).transpose()?;
                diesel::insert_into(journal::table)
                    .values((
                        journal::turn_id.eq(Id(part.turn_id)),
                        journal::seq.eq(column(part.seq)),
                        journal::content.eq(part.content),
                        journal::statuses.eq(statuses),
                    ))
                    .execute(connection)?;
            }
            Ok(())
        })
        .await
    }

    /// Removes from the journal what belongs to no running turn.
    pub async fn trim_journal(&self) -> Result<(), StoreError> {
        self.write(|connection| {
            let running = turns::table.filter(turns::status.eq(RUNNING)).select(turns::turn_id);
            diesel::delete(journal::table.filter(journal::turn_id.ne_all(running))).execute(connection)?;
            Ok(())
        })
        .await
    }

    /// Saves a turn's end: the whole answer, its usage, its state.
    pub async fn finish_turn(&self, finish: FinishTurn) -> Result<(), StoreError> {
        self.write(move |connection| finish_turn(connection, &finish)).await
    }

    /// Ends as interrupted, with what it had emitted and `rest`, every turn that the database takes for running (in
    /// `session_id`, where it is given). Only for turns that nobody runs. Returns their sessions.
    pub async fn recover_turns(
        &self,
        session_id: Option<Uuid>,
        rest: Option<Unsaved>,
    ) -> Result<Vec<Uuid>, StoreError> {
        self.write(move |connection| recover_turns(connection, session_id, rest.as_ref()))
            .await
    }

    /// The newest turn of one of the user's sessions; `None`: no such session.
    pub async fn last_turn(&self, user_id: Uuid, session_id: Uuid) -> Result<Option<LastTurn>, StoreError> {
        self.read(move |connection| {
            let found: Option<(TurnRow, MessageRow)> = turns::table
                .inner_join(sessions::table)
                .inner_join(messages::table.on(messages::message_id.eq(turns::answer_id)))
                .filter(turns::session_id.eq(Id(session_id)))
                .filter(sessions::user_id.eq(Id(user_id)))
                .filter(sessions::status.ne(DELETED))
                .order(turns::started_at.desc())
                .select((TurnRow::as_select(), MessageRow::as_select()))
                .first(connection)
                .optional()?;
            let Some((turn, answer)) = found else { return Ok(None) };
            let state = match turn.status.as_str() {
                RUNNING => TurnState::Running,
                ended => TurnState::Ended(named(ended)?),
            };
            Ok(Some(LastTurn {
                turn_id: turn.turn_id.0,
                state,
                last_seq: count(turn.last_seq),
                content: answer.content,
                usage: answer.usage.usage(),
                cost_usd: answer.usage.cost_usd(),
            }))
        })
        .await
    }
}
