//! The languages that are known.

use syntect::parsing::{SyntaxReference, SyntaxSet};

use super::{aliases, classes::Classes};

/// No language is called by more.
const LONGEST_LABEL: usize = 40;

/// Grammars, and what their scopes mean here.
pub(super) struct Syntaxes {
    pub(super) set: SyntaxSet,
    pub(super) classes: Classes,
}

impl Syntaxes {
    /// Unpacks them; the grammar of a language only when it is needed.
    pub(super) fn load() -> Self {
        Self {
            set: two_face::syntax::extra_newlines(),
            classes: Classes::new(),
        }
    }

    /// The grammar for what an author called the language.
    pub(super) fn find(&self, label: &str) -> Option<&SyntaxReference> {
        let name = name_of(label)?;
        let syntax = self.set.find_syntax_by_token(aliases::canonical(&name))?;
        // To say of a text that it is plain is to say nothing.
        (syntax.name != self.set.find_syntax_plain_text().name).then_some(syntax)
    }
}

/// The language alone: `rust` of ` Rust,ignore`, of `{.rust}` and of `rust:src/main.rs`.
fn name_of(label: &str) -> Option<String> {
    let label = label.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '{' | '.'));
    let name = label
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '{' | '}' | '(' | '='))
        .next()?;
    (!name.is_empty() && name.len() <= LONGEST_LABEL).then(|| name.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_names_and_aliases_are_known() {
        let syntaxes = Syntaxes::load();
        for (labels, name) in [
            ("rust rs Rust rust,ignore rust:src/main.rs {.rust}", "Rust"),
            ("py python python3 py3 pycon", "Python"),
            ("ts typescript mts", "TypeScript"),
            ("tsx", "TypeScriptReact"),
            ("js javascript jsx mjs node", "JavaScript (Babel)"),
            (
                "sh bash zsh shell console shell-session terminal",
                "Bourne Again Shell (bash)",
            ),
            ("yml yaml", "YAML"),
            ("json jsonc json5 jsonl", "JSON"),
            ("toml", "TOML"),
            ("dockerfile Dockerfile docker", "Dockerfile"),
            ("kt kotlin", "Kotlin"),
            ("swift", "Swift"),
            ("go golang", "Go"),
            ("c h", "C"),
            ("cpp c++ cxx hpp", "C++"),
            ("cs csharp c#", "C#"),
            ("java", "Java"),
            ("rb ruby", "Ruby"),
            ("php", "PHP"),
            ("html htm", "HTML"),
            ("css", "CSS"),
            ("scss", "SCSS"),
            ("xml svg", "XML"),
            ("sql postgresql sqlite", "SQL"),
            ("md markdown", "Markdown"),
            ("diff patch", "Diff"),
            ("ini conf systemd", "INI"),
            ("makefile make", "Makefile"),
            ("ps1 powershell pwsh", "PowerShell"),
            ("tf hcl terraform", "Terraform"),
            ("proto protobuf", "Protocol Buffer"),
            ("graphql gql", "GraphQL"),
            ("lua", "Lua"),
            ("hs haskell", "Haskell"),
            ("ex elixir", "Elixir"),
            ("fs fsharp f#", "F#"),
            ("env dotenv", "DotENV"),
            ("vue", "Vue Component"),
        ] {
            for label in labels.split(' ') {
                let found = syntaxes.find(label).map(|syntax| syntax.name.as_str());
                assert_eq!(found, Some(name), "{label}");
            }
        }
        for label in [
            "",
            " ",
            "text",
            "plaintext",
            "txt",
            "nonsense",
            "\0",
            "{",
            "😀",
            &"x".repeat(1_000),
        ] {
            assert!(syntaxes.find(label).is_none(), "{label:?}");
        }
    }
}
