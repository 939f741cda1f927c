use base64::{Engine, prelude::BASE64_STANDARD};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;
use crate::export::samples::{exchange, hard_text, rich};

fn page_of(question: &str, answer: &str) -> String {
    write(&exchange(question, answer), &Colours::default())
}

/// Every tag of a page, as `name` and `/name`.
fn tags(html: &str) -> Vec<String> {
    let body = html.split_once("</head>").unwrap().1;
    let pieces = body.split('<').skip(1);
    pieces
        .map(|piece| {
            let end = piece.find(|c: char| c.is_whitespace() || c == '>').unwrap();
            piece[..end].to_owned()
        })
        .collect()
}

#[test]
fn the_policy_allows_the_pages_own_style_and_nothing_else() {
    let html = page_of("Hello", "Hello");
    let style = html.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
    let hash = BASE64_STANDARD.encode(Sha256::digest(style));
    let policy = format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'");
    assert_eq!(*POLICY, policy);
    let written = policy.replace('\'', "&#39;");
    assert!(html.contains(&format!("http-equiv=\"Content-Security-Policy\" content=\"{written}\"")));
    assert!(
        html.find("Content-Security-Policy") < html.find("<style>"),
        "before what it governs"
    );
}

#[test]
fn nothing_in_it_waits_for_a_script_or_asks_for_anything() {
    let html = page_of(
        "x",
        "```rust\nfn main() {}\n```\n\n| a |\n| - |\n| 1 |\n\n![pixel](https://spy.example/p.png)",
    );
    for never in [
        "<script",
        "<button",
        "<img",
        "<link",
        "<iframe",
        "src=",
        "data-waits",
        "url(",
        "@import",
    ] {
        assert!(!html.contains(never), "{never}");
    }
    assert!(html.contains("fn main() {}") && html.contains("<table>"));
    assert!(
        html.contains(r#"<a href="https://spy.example/p.png""#),
        "a picture is a link"
    );
}

#[test]
fn the_delegation_tree_is_well_formed_and_says_who_did_what() {
    let html = write(&rich(), &Colours::default());
    for part in [
        "<title>Plan the &lt;move&gt;</title>",
        "<b>agent-b</b>",
        "<summary>Who worked on it</summary>",
        "$0.004110",
    ] {
        assert!(html.contains(part), "{part}");
    }
    is_well_formed(&html).unwrap();
}

/// Every element that is opened is closed, in the right order.
fn is_well_formed(html: &str) -> Result<(), TestCaseError> {
    let mut open: Vec<String> = Vec::new();
    for tag in tags(html) {
        match tag.strip_prefix('/') {
            None if matches!(tag.as_str(), "br" | "hr" | "input") => {}
            None => open.push(tag),
            Some("html") => prop_assert_eq!(open.len(), 0),
            Some(name) => {
                let last = open.pop();
                prop_assert_eq!(last.as_deref(), Some(name));
            }
        }
    }
    prop_assert!(open.is_empty(), "{:?}", open);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_text_makes_no_element_of_its_own_and_closes_none(question in hard_text(), answer in hard_text()) {
        let html = page_of(&question, &answer);
        is_well_formed(&html)?;
        let articles = tags(&html).iter().filter(|tag| *tag == "article").count();
        prop_assert_eq!(articles, 2);
        for tag in tags(&html) {
            let known = ["script", "style", "img", "svg", "iframe", "object", "form", "base", "meta", "link"];
            prop_assert!(!known.contains(&tag.as_str()), "{}", tag);
        }
    }
}
