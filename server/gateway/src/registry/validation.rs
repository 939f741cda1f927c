//! What must hold of `agents.toml`: ids are unique, parents exist, there is one root and no cycle.

use std::collections::{HashMap, HashSet};

use super::AgentEntry;
use crate::{error::ConfigError, place};

const MAX_TIER: u8 = 6;

/// Checks the whole file and names the first field that is wrong.
pub(super) fn check(
    file: &str,
    text: &str,
    agents: &[AgentEntry],
    may_know: impl Fn(&str) -> bool,
) -> Result<(), ConfigError> {
    let wrong = |index: usize, field: &str, problem: String| ConfigError::Field {
        file: file.into(),
        line: place::line(text, "agents", index, field),
        field: format!("agents[{index}].{field}"),
        problem,
    };

    let mut parents: HashMap<&str, Option<&str>> = HashMap::new();
    for (index, agent) in agents.iter().enumerate() {
        let id = agent.agent_id.as_str();
        let is_id = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if id.is_empty() || !id.chars().all(is_id) {
            let problem = format!("`{id}` is not an id; use letters, digits, `-`, `_` and `.`");
            return Err(wrong(index, "agent_id", problem));
        }
        if parents.insert(id, agent.parent_id.as_deref()).is_some() {
            return Err(wrong(index, "agent_id", format!("`{id}` is there twice")));
        }
        for (field, text) in [("agent_name", &agent.agent_name), ("role", &agent.role)] {
            if text.trim().is_empty() {
                return Err(wrong(index, field, "is empty".into()));
            }
        }
        if !(1..=MAX_TIER).contains(&agent.tier) {
            return Err(wrong(
                index,
                "tier",
                format!("{} is not between 1 and {MAX_TIER}", agent.tier),
            ));
        }
        if let Some(model) = agent.default_model.as_deref().filter(|model| !may_know(model)) {
            let problem = format!(
                "there is no model `{model}` in models.toml; one that a server lists itself is named with its provider, such \
                 as `ollama/{model}`"
            );
            return Err(wrong(index, "default_model", problem));
        }
    }

    let mut root = None;
    for (index, agent) in agents.iter().enumerate() {
        match (agent.parent_id.as_deref(), root) {
            (Some(parent), _) if !parents.contains_key(parent) => {
                return Err(wrong(index, "parent_id", format!("there is no agent `{parent}`")));
            }
            (Some(_), _) => {}
            (None, None) => root = Some(agent.agent_id.as_str()),
            (None, Some(first)) => {
                let problem = format!("is missing, but `{first}` is the root already");
                return Err(wrong(index, "parent_id", problem));
            }
        }
    }
    // A cycle is looked for before a missing root: where everyone has a parent, the cycle is the cause.
    for (index, agent) in agents.iter().enumerate() {
        let mut seen = HashSet::new();
        let mut at = Some(agent.agent_id.as_str());
        while let Some(id) = at {
            if !seen.insert(id) {
                let problem = format!("`{id}` stands above itself");
                return Err(wrong(index, "parent_id", problem));
            }
            at = parents.get(id).copied().flatten();
        }
    }
    if root.is_none() {
        return Err(ConfigError::Field {
            file: file.into(),
            line: 1,
            field: "agents".into(),
            problem: "there is no agent without a parent_id; the hierarchy needs one root".into(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::Registry;

    fn agent(id: &str, parent: Option<&str>) -> String {
        let parent = parent.map_or(String::new(), |p| format!("parent_id = \"{p}\"\n"));
        format!("[[agents]]\nagent_id = \"{id}\"\nagent_name = \"N\"\ntier = 2\nrole = \"R\"\n{parent}")
    }

    fn error(text: &str) -> String {
        Registry::parse("my.toml", text, |model| model == "known")
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_sound_file_passes() {
        let text = agent("a", None) + &agent("b", Some("a")) + &agent("c", Some("b"));
        assert_eq!(Registry::parse("my.toml", &text, |_| true).unwrap().agents().len(), 3);
    }

    #[test]
    fn every_fault_names_file_line_and_field() {
        let root = agent("a", None);
        let cases = [
            (
                root.clone() + &agent("b", Some("x")),
                "my.toml:11: agents[1].parent_id: there is no agent `x`",
            ),
            (
                root.clone() + &agent("a", Some("a")),
                "my.toml:7: agents[1].agent_id: `a` is there twice",
            ),
            (
                root.clone() + &agent("b", Some("c")) + &agent("c", Some("b")),
                "my.toml:11: agents[1].parent_id: `b` stands above itself",
            ),
            (
                agent("a", Some("a")),
                "my.toml:6: agents[0].parent_id: `a` stands above itself",
            ),
            (
                root.clone() + &agent("b", None),
                "my.toml:6: agents[1].parent_id: is missing, but `a` is the root already",
            ),
            (
                "agents = []".to_owned(),
                "my.toml:1: agents: there is no agent without a parent_id; the hierarchy needs one root",
            ),
            (
                root.replace("tier = 2", "tier = 9"),
                "my.toml:4: agents[0].tier: 9 is not between 1 and 6",
            ),
            (
                root.clone() + "default_model = \"gpt-9\"\n",
                "my.toml:6: agents[0].default_model: there is no model `gpt-9` in models.toml; one that a server lists itself \
                 is named with its provider, such as `ollama/gpt-9`",
            ),
            (root.replace("\"R\"", "\" \""), "my.toml:5: agents[0].role: is empty"),
            (
                agent("a b", None),
                "my.toml:2: agents[0].agent_id: `a b` is not an id; use letters, digits, `-`, `_` and `.`",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(error(&text), expected);
        }
    }

    #[test]
    fn a_misspelt_field_is_named() {
        let text = error(&agent("a", None).replace("role", "rôle").replace("rôle", "roel"));
        assert!(
            text.starts_with("my.toml: ") && text.contains("line 5") && text.contains("roel"),
            "{text}"
        );
    }
}
