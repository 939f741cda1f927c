//! Searching: what was asked is understood, found, ranked and shown.

use std::sync::Arc;

use protocol::{
    history::{SearchHit, SearchResults},
    timestamp::Timestamp,
};
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::ChatService;
use crate::{
    error::Error,
    search::{
        matches::{Match, Pattern},
        question::Question,
        rank::{Scored, best, score},
        snippet::snippet,
    },
    store::{FoundText, MOST_MESSAGES, MOST_TITLES, Scope, TextQuery, now},
};

/// How many finds a page has unless asked otherwise.
pub const PAGE_OF_HITS: u64 = 20;
/// The most that one page may have.
const LARGEST_PAGE: u64 = 50;

impl ChatService {
    /// What is found in the caller's titles and messages, best first. Whatever is typed is a question; the days that it names
    /// begin where the caller's clock is that far ahead of UTC, in minutes.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn search(
        &self,
        user_id: Uuid,
        typed: &str,
        utc_offset_minutes: i32,
        limit: u64,
    ) -> Result<SearchResults, Error> {
        let mut question = Question::read(typed, utc_offset_minutes);
        let scopes = match question.agents.is_empty() && question.models.is_empty() {
            true => None,
            false => narrow(&mut question, &self.0.store.scopes(user_id).await?),
        };
        let mut hits = Vec::new();
        if !question.is_empty() && scopes.as_ref().is_none_or(|scopes| !scopes.is_empty()) {
            let query = TextQuery {
                sought: question.sought.clone(),
                scopes,
                from: question.from,
                until: question.until,
            };
            let limit = limit.clamp(1, LARGEST_PAGE);
            let found = self.0.store.find_texts(user_id, query).await?;
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            if let Some(note) = left_out(&found, limit) {
                question.note(note);
            }
            hits = self.shown(user_id, found, &question, limit).await?;
            if hits.is_empty() && typed.chars().any(stands_without_spaces) {
                question.note(FROM_THE_BEGINNING.into());
            }
        }
        Ok(SearchResults {
            hits,
            note: (!question.notes.is_empty()).then(|| question.notes.join(" ")),
        })
    }

    async fn shown(
        &self,
        user_id: Uuid,
        found: Vec<FoundText>,
        question: &Question,
        limit: usize,
    ) -> Result<Vec<SearchHit>, Error> {
        let pattern = Arc::new(Pattern::new(&question.sought));
        let ranking = Arc::clone(&pattern);
        // Hundreds of texts are taken apart, which other tasks are not to wait for.
        let mut best = spawn_blocking(move || ranked(found, &ranking, limit)).await?;
        for (text, places) in &mut best {
            // In a long text it may stand further down.
            if places.is_empty()
                && !pattern.is_empty()
                && let Some(message_id) = text.message_id
                && let Some(whole) = self.0.store.text_of(user_id, message_id).await?
            {
                text.text = whole;
            }
        }
        let hits = spawn_blocking(move || {
            best.into_iter()
                .map(|(text, places)| hit(text, places, &pattern))
                .collect()
        });
        Ok(hits.await?)
    }
}

/// The best of what was found, best first, each with the places in it.
fn ranked(found: Vec<FoundText>, pattern: &Pattern, limit: usize) -> Vec<(FoundText, Vec<Match>)> {
    let Timestamp(now) = now();
    let mut scored = Vec::with_capacity(found.len());
    let mut placed = Vec::with_capacity(found.len());
    for (index, text) in found.into_iter().enumerate() {
        let places = pattern.find(&text.text);
        let age = now.saturating_sub(text.timestamp.0);
        scored.push(Scored {
            index,
            session_id: text.session_id,
            timestamp: text.timestamp,
            score: score(&places, pattern.len(), text.message_id.is_none(), age),
        });
        placed.push(Some((text, places)));
    }
    let best = best(scored, limit).into_iter();
    best.filter_map(|find| placed[find.index].take()).collect()
}

fn hit(found: FoundText, mut places: Vec<Match>, pattern: &Pattern) -> SearchHit {
    if places.is_empty() {
        places = pattern.find(&found.text);
    }
    SearchHit {
        session_id: found.session_id,
        title: found.title,
        agent_id: found.agent_id,
        agent_name: found.agent_name,
        status: found.status,
        message_id: found.message_id,
        message_type: found.message_type,
        timestamp: found.timestamp,
        snippet: snippet(&found.text, &places, pattern.len()),
    }
}

/// What of the finds is not shown, in words.
fn left_out(found: &[FoundText], limit: usize) -> Option<String> {
    let titles = found.iter().filter(|text| text.message_id.is_none()).count();
    if titles >= MOST_TITLES || found.len() - titles >= MOST_MESSAGES {
        return Some(format!(
            "Only the newest {MOST_MESSAGES} messages and {MOST_TITLES} titles were looked at; narrow it with before: or more \
             words."
        ));
    }
    (found.len() > limit).then(|| {
        format!(
            "Only the best {limit} of {} finds are shown; narrow it with before: or more words.",
            found.len()
        )
    })
}

/// What is told where nothing was found in such letters.
const FROM_THE_BEGINNING: &str =
    "Chinese and Japanese text is found only from the beginning of a run of letters: after a space or a sign.";

/// Whether words in such letters stand side by side without anything between them.
fn stands_without_spaces(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}')
}

/// The combinations that have one of the agents and one of the models that were named. A name that is nobody's is told, and
/// nothing is found by it. `None`: nothing was named.
fn narrow(question: &mut Question, scopes: &[Scope]) -> Option<Vec<i64>> {
    let agents = known("agent", &question.agents, scopes, |scope| {
        [&scope.agent_id, &scope.agent_name]
    });
    let models = known("model", &question.models, scopes, |scope| {
        [&scope.model_id, &scope.model_name]
    });
    for note in agents.notes.into_iter().chain(models.notes) {
        question.note(note);
    }
    let is_meant = |by: &Option<Vec<i64>>, scope: &Scope| by.as_ref().is_none_or(|ids| ids.contains(&scope.scope_id));
    if agents.scopes.is_none() && models.scopes.is_none() {
        return None;
    }
    let meant = scopes
        .iter()
        .filter(|scope| is_meant(&agents.scopes, scope) && is_meant(&models.scopes, scope));
    Some(meant.map(|scope| scope.scope_id).collect())
}

struct Known {
    scopes: Option<Vec<i64>>,
    notes: Vec<String>,
}

fn known(kind: &str, names: &[String], scopes: &[Scope], names_of: fn(&Scope) -> [&String; 2]) -> Known {
    let mut known = Known {
        scopes: None,
        notes: Vec::new(),
    };
    for name in names {
        let found = known.scopes.get_or_insert_default();
        let name = name.to_lowercase();
        let named = |fits: fn(&str, &str) -> bool| -> Vec<i64> {
            let fits = |scope: &&Scope| {
                names_of(scope)
                    .into_iter()
                    .any(|known| fits(&known.to_lowercase(), &name))
            };
            scopes.iter().filter(fits).map(|scope| scope.scope_id).collect()
        };
        let mut ids = named(|known, name| known == name);
        if ids.is_empty() {
            // The name may still be being typed.
            ids = named(|known, name| known.starts_with(name));
        }
        if ids.is_empty() {
            let name: String = name.chars().filter(|c| !c.is_control()).take(60).collect();
            known
                .notes
                .push(format!("None of your conversations has the {kind} “{name}”."));
        } else {
            found.extend(ids);
        }
    }
    known
}
