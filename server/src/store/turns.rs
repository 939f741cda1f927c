//! Turns: begun in one transaction, journalled while they run, folded into the answer when they end.

use diesel::{OptionalExtension, prelude::*};
use protocol::{
    gateway::{GatewayMessage, GatewayRole},
    registry::Model,
    session::{MessageAccepted, MessageMetadata, MessageStatus, MessageType, SessionStatus, TurnStatus, Usage},
};
use uuid::Uuid;

use super::{
    Store, StoreError,
    ids::{Id, column, count, from_json, name_of, named, to_json},
    messages::conversation,
    now,
    rows::{MessageRow, SessionRow, TurnRow, UsageColumns},
    schema::{messages, sessions, turn_events, turns},
    sessions::{promised, session_row},
};
use crate::chat::log::Unsaved;

/// A message to save, and the turn to begin with it.
#[derive(Debug, Clone)]
pub struct BeginTurn {
    /// Whose it is.
    pub user_id: Uuid,
    /// The session to go on with; `None`: a new one.
    pub session_id: Option<Uuid>,
    /// What a new session is called.
    pub title: String,
    /// The message's text.
    pub message: String,
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
        /// The conversation, the new message last.
        history: Vec<GatewayMessage>,
    },
    /// The request had been made before; this was its answer.
    Repeated(MessageAccepted),
    /// No such session, or not the user's.
    SessionNotFound,
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

impl Store {
    /// Saves a message, an empty answer and a running turn, and claims the request's id, all in one transaction.
    pub async fn begin_turn(&self, begin: BeginTurn) -> Result<Begun, StoreError> {
        self.write(move |connection| begin_turn(connection, begin)).await
    }

    /// The answer to an earlier request of this user with this id.
    pub async fn find_request(&self, user_id: Uuid, request_id: Uuid) -> Result<Option<MessageAccepted>, StoreError> {
        self.read(move |connection| find_request(connection, user_id, request_id))
            .await
    }

    /// Appends what running turns have written since, all in one transaction.
    pub async fn append_events(&self, unsaved: Vec<Unsaved>) -> Result<(), StoreError> {
        self.write(move |connection| {
            let rows: Vec<_> = unsaved
                .into_iter()
                .map(|part| {
                    (
                        turn_events::turn_id.eq(Id(part.turn_id)),
                        turn_events::seq.eq(column(part.seq)),
                        turn_events::content.eq(part.content),
                    )
                })
                .collect();
            for chunk in rows.chunks(200) {
                diesel::insert_into(turn_events::table)
                    .values(chunk.to_vec())
                    .execute(connection)?;
            }
            Ok(())
        })
        .await
    }

    /// Saves a turn's end: the whole answer, its usage, its state.
    pub async fn finish_turn(&self, finish: FinishTurn) -> Result<(), StoreError> {
        self.write(move |connection| finish_turn(connection, &finish)).await
    }

    /// Ends every turn that the last run of the server left running, as interrupted, with the text it had. Returns how
    /// many there were.
    pub async fn recover_turns(&self) -> Result<usize, StoreError> {
        self.write(|connection| {
            let running: Vec<TurnRow> = turns::table
                .filter(turns::status.eq(RUNNING))
                .select(TurnRow::as_select())
                .load(connection)?;
            for turn in &running {
                let parts: Vec<(i64, String)> = turn_events::table
                    .filter(turn_events::turn_id.eq(turn.turn_id))
                    .order(turn_events::seq)
                    .select((turn_events::seq, turn_events::content))
                    .load(connection)?;
                let metadata: String = messages::table
                    .find(turn.answer_id)
                    .select(messages::metadata)
                    .first(connection)?;
                finish_turn(
                    connection,
                    &FinishTurn {
                        turn_id: turn.turn_id.0,
                        status: TurnStatus::Interrupted,
                        last_seq: parts.last().map_or(0, |(seq, _)| count(*seq)) + 1,
                        content: parts.into_iter().map(|(_, content)| content).collect(),
                        usage: None,
                        cost_usd: None,
                        metadata: from_json(&metadata)?,
                    },
                )?;
            }
            Ok::<_, StoreError>(running.len())
        })
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

fn begin_turn(connection: &mut SqliteConnection, begin: BeginTurn) -> Result<Begun, StoreError> {
    if let Some(request_id) = begin.client_request_id
        && let Some(accepted) = find_request(connection, begin.user_id, request_id)?
    {
        return Ok(Begun::Repeated(accepted));
    }
    let (session_id, history) = match begin.session_id {
        None => (insert_session(connection, &begin, Uuid::new_v4())?, Vec::new()),
        Some(session_id) => {
            let Some(session) = session_row(connection, begin.user_id, session_id)? else {
                if !promised(connection, begin.user_id, session_id)? {
                    return Ok(Begun::SessionNotFound);
                }
                insert_session(connection, &begin, session_id)?;
                return start(connection, begin, session_id, Vec::new());
            };
            if session.agent_id != begin.agent_id {
                return Ok(Begun::AgentMismatch(session.agent_id));
            }
            if session.status != name_of(SessionStatus::Active)? {
                return Ok(Begun::SessionArchived);
            }
            let running: i64 = turns::table
                .filter(turns::session_id.eq(Id(session_id)))
                .filter(turns::status.eq(RUNNING))
                .count()
                .get_result(connection)?;
            if running > 0 {
                return Ok(Begun::TurnInProgress);
            }
            (
                session_id,
                conversation(connection, begin.user_id, session_id)?.unwrap_or_default(),
            )
        }
    };
    start(connection, begin, session_id, history)
}

fn start(
    connection: &mut SqliteConnection,
    begin: BeginTurn,
    session_id: Uuid,
    history: Vec<MessageRow>,
) -> Result<Begun, StoreError> {
    // Strictly after every message before it, even where the clock stands still or has been set back.
    let timestamp = history.last().map_or(0, |last| last.timestamp + 1).max(now().0);
    let accepted = MessageAccepted {
        session_id,
        message_id: Uuid::new_v4(),
        answer_id: Uuid::new_v4(),
        turn_id: Uuid::new_v4(),
        agent_id: begin.agent_id.clone(),
        status: "streaming".into(),
    };
    insert_turn(connection, &begin, &accepted, timestamp)?;
    let mut history: Vec<GatewayMessage> = history.into_iter().filter_map(history_message).collect();
    history.push(GatewayMessage {
        role: GatewayRole::User,
        content: begin.message,
    });
    Ok(Begun::Started { accepted, history })
}

fn insert_session(connection: &mut SqliteConnection, begin: &BeginTurn, session_id: Uuid) -> Result<Uuid, StoreError> {
    let timestamp = now().0;
    let row = SessionRow {
        session_id: Id(session_id),
        user_id: Id(begin.user_id),
        agent_id: begin.agent_id.clone(),
        agent_name: begin.agent_name.clone(),
        parent_role: begin.parent_role.clone(),
        model_id: begin.model.model_id.clone(),
        model_name: begin.model.model_name.clone(),
        title: begin.title.clone(),
        status: name_of(SessionStatus::Active)?,
        pinned: false,
        created_at: timestamp,
        updated_at: timestamp,
        archived_at: None,
    };
    diesel::insert_into(sessions::table).values(&row).execute(connection)?;
    Ok(session_id)
}

/// The person's message, the empty answer, and the turn between them.
fn insert_turn(
    connection: &mut SqliteConnection,
    begin: &BeginTurn,
    accepted: &MessageAccepted,
    timestamp: i64,
) -> Result<(), StoreError> {
    let metadata = MessageMetadata {
        context_window: Some(begin.model.context_window),
        ..MessageMetadata::default()
    };
    let user_message = MessageRow {
        message_id: Id(accepted.message_id),
        session_id: Id(accepted.session_id),
        message_type: name_of(MessageType::User)?,
        content: begin.message.clone(),
        agent_id: begin.agent_id.clone(),
        model_id: None,
        model_name: None,
        timestamp,
        status: name_of(MessageStatus::Complete)?,
        usage: UsageColumns::default(),
        metadata: to_json(&MessageMetadata::default())?,
    };
    let answer = MessageRow {
        message_id: Id(accepted.answer_id),
        session_id: Id(accepted.session_id),
        message_type: name_of(MessageType::Assistant)?,
        content: String::new(),
        agent_id: begin.agent_id.clone(),
        model_id: Some(begin.model.model_id.clone()),
        model_name: Some(begin.model.model_name.clone()),
        timestamp: timestamp + 1,
        status: name_of(MessageStatus::Streaming)?,
        usage: UsageColumns::default(),
        metadata: to_json(&metadata)?,
    };
    let turn = TurnRow {
        turn_id: Id(accepted.turn_id),
        session_id: Id(accepted.session_id),
        user_id: Id(begin.user_id),
        message_id: Id(accepted.message_id),
        answer_id: Id(accepted.answer_id),
        client_request_id: begin.client_request_id.map(Id),
        status: RUNNING.into(),
        last_seq: 0,
        started_at: timestamp,
        ended_at: None,
    };
    diesel::insert_into(messages::table)
        .values(&user_message)
        .execute(connection)?;
    diesel::insert_into(messages::table)
        .values(&answer)
        .execute(connection)?;
    diesel::insert_into(turns::table).values(&turn).execute(connection)?;
    diesel::update(sessions::table.find(Id(accepted.session_id)))
        .set((
            sessions::updated_at.eq(timestamp),
            sessions::model_id.eq(&begin.model.model_id),
            sessions::model_name.eq(&begin.model.model_name),
        ))
        .execute(connection)?;
    Ok(())
}

fn finish_turn(connection: &mut SqliteConnection, finish: &FinishTurn) -> Result<(), StoreError> {
    let ended_at = now().0;
    // Where a deleted session took its turn along there is nothing left to finish.
    let turn: Option<(Id, Id)> = turns::table
        .find(Id(finish.turn_id))
        .filter(turns::status.eq(RUNNING))
        .select((turns::session_id, turns::answer_id))
        .first(connection)
        .optional()?;
    let Some((session_id, answer_id)) = turn else {
        return Ok(());
    };
    diesel::update(messages::table.find(answer_id))
        .set((
            messages::content.eq(&finish.content),
            messages::status.eq(name_of(MessageStatus::from(finish.status))?),
            messages::metadata.eq(to_json(&finish.metadata)?),
            UsageColumns::new(finish.usage, finish.cost_usd),
        ))
        .execute(connection)?;
    diesel::update(turns::table.find(Id(finish.turn_id)))
        .set((
            turns::status.eq(name_of(finish.status)?),
            turns::last_seq.eq(column(finish.last_seq)),
            turns::ended_at.eq(Some(ended_at)),
        ))
        .execute(connection)?;
    diesel::delete(turn_events::table.filter(turn_events::turn_id.eq(Id(finish.turn_id)))).execute(connection)?;
    diesel::update(sessions::table.find(session_id))
        .set(sessions::updated_at.eq(ended_at))
        .execute(connection)?;
    Ok(())
}

fn find_request(
    connection: &mut SqliteConnection,
    user_id: Uuid,
    request_id: Uuid,
) -> Result<Option<MessageAccepted>, StoreError> {
    let found: Option<(TurnRow, String)> = turns::table
        .inner_join(sessions::table)
        .filter(turns::user_id.eq(Id(user_id)))
        .filter(turns::client_request_id.eq(Id(request_id)))
        .select((TurnRow::as_select(), sessions::agent_id))
        .first(connection)
        .optional()?;
    Ok(found.map(|(turn, agent_id)| MessageAccepted {
        session_id: turn.session_id.0,
        message_id: turn.message_id.0,
        answer_id: turn.answer_id.0,
        turn_id: turn.turn_id.0,
        agent_id,
        status: "streaming".into(),
    }))
}

/// A stored message as the model is to see it; notes and empty answers are left out.
fn history_message(row: MessageRow) -> Option<GatewayMessage> {
    let role = match row.message_type.as_str() {
        "user" => GatewayRole::User,
        "assistant" if !row.content.is_empty() => GatewayRole::Assistant,
        _ => return None,
    };
    Some(GatewayMessage {
        role,
        content: row.content,
    })
}
