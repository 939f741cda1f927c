use std::sync::LazyLock;

use proptest::prelude::*;
use protocol::highlight::{Class, Run};

use super::*;

fn block(language: &str, code: &str) -> Code {
    Code {
        language: language.into(),
        code: code.into(),
    }
}

async fn told(highlighter: &Highlighter, language: &str, code: &str) -> Option<Runs> {
    let mut told = highlighter.highlight(vec![block(language, code)]).await.unwrap();
    assert_eq!(told.len(), 1);
    told.remove(0)
}

/// The parts of the code with their classes; fails where they do not cover it exactly.
fn parts<'a>(code: &'a str, runs: &[Run]) -> Vec<(&'a str, Class)> {
    let mut at = 0;
    let parts = runs
        .iter()
        .map(|Run(bytes, class)| {
            let end = at + *bytes as usize;
            let part = (&code[at..end], *class);
            at = end;
            part
        })
        .collect();
    assert_eq!(at, code.len());
    assert!(runs.windows(2).all(|pair| pair[0].1 != pair[1].1), "{runs:?}");
    parts
}

#[tokio::test]
async fn the_parts_of_code_have_the_class_that_a_reader_would_give_them() {
    let highlighter = Highlighter::default();
    for (language, code, expected) in [
        (
            "rust",
            "// n\nfn main() -> u8 { let s = \"é\\n\"; 42 }",
            vec![
                ("// n\n", Class::Comment),
                ("fn", Class::Keyword),
                ("main", Class::Function),
                ("=", Class::Operator),
                ("let", Class::Keyword),
                ("\"é", Class::String),
                ("\\n", Class::Constant),
                ("42", Class::Number),
            ],
        ),
        (
            "py",
            "@cached\ndef f(x):\n    return None if x else f\"a{x}\"  # why\n",
            vec![
                ("@cached", Class::Attribute),
                ("def", Class::Keyword),
                ("f", Class::Function),
                ("x", Class::Variable),
                ("None", Class::Constant),
                ("# why\n", Class::Comment),
            ],
        ),
        (
            "ts",
            "interface A { b: string }\nconst f = async (x: number) => `a${x}`;",
            vec![
                ("interface", Class::Keyword),
                ("A", Class::Type),
                ("string", Class::Type),
                ("const", Class::Keyword),
                ("=>", Class::Keyword),
            ],
        ),
        (
            "json",
            "{\"key\": \"text\", \"n\": [1, true]}",
            vec![
                ("\"key\"", Class::Property),
                ("\"text\"", Class::String),
                ("1", Class::Number),
                ("true", Class::Constant),
            ],
        ),
        (
            "yml",
            "# c\nkey: 1\n",
            vec![
                ("# c\n", Class::Comment),
                ("key", Class::Property),
                ("1", Class::Number),
            ],
        ),
        (
            "toml",
            "[a]\nkey = \"v\"\n",
            vec![("key", Class::Property), ("\"v\"", Class::String)],
        ),
        (
            "html",
            "<a href=\"x\">y</a>",
            vec![("a", Class::Tag), ("href", Class::Attribute), ("\"x\"", Class::String)],
        ),
        (
            "diff",
            "--- a\n+++ b\n@@ -1 +1 @@\n-old\n+new\n",
            vec![("-old\n", Class::Deleted), ("+new\n", Class::Inserted)],
        ),
        (
            "console",
            "echo \"$HOME\" # c",
            vec![
                ("echo", Class::Function),
                ("$HOME", Class::Variable),
                ("# c", Class::Comment),
            ],
        ),
        (
            "sql",
            "SELECT 1 FROM t -- c",
            vec![
                ("SELECT", Class::Keyword),
                ("1", Class::Number),
                ("-- c", Class::Comment),
            ],
        ),
    ] {
        let runs = told(&highlighter, language, code).await.unwrap();
        let parts = parts(code, &runs);
        for part in expected {
            assert!(parts.contains(&part), "{language}: no {part:?} in {parts:?}");
        }
    }
}

#[tokio::test]
async fn what_cannot_be_told_is_left_plain_and_the_others_are_told() {
    let highlighter = Highlighter::default();
    let blocks = vec![
        block("nonsense", "fn"),
        block("rust", "fn"),
        block("", "fn"),
        block("rust", ""),
        block("rust", &"x".repeat(LARGEST_BLOCK + 1)),
    ];
    let told = highlighter.highlight(blocks).await.unwrap();
    let expected = [None, Some(vec![Run(2, Class::Keyword)]), None, Some(vec![]), None];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn too_much_is_refused() {
    let highlighter = Highlighter::default();
    for blocks in [
        vec![block("rust", "x"); MAX_BLOCKS + 1],
        vec![block("none", &"x".repeat(MAX_BYTES / 4)); 5],
    ] {
        let refused = highlighter.highlight(blocks).await;
        assert!(matches!(refused, Err(Error::InvalidRequest(_))));
    }
    assert_eq!(highlighter.highlight(Vec::new()).await.unwrap(), []);
}

#[tokio::test]
async fn hostile_code_is_covered_or_left_plain_in_bounded_time() {
    let highlighter = Highlighter::default();
    let long_line = "(".repeat(LARGEST_BLOCK);
    let many_lines = "let x = \"(((((\\\"; // {{{{ /* \n".repeat(5_000);
    let control: String = (0..0xa0).filter_map(char::from_u32).cycle().take(2_000).collect();
    let codes = [
        &*long_line,
        &many_lines,
        &control,
        "\r\n\r\r\n\n",
        "\u{feff}\u{202e}\u{0}\n\u{2028}",
        "no newline at the end",
    ];
    // The grammars are compiled with the first use of them.
    for language in ["rust", "ts", "html", "md", "sh", "yaml"] {
        told(&highlighter, language, "x").await;
        for code in codes {
            let begun = Instant::now();
            let runs = told(&highlighter, language, code).await;
            // One line may go on after its time is over; that it ends soon is what the bound on lines is for.
            assert!(
                begun.elapsed() < TIME_PER_BLOCK * 20,
                "{language}: {:?}",
                begun.elapsed()
            );
            if let Some(runs) = runs {
                parts(code, &runs);
            }
        }
    }
    let runs = told(&highlighter, "rust", &long_line).await;
    assert_eq!(runs, Some(vec![Run(LARGEST_BLOCK as u32, Class::Plain)]));
}

#[test]
fn who_has_no_time_is_told_nothing() {
    let syntaxes = Syntaxes::load();
    let syntax = syntaxes.find("rust").unwrap();
    let past = Instant::now() - Duration::from_secs(1);
    assert_eq!(runs(&syntaxes, syntax, "fn", past), None);
    let inner = Highlighter::default().0;
    assert_eq!(inner.tell(&block("rust", "fn"), past), None);
    assert!(inner.syntaxes.get().is_none(), "and nothing is loaded for it");
    let soon = Instant::now() + TIME_PER_REQUEST;
    assert!(inner.tell(&block("rust", "fn"), soon).is_some(), "nor kept");
    assert!(
        inner.tell(&block("rust", "fn"), past).is_some(),
        "what was told is kept"
    );
}

#[tokio::test]
async fn who_waits_too_long_for_a_turn_is_told_nothing() {
    let highlighter = Highlighter::default();
    let busy = Arc::clone(&highlighter.0.places)
        .acquire_many_owned(AT_ONCE as u32)
        .await;
    tokio::time::pause();
    assert_eq!(told(&highlighter, "rust", "fn").await, None);
    drop(busy);
    assert!(told(&highlighter, "rust", "fn").await.is_some());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn runs_cover_whatever_is_written(code in "[ -~\\n\\t\"'`${}()/*#é😀]{0,200}") {
        static SYNTAXES: LazyLock<Syntaxes> = LazyLock::new(Syntaxes::load);
        let syntaxes = &*SYNTAXES;
        for language in ["rust", "py", "js", "md", "yaml", "sh", "diff"] {
            let syntax = syntaxes.find(language).unwrap();
            let runs = runs(syntaxes, syntax, &code, Instant::now() + Duration::from_secs(60)).unwrap();
            parts(&code, &runs);
        }
    }
}
