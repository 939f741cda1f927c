//! Who is talked to, and which models answer: some of those that Parley knows without any configuration.

/// An agent: its id, its name, and who speaks to it.
pub(super) struct Agent {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) parent_role: &'static str,
}

/// The most talked to first.
pub(super) const AGENTS: [Agent; 8] = [
    agent("architect", "Architect", "PAS Root"),
    agent("dir-code", "Dir-Code", "Architect"),
    agent("programmer-claude-001", "Programmer-Claude-001", "Mgr-Code-01"),
    agent("dir-data", "Dir-Data", "Architect"),
    agent("dir-docs", "Dir-Docs", "Architect"),
    agent("mgr-code-01", "Mgr-Code-01", "Dir-Code"),
    agent("dir-devsecops", "Dir-DevSecOps", "Architect"),
    agent("dir-models", "Dir-Models", "Architect"),
];

/// A model and its prices in US dollars per million tokens; `None`: it costs nothing that is known.
pub(super) struct Model {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) context_window: u64,
    pub(super) prices: Option<(f64, f64)>,
}

/// The most used first.
pub(super) const MODELS: [Model; 6] = [
    model("claude-sonnet-4-5", "Claude Sonnet 4.5", 200_000, Some((3.0, 15.0))),
    model("gpt-4.1-mini", "GPT-4.1 mini", 1_047_576, Some((0.4, 1.6))),
    model("claude-haiku-4-5", "Claude Haiku 4.5", 200_000, Some((1.0, 5.0))),
    model("ollama/qwen3:8b", "qwen3:8b", 40_960, None),
    model("gpt-5", "GPT-5", 400_000, Some((1.25, 10.0))),
    model("claude-opus-4-5", "Claude Opus 4.5", 200_000, Some((5.0, 25.0))),
];

const fn agent(id: &'static str, name: &'static str, parent_role: &'static str) -> Agent {
    Agent { id, name, parent_role }
}

const fn model(id: &'static str, name: &'static str, context_window: u64, prices: Option<(f64, f64)>) -> Model {
    Model {
        id,
        name,
        context_window,
        prices,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built_in(text: &str, kind: &str) -> Vec<toml::Table> {
        let file: toml::Table = text.parse().unwrap();
        let all = file[kind].as_array().unwrap().clone();
        all.into_iter().map(|one| one.as_table().unwrap().clone()).collect()
    }

    #[test]
    fn they_are_those_that_are_built_in() {
        let known = built_in(include_str!("../../gateway/agents.toml"), "agents");
        let find = |key: &str, value: &str| known.iter().find(|agent| agent[key].as_str() == Some(value)).unwrap();
        for agent in &AGENTS {
            let built_in = find("agent_id", agent.id);
            assert_eq!(built_in["agent_name"].as_str(), Some(agent.name));
            let parent = find("agent_id", built_in["parent_id"].as_str().unwrap());
            assert_eq!(parent["agent_name"].as_str(), Some(agent.parent_role));
        }
        let known = built_in(include_str!("../../gateway/models.toml"), "models");
        // What a local Ollama has is in no file.
        for model in MODELS.iter().filter(|model| model.prices.is_some()) {
            let built_in = known
                .iter()
                .find(|known| known["model_id"].as_str() == Some(model.id))
                .unwrap();
            assert_eq!(built_in["model_name"].as_str(), Some(model.name));
            let (input, output) = model.prices.unwrap();
            assert_eq!(built_in["cost_per_1m_input"].as_float(), Some(input), "{}", model.id);
            assert_eq!(built_in["cost_per_1m_output"].as_float(), Some(output), "{}", model.id);
        }
    }
}
