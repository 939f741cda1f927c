//! Adds whole conversations at once, for trying and measuring.

use diesel::{connection::SimpleConnection, prelude::*};
use protocol::{
    session::{MessageMetadata, MessageStatus, MessageType, SessionStatus, TurnStatus, Usage},
    timestamp::Timestamp,
};
use uuid::Uuid;

use super::{
    Store, StoreError,
    ids::{Id, count, name_of, to_json},
    rows::{MessageRow, SessionRow, TurnRow, UsageColumns},
    schema::{messages, session_counts, sessions, turns},
};

/// A conversation.
#[derive(Debug)]
pub struct DemoSession {
    /// Its id.
    pub session_id: Uuid,
    /// Whose it is.
    pub user_id: Uuid,
    /// Its agent.
    pub agent_id: &'static str,
    /// That agent's name.
    pub agent_name: &'static str,
    /// The role in which the person speaks.
    pub parent_role: &'static str,
    /// The model that answers.
    pub model_id: &'static str,
    /// That model's name.
    pub model_name: &'static str,
    /// Its title.
    pub title: String,
    /// Whether it is out of the list.
    pub is_archived: bool,
    /// Whether it is kept at the top.
    pub is_pinned: bool,
    /// One at least, in the order of time.
    pub turns: Vec<DemoTurn>,
}

/// A question and its answer.
#[derive(Debug)]
pub struct DemoTurn {
    /// Its id.
    pub turn_id: Uuid,
    /// The question's id.
    pub question_id: Uuid,
    /// The answer's id.
    pub answer_id: Uuid,
    /// What was asked.
    pub question: String,
    /// What was answered.
    pub answer: String,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// When the answer was whole.
    pub ended_at: Timestamp,
    /// How it ended.
    pub status: TurnStatus,
    /// Its tokens.
    pub usage: Usage,
    /// What it cost, as far as that is known.
    pub cost_usd: Option<f64>,
    /// How much the model could read.
    pub context_window: u64,
}

/// Somebody who has conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub user_id: Uuid,
    /// How many, archived ones among them.
    pub sessions: u64,
}

impl Store {
    /// Those who have conversations.
    pub async fn people(&self) -> Result<Vec<Person>, StoreError> {
        self.read(|connection| {
            let counts: Vec<(Id, i64)> = session_counts::table
                .order(session_counts::user_id)
                .select((session_counts::user_id, session_counts::sessions))
                .load(connection)?;
            let mut people: Vec<Person> = Vec::new();
            for (Id(user_id), sessions) in counts {
                let sessions = count(sessions);
                match people.last_mut().filter(|person| person.user_id == user_id) {
                    Some(person) => person.sessions += sessions,
                    None => people.push(Person { user_id, sessions }),
                }
            }
            Ok(people)
        })
        .await
    }

    /// Lets the writer keep a quarter of a gigabyte of the file in memory: where many rows are added, the pages of each index
    /// would else be read again and again.
    pub async fn prepare_for_many(&self) -> Result<(), StoreError> {
        self.write(|connection| Ok(connection.batch_execute("PRAGMA cache_size = -262144")?))
            .await
    }

    /// Adds conversations, in one transaction.
    pub async fn add_demo_sessions(&self, added: Vec<DemoSession>) -> Result<(), StoreError> {
        self.write(move |connection| {
            let (mut said, mut ended) = (Vec::new(), Vec::new());
            for session in added {
                diesel::insert_into(sessions::table)
                    .values(&session_row(&session)?)
                    .execute(connection)?;
                let mut parent_id = None;
                for turn in &session.turns {
                    said.push(question_row(&session, turn, parent_id)?);
                    said.push(answer_row(&session, turn)?);
                    ended.push(turn_row(&session, turn)?);
                    parent_id = Some(Id(turn.answer_id));
                }
            }
            // In the order of time: the index of texts takes them fastest that way.
            said.sort_unstable_by_key(|row| row.timestamp);
            for row in &said {
                diesel::insert_into(messages::table).values(row).execute(connection)?;
            }
            for row in &ended {
                diesel::insert_into(turns::table).values(row).execute(connection)?;
            }
            Ok(())
        })
        .await
    }
}

fn session_row(session: &DemoSession) -> Result<SessionRow, StoreError> {
    let first = session.turns.first().map_or(0, |turn| turn.asked_at.0);
    let last = session.turns.last();
    let updated_at = last.map_or(first, |turn| turn.ended_at.0);
    let status = if session.is_archived {
        SessionStatus::Archived
    } else {
        SessionStatus::Active
    };
    Ok(SessionRow {
        session_id: Id(session.session_id),
        user_id: Id(session.user_id),
        agent_id: session.agent_id.into(),
        agent_name: session.agent_name.into(),
        parent_role: Some(session.parent_role.into()),
        model_id: session.model_id.into(),
        model_name: session.model_name.into(),
        title: session.title.clone(),
        status: name_of(status)?,
        pinned: session.is_pinned,
        created_at: first,
        updated_at,
        archived_at: session.is_archived.then_some(updated_at),
        head_id: last.map(|turn| Id(turn.answer_id)),
    })
}

fn question_row(session: &DemoSession, turn: &DemoTurn, parent_id: Option<Id>) -> Result<MessageRow, StoreError> {
    Ok(MessageRow {
        message_id: Id(turn.question_id),
        session_id: Id(session.session_id),
        message_type: name_of(MessageType::User)?,
        content: turn.question.clone(),
        agent_id: session.agent_id.into(),
        model_id: None,
        model_name: None,
        timestamp: turn.asked_at.0,
        status: name_of(MessageStatus::Complete)?,
        usage: UsageColumns::default(),
        metadata: to_json(&MessageMetadata::default())?,
        parent_id,
    })
}

fn answer_row(session: &DemoSession, turn: &DemoTurn) -> Result<MessageRow, StoreError> {
    let metadata = MessageMetadata {
        elapsed_ms: Some(count((turn.ended_at.0 - turn.asked_at.0) / 1_000)),
        context_window: Some(turn.context_window),
        ..MessageMetadata::default()
    };
    Ok(MessageRow {
        message_id: Id(turn.answer_id),
        session_id: Id(session.session_id),
        message_type: name_of(MessageType::Assistant)?,
        content: turn.answer.clone(),
        agent_id: session.agent_id.into(),
        model_id: Some(session.model_id.into()),
        model_name: Some(session.model_name.into()),
        timestamp: turn.asked_at.0 + 1,
        status: name_of(MessageStatus::from(turn.status))?,
        usage: UsageColumns::new(Some(turn.usage), turn.cost_usd),
        metadata: to_json(&metadata)?,
        parent_id: Some(Id(turn.question_id)),
    })
}

fn turn_row(session: &DemoSession, turn: &DemoTurn) -> Result<TurnRow, StoreError> {
    Ok(TurnRow {
        turn_id: Id(turn.turn_id),
        session_id: Id(session.session_id),
        user_id: Id(session.user_id),
        message_id: Id(turn.question_id),
        answer_id: Id(turn.answer_id),
        client_request_id: None,
        status: name_of(turn.status)?,
        last_seq: 1,
        started_at: turn.asked_at.0,
        ended_at: Some(turn.ended_at.0),
    })
}
