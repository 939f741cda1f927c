//! The file as it was sent: a JSON document, or an archive of them.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
};

use serde_json::value::RawValue;
use zip::ZipArchive;

use super::{
    elements::{self, unreadable},
    malformed::Malformed,
};

/// The most files of an archive.
const MOST_ENTRIES: usize = 20_000;
/// How much larger than the archive itself its content may be, all together, where it is larger than a file may be.
const EXPANSION: u64 = 8;
const MEGABYTE: u64 = 1024 * 1024;
/// What an archive begins with.
const ARCHIVE: [u8; 4] = *b"PK\x03\x04";
/// The record at the end of an archive, and its length without a comment.
const END: [u8; 4] = *b"PK\x05\x06";
const END_LENGTH: usize = 22;
/// What stands before it where the archive counts beyond two bytes.
const LARGE_END: [u8; 4] = *b"PK\x06\x07";
const LARGE_END_LENGTH: usize = 20;
/// The longest comment at an archive's end.
const LONGEST_COMMENT: usize = 0xffff;

/// What stood beside the conversations.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Beside {
    /// Files of an archive that hold none.
    pub(super) other_files: u64,
    /// Half characters that were mended.
    pub(super) broken_characters: u64,
}

/// Hands each conversation of the file to `each`, as JSON; what is wrong with one is told with its place.
pub(super) fn read(
    file: &File,
    megabytes: u64,
    each: &mut dyn FnMut(&RawValue) -> Result<(), Malformed>,
) -> Result<Beside, Malformed> {
    let mut file = file;
    let mut start = [0; 4];
    let length = file.seek(SeekFrom::End(0)).map_err(|error| unreadable(&error))?;
    file.rewind().map_err(|error| unreadable(&error))?;
    let is_archive = file.read_exact(&mut start).is_ok() && start == ARCHIVE;
    file.rewind().map_err(|error| unreadable(&error))?;
    if is_archive {
        return read_archive(file, length, megabytes, each);
    }
    let broken_characters = elements::read(file, each)?;
    Ok(Beside {
        other_files: 0,
        broken_characters,
    })
}

fn read_archive(
    mut file: &File,
    length: u64,
    megabytes: u64,
    each: &mut dyn FnMut(&RawValue) -> Result<(), Malformed>,
) -> Result<Beside, Malformed> {
    check_size(file, length).map_err(|error| unreadable(&error))??;
    file.rewind().map_err(|error| unreadable(&error))?;
    let bad = |error: &zip::result::ZipError| Malformed::whole(format!("the archive cannot be read: {error}"));
    let mut archive = ZipArchive::new(file).map_err(|error| bad(&error))?;
    let names: Vec<String> = archive.file_names().map(ToOwned::to_owned).collect();
    let files = names.iter().filter(|name| !name.ends_with('/'));
    let all = files.clone().count();
    let wanted: Vec<&String> = if names.iter().any(|name| is_chatgpts(name)) {
        files.filter(|name| is_chatgpts(name)).collect()
    } else {
        files
            .filter(|name| name.ends_with(".json") && !name.contains("__MACOSX/"))
            .collect()
    };
    if wanted.is_empty() {
        return Err(Malformed::whole(
            "there is no JSON in the archive; conversations come in from an export as JSON",
        ));
    }
    let mut beside = Beside {
        other_files: (all - wanted.len()) as u64,
        broken_characters: 0,
    };
    // One byte more: to have read all that is allowed is no offence.
    let most = length.saturating_mul(EXPANSION).max(megabytes.saturating_mul(MEGABYTE));
    let mut left = most.saturating_add(1);
    for name in wanted {
        let shown: String = name.chars().filter(|c| !c.is_control()).take(120).collect();
        let entry = archive.by_name(name).map_err(|error| bad(&error).within(&shown))?;
        let mut bounded = entry.take(left);
        beside.broken_characters += elements::read(&mut bounded, each).map_err(|malformed| {
            if bounded.limit() == 0 {
                expands_too_far(most)
            } else {
                malformed.within(&shown)
            }
        })?;
        left = bounded.limit();
    }
    Ok(beside)
}

fn expands_too_far(most: u64) -> Malformed {
    let most = most / MEGABYTE;
    Malformed::whole(format!(
        "what is in the archive is larger than {most} MB; export fewer conversations at once"
    ))
}

/// Whether ChatGPT keeps conversations under this name: `conversations.json`, in parts `conversations-000.json`.
fn is_chatgpts(name: &str) -> bool {
    let name = name.rsplit('/').next().unwrap_or_default();
    let part = name
        .strip_prefix("conversations")
        .and_then(|rest| rest.strip_suffix(".json"));
    part.is_some_and(|part| {
        part.is_empty()
            || part
                .strip_prefix('-')
                .is_some_and(|part| part.bytes().all(|b| b.is_ascii_digit()))
    })
}

/// Refuses an archive that says it has too many files: the list of them is read as a whole.
fn check_size(mut file: &File, length: u64) -> io::Result<Result<(), Malformed>> {
    let longest = (LONGEST_COMMENT + END_LENGTH + LARGE_END_LENGTH) as u64;
    file.seek(SeekFrom::Start(length.saturating_sub(longest)))?;
    let mut tail = Vec::new();
    file.take(longest).read_to_end(&mut tail)?;
    let found = tail.windows(END.len()).rposition(|bytes| bytes == END);
    let Some(at) = found.filter(|at| at + END_LENGTH <= tail.len()) else {
        return Ok(Err(Malformed::whole("the archive is cut off")));
    };
    let is_large = at >= LARGE_END_LENGTH && tail[at - LARGE_END_LENGTH..].starts_with(&LARGE_END);
    let entries = usize::from(u16::from_le_bytes([tail[at + 10], tail[at + 11]]));
    if is_large || entries > MOST_ENTRIES {
        let problem = format!("the archive has more than {MOST_ENTRIES} files");
        return Ok(Err(Malformed::whole(problem)));
    }
    Ok(Ok(()))
}
