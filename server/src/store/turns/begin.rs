//! Begins a turn: session, message, empty answer and claimed request in one transaction.

use diesel::prelude::*;
use protocol::{
    gateway::{GatewayMessage, GatewayRole},
    session::{MessageAccepted, MessageMetadata, MessageStatus, MessageType, SessionStatus},
};
use uuid::Uuid;

use super::{BeginTurn, Begun, RUNNING};
use crate::store::{
    StoreError,
    ids::{Id, name_of, to_json},
    messages::conversation,
    now,
    rows::{MessageRow, SessionRow, TurnRow, UsageColumns},
    schema::{messages, sessions, turns},
    sessions::{promised, session_row},
};

pub(super) fn begin_turn(connection: &mut SqliteConnection, begin: BeginTurn) -> Result<Begun, StoreError> {
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
            touch_session(connection, &begin, session_id)?;
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

/// A session that goes on moves up in the list, and its next answers are by the model of this one.
fn touch_session(connection: &mut SqliteConnection, begin: &BeginTurn, session_id: Uuid) -> Result<(), StoreError> {
    diesel::update(sessions::table.find(Id(session_id)))
        .set((
            sessions::updated_at.eq(now().0),
            sessions::model_id.eq(&begin.model.model_id),
            sessions::model_name.eq(&begin.model.model_name),
        ))
        .execute(connection)?;
    Ok(())
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
    Ok(())
}

pub(super) fn find_request(
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
