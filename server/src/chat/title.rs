//! A session's title, from its first message.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// The most that a title taken from a message has, in characters.
const LENGTH: usize = 60;
/// The most characters of a message that are looked at for something that says what it is about.
const LOOKED_AT: usize = 4_000;

/// Elements of HTML that people write in prose. Other names between angle brackets, as in `Vec<String>`, are meant as such.
const ELEMENTS: [&str; 46] = [
    "a",
    "article",
    "b",
    "blockquote",
    "body",
    "br",
    "button",
    "code",
    "del",
    "details",
    "div",
    "em",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "head",
    "hr",
    "html",
    "i",
    "iframe",
    "img",
    "input",
    "ins",
    "kbd",
    "li",
    "link",
    "mark",
    "meta",
    "ol",
    "p",
    "pre",
    "script",
    "section",
    "small",
    "span",
    "strong",
    "style",
    "sub",
    "summary",
    "sup",
    "table",
    "td",
    "u",
    "ul",
];

/// The first line that says something, as it reads and not as it is written in Markdown or HTML, cut at a word. Code gives a
/// title only where there is nothing else.
pub(crate) fn from_message(message: &str) -> String {
    let beginning = match message.char_indices().nth(LOOKED_AT) {
        Some((end, _)) => &message[..end],
        None => message,
    };
    let (prose, code) = first_lines(beginning);
    [prose, code]
        .iter()
        .map(|line| cut(line))
        .find(|title| !title.is_empty())
        .unwrap_or_else(|| "New conversation".into())
}

/// The first line of prose and the first line of code.
fn first_lines(text: &str) -> (String, String) {
    let options = Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS | Options::ENABLE_STRIKETHROUGH;
    let (mut prose, mut code) = (String::new(), String::new());
    let mut is_in_code = false;
    for event in Parser::new_ext(text, options) {
        let is_end_of_line = match event {
            Event::Start(Tag::CodeBlock(_)) => {
                is_in_code = true;
                true
            }
            Event::End(TagEnd::CodeBlock) => {
                is_in_code = false;
                true
            }
            Event::Text(text) if is_in_code => {
                if says_nothing(&code) {
                    code = text.lines().find(|line| !says_nothing(line)).unwrap_or_default().into();
                }
                false
            }
            Event::Text(text) | Event::Code(text) => {
                prose.push_str(&text);
                false
            }
            Event::Html(html) | Event::InlineHtml(html) => {
                prose.push_str(&without_elements(&html));
                html.ends_with('\n')
            }
            // Cells of a table stand side by side.
            Event::End(TagEnd::TableCell) => {
                prose.push(' ');
                false
            }
            Event::Start(Tag::Paragraph | Tag::Heading { .. } | Tag::Item | Tag::List(_) | Tag::BlockQuote(_))
            | Event::SoftBreak
            | Event::HardBreak
            | Event::Rule
            | Event::End(
                TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item | TagEnd::TableHead | TagEnd::TableRow,
            ) => true,
            _ => false,
        };
        if is_end_of_line {
            if !says_nothing(&prose) {
                break;
            }
            prose.clear();
        }
    }
    (prose, code)
}

fn says_nothing(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_whitespace() || c.is_control() || matches!(c, '#' | '>' | '*' | '-' | '`'))
}

/// A piece of HTML without its tags; what only looks like one stays.
fn without_elements(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        let name = tag.trim_start_matches('/');
        let end = name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len());
        let is_element = tag.starts_with('!') || ELEMENTS.contains(&name[..end].to_ascii_lowercase().as_str());
        match tag.split_once('>') {
            Some((_, after)) if is_element => rest = after,
            _ => {
                text.push('<');
                rest = tag;
            }
        }
    }
    text.push_str(rest);
    text
}

fn cut(line: &str) -> String {
    let words = line
        .split_whitespace()
        .map(|word| word.chars().filter(|c| !is_invisible(*c)).collect::<String>())
        .filter(|word| !word.is_empty());
    let mut title = String::new();
    for word in words {
        let is_first = title.is_empty();
        if !is_first && title.chars().count() + 1 + word.chars().count() > LENGTH {
            title.truncate(
                title
                    .trim_end_matches([',', ';', ':', '-', '–', '—', '('])
                    .trim_end()
                    .len(),
            );
            title.push('…');
            return title;
        }
        if !is_first {
            title.push(' ');
        }
        title.push_str(&word);
        if title.chars().count() > LENGTH {
            return title.chars().take(LENGTH).chain(['…']).collect();
        }
    }
    title
}

/// Control characters, and those that make what follows run the other way.
fn is_invisible(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn titles_are_one_short_line() {
        for (message, title) in [
            ("Hello", "Hello"),
            ("\n\n## Plan  the\tmove\nand more", "Plan the move"),
            ("", "New conversation"),
            ("```", "New conversation"),
            ("---\n\n***\nAfter the rule", "After the rule"),
            ("\u{202E}evil\u{0} \u{feff}", "evil"),
            (
                "Add tracking of user login times to the billing service, with time zones and tests",
                "Add tracking of user login times to the billing service…",
            ),
        ] {
            assert_eq!(from_message(message), title, "{message:?}");
        }
        let long = "x".repeat(500);
        for message in [long.clone(), format!("{long} and more")] {
            assert_eq!(from_message(&message), format!("{}…", "x".repeat(LENGTH)));
        }
    }

    #[test]
    fn titles_are_what_the_markup_says_and_never_markup() {
        for (message, title) in [
            ("[The plan](https://example.org/x?y=z) is late", "The plan is late"),
            ("![A chart](x.png)\nWhat does it show?", "A chart"),
            (
                "**Why** does *this* `code` ~~not~~ work?",
                "Why does this code not work?",
            ),
            ("> quoted\n\nand then", "quoted"),
            ("- [ ] buy milk\n- [x] buy bread", "buy milk"),
            ("1. first\n2. second", "first"),
            ("<script>alert(1)</script> hello", "alert(1) hello"),
            ("<div class=\"a\">\n<h1>A heading</h1>\n</div>", "A heading"),
            ("<!-- a comment -->Text", "Text"),
            ("Say <b>it</b><br>loud", "Say itloud"),
            ("| Name | Age |\n| --- | --- |\n| Ada | 36 |", "Name Age"),
            ("Fish &amp; chips \\*not emphasis\\*", "Fish & chips *not emphasis*"),
            ("<https://example.org>", "https://example.org"),
        ] {
            assert_eq!(from_message(message), title, "{message:?}");
        }
    }

    #[test]
    fn what_only_looks_like_markup_stays() {
        for text in [
            "Why is Vec<String> not Copy?",
            "a < b && c > d",
            "2 * 3 * 4 = 24",
            "snake_case_name and *args",
            "#hashtag first",
            "C# or F#?",
            "what is <T> here",
        ] {
            assert_eq!(from_message(text), text);
        }
    }

    #[test]
    fn code_gives_a_title_only_where_there_is_nothing_else() {
        let code = "```rust\n\nfn main() {}\n```\n";
        assert_eq!(
            from_message(&format!("{code}\nWhat does this do?")),
            "What does this do?"
        );
        assert_eq!(from_message(code), "fn main() {}");
        assert_eq!(from_message("    indented()\n"), "indented()");
    }

    proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

            #[test]
            fn any_message_has_a_title_of_one_short_line(message in "(\\PC|\\s|\u{0}|\u{202e}|[<>\\[\\]()*_`#|!-]|<b>|```|x{70}){0,80}") {
                let title = from_message(&message);
                let length = title.chars().count();
                prop_assert!((1..=LENGTH + 1).contains(&length), "{}", title);
                prop_assert!(!title.chars().any(is_invisible) && title.trim() == title, "{:?}", title);
            }
        }
}
