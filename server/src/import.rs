//! Conversations brought in: our own files, and the exports of ChatGPT and Open WebUI (docs/EXPORT.md).
//!
//! A file is read twice. First all of it is checked, so that a malformed one is refused whole, with the place named; then it is
//! taken in, one conversation at a time, which is also how much of it is in memory.

mod chatgpt;
mod elements;
mod file;
mod foreign;
mod lenient;
mod malformed;
mod open_webui;
mod parley;
mod settle;
mod surrogates;
mod take_in;
mod tree;
pub mod upload;

pub use malformed::Malformed;
pub use take_in::take_in;

use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
};

use protocol::{
    conversation::Conversation,
    import::{ImportSource, LeftOut, LeftOutKind},
    timestamp::Timestamp,
};
use serde::{Deserialize, de::DeserializeOwned, de::IgnoredAny};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::store::now;

/// The agent of conversations with none: the bare model.
const DIRECT: &str = "direct";

/// A conversation of a file, as ours.
pub struct Incoming {
    /// The conversation, with the ids of the file. Its messages stand in the order of time.
    pub conversation: Conversation,
    /// What of it was left out.
    tally: Tally,
}

/// What was left out, and how often.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tally(BTreeMap<LeftOutKind, u64>);

impl Tally {
    fn add(&mut self, what: LeftOutKind, count: u64) {
        if count > 0 {
            *self.0.entry(what).or_default() += count;
        }
    }

    fn add_all(&mut self, other: &Self) {
        for (what, count) in &other.0 {
            self.add(*what, *count);
        }
    }

    fn list(&self) -> Vec<LeftOut> {
        let left_out = |(what, count): (&LeftOutKind, &u64)| LeftOut {
            what: *what,
            count: *count,
        };
        self.0.iter().map(left_out).collect()
    }
}

/// What a file that is well-formed holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Whose export it is.
    pub source: ImportSource,
    /// How many conversations it has.
    pub conversations: u64,
    /// What stands beside them.
    beside: Tally,
    /// How much an archive may hold.
    megabytes: u64,
}

/// Reads all of a file. What an archive holds may be as large as a file may be that comes in without one, or a few times as large as
/// the archive itself.
///
/// # Errors
/// What is wrong with it, and where.
pub fn check(file: &File, megabytes: u64) -> Result<Checked, Malformed> {
    let mut source = None;
    let mut met: HashMap<Uuid, u64> = HashMap::new();
    let mut conversations = 0;
    let beside = file::read(file, megabytes, &mut |json| {
        let (whose, incoming) = read_one(json)?;
        if *source.get_or_insert(whose) != whose {
            return Err(Malformed::whole("it is of another program than those before it"));
        }
        conversations += 1;
        match met.insert(incoming.conversation.session.session_id, conversations) {
            None => Ok(()),
            Some(first) => Err(Malformed::whole(format!(
                "it has the id of conversation {first} of the file"
            ))),
        }
    })?;
    let source = source.ok_or_else(|| Malformed::whole("there is no conversation in it"))?;
    let mut tally = Tally::default();
    tally.add(LeftOutKind::OtherFile, beside.other_files);
    tally.add(LeftOutKind::BrokenCharacter, beside.broken_characters);
    Ok(Checked {
        source,
        conversations,
        beside: tally,
        megabytes,
    })
}

/// Hands each conversation of a checked file to `each`, until that says `false`.
fn each_of(file: &File, megabytes: u64, each: &mut dyn FnMut(Incoming) -> bool) -> Result<(), Malformed> {
    let mut goes_on = true;
    let read = file::read(file, megabytes, &mut |json| {
        goes_on = each(read_one(json)?.1);
        if goes_on {
            Ok(())
        } else {
            Err(Malformed::whole("stopped"))
        }
    });
    match read {
        Err(malformed) if goes_on => Err(malformed),
        _ => Ok(()),
    }
}

fn read_one(json: &RawValue) -> Result<(ImportSource, Incoming), Malformed> {
    #[derive(Deserialize)]
    struct Marks {
        format: Option<IgnoredAny>,
        mapping: Option<IgnoredAny>,
        chat: Option<IgnoredAny>,
    }
    let marks: Marks = parse(json)?;
    match marks {
        Marks { format: Some(_), .. } => Ok((ImportSource::Parley, parley::read(json)?)),
        Marks { mapping: Some(_), .. } => Ok((ImportSource::Chatgpt, chatgpt::read(json)?)),
        Marks { chat: Some(_), .. } => Ok((ImportSource::OpenWebui, open_webui::read(json)?)),
        _ => Err(Malformed::whole(
            "it is no conversation of Parley (`format`), ChatGPT (`mapping`) or Open WebUI (`chat`)",
        )),
    }
}

/// The latest time that a conversation may have: clocks differ, but by no more than a day.
fn latest() -> Timestamp {
    Timestamp(now().0.saturating_add(24 * 60 * 60 * 1_000_000))
}

/// What is wrong with a time that is later.
const TOO_LATE: &str = "it is more than a day ahead of now";

fn parse<T: DeserializeOwned>(json: &RawValue) -> Result<T, Malformed> {
    let mut document = serde_json::Deserializer::from_str(json.get());
    serde_path_to_error::deserialize(&mut document).map_err(|error| Malformed::shape(&error))
}

#[cfg(test)]
mod tests;
