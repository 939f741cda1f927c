//! Parser events to HTML. Every character of the text passes [`escape`]; every tag and attribute is written here.

use pulldown_cmark::{
    Alignment, CodeBlockKind, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd, TextMergeWithOffset,
};

use protocol::highlight::{Class, Code};

use super::{
    Colours,
    link::{self, Piece},
};
use crate::components::icon;

/// Each top-level block with the byte at which it begins.
pub(super) fn write(text: &str, colours: &Colours) -> Vec<(usize, String)> {
    let mut writer = Writer::new(colours);
    writer.blocks(text)
}

/// All blocks, without what only a script brings to life.
#[cfg(feature = "ssr")]
pub(super) fn write_still(text: &str, colours: &Colours) -> String {
    let mut writer = Writer::new(colours);
    writer.is_still = true;
    writer.blocks(text).into_iter().map(|(_, html)| html).collect()
}

/// The code in a text whose language is named.
#[cfg(feature = "ssr")]
pub(super) fn codes(text: &str) -> Vec<Code> {
    let colours = Colours::default();
    let mut writer = Writer::new(&colours);
    writer.blocks(text);
    writer.uncoloured
}

impl<'a> Writer<'a> {
    fn new(colours: &'a Colours) -> Self {
        Self {
            colours,
            is_still: false,
            html: String::new(),
            alignments: Vec::new(),
            cell: 0,
            in_head: false,
            code: None,
            uncoloured: Vec::new(),
            links: Vec::new(),
            image: None,
            images_within: 0,
        }
    }

    fn blocks(&mut self, text: &str) -> Vec<(usize, String)> {
        let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
        let events = TextMergeWithOffset::new(Parser::new_ext(text, options).into_offset_iter());
        let mut blocks = Vec::new();
        let mut depth = 0_usize;
        let mut start = 0;
        for (event, range) in events {
            if depth == 0 {
                start = range.start;
            }
            match &event {
                Event::Start(_) => depth += 1,
                Event::End(_) => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.event(event);
            if depth == 0 {
                blocks.push((start, std::mem::take(&mut self.html)));
            }
        }
        blocks
    }
}

/// Writes `text` as text: in content and between the quotes of an attribute alike.
pub(super) fn escape(html: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            // A parser would replace it; no other control character has a meaning in HTML.
            '\0' => html.push('\u{fffd}'),
            c => html.push(c),
        }
    }
}

struct Writer<'a> {
    colours: &'a Colours,
    /// Whether no script will ever be there.
    is_still: bool,
    html: String,
    alignments: Vec<Alignment>,
    cell: usize,
    in_head: bool,
    /// The code being read.
    code: Option<Code>,
    /// Code of which nothing is known.
    uncoloured: Vec<Code>,
    /// For each open link, whether it was written as one.
    links: Vec<bool>,
    /// The image being read: its address and the text found for it so far.
    image: Option<(String, String)>,
    /// Images inside an image's text.
    images_within: usize,
}

impl Writer<'_> {
    fn event(&mut self, event: Event<'_>) {
        if self.image.is_some() {
            return self.inside_image(event);
        }
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.text(&text),
            Event::Code(code) => {
                self.html.push_str("<code>");
                escape(&mut self.html, &code);
                self.html.push_str("</code>");
            }
            Event::SoftBreak => self.html.push('\n'),
            Event::HardBreak => self.html.push_str("<br>"),
            Event::Rule => self.html.push_str("<hr>"),
            Event::TaskListMarker(true) => self
                .html
                .push_str(r#"<input type="checkbox" disabled checked aria-label="Done"> "#),
            Event::TaskListMarker(false) => self
                .html
                .push_str(r#"<input type="checkbox" disabled aria-label="To do"> "#),
            Event::Html(raw)
            | Event::InlineHtml(raw)
            | Event::InlineMath(raw)
            | Event::DisplayMath(raw)
            | Event::FootnoteReference(raw) => escape(&mut self.html, &raw),
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Heading { level, .. } => {
                self.html.push_str("<h");
                self.html.push(heading_digit(level));
                self.html.push('>');
            }
            Tag::CodeBlock(kind) => self.start_code(&kind),
            Tag::HtmlBlock => self.html.push_str(r#"<p class="raw">"#),
            Tag::List(Some(1)) => self.html.push_str("<ol>"),
            Tag::List(Some(first)) => {
                self.html.push_str(r#"<ol start=""#);
                self.html.push_str(&first.to_string());
                self.html.push_str(r#"">"#);
            }
            Tag::List(None) => self.html.push_str("<ul>"),
            Tag::Table(alignments) => {
                self.alignments = alignments;
                self.html
                    .push_str(r#"<div class="table"><div class="wide" tabindex="0"><table>"#);
            }
            Tag::TableHead => {
                self.in_head = true;
                self.cell = 0;
                self.html.push_str("<thead><tr>");
            }
            Tag::TableRow => {
                self.cell = 0;
                self.html.push_str("<tr>");
            }
            Tag::TableCell => self.start_cell(),
            Tag::Link {
                link_type,
                dest_url,
                title,
                ..
            } => {
                let address = match link_type {
                    LinkType::Email => format!("mailto:{dest_url}"),
                    _ => dest_url.to_string(),
                };
                let written = link::is_allowed(&address) && !self.links.contains(&true);
                if written {
                    self.open_link(&address, &title, None);
                }
                self.links.push(written);
            }
            Tag::Image { dest_url, .. } => self.image = Some((dest_url.to_string(), String::new())),
            tag => self.html.push_str(plain_tag(&tag.to_end(), false)),
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(level) => {
                self.html.push_str("</h");
                self.html.push(heading_digit(level));
                self.html.push('>');
            }
            TagEnd::CodeBlock => {
                if let Some(code) = self.code.take() {
                    self.write_code(code);
                }
            }
            TagEnd::HtmlBlock => self.html.push_str("</p>"),
            TagEnd::List(true) => self.html.push_str("</ol>"),
            TagEnd::List(false) => self.html.push_str("</ul>"),
            TagEnd::Table => {
                self.html.push_str("</tbody></table></div>");
                self.copy_button("Copy table");
                self.html.push_str("</div>");
            }
            TagEnd::TableHead => {
                self.in_head = false;
                self.html.push_str("</tr></thead><tbody>");
            }
            TagEnd::TableRow => self.html.push_str("</tr>"),
            TagEnd::TableCell => self.html.push_str(if self.in_head { "</th>" } else { "</td>" }),
            TagEnd::Link => {
                if self.links.pop() == Some(true) {
                    self.html.push_str("</a>");
                }
            }
            tag => self.html.push_str(plain_tag(&tag, true)),
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(code) = &mut self.code {
            code.code.push_str(text);
            return;
        }
        if self.links.contains(&true) {
            return escape(&mut self.html, text);
        }
        for piece in link::pieces(text) {
            match piece {
                Piece::Text(text) => escape(&mut self.html, text),
                Piece::Address(address) => {
                    self.open_link(address, "", None);
                    escape(&mut self.html, address);
                    self.html.push_str("</a>");
                }
            }
        }
    }

    fn open_link(&mut self, address: &str, title: &str, class: Option<&str>) {
        self.html.push_str(r#"<a href=""#);
        escape(&mut self.html, address);
        self.html
            .push_str(r#"" target="_blank" rel="noopener noreferrer nofollow""#);
        if !title.is_empty() {
            self.html.push_str(r#" title=""#);
            escape(&mut self.html, title);
            self.html.push('"');
        }
        if let Some(class) = class {
            self.html.push_str(r#" class=""#);
            self.html.push_str(class);
            self.html.push('"');
        }
        self.html.push('>');
    }

    fn start_code(&mut self, kind: &CodeBlockKind<'_>) {
        let language = match kind {
            CodeBlockKind::Fenced(info) => info.split([' ', ',', '{', '\t']).next().unwrap_or_default(),
            CodeBlockKind::Indented => "",
        };
        self.code = Some(Code {
            language: language.chars().take(24).collect(),
            code: String::new(),
        });
    }

    /// Writes a block of code: in its colours where they are known, else with a mark that it waits for them.
    fn write_code(&mut self, code: Code) {
        let colours = self.colours;
        let runs = colours.of(&code);
        let waits = !self.is_still && !code.language.is_empty() && !colours.knows(&code);
        self.html.push_str(if waits {
            r#"<div class="code" data-waits><header><span>"#
        } else {
            r#"<div class="code"><header><span>"#
        });
        escape(&mut self.html, &code.language);
        self.html.push_str("</span>");
        self.copy_button("Copy code");
        self.html.push_str(r#"</header><pre tabindex="0"><code>"#);
        match runs {
            Some(runs) => {
                let mut rest = code.code.as_str();
                for run in runs {
                    // What the server counted may end within a character only if it counted another text.
                    let (part, after) = rest.split_at(rest.floor_char_boundary(run.0 as usize));
                    rest = after;
                    self.write_run(part, run.1);
                }
                escape(&mut self.html, rest);
            }
            None => escape(&mut self.html, &code.code),
        }
        self.html.push_str("</code></pre></div>");
        if waits {
            self.uncoloured.push(code);
        }
    }

    fn copy_button(&mut self, label: &str) {
        if self.is_still {
            return;
        }
        self.html
            .push_str(r#"<button type="button" class="quiet" data-copy aria-label=""#);
        self.html.push_str(label);
        self.html.push_str(r#"">"#);
        self.html.push_str(icon::COPY_SVG);
        self.html.push_str("</button>");
    }

    fn write_run(&mut self, part: &str, class: Class) {
        if class == Class::Plain {
            return escape(&mut self.html, part);
        }
        self.html.push_str(r#"<i class="c-"#);
        self.html.push_str(class.name());
        self.html.push_str(r#"">"#);
        escape(&mut self.html, part);
        self.html.push_str("</i>");
    }

    fn start_cell(&mut self) {
        self.html.push_str(if self.in_head { "<th" } else { "<td" });
        match self.alignments.get(self.cell) {
            Some(Alignment::Right) => self.html.push_str(r#" class="right">"#),
            Some(Alignment::Center) => self.html.push_str(r#" class="center">"#),
            _ => self.html.push('>'),
        }
        self.cell += 1;
    }

    /// Collects an image's text; at its end a link to it is written, or the text alone.
    fn inside_image(&mut self, event: Event<'_>) {
        let Some((_, text)) = &mut self.image else { return };
        match event {
            Event::Text(more) | Event::Code(more) | Event::InlineHtml(more) => text.push_str(&more),
            Event::SoftBreak | Event::HardBreak => text.push(' '),
            Event::Start(Tag::Image { .. }) => self.images_within += 1,
            Event::End(TagEnd::Image) if self.images_within > 0 => self.images_within -= 1,
            Event::End(TagEnd::Image) => self.end_image(),
            _ => {}
        }
    }

    fn end_image(&mut self) {
        let Some((address, text)) = self.image.take() else {
            return;
        };
        let linked = link::is_allowed(&address) && !self.links.contains(&true);
        if linked {
            self.open_link(&address, "", Some("image"));
        }
        escape(&mut self.html, if text.is_empty() { &address } else { &text });
        if linked {
            self.html.push_str("</a>");
        }
    }
}

/// One level down, for the page's own title is the first level.
fn heading_digit(level: HeadingLevel) -> char {
    match level {
        HeadingLevel::H1 => '2',
        HeadingLevel::H2 => '3',
        HeadingLevel::H3 => '4',
        HeadingLevel::H4 => '5',
        HeadingLevel::H5 | HeadingLevel::H6 => '6',
    }
}

/// Tags without attributes. What is not listed (footnotes and the like, which are not enabled) leaves its text.
fn plain_tag(tag: &TagEnd, closing: bool) -> &'static str {
    match (tag, closing) {
        (TagEnd::Paragraph, false) => "<p>",
        (TagEnd::Paragraph, true) => "</p>",
        (TagEnd::BlockQuote(_), false) => "<blockquote>",
        (TagEnd::BlockQuote(_), true) => "</blockquote>",
        (TagEnd::Item, false) => "<li>",
        (TagEnd::Item, true) => "</li>",
        (TagEnd::Emphasis, false) => "<em>",
        (TagEnd::Emphasis, true) => "</em>",
        (TagEnd::Strong, false) => "<strong>",
        (TagEnd::Strong, true) => "</strong>",
        (TagEnd::Strikethrough, false) => "<del>",
        (TagEnd::Strikethrough, true) => "</del>",
        _ => "",
    }
}
