//! Ends a turn: its text becomes the answer's.

use std::collections::HashMap;

use diesel::{OptionalExtension, connection::DefaultLoadingMode, prelude::*};
use protocol::{
    event::StatusUpdate,
    session::{MessageStatus, TurnStatus},
};
use uuid::Uuid;

use super::{FinishTurn, RUNNING, begin::metadata};
use crate::chat::{log::Unsaved, told::told, turn::MAX_ANSWER_EVENTS};
use crate::store::{
    StoreError,
    ids::{Id, column, count, from_json, name_of, to_json},
    now,
    rows::{TurnRow, UsageColumns},
    schema::{journal, messages, sessions, turns},
};

pub(super) fn finish_turn(connection: &mut SqliteConnection, finish: &FinishTurn) -> Result<(), StoreError> {
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
    diesel::update(sessions::table.find(session_id))
        .set(sessions::updated_at.eq(ended_at))
        .execute(connection)?;
    Ok(())
}

/// What a turn had emitted when it was cut off.
#[derive(Default)]
struct Emitted {
    last_seq: u64,
    text: String,
    statuses: Vec<StatusUpdate>,
}

/// Ends what nobody runs any more.
pub(super) fn recover_turns(
    connection: &mut SqliteConnection,
    session_id: Option<Uuid>,
    rest: Option<&Unsaved>,
) -> Result<Vec<Uuid>, StoreError> {
    let mut running = turns::table
        .filter(turns::status.eq(RUNNING))
        .select(TurnRow::as_select())
        .into_boxed();
    if let Some(session_id) = session_id {
        running = running.filter(turns::session_id.eq(Id(session_id)));
    }
    let running: Vec<TurnRow> = running.load(connection)?;
    if running.is_empty() {
        return Ok(Vec::new());
    }
    let mut emitted: HashMap<Id, Emitted> = running.iter().map(|turn| (turn.turn_id, Default::default())).collect();
    let parts = journal::table
        .order(journal::journal_id)
        .select((journal::turn_id, journal::seq, journal::content, journal::statuses))
        .load_iter::<(Id, i64, String, Option<String>), DefaultLoadingMode>(connection)?;
    for part in parts {
        let (turn_id, seq, content, statuses) = part?;
        if let Some(emitted) = emitted.get_mut(&turn_id) {
            emitted.last_seq = count(seq);
            emitted.text.push_str(&content);
            if let Some(statuses) = statuses {
                emitted.statuses.extend(from_json::<Vec<StatusUpdate>>(&statuses)?);
            }
        }
    }
    for turn in &running {
        let Emitted {
            mut last_seq,
            mut text,
            mut statuses,
        } = emitted.remove(&turn.turn_id).unwrap_or_default();
        if let Some(rest) = rest.filter(|rest| rest.turn_id == turn.turn_id.0) {
            text.push_str(&rest.content);
            statuses.extend_from_slice(&rest.statuses);
            last_seq = rest.seq;
        }
        let mut metadata = metadata(connection, turn.answer_id)?;
        for status in &statuses {
            metadata.note(status);
        }
        let last_status = metadata.last_status.as_ref();
        metadata.task_id = last_status.and_then(|status| status.task_id.clone());
        let (usage, cost_usd) = told(&metadata.tasks).unzip();
        finish_turn(
            connection,
            &FinishTurn {
                turn_id: turn.turn_id.0,
                status: TurnStatus::Interrupted,
                // Readers may have had events that the journal had not: past all that can have been numbered, no cursor of
                // theirs is taken for the end.
                last_seq: last_seq + MAX_ANSWER_EVENTS as u64 + 2,
                content: text,
                usage,
                cost_usd: cost_usd.flatten(),
                metadata,
            },
        )?;
    }
    Ok(running.into_iter().map(|turn| turn.session_id.0).collect())
}
