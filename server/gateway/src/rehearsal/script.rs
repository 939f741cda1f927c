//! Rehearsal's words.

/// Leads every answer. One line, so that `/echo` can be told apart from it.
pub(super) const NOTICE: &str = "> **Rehearsal: no LLM is behind this answer.** To connect one, set `OPENAI_API_KEY`, \
    `OPENAI_BASE_URL`, `ANTHROPIC_API_KEY` or `GEMINI_API_KEY`, or start Ollama (`OLLAMA_HOST`), and start Parley again.";

const MAX_QUOTE_CHARS: usize = 80;
const LONG_WORDS: usize = 2_000;

/// What a message asks of Rehearsal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    Task,
    Answer,
    Echo,
    Slow,
    Long,
    Fail,
    Approval,
    Delegate,
}

/// The command, and the text after it: for `/echo` exactly as it was written.
pub(super) fn parse(message: &str) -> (Command, &str) {
    for (name, command) in [
        ("/answer", Command::Answer),
        ("/echo", Command::Echo),
        ("/slow", Command::Slow),
        ("/long", Command::Long),
        ("/fail", Command::Fail),
        ("/approval", Command::Approval),
        ("/delegate", Command::Delegate),
    ] {
        let Some(rest) = message.strip_prefix(name) else {
            continue;
        };
        // Exactly one space is the command's; what follows is the person's.
        match rest.strip_prefix(char::is_whitespace) {
            Some(text) => return (command, text),
            None if rest.is_empty() => return (command, ""),
            None => {}
        }
    }
    (Command::Task, message)
}

/// Words with the space that follows them; put together they are `text` again.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let word = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let space = rest[word..]
            .find(|c: char| !c.is_whitespace())
            .unwrap_or(rest.len() - word);
        let (token, after) = rest.split_at(word + space);
        rest = after;
        (!token.is_empty()).then_some(token)
    })
}

/// The notice, and what the task is understood to be.
pub(super) fn opening(agent: &str, message: &str) -> String {
    let quote = quote(message);
    format!(
        "{NOTICE}\n\n## Plan\n\n{agent} would now work on “{quote}”. Here is how an answer looks when a model writes \
         one:\n\n1. Say what is asked, and what is not.\n2. Find the smallest change that does it.\n3. Prove it with a \
         test, and say what it cost.\n\n"
    )
}

/// A plan that waits for a decision.
pub(super) fn plan(agent: &str, message: &str) -> String {
    let quote = quote(message);
    format!(
        "{NOTICE}\n\n## Plan\n\n{agent} proposes for “{quote}”:\n\n1. Write `greet`, with a test.\n2. Run the \
         test.\n3. Report what changed.\n\nNothing is carried out before you decide.\n"
    )
}

/// The plan again, changed as the note says.
pub(super) fn refined(note: &str) -> String {
    let note = if note.trim().is_empty() {
        "no note was given".to_owned()
    } else {
        format!("“{}”", quote(note))
    };
    format!(
        "\n\n## Plan, changed\n\nYou asked for a change: {note}.\n\n1. Write `greet` with that change, with a \
         test.\n2. Run the test.\n3. Report what changed.\n\nNothing is carried out before you decide.\n"
    )
}

/// The work itself: code, a table, and what else can be tried.
pub(super) fn work() -> String {
    "## Result\n\n```rust\n/// Greets by name; an empty name is greeted too.\nfn greet(name: &str) -> String {\n    \
     match name.trim() {\n        \"\" => \"Hello!\".to_owned(),\n        name => format!(\"Hello, {name}!\"),\n    \
     }\n}\n```\n\n| step | state | words |\n| :--- | :---: | ---: |\n| plan | done | 60 |\n| code | done | 40 |\n| \
     report | done | 30 |\n\nA task in a sentence goes through \
     the hierarchy; `/answer` has one agent answer it alone. Try `/approval` for a plan that waits for your decision, `/long` for a long answer, \
     `/slow` for a slow one, `/fail` for one that breaks, and `/echo` to hear yourself.\n"
        .to_owned()
}

/// A plan that hands the parts of a task to others.
pub(super) fn division(agent: &str, message: &str, to: &[&str], waits: bool) -> String {
    let quote = quote(message);
    let next = if waits {
        "Nothing is handed on before you decide."
    } else {
        "Each begins now."
    };
    format!(
        "{NOTICE}\n\n## Plan\n\n{agent} divides “{quote}”:\n\n{}\n\n{next}\n",
        parts_for(to)
    )
}

/// The same, changed as the person asked.
pub(super) fn division_changed(to: &[&str]) -> String {
    format!(
        "## Plan, changed\n\nYour note goes with each part:\n\n{}\n\nNothing is handed on before you decide.\n",
        parts_for(to)
    )
}

/// What leads every answer, before `text`.
pub(super) fn led(text: &str) -> String {
    format!("{NOTICE}\n\n{text}")
}

/// What an agent says whose plan was approved after its turn had been cut off.
pub(super) fn approved(agent: &str, task: &str, to: &[&str]) -> String {
    led(&format!("The plan was approved. {}", passed_on(agent, task, to)))
}

fn parts_for(to: &[&str]) -> String {
    let lines: Vec<String> = to
        .iter()
        .enumerate()
        .map(|(at, name)| format!("{}. **{name}** does its part and reports.", at + 1))
        .collect();
    lines.join("\n")
}

/// What an agent in the middle says when it hands its task on.
pub(super) fn passed_on(agent: &str, task: &str, to: &[&str]) -> String {
    let quote = quote(task);
    format!("{agent} hands “{quote}” to {}.\n", to.join(" and "))
}

/// What an agent in the middle says of what came back.
pub(super) fn reviewed(agent: &str) -> String {
    format!("{agent} has reviewed what came back: it does what was asked, and each behaviour has a test.\n")
}

/// What an agent says that does the work itself.
pub(super) fn part(agent: &str, task: &str) -> String {
    let quote = quote(task);
    format!(
        "{agent} played its part of “{quote}” (no LLM).\n\n```rust\nassert_eq!(greet(\"Ada\"), \"Hello, Ada!\");\n\
         ```\n"
    )
}

/// The parts, put together.
pub(super) fn composed() -> String {
    "All parts are back.\n\n".to_owned() + &work()
}

/// About 2,000 words in sections.
pub(super) fn long() -> String {
    const SENTENCE: &str = "A long answer is written word by word, and the page must stay quick while it grows.";
    let per_section = 10;
    let words = SENTENCE.split_whitespace().count();
    let sections = LONG_WORDS / (words * per_section);
    let mut text = NOTICE.to_owned();
    for section in 1..=sections {
        text.push_str(&format!("\n\n## Section {section}\n\n"));
        text.push_str(&vec![SENTENCE; per_section].join(" "));
    }
    text.push('\n');
    text
}

/// The start of a text, on one line, with everything escaped that Markdown could take for its own.
fn quote(text: &str) -> String {
    let line: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|w| !w.is_empty())
        .collect();
    let line = line.join(" ");
    let mut quoted = String::new();
    for c in line.chars().take(MAX_QUOTE_CHARS) {
        if c.is_ascii_punctuation() {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    if line.chars().count() > MAX_QUOTE_CHARS {
        quoted.push('…');
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_a_word_of_its_own() {
        let cases = [
            ("/echo  a\n b ", (Command::Echo, " a\n b ")),
            ("/echo", (Command::Echo, "")),
            ("/echoes", (Command::Task, "/echoes")),
            ("/approval\nplan", (Command::Approval, "plan")),
            ("/fail x", (Command::Fail, "x")),
            ("say /echo x", (Command::Task, "say /echo x")),
        ];
        for (message, expected) in cases {
            assert_eq!(parse(message), expected, "{message:?}");
        }
    }

    #[test]
    fn tokens_put_together_are_the_text() {
        for text in ["", " ", "a", " a  b\n\n c ", "schön\u{3000}日本", &work(), &long()] {
            assert_eq!(tokens(text).collect::<String>(), *text);
        }
        assert_eq!(tokens(" a  b c").collect::<Vec<_>>(), [" ", "a  ", "b ", "c"]);
    }

    #[test]
    fn a_quoted_message_cannot_become_markup() {
        let said = opening("Dir-Code", "# Hi\n<script>alert(1)</script> [x](http://y) | `z`");
        assert!(
            said.contains(r"“\# Hi \<script\>alert\(1\)\<\/script\> \[x\]\(http\:\/\/y\) \| \`z\`”"),
            "{said}"
        );
        assert!(quote(&"é".repeat(500)).chars().count() <= MAX_QUOTE_CHARS + 1);
    }

    #[test]
    fn the_notice_is_one_line_that_names_every_variable() {
        assert!(!NOTICE.contains('\n') && NOTICE.contains("no LLM"));
        for name in [
            "OPENAI_API_KEY",
            "OPENAI_BASE_URL",
            "ANTHROPIC_API_KEY",
            "GEMINI_API_KEY",
            "OLLAMA_HOST",
        ] {
            assert!(NOTICE.contains(name), "{name}");
        }
        for answer in [opening("A", "m"), plan("A", "m"), long()] {
            assert!(answer.starts_with(NOTICE));
        }
    }

    #[test]
    fn a_task_shows_everything_a_page_must_show() {
        let said = opening("A", "m") + &work();
        for part in ["\n## ", "\n1. ", "\n```rust\n", "\n```\n", "\n| step |"] {
            assert!(said.contains(part), "{part:?}");
        }
        assert!(!said.contains("  \n") && said.contains("    match name"), "{said}");
    }

    #[test]
    fn a_long_answer_has_about_two_thousand_words() {
        assert!((1_800..2_200).contains(&long().split_whitespace().count()));
    }
}
