//! The branch shown, as Markdown for people.
//!
//! Each message is a block quote: whatever its text contains and leaves open (fences, lists, headings that look like
//! ours) ends with the quote. What Markdown lets reach beyond a quote is taken care of by `quote`.

mod quote;

use std::fmt::Write;

use protocol::{
    conversation::{Conversation, ConversationMessage},
    task,
};

use super::words;
use quote::quoted;

/// The file.
pub fn write(conversation: &Conversation) -> String {
    let branch = conversation.branch();
    let mut text = format!("# {}\n\n", inline(&conversation.session.title));
    for (name, value) in words::facts(conversation) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "- **{name}:** {}", inline(&value));
    }
    for (at, message) in branch.iter().enumerate() {
        write_message(&mut text, conversation, at + 1, message);
    }
    write_usage(&mut text, &branch);
    text
}

fn write_message(text: &mut String, conversation: &Conversation, place: usize, message: &ConversationMessage) {
    let author = inline(words::author(conversation, message));
    let model = message.model_name.as_deref().map(inline);
    let model = model.map(|model| format!(" · {model}")).unwrap_or_default();
    let _ = write!(
        text,
        "\n## {place}. {author}{model} · {}\n",
        words::time(message.timestamp)
    );
    let nodes = task::placed(&message.metadata.tasks);
    if nodes.len() > 1 {
        text.push_str("\nWho worked on it:\n\n");
        for node in &nodes {
            let agent = node.task.agent_id.as_deref().unwrap_or(&message.agent_id);
            let indent = "  ".repeat(node.level - 1);
            let _ = write!(text, "{indent}- **{}** · {}", inline(agent), words::node(node));
            if let Some(detail) = &node.task.detail {
                let _ = write!(text, " · {}", inline(detail));
            }
            text.push('\n');
            if let Some(output) = node.task.output.as_deref().filter(|output| !output.trim().is_empty()) {
                let _ = write!(text, "\n{}\n", quoted(output, &format!("{indent}  ")));
            }
        }
    }
    if !message.content.trim().is_empty() {
        let _ = write!(text, "\n{}", quoted(&message.content, ""));
    }
    if let Some(shortfall) = words::shortfall(message) {
        let _ = write!(text, "\n*{}*\n", inline(&shortfall));
    }
}

fn write_usage(text: &mut String, branch: &[&ConversationMessage]) {
    let spent = words::spent(branch);
    if spent.is_empty() {
        return;
    }
    let _ = write!(
        text,
        "\n## What the answers took\n\n| Message | {} |\n| ---: | --- | ---: | ---: | ---: | ---: | ---: |\n",
        words::SPENT.join(" | ")
    );
    for line in spent {
        let cells: Vec<String> = line.cells.iter().map(|cell| inline(cell)).collect();
        let _ = writeln!(text, "| {} | {} |", line.place, cells.join(" | "));
    }
}

/// A text within a line, without any meaning to Markdown.
fn inline(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            escaped.push(' ');
            continue;
        }
        if matches!(
            c,
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '&' | '~'
        ) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped.trim().to_owned()
}

#[cfg(test)]
mod tests;
