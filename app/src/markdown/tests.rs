use super::*;

fn html(text: &str) -> String {
    blocks_from(text, 0, &Colours::default())
        .iter()
        .map(|block| block.html.as_str())
        .collect()
}

#[test]
fn ordinary_markdown_becomes_ordinary_html() {
    assert_eq!(
        html("# Plan\n\nA *small* **plan** with `code` and ~~doubt~~.  \nNext"),
        "<h2>Plan</h2><p>A <em>small</em> <strong>plan</strong> with <code>code</code> and <del>doubt</del>.<br>Next</p>"
    );
    assert_eq!(html("> quoted\n\n---"), "<blockquote><p>quoted</p></blockquote><hr>");
    assert_eq!(
        html("3. three\n4. four"),
        r#"<ol start="3"><li>three</li><li>four</li></ol>"#
    );
}

#[test]
fn lists_nest_and_tasks_have_boxes() {
    assert_eq!(
        html("- a\n  - b\n    1. c\n- [x] done\n- [ ] open"),
        concat!(
            "<ul><li>a<ul><li>b<ol><li>c</li></ol></li></ul></li>",
            r#"<li><input type="checkbox" disabled checked aria-label="Done"> done</li>"#,
            r#"<li><input type="checkbox" disabled aria-label="To do"> open</li></ul>"#
        )
    );
}

#[test]
fn tables_are_aligned_by_class_and_have_a_body_and_a_copy_button() {
    let html = html("| a | b | c |\n|---|:-:|--:|\n| 1 | 2 | 3 |");
    let (table, button) = html.split_once("<button").unwrap();
    assert_eq!(
        table,
        concat!(
            r#"<div class="table"><div class="wide" tabindex="0"><table><thead><tr><th>a</th><th class="center">b</th><th class="right">c</th></tr></thead>"#,
            r#"<tbody><tr><td>1</td><td class="center">2</td><td class="right">3</td></tr></tbody></table></div>"#
        )
    );
    assert!(button.starts_with(r#" type="button" class="quiet" data-copy aria-label="Copy table">"#));
    assert!(button.ends_with("</button></div>"));
}

#[test]
fn code_carries_its_language_and_a_copy_button() {
    let html = html("```rust,ignore\nlet a = \"<b>\";\n```");
    assert!(
        html.starts_with(r#"<div class="code" data-waits><header><span>rust</span><button type="button""#),
        "{html}"
    );
    assert!(
        html.ends_with("<pre tabindex=\"0\"><code>let a = &quot;&lt;b&gt;&quot;;\n</code></pre></div>"),
        "{html}"
    );
}

#[test]
fn links_open_apart_and_bare_addresses_are_linked() {
    assert_eq!(
        html("[x](https://a.example \"t\") and https://b.example/a_b_c."),
        concat!(
            r#"<p><a href="https://a.example" target="_blank" rel="noopener noreferrer nofollow" title="t">x</a> and "#,
            r#"<a href="https://b.example/a_b_c" target="_blank" rel="noopener noreferrer nofollow">https://b.example/a_b_c</a>.</p>"#
        )
    );
    assert!(html("<me@a.example>").contains(r#"href="mailto:me@a.example""#));
    assert_eq!(html("`https://a.example`"), "<p><code>https://a.example</code></p>");
}

#[test]
fn images_are_links_never_images() {
    assert_eq!(
        html("![a *chart*](https://a.example/x.png)"),
        r#"<p><a href="https://a.example/x.png" target="_blank" rel="noopener noreferrer nofollow" class="image">a chart</a></p>"#
    );
    assert_eq!(html("![x](data:image/png;base64,AAAA)"), "<p>x</p>");
    assert_eq!(
        html("[![alt](https://a.example/i.png)](https://b.example)"),
        r#"<p><a href="https://b.example" target="_blank" rel="noopener noreferrer nofollow">alt</a></p>"#
    );
}

#[test]
fn nothing_in_an_answer_becomes_markup_of_its_own() {
    for attack in [
        "<script>alert(1)</script>",
        "a <img src=x onerror=alert(1)> b",
        "<svg/onload=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JAVASCRIPT:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](java\nscript:alert(1))",
        "[x](vbscript:x) [y](data:text/html;base64,AAAA) [z](file:///etc/passwd)",
        "<javascript:alert(1)>",
        "![x](javascript:alert(1))",
        "![x](https://a.example/\"onerror=\"alert(1))",
        "[x](https://a.example/\"onmouseover=\"alert(1))",
        "[x](https://a.example '\" onmouseover=\"alert(1)')",
        "[x]: javascript:alert(1)\n\n[x]",
        "```\"><script>alert(1)</script>\ncode\n```",
        "```<img/src=x/onerror=alert(1)>\n```",
        "https://a.example/\"onmouseover=alert(1)",
        "https://a.example/'><script>alert(1)</script>",
        "| <b onclick=alert(1)> |\n|---|\n| </table><script>alert(1)</script> |",
        "# <iframe src=https://a.example>",
        "<!-- --><style>*{display:none}</style>",
        "`</code><script>alert(1)</script>`",
        "- [x] </li></ul><script>alert(1)</script>",
    ] {
        let html = html(attack);
        // Whatever is left when every tag that the writer can write is taken away must be text.
        let mut rest = html.as_str();
        let mut text = String::new();
        while let Some(at) = rest.find('<') {
            text.push_str(&rest[..at]);
            let end = at + rest[at..].find('>').unwrap_or_else(|| panic!("open tag in {html}"));
            let tag = &rest[at + 1..end];
            let name = tag.trim_start_matches('/').split(' ').next().unwrap_or_default();
            assert!(
                [
                    "p",
                    "h2",
                    "a",
                    "code",
                    "pre",
                    "div",
                    "header",
                    "span",
                    "button",
                    "svg",
                    "path",
                    "table",
                    "thead",
                    "tbody",
                    "tr",
                    "th",
                    "td",
                    "ul",
                    "li",
                    "input",
                    "br",
                    "blockquote"
                ]
                .contains(&name),
                "{attack} became {html}"
            );
            // Every second piece between quotes is a value; what is left are names.
            for name in tag
                .split('"')
                .step_by(2)
                .flat_map(|names| names.split([' ', '=']))
                .skip(1)
            {
                assert!(
                    [
                        "",
                        "class",
                        "data-waits",
                        "href",
                        "target",
                        "rel",
                        "title",
                        "type",
                        "disabled",
                        "checked",
                        "aria-label",
                        "aria-hidden",
                        "tabindex",
                        "data-copy",
                        "viewBox",
                        "d",
                        "/"
                    ]
                    .contains(&name),
                    "{attack} became {html}"
                );
            }
            if let Some(href) = tag.split("href=\"").nth(1) {
                assert!(
                    link::is_allowed(href.split('"').next().unwrap_or_default()),
                    "{attack} became {html}"
                );
            }
            rest = &rest[end + 1..];
        }
        assert!(
            !html.contains("<script") && !html.contains("<img") && !html.contains("<iframe"),
            "{attack} became {html}"
        );
    }
}

#[test]
fn raw_html_is_shown_as_text() {
    assert_eq!(
        html("<div>\nhi\n</div>"),
        "<p class=\"raw\">&lt;div&gt;\nhi\n&lt;/div&gt;</p>"
    );
    assert_eq!(html("a <b>c</b>"), "<p>a &lt;b&gt;c&lt;/b&gt;</p>");
}

fn shown(live: &LiveMarkdown) -> String {
    live.blocks().iter().map(|block| block.html.as_str()).collect()
}

#[test]
fn an_answer_that_grows_letter_by_letter_ends_as_if_it_had_come_at_once() {
    let text = concat!(
        "# Plan\n\nFirst, *think*.\n\n- one\n- two\n\n  more of two\n\n1. a\n2. b\n\n",
        "| a | b |\n|---|--:|\n| 1 | 2 |\n\n```sql\nSELECT 1;\n\n-- still code\n```\n\n    indented\n\n    code\n\n> quote\n\nDone: https://a.example/x_y ünd Ende."
    );
    let mut live = LiveMarkdown::default();
    let mut shown_so_far: Vec<Block> = Vec::new();
    for end in text.char_indices().map(|(end, _)| end).chain([text.len()]) {
        let same = live.grow(&text[..end], &Colours::default());
        assert_eq!(
            live.blocks()[..same],
            shown_so_far[..same],
            "what is said to be the same is"
        );
        let settled = shown_so_far.len().saturating_sub(2);
        assert!(same >= settled, "a settled block was taken back");
        shown_so_far = live.blocks().to_vec();
    }
    assert_eq!(shown(&live), html(text));
}

#[test]
fn each_block_is_one_element() {
    let text = concat!(
        "# a\n\nb\n\n- c\n\n1. d\n\n> e\n\n---\n\n```\nf\n```\n\n    g\n\n<div>h</div>\n\n| i |\n|---|\n| j |\n\n",
        "![k](l)\n\n[m]: n\n\n<!-- o -->\n\n&amp;\n\n\\\n"
    );
    for block in blocks_from(text, 0, &Colours::default()) {
        let markup = block.html.as_str();
        let name: String = markup.chars().skip(1).take_while(char::is_ascii_alphanumeric).collect();
        let closed = markup.ends_with(&format!("</{name}>")) || markup == "<hr>";
        assert!(markup.starts_with('<') && closed, "{markup}");
        let mut depth = 0;
        for (at, _) in markup.match_indices('<') {
            let tag = &markup[at..];
            let is_void = ["<br", "<hr", "<input", "<path", "<rect"]
                .iter()
                .any(|void| tag.starts_with(void));
            depth += if tag.starts_with("</") { -1 } else { i32::from(!is_void) };
            assert!(depth > 0 || tag.ends_with('>') && !tag[1..].contains('<'), "{markup}");
        }
    }
}

#[test]
fn an_open_fence_is_code_while_it_streams() {
    let mut live = LiveMarkdown::default();
    live.grow("Look:\n\n```py\nprint('<b>')", &Colours::default());
    assert!(shown(&live).contains("print(&#39;&lt;b&gt;&#39;)"));
    assert_eq!(
        live.grow("Look:\n\n```py\nprint('<b>')\n```\n\nThat\n\nis", &Colours::default()),
        1
    );
    assert_eq!(live.blocks()[3].html.as_str(), "<p>is</p>");
    let same = live.grow(
        "Look:\n\n```py\nprint('<b>')\n```\n\nThat\n\nis it",
        &Colours::default(),
    );
    assert_eq!(same, 3, "only the last one has changed");
}

#[test]
fn a_row_that_has_just_begun_does_not_end_its_table() {
    let mut live = LiveMarkdown::default();
    let table = "| a |\n|---|\n| 1 |\n";
    live.grow(table, &Colours::default());
    live.grow(&(table.to_owned() + "|"), &Colours::default());
    live.grow(&(table.to_owned() + "| 2 |\n"), &Colours::default());
    assert_eq!(shown(&live), html(&(table.to_owned() + "| 2 |\n")));
}

#[test]
fn a_link_defined_after_its_use_is_one_in_the_end() {
    let text = "See [a][1].\n\nMore.\n\nAnd more.\n\nAnd more.\n\n[1]: https://a.example\n";
    let mut live = LiveMarkdown::default();
    for (end, _) in text.char_indices() {
        live.grow(&text[..end], &Colours::default());
    }
    assert!(!shown(&live).contains("href"));
    assert_eq!(live.finish(text, &Colours::default()), 0);
    assert_eq!(shown(&live), html(text));
}

#[test]
fn a_text_that_was_taken_back_is_rendered_anew() {
    let mut live = LiveMarkdown::default();
    live.grow("Öne\n\ntwo\n\nthree\n\nfour", &Colours::default());
    live.grow("Ö", &Colours::default());
    assert_eq!(shown(&live), html("Ö"));
}

#[test]
fn colours_that_come_late_take_nothing_else_with_them() {
    let colours = Colours::default();
    let code = "```rs\nlet a;\n```\n\none\n";
    let text = code.to_owned() + "\ntwo\n";
    let mut live = LiveMarkdown::default();
    live.grow(code, &colours);
    let recoloured = live.recolour(&text, &colours, &[0, 9]);
    assert_eq!(
        recoloured,
        [(0, live.blocks()[0].clone())],
        "a block that is not there is not painted"
    );
    assert_eq!(live.blocks().len(), 2, "what has come meanwhile is not painted yet");
    assert_eq!(live.finish(&text, &colours), 2);
    assert_eq!(shown(&live), html(&text));

    let mut hydrated = LiveMarkdown::default();
    assert_eq!(hydrated.recolour(&text, &colours, &[0]).len(), 1);
    assert_eq!(
        hydrated.grow(&text, &colours),
        0,
        "nothing is known of what the server painted"
    );
}

#[test]
fn code_has_its_colours_once_they_are_known_and_never_those_of_another_text() {
    use protocol::highlight::{Class, Code, Run};
    let text = "```rs\nlet <x> = \"ü\";\n```";
    let plain = html(text);
    assert!(plain.contains(r#"<div class="code" data-waits>"#), "{plain}");
    let code = |code: &str| Code {
        language: "rs".into(),
        code: code.into(),
    };
    let runs = vec![
        Run(3, Class::Keyword),
        Run(7, Class::Plain),
        Run(4, Class::String),
        Run(2, Class::Plain),
    ];
    let mut colours = Colours::default();
    colours.learn(vec![code("let <x> = \"ü\";\n")], vec![Some(runs.clone())]);
    let coloured = blocks_from(text, 0, &colours)[0].html.as_str().to_owned();
    assert!(
        coloured.contains(r#"<code><i class="c-keyword">let</i> &lt;x&gt; = <i class="c-string">&quot;ü&quot;</i>;"#),
        "{coloured}"
    );
    assert!(!coloured.contains("data-waits"));
    let longer = "```rs\nlet <x> = \"ü\"; // more\n```";
    assert!(blocks_from(longer, 0, &colours)[0].html.as_str().contains("data-waits"));

    // Runs that do not fit, and a language that nobody knows.
    let mut odd = Colours::default();
    odd.learn(
        vec![code("let <x> = \"ü\";\n")],
        vec![Some(vec![Run(12, Class::Tag), Run(4, Class::Tag)])],
    );
    let cut = blocks_from(text, 0, &odd)[0].html.as_str().to_owned();
    let bare: String = cut.replace("</i>", "").replace(r#"<i class="c-tag">"#, "");
    assert_eq!(bare, plain.replace(" data-waits", ""));
    odd.learn(vec![code("let <x> = \"ü\";\n")], vec![None]);
    assert_eq!(
        blocks_from(text, 0, &odd)[0].html.as_str(),
        plain.replace(" data-waits", "")
    );
}

#[test]
fn blocks_are_taken_until_they_are_large_enough() {
    let blocks = blocks_from("a\n\nb\n\nc\n", 0, &Colours::default());
    let one = blocks[0].html.as_str().len();
    assert_eq!(first(&blocks, 1).len(), 1, "one is always taken");
    assert_eq!(first(&blocks, one).len(), 1);
    assert_eq!(first(&blocks, one + 1).len(), 2);
    assert_eq!(first(&blocks, usize::MAX).len(), 3);
    assert!(first(&[], 1).is_empty());
}
