//! Taking in a conversation: what is there stays as it is, what is missing is added.
//!
//! An id is kept where it is free. Where it is another's, it is made anew from the caller and the id in the file, always in the
//! same way, so that the same file again finds what it brought, and so that nobody's file reaches what is not his.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Text},
};
use protocol::conversation::{Conversation, ConversationMessage};
use uuid::Uuid;

use super::{
    Store, StoreError,
    ids::{Id, name_of, to_json},
    now,
    rows::{MessageRow, SessionRow, UsageColumns},
    schema::{messages, sessions},
    sessions::{DELETED, session_row},
    turns::is_running,
};

/// The most messages of one transaction: who writes meanwhile is not to wait long.
const MESSAGES_AT_ONCE: usize = 200;
/// How many ids are tried for a conversation.
const IDS_TRIED: usize = 3;

/// What became of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is new.
    New,
    /// It was there, perhaps with fewer messages.
    Known,
    /// It was left out: every id that it could have belongs to others.
    IdTaken,
}

/// What came of taking in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    /// The conversation.
    pub fate: Fate,
    /// Messages that are new.
    pub new_messages: u64,
    /// Messages that were there.
    pub known_messages: u64,
}

impl Store {
    /// Takes in a conversation whose messages stand in the order of time, each after the one that it follows. It is done a part at
    /// a time; what was done stays where a later part fails, and the same conversation again completes it.
    pub async fn import(&self, user_id: Uuid, conversation: Arc<Conversation>) -> Result<Imported, StoreError> {
        let mut intake = Intake::new(user_id, conversation);
        loop {
            intake = self
                .write(move |connection| {
                    intake.take_some(connection)?;
                    Ok(intake)
                })
                .await?;
            if intake.is_done {
                return Ok(intake.imported);
            }
        }
    }

    /// What [`Store::import`] would do.
    pub async fn would_import(&self, user_id: Uuid, conversation: Arc<Conversation>) -> Result<Imported, StoreError> {
        self.read(move |connection| {
            let all = conversation.messages.len() as u64;
            let imported = |fate, new_messages, known_messages| Imported {
                fate,
                new_messages,
                known_messages,
            };
            match target(connection, user_id, conversation.session.session_id)? {
                Target::Taken => Ok(imported(Fate::IdTaken, 0, 0)),
                Target::Free(_) => Ok(imported(Fate::New, all, 0)),
                Target::Own(session_id) => {
                    let there: Vec<Id> = messages::table
                        .filter(messages::session_id.eq(session_id))
                        .select(messages::message_id)
                        .load(connection)?;
                    let there: HashSet<Id> = there.into_iter().collect();
                    let is_there = |message: &&ConversationMessage| {
                        let ids = ids_of(session_id, message.message_id);
                        ids.iter().any(|id| there.contains(id))
                    };
                    let known = conversation.messages.iter().filter(is_there).count() as u64;
                    Ok(imported(Fate::Known, all - known, known))
                }
            }
        })
        .await
    }
}

/// Where a conversation goes.
enum Target {
    /// It is there, and the user's.
    Own(Id),
    /// It can be there.
    Free(Id),
    /// Every id belongs to others.
    Taken,
}

fn target(connection: &mut SqliteConnection, user_id: Uuid, session_id: Uuid) -> QueryResult<Target> {
    let mut free = None;
    let mut candidate = session_id;
    for _ in 0..IDS_TRIED {
        let id = Id(candidate);
        let owner = sessions::table
            .find(id)
            .select((sessions::user_id, sessions::status))
            .first::<(Id, String)>(connection)
            .optional()?;
        match owner {
            Some((owner, status)) if owner == Id(user_id) && status != DELETED => return Ok(Target::Own(id)),
            Some(_) => {}
            None if free.is_none() && !is_promised(connection, id)? => free = Some(id),
            None => {}
        }
        candidate = Uuid::new_v5(&user_id, candidate.as_bytes());
    }
    Ok(free.map_or(Target::Taken, Target::Free))
}

/// Whether the id is kept for a conversation that is yet to begin.
fn is_promised(connection: &mut SqliteConnection, session_id: Id) -> QueryResult<bool> {
    let promised = sessions::table.filter(sessions::next_session_id.eq(session_id));
    diesel::select(diesel::dsl::exists(promised)).get_result(connection)
}

/// The ids that a message can have in a session: its own, and one made of both.
fn ids_of(session_id: Id, message_id: Uuid) -> [Id; 2] {
    [Id(message_id), Id(Uuid::new_v5(&session_id.0, message_id.as_bytes()))]
}

/// The instants that a session's messages have: no two share one. Each leads to one after it that may be free, so that a long
/// row of them is not gone through again for each that is added.
#[derive(Default)]
struct Instants(HashMap<i64, i64>);

impl Instants {
    /// The first free instant from this one on, free no longer.
    fn take(&mut self, wanted: i64) -> i64 {
        let mut free = wanted;
        while let Some(next) = self.0.get(&free) {
            free = *next;
        }
        let mut at = wanted;
        while let Some(next) = self.0.get_mut(&at) {
            at = std::mem::replace(next, free + 1);
        }
        self.0.insert(free, free + 1);
        free
    }
}

/// A conversation on its way in.
struct Intake {
    user_id: Uuid,
    conversation: Arc<Conversation>,
    /// Where it goes, once that is known.
    session_id: Option<Id>,
    /// How many of its messages are done.
    done: usize,
    /// Their ids in the file, with those that they have here, and when they were written.
    placed: HashMap<Uuid, (Id, i64)>,
    instants: Instants,
    imported: Imported,
    is_done: bool,
}

impl Intake {
    fn new(user_id: Uuid, conversation: Arc<Conversation>) -> Self {
        Self {
            user_id,
            conversation,
            session_id: None,
            done: 0,
            placed: HashMap::new(),
            instants: Instants::default(),
            imported: Imported {
                fate: Fate::IdTaken,
                new_messages: 0,
                known_messages: 0,
            },
            is_done: false,
        }
    }

    fn take_some(&mut self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        let session_id = match self.session_id {
            Some(session_id) => session_id,
            None => match self.begin(connection)? {
                Some(session_id) => session_id,
                None => {
                    self.is_done = true;
                    return Ok(());
                }
            },
        };
        // It may have been deleted between two parts.
        let Some(session) = session_row(connection, self.user_id, session_id.0)? else {
            self.is_done = true;
            return Ok(());
        };
        let conversation = Arc::clone(&self.conversation);
        let new_before = self.imported.new_messages;
        let part = conversation.messages.iter().skip(self.done).take(MESSAGES_AT_ONCE);
        for message in part {
            self.take(connection, session_id, message)?;
            self.done += 1;
        }
        self.show(connection, &session)?;
        if self.imported.new_messages > new_before {
            let updated_at = session.updated_at.max(conversation.session.updated_at.0);
            diesel::update(sessions::table.find(session_id))
                .set(sessions::updated_at.eq(updated_at))
                .execute(connection)?;
            sql_query("UPDATE sessions SET imported_at = ? WHERE session_id = ?")
                .bind::<BigInt, _>(now().0)
                .bind::<Text, _>(session_id)
                .execute(connection)?;
        }
        self.is_done = self.done == conversation.messages.len();
        Ok(())
    }

    /// Finds the session, or makes it. `None`: it cannot be.
    fn begin(&mut self, connection: &mut SqliteConnection) -> Result<Option<Id>, StoreError> {
        let (session_id, fate) = match target(connection, self.user_id, self.conversation.session.session_id)? {
            Target::Taken => return Ok(None),
            Target::Own(session_id) => {
                let instants = messages::table
                    .filter(messages::session_id.eq(session_id))
                    .select(messages::timestamp)
                    .load(connection)?;
                self.instants = Instants(instants.into_iter().map(|at: i64| (at, at + 1)).collect());
                (session_id, Fate::Known)
            }
            Target::Free(session_id) => {
                self.insert_session(connection, session_id)?;
                (session_id, Fate::New)
            }
        };
        self.session_id = Some(session_id);
        self.imported.fate = fate;
        Ok(Some(session_id))
    }

    fn insert_session(&self, connection: &mut SqliteConnection, session_id: Id) -> Result<(), StoreError> {
        let session = &self.conversation.session;
        let row = SessionRow {
            session_id,
            user_id: Id(self.user_id),
            agent_id: session.agent_id.clone(),
            agent_name: session.agent_name.clone(),
            parent_role: session.parent_role.clone(),
            model_id: session.model_id.clone(),
            model_name: session.model_name.clone(),
            title: session.title.clone(),
            status: name_of(session.status)?,
            pinned: session.pinned,
            created_at: session.created_at.0,
            updated_at: session.updated_at.0,
            archived_at: session.archived_at.map(|at| at.0),
            head_id: None,
        };
        diesel::insert_into(sessions::table).values(row).execute(connection)?;
        Ok(())
    }

    /// Takes in a message, unless it is there.
    fn take(
        &mut self,
        connection: &mut SqliteConnection,
        session_id: Id,
        message: &ConversationMessage,
    ) -> Result<(), StoreError> {
        let [own, made] = ids_of(session_id, message.message_id);
        let there: Vec<(Id, Id, i64)> = messages::table
            .filter(messages::message_id.eq(own).or(messages::message_id.eq(made)))
            .select((messages::message_id, messages::session_id, messages::timestamp))
            .load(connection)?;
        if let Some((id, _, timestamp)) = there.iter().find(|(_, session, _)| *session == session_id) {
            self.placed.insert(message.message_id, (*id, *timestamp));
            self.imported.known_messages += 1;
            return Ok(());
        }
        let message_id = if there.iter().any(|(id, ..)| *id == own) {
            made
        } else {
            own
        };
        let parent = message.parent_id.and_then(|parent| self.placed.get(&parent).copied());
        let mut timestamp = message.timestamp.0;
        if let Some((_, after)) = parent {
            timestamp = timestamp.max(after + 1);
        }
        let timestamp = self.instants.take(timestamp);
        let row = MessageRow {
            message_id,
            session_id,
            message_type: name_of(message.message_type)?,
            content: message.content.clone(),
            agent_id: message.agent_id.clone(),
            model_id: message.model_id.clone(),
            model_name: message.model_name.clone(),
            timestamp,
            status: name_of(message.status)?,
            usage: UsageColumns::new(message.usage, message.cost_usd),
            metadata: to_json(&message.metadata)?,
            parent_id: parent.map(|(id, _)| id),
        };
        diesel::insert_into(messages::table).values(row).execute(connection)?;
        self.placed.insert(message.message_id, (message_id, timestamp));
        self.imported.new_messages += 1;
        Ok(())
    }

    /// Shows the branch that the file shows, as far as it is there; but where a person has gone on with another, that one
    /// stays.
    fn show(&self, connection: &mut SqliteConnection, session: &SessionRow) -> Result<(), StoreError> {
        let branch = self.conversation.branch();
        let place_of = |id: Id| {
            let placed = |message: &&ConversationMessage| self.placed.get(&message.message_id);
            branch
                .iter()
                .position(|message| placed(message).is_some_and(|(placed, _)| *placed == id))
        };
        let Some((at, (head, _))) = branch
            .iter()
            .map_while(|message| self.placed.get(&message.message_id))
            .enumerate()
            .last()
        else {
            return Ok(());
        };
        let is_further = match session.head_id {
            None => true,
            Some(shown) => place_of(shown).is_some_and(|shown| shown < at),
        };
        if is_further && !is_running(connection, session.session_id)? {
            diesel::update(sessions::table.find(session.session_id))
                .set(sessions::head_id.eq(Some(*head)))
                .execute(connection)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
