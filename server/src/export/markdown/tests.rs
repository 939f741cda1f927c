use proptest::prelude::*;
use pulldown_cmark::{Event, HeadingLevel, Parser, Tag, TagEnd};

use super::{quote::OPTIONS, *};
use crate::export::samples::{exchange, hard_text, rich};

/// What stands at the top of a document: the headings' texts, and how many quotes, in their order.
#[derive(Debug, PartialEq)]
enum Top {
    Heading(String),
    Quote,
    Other,
}

fn top_of(markdown: &str) -> Vec<Top> {
    let mut tops = Vec::new();
    let mut depth = 0;
    let mut heading = None;
    for event in Parser::new_ext(markdown, OPTIONS) {
        match event {
            Event::Start(tag) => {
                if depth == 0 {
                    match tag {
                        Tag::Heading { level, .. } => {
                            assert!(matches!(level, HeadingLevel::H1 | HeadingLevel::H2));
                            heading = Some(String::new());
                        }
                        Tag::BlockQuote(_) => tops.push(Top::Quote),
                        _ => tops.push(Top::Other),
                    }
                }
                depth += 1;
            }
            Event::End(end) => {
                depth -= 1;
                if depth == 0 && matches!(end, TagEnd::Heading(_)) {
                    tops.extend(heading.take().map(Top::Heading));
                }
            }
            Event::Html(_) | Event::InlineHtml(_) => panic!("HTML came through"),
            Event::Text(text) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&text);
                }
            }
            _ => assert!(depth > 0, "{event:?} stands alone"),
        }
    }
    tops
}

/// What a reader sees of a text, HTML as it is written.
fn seen(markdown: &str) -> String {
    let mut seen = String::new();
    for event in Parser::new_ext(markdown, OPTIONS) {
        match event {
            Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => seen.push_str(&text),
            _ => {}
        }
    }
    seen.retain(|c| !c.is_whitespace());
    seen
}

fn is_one_thing(question: &str, answer: &str) -> Result<(), TestCaseError> {
    let markdown = write(&exchange(question, answer));
    let tops = top_of(&markdown);
    let expected = |text: &str| if text.trim().is_empty() { 0 } else { 1 };
    let quotes = tops.iter().filter(|top| **top == Top::Quote).count();
    prop_assert_eq!(quotes, expected(question) + expected(answer), "{}", markdown);
    let headings: Vec<&String> = tops
        .iter()
        .filter_map(|top| match top {
            Top::Heading(text) => Some(text),
            _ => None,
        })
        .collect();
    prop_assert_eq!(headings.len(), 4, "{}", markdown);
    prop_assert_eq!(headings[0], "Plan the <move>");
    prop_assert!(headings[1].starts_with("1. PAS Root · 2025-11-24 "));
    prop_assert!(headings[2].starts_with("2. Architect · Scripted · 2025-11-24 "));
    prop_assert_eq!(headings[3], "What the answers took");
    let parser = Parser::new_ext(&markdown, OPTIONS);
    prop_assert_eq!(parser.reference_definitions().iter().count(), 0, "{}", markdown);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn a_message_stays_one_thing_whatever_it_contains(question in hard_text(), answer in hard_text()) {
        is_one_thing(&question, &answer)?;
    }

    #[test]
    fn nothing_of_a_text_is_lost(text in hard_text()) {
        // What a definition says is not seen where it is one, and is seen where it is text; tabs count from the margin.
        let text = text.replace("]:", "]").replace('\t', " ");
        let lines = text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "\u{fffd}");
        prop_assert_eq!(seen(&quoted(&text, "")), seen(&lines), "{}", quoted(&text, ""));
    }
}

#[test]
fn the_hardest_texts_stay_one_thing() {
    let long = "x".repeat(50_000);
    let many = "<a ".repeat(5_000);
    let again = "[1]: https://one.example\n\n".repeat(50);
    let html = "<div>\n".repeat(2_000);
    for text in [
        "```\nnever closed",
        "````\n```\n~~~",
        "<!--",
        "<script>",
        "<textarea>\n</blockquote>",
        long.as_str(),
        &many,
        &again,
        &html,
        "> > > deep\n\n```",
        "text\n===",
        "\u{202e}]:`<",
        // What one parser takes for HTML once the marks of the quote stand before its lines.
        "a<!a\n!",
        "!<!A\nA",
        "<?\n",
    ] {
        is_one_thing(text, text).unwrap();
    }
}

#[test]
fn one_answers_links_do_not_lead_anothers_astray() {
    let markdown = write(&exchange(
        "[docs][1], [1], [1][] and ![alt][1]\n\n[1]: https://one.example/a_(b) \"It's \\\"one\\\"\"",
        "[1]\n\n[1]: https://two.example",
    ));
    let mut links = Vec::new();
    for event in Parser::new_ext(&markdown, OPTIONS) {
        if let Event::Start(Tag::Link { dest_url, title, .. } | Tag::Image { dest_url, title, .. }) = event {
            links.push((dest_url.to_string(), title.to_string()));
        }
    }
    let one = ("https://one.example/a_(b)".to_owned(), "It's \"one\"".to_owned());
    let two = ("https://two.example".to_owned(), String::new());
    assert_eq!(links, [one.clone(), one.clone(), one.clone(), one, two], "{markdown}");
}

#[test]
fn it_tells_who_spoke_when_with_which_model_what_was_not_whole_and_what_it_took() {
    let conversation = rich();
    let markdown = write(&conversation);
    for part in [
        "# Plan the \\<move\\>\n",
        "- **Agent:** Architect\n",
        "- **Your role:** PAS Root\n",
        "- **Archived:** 2025-11-24 16:01:40 UTC\n",
        "- **Messages:** 3 on the branch shown, 4 in all\n",
        "- **Tokens, all branches:** \\~1,244\n",
        "\n## 1. PAS Root · 2025-11-24 16:00:00 UTC\n\n> Do it\n",
        "\n## 2. Architect · Scripted · 2025-11-24 16:00:00 UTC\n",
        "- **agent-a** · complete · 30 tokens · $0.000210 · Reading \\*all\\* of it\n",
        "  - **agent-b** · complete · 15 tokens · $0.000105",
        "\n    > # Output\n    > ```\n    > open\n",
        "\n> The whole **answer**.\n",
        "\n## 3. Note · ",
        "| 2 | Scripted | 1,200 | 34 | 1,234 | $0.004110 | 4.2 s |\n",
    ] {
        assert!(markdown.contains(part), "{part} in\n{markdown}");
    }
    let mut other = conversation;
    other.session.head_id = Some(other.messages[1].message_id);
    let markdown = write(&other);
    assert!(
        markdown.contains("\n*This answer is not whole: stopped. You stopped it.*\n"),
        "{markdown}"
    );
    assert!(
        markdown.contains("| 2 | Scripted | \\~7 | \\~3 | \\~10 |"),
        "{markdown}"
    );
}
