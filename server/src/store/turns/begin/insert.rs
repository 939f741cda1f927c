//! The rows of a turn that is begun.

use diesel::prelude::*;
use protocol::session::{MessageAccepted, MessageMetadata, MessageStatus, MessageType, SessionStatus};

use super::super::{BeginTurn, RUNNING};
use crate::store::{
    StoreError,
    ids::{Id, name_of, to_json},
    now,
    rows::{MessageRow, SessionRow, TurnRow, UsageColumns},
    schema::{messages, sessions, turns},
};

pub(super) fn insert_session(
    connection: &mut SqliteConnection,
    begin: &BeginTurn,
    accepted: &MessageAccepted,
) -> Result<(), StoreError> {
    let timestamp = now().0;
    let row = SessionRow {
        session_id: Id(accepted.session_id),
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
        head_id: Some(Id(accepted.answer_id)),
    };
    diesel::insert_into(sessions::table).values(&row).execute(connection)?;
    Ok(())
}

/// A session that goes on moves up in the list and shows the branch of the new answer, and its next answers are by the
/// model of this one.
pub(super) fn touch_session(
    connection: &mut SqliteConnection,
    begin: &BeginTurn,
    accepted: &MessageAccepted,
) -> Result<(), StoreError> {
    diesel::update(sessions::table.find(Id(accepted.session_id)))
        .set((
            sessions::updated_at.eq(now().0),
            sessions::model_id.eq(&begin.model.model_id),
            sessions::model_name.eq(&begin.model.model_name),
            sessions::head_id.eq(Some(Id(accepted.answer_id))),
        ))
        .execute(connection)?;
    Ok(())
}

/// The person's message.
pub(super) fn insert_message(
    connection: &mut SqliteConnection,
    begin: &BeginTurn,
    accepted: &MessageAccepted,
    text: &str,
    metadata: &MessageMetadata,
    parent_id: Option<Id>,
    timestamp: i64,
) -> Result<(), StoreError> {
    let row = MessageRow {
        message_id: Id(accepted.message_id),
        session_id: Id(accepted.session_id),
        message_type: name_of(MessageType::User)?,
        content: text.to_owned(),
        agent_id: begin.agent_id.clone(),
        model_id: None,
        model_name: None,
        timestamp,
        status: name_of(MessageStatus::Complete)?,
        usage: UsageColumns::default(),
        metadata: to_json(metadata)?,
        parent_id,
    };
    diesel::insert_into(messages::table).values(&row).execute(connection)?;
    Ok(())
}

/// The empty answer, and the turn that is to write it.
pub(super) fn insert_turn(
    connection: &mut SqliteConnection,
    begin: &BeginTurn,
    accepted: &MessageAccepted,
    timestamp: i64,
) -> Result<(), StoreError> {
    let metadata = MessageMetadata {
        context_window: Some(begin.model.context_window),
        ..MessageMetadata::default()
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
        parent_id: Some(Id(accepted.message_id)),
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
        .values(&answer)
        .execute(connection)?;
    diesel::insert_into(turns::table).values(&turn).execute(connection)?;
    Ok(())
}
