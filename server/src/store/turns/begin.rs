//! Begins a turn: session, message, empty answer, claimed request and the branch shown, in one transaction.

mod insert;

use diesel::prelude::*;
use protocol::{
    gateway::{GatewayMessage, GatewayRole},
    plan::PlanDecision,
    session::{MessageAccepted, MessageMetadata, MessageType, SessionStatus},
};
use uuid::Uuid;

use super::{BeginTurn, Begun, Prompt, is_running};
use crate::store::{
    StoreError,
    branch::{newest_timestamp, texts},
    ids::{Id, from_json, name_of},
    now,
    rows::{SessionRow, TurnRow},
    schema::{messages, sessions, turns},
    sessions::{DELETED, promised, session_row},
};
use insert::{insert_message, insert_session, insert_turn, touch_session};

/// The last instant that can be written, of the year 9999.
const LAST_INSTANT: i64 = 253_402_300_799_999_999;

pub(super) fn begin_turn(connection: &mut SqliteConnection, begin: BeginTurn) -> Result<Begun, StoreError> {
    if let Some(request_id) = begin.client_request_id
        && let Some(claim) = find_claim(connection, begin.user_id, request_id)?
    {
        return Ok(claim.accepted.map_or(Begun::SessionNotFound, Begun::Repeated));
    }
    let session = match begin.session_id {
        None => None,
        Some(session_id) => match session_row(connection, begin.user_id, session_id)? {
            None if !promised(connection, begin.user_id, session_id)? => return Ok(Begun::SessionNotFound),
            session => session,
        },
    };
    if let Some(session) = &session {
        if session.agent_id != begin.agent_id {
            return Ok(Begun::AgentMismatch(session.agent_id.clone()));
        }
        if session.status != name_of(SessionStatus::Active)? {
            return Ok(Begun::SessionArchived);
        }
        if is_running(connection, session.session_id)? {
            return Ok(Begun::TurnInProgress);
        }
    }
    let Some(asked) = asked(connection, session.as_ref(), &begin.prompt)? else {
        return Ok(Begun::MessageNotFound);
    };
    start(connection, &begin, session.as_ref(), asked)
}

/// Where in the tree the turn begins.
enum Asked<'a> {
    /// With a new message after this one.
    New {
        text: &'a str,
        parent_id: Option<Id>,
        decision: Option<&'a PlanDecision>,
    },
    /// With this message of old.
    Old(Id),
}

/// `None`: the session has no such message.
fn asked<'a>(
    connection: &mut SqliteConnection,
    session: Option<&SessionRow>,
    prompt: &'a Prompt,
) -> Result<Option<Asked<'a>>, StoreError> {
    let (text, of, message_type) = match prompt {
        Prompt::New(text) => {
            return Ok(Some(Asked::New {
                text,
                parent_id: session.and_then(|session| session.head_id),
                decision: None,
            }));
        }
        Prompt::Decision { text, decision, on } => {
            let head = session.and_then(|session| session.head_id);
            return Ok(Some(Asked::New {
                text,
                parent_id: head,
                decision: Some(decision),
            })
            .filter(|_| head == Some(Id(*on))));
        }
        Prompt::Version { text, of } => (Some(text), of, MessageType::User),
        Prompt::Again(answer) => (None, answer, MessageType::Assistant),
    };
    let Some(session) = session else { return Ok(None) };
    let parent_of = |connection: &mut SqliteConnection, message_id: Id, message_type: MessageType| {
        Ok::<_, StoreError>(
            messages::table
                .filter(messages::message_id.eq(message_id))
                .filter(messages::session_id.eq(session.session_id))
                .filter(messages::message_type.eq(name_of(message_type)?))
                .select(messages::parent_id)
                .first::<Option<Id>>(connection)
                .optional()?,
        )
    };
    let Some(parent_id) = parent_of(connection, Id(*of), message_type)? else {
        return Ok(None);
    };
    if let Some(text) = text {
        return Ok(Some(Asked::New {
            text,
            parent_id,
            decision: None,
        }));
    }
    // An answer follows what it answers.
    let Some(question) = parent_id else { return Ok(None) };
    Ok(parent_of(connection, question, MessageType::User)?.map(|_| Asked::Old(question)))
}

fn start(
    connection: &mut SqliteConnection,
    begin: &BeginTurn,
    session: Option<&SessionRow>,
    asked: Asked<'_>,
) -> Result<Begun, StoreError> {
    let message_id = match asked {
        Asked::New { .. } => Uuid::new_v4(),
        Asked::Old(message_id) => message_id.0,
    };
    let accepted = MessageAccepted {
        session_id: begin.session_id.unwrap_or_else(Uuid::new_v4),
        message_id,
        answer_id: Uuid::new_v4(),
        turn_id: Uuid::new_v4(),
        agent_id: begin.agent_id.clone(),
        status: "streaming".into(),
    };
    let session_id = Id(accepted.session_id);
    let newest = match session {
        None => {
            insert_session(connection, begin, &accepted)?;
            None
        }
        Some(_) => {
            touch_session(connection, begin, &accepted)?;
            newest_timestamp(connection, session_id)?
        }
    };
    // Strictly after every message of the session, even where the clock stands still or has been set back.
    let timestamp = newest
        .map_or(0, |newest| newest.saturating_add(1))
        .max(now().0)
        .min(LAST_INSTANT - 1);
    // The branch up to what is to be answered.
    let last = match asked {
        Asked::New { parent_id, .. } => parent_id,
        Asked::Old(message_id) => Some(message_id),
    };
    let mut history: Vec<GatewayMessage> = match last {
        None => Vec::new(),
        Some(last) => texts(connection, session_id, last)?
            .into_iter()
            .filter_map(history_message)
            .collect(),
    };
    let decision = match asked {
        Asked::New {
            text,
            parent_id,
            decision,
        } => {
            let metadata = MessageMetadata {
                decision: decision.cloned(),
                ..MessageMetadata::default()
            };
            insert_message(connection, begin, &accepted, text, &metadata, parent_id, timestamp)?;
            history.push(GatewayMessage {
                role: GatewayRole::User,
                content: text.to_owned(),
            });
            metadata.decision
        }
        // Another answer to a decision is one to the same decision.
        Asked::Old(message_id) => metadata(connection, message_id)?.decision,
    };
    insert_turn(connection, begin, &accepted, timestamp)?;
    Ok(Begun::Started {
        accepted,
        history,
        decision,
    })
}

/// What else is stored of a message.
pub(super) fn metadata(connection: &mut SqliteConnection, message_id: Id) -> Result<MessageMetadata, StoreError> {
    let metadata: String = messages::table
        .find(message_id)
        .select(messages::metadata)
        .first(connection)?;
    from_json(&metadata)
}

/// A request that was taken once.
pub(super) struct Claim {
    /// Its answer; `None`: its session is deleted.
    pub(super) accepted: Option<MessageAccepted>,
}

pub(super) fn find_claim(
    connection: &mut SqliteConnection,
    user_id: Uuid,
    request_id: Uuid,
) -> Result<Option<Claim>, StoreError> {
    let found: Option<(TurnRow, String, String)> = turns::table
        .inner_join(sessions::table)
        .filter(turns::user_id.eq(Id(user_id)))
        .filter(turns::client_request_id.eq(Id(request_id)))
        .select((TurnRow::as_select(), sessions::agent_id, sessions::status))
        .first(connection)
        .optional()?;
    Ok(found.map(|(turn, agent_id, status)| Claim {
        accepted: (status != DELETED).then(|| MessageAccepted {
            session_id: turn.session_id.0,
            message_id: turn.message_id.0,
            answer_id: turn.answer_id.0,
            turn_id: turn.turn_id.0,
            agent_id,
            status: "streaming".into(),
        }),
    }))
}

/// A stored message as the model is to see it; notes and empty answers are left out.
fn history_message((message_type, content): (String, String)) -> Option<GatewayMessage> {
    let role = match message_type.as_str() {
        "user" => GatewayRole::User,
        "assistant" if !content.is_empty() => GatewayRole::Assistant,
        _ => return None,
    };
    Some(GatewayMessage { role, content })
}
