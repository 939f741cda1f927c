//! Everything, in the format that docs/parley-conversation.schema.json describes.

use protocol::conversation::Conversation;

/// The file: indented, so that it can be read and compared line by line.
pub fn write(conversation: &Conversation) -> String {
    // Only a map whose keys are no strings, or a value that refuses itself, could fail; there is none in it.
    let mut text = serde_json::to_string_pretty(conversation).unwrap_or_default();
    text.push('\n');
    text
}
