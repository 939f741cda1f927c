//! A conversation to take along, in the formats that docs/EXPORT.md describes.
//!
//! - [`markdown`]: for people
//! - [`json`]: everything, for programs and for [`import`](crate::import)
//! - [`html`]: a page that needs nothing else
//! - [`zip`]: many at once

pub mod html;
pub mod json;
pub mod markdown;
mod words;
pub mod zip;

use app::markdown::Colours;
use protocol::{
    conversation::{Conversation, ExportFormat},
    timestamp::Timestamp,
};
use uuid::Uuid;

/// The most characters of a title that a file's name holds.
const LONGEST_SLUG: usize = 48;

/// The conversation in that format.
pub fn write(conversation: &Conversation, format: ExportFormat, colours: &Colours) -> String {
    match format {
        ExportFormat::Markdown => markdown::write(conversation),
        ExportFormat::Json => json::write(conversation),
        ExportFormat::Html => html::write(conversation, colours),
    }
}

/// The media type of a file in that format.
pub fn media_type(format: ExportFormat) -> &'static str {
    match format {
        ExportFormat::Markdown => "text/markdown; charset=utf-8",
        ExportFormat::Json => "application/json",
        ExportFormat::Html => "text/html; charset=utf-8",
    }
}

/// The name of a single file, made at that instant.
pub fn file_name(session_id: Uuid, at: Timestamp, format: ExportFormat) -> String {
    format!("pas_conversation_{session_id}_{}.{}", stamp(at), format.extension())
}

/// The instant as fourteen digits, to the second.
pub fn stamp(at: Timestamp) -> String {
    at.to_string().chars().filter(char::is_ascii_digit).take(14).collect()
}

/// The name of a file among others: when it was last written to, what it is called, and its id, so that names are read easily,
/// stand in order and are never the same.
pub fn name_among_others(conversation: &Conversation, format: ExportFormat) -> String {
    let session = &conversation.session;
    let day: String = session.updated_at.to_string().chars().take(10).collect();
    let mut slug = String::new();
    for c in session.title.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug: String = slug.chars().take(LONGEST_SLUG).collect();
    let slug = match slug.trim_end_matches('-') {
        "" => "conversation",
        slug => slug,
    };
    format!("{day}_{slug}_{}.{}", session.session_id.simple(), format.extension())
}

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;
