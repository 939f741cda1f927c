//! `models.toml`.

use std::{collections::HashSet, path::Path};

use serde::Deserialize;

use super::{Model, Price, Provider};
use crate::{error::ConfigError, place, registry};

const BUILT_IN: &str = include_str!("../../models.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelsFile {
    models: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    model_id: String,
    model_name: String,
    provider: Provider,
    #[serde(default)]
    context_window: u64,
    cost_per_1m_input: Option<f64>,
    cost_per_1m_cached_input: Option<f64>,
    cost_per_1m_output: Option<f64>,
    #[serde(default)]
    capabilities: Vec<String>,
}

/// Reads `file`, or the built-in list.
pub(crate) fn load(file: Option<&Path>) -> Result<Vec<Model>, ConfigError> {
    let (name, text) = registry::read(file, "models.toml", BUILT_IN)?;
    parse(&name, &text)
}

fn parse(file: &str, text: &str) -> Result<Vec<Model>, ConfigError> {
    let ModelsFile { models } = toml::from_str(text).map_err(|source| ConfigError::Syntax {
        file: file.into(),
        source: Box::new(source),
    })?;
    let mut ids = HashSet::new();
    for (index, entry) in models.iter().enumerate() {
        let wrong = |field: &str, problem: String| ConfigError::Field {
            file: file.into(),
            line: place::line(text, "models", index, field),
            field: format!("models[{index}].{field}"),
            problem,
        };
        for (field, name) in [("model_id", &entry.model_id), ("model_name", &entry.model_name)] {
            if name.trim().is_empty() {
                return Err(wrong(field, "is empty".into()));
            }
        }
        if !ids.insert(entry.model_id.as_str()) {
            return Err(wrong("model_id", format!("`{}` is there twice", entry.model_id)));
        }
        for (field, price) in [
            ("cost_per_1m_input", entry.cost_per_1m_input),
            ("cost_per_1m_cached_input", entry.cost_per_1m_cached_input),
            ("cost_per_1m_output", entry.cost_per_1m_output),
        ] {
            if price.is_some_and(|p| !p.is_finite() || p < 0.0) {
                return Err(wrong(field, "is not a price".into()));
            }
        }
    }
    Ok(models.into_iter().map(model).collect())
}

fn model(entry: Entry) -> Model {
    Model {
        id: entry.model_id,
        name: entry.model_name,
        provider: entry.provider,
        context_window: entry.context_window,
        price: Price {
            input: entry.cost_per_1m_input,
            cached_input: entry.cost_per_1m_cached_input,
            output: entry.cost_per_1m_output,
        },
        capabilities: entry.capabilities,
        inactive: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "[[models]]\nmodel_id = \"m\"\nmodel_name = \"M\"\nprovider = \"openai\"\n";

    #[test]
    fn the_built_in_list_is_sound_and_priced() {
        let models = load(None).unwrap();
        for provider in [Provider::OpenAi, Provider::Anthropic, Provider::Gemini] {
            assert!(models.iter().any(|m| m.provider == provider), "{provider:?}");
        }
        for model in &models {
            assert!(
                model.price.input.is_some() && model.price.output.is_some(),
                "{}",
                model.id
            );
            assert!(model.context_window > 0, "{}", model.id);
        }
    }

    #[test]
    fn every_fault_names_file_line_and_field() {
        let cases = [
            (ONE.repeat(2), "my.toml:6: models[1].model_id: `m` is there twice"),
            (
                ONE.replace("\"M\"", "\"\""),
                "my.toml:3: models[0].model_name: is empty",
            ),
            (
                format!("{ONE}cost_per_1m_output = -1.0"),
                "my.toml:5: models[0].cost_per_1m_output: is not a price",
            ),
            (
                format!("{ONE}cost_per_1m_input = nan"),
                "my.toml:5: models[0].cost_per_1m_input: is not a price",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(parse("my.toml", &text).unwrap_err().to_string(), expected);
        }
        for text in [ONE.replace("openai", "acme"), ONE.replace("openai", "parley")] {
            assert!(parse("my.toml", &text).unwrap_err().to_string().contains("provider"));
        }
    }
}
