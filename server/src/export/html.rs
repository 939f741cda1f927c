//! The branch shown, as one page that needs nothing else: no script, no request, its own strict policy, dark and light as
//! the reader's system has it, fit to print.

mod page;

use std::sync::LazyLock;

use app::markdown::{self, Colours};
use base64::{Engine, prelude::BASE64_STANDARD};
use protocol::{
    conversation::{Conversation, ConversationMessage},
    session::MessageType,
    task::{self, Placed},
};
use sha2::{Digest, Sha256};

use super::words;
use page::Page;

const STYLE: &str = include_str!("html/style.css");

/// What the page may do: show itself in its own style.
pub static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'")
});

/// The file.
pub fn write(conversation: &Conversation, colours: &Colours) -> String {
    let branch = conversation.branch();
    let title = &conversation.session.title;
    let mut page = Page::default();
    page.markup("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.markup("<meta http-equiv=\"Content-Security-Policy\" content=\"")
        .text(&POLICY)
        .markup("\">\n");
    page.markup("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.markup(
        "<meta name=\"color-scheme\" content=\"dark light\">\n<meta name=\"referrer\" content=\"no-referrer\">\n",
    );
    page.markup("<title>")
        .text(title)
        .markup("</title>\n<style>")
        .markup(STYLE)
        .markup("</style>\n</head>\n<body>\n<main>\n");
    page.markup("<h1 dir=\"auto\">").text(title).markup("</h1>\n<dl>\n");
    for (name, value) in words::facts(conversation) {
        page.markup("<div><dt>")
            .text(name)
            .markup("</dt><dd>")
            .text(&value)
            .markup("</dd></div>\n");
    }
    page.markup("</dl>\n");
    for message in &branch {
        write_message(&mut page, conversation, message, colours);
    }
    write_usage(&mut page, &branch);
    page.markup("</main>\n</body>\n</html>\n");
    page.finish()
}

/// The code in a conversation that may have colours.
pub fn codes(conversation: &Conversation) -> impl Iterator<Item = protocol::highlight::Code> {
    let answers = conversation.branch().into_iter();
    answers
        .filter(|message| message.message_type != MessageType::User)
        .flat_map(|message| markdown::codes(&message.content))
}

fn write_message(page: &mut Page, conversation: &Conversation, message: &ConversationMessage, colours: &Colours) {
    page.markup(match message.message_type {
        MessageType::User => "<article class=\"own\">\n<header><h2>",
        MessageType::Assistant => "<article class=\"answer\">\n<header><h2>",
        MessageType::System | MessageType::Status => "<article class=\"note\">\n<header><h2>",
    });
    page.text(words::author(conversation, message)).markup("</h2>");
    if let Some(model) = &message.model_name {
        page.markup("<span>").text(model).markup("</span>");
    }
    page.markup("<time datetime=\"")
        .text(&message.timestamp.to_string())
        .markup("\">");
    page.text(&words::time(message.timestamp)).markup("</time></header>\n");
    let nodes = task::placed(&message.metadata.tasks);
    if nodes.len() > 1 {
        write_tasks(page, message, &nodes, colours);
    }
    if message.message_type == MessageType::User {
        page.markup("<p class=\"said\" dir=\"auto\">")
            .text(&message.content)
            .markup("</p>\n");
    } else {
        page.markup("<div class=\"rendered\" dir=\"auto\">")
            .rendered(&markdown::still(&message.content, colours));
        page.markup("</div>\n");
    }
    if let Some(shortfall) = words::shortfall(message) {
        page.markup("<p class=\"shortfall\">").text(&shortfall).markup("</p>\n");
    }
    page.markup("</article>\n");
}

fn write_tasks(page: &mut Page, message: &ConversationMessage, nodes: &[Placed], colours: &Colours) {
    page.markup("<details class=\"tasks\"><summary>Who worked on it</summary>\n");
    let mut level = 0;
    for node in nodes {
        // A level is opened within the item above it and closed before the next one beside that.
        if node.level > level {
            page.markup("<ol>\n");
        } else {
            for _ in node.level..level {
                page.markup("</li></ol>\n");
            }
            page.markup("</li>\n");
        }
        level = node.level;
        let agent = node.task.agent_id.as_deref().unwrap_or(&message.agent_id);
        page.markup("<li><b>")
            .text(agent)
            .markup("</b> <span>")
            .text(&words::node(node))
            .markup("</span>");
        if let Some(detail) = &node.task.detail {
            page.markup(" <span>").text(detail).markup("</span>");
        }
        if let Some(output) = node.task.output.as_deref().filter(|output| !output.trim().is_empty()) {
            page.markup("\n<div class=\"rendered\" dir=\"auto\">")
                .rendered(&markdown::still(output, colours))
                .markup("</div>");
        }
        page.markup("\n");
    }
    for _ in 0..level {
        page.markup("</li></ol>\n");
    }
    page.markup("</details>\n");
}

fn write_usage(page: &mut Page, branch: &[&ConversationMessage]) {
    let spent = words::spent(branch);
    if spent.is_empty() {
        return;
    }
    page.markup("<h2>What the answers took</h2>\n<div class=\"wide\" tabindex=\"0\"><table class=\"usage\">\n<thead><tr><th>Message</th>");
    for name in words::SPENT {
        page.markup("<th>").text(name).markup("</th>");
    }
    page.markup("</tr></thead>\n<tbody>\n");
    for line in spent {
        page.markup("<tr><td>").text(&line.place.to_string()).markup("</td>");
        for cell in &line.cells {
            page.markup("<td>").text(cell).markup("</td>");
        }
        page.markup("</tr>\n");
    }
    page.markup("</tbody></table></div>\n");
}

#[cfg(test)]
mod tests;
