//! Picks the model of the next answer.

use leptos::prelude::*;
use protocol::registry::Model;

use super::{Choice, Kind, List, Picker};
use crate::{
    figures,
    state::{OpenPicker, use_chat},
};

const KIND: Kind = Kind {
    which: OpenPicker::Model,
    label: "Model",
    id: "model-picker",
    find: "Find a model",
    button: "#model-picker > button",
    field: "#model-picker input",
};

/// Shows the model of the next answer, and lets another be picked.
#[component]
pub(crate) fn ModelPicker() -> impl IntoView {
    let chat = use_chat();
    // A model may leave the registry; the session still knows its name.
    let name = Signal::derive(move || {
        chat.model()
            .map(|model| model.model_name)
            .or_else(|| {
                chat.session
                    .with(|session| session.as_ref().map(|session| session.model_name.clone()))
            })
            .unwrap_or_else(|| "No model".into())
    });
    let facts = move || {
        chat.model().map(|model| {
            figures::window(model.context_window)
                + " · "
                + &figures::price(model.cost_per_1m_input, model.cost_per_1m_output)
        })
    };
    view! {
        <Picker kind=KIND name list=|tools| tools.models>
            <b>{move || name.get()}</b>
            <small>{facts}</small>
        </Picker>
    }
}

/// The models to pick from.
#[component]
pub(crate) fn ModelList() -> impl IntoView {
    let chat = use_chat();
    let choices = Memo::new(move |_| chat.registry.with(|registry| choices(&registry.models)));
    view! { <List kind=KIND choices chosen=chat.model_id on_pick=Callback::new(move |id| chat.pick_model(id))/> }
}

/// By provider, in the order of the registry, in which the default comes first.
fn choices(models: &[Model]) -> Vec<Choice> {
    let place_of = |provider: &str| models.iter().position(|model| model.provider == provider);
    let mut sorted: Vec<&Model> = models.iter().collect();
    sorted.sort_by_key(|model| place_of(&model.provider));
    sorted
        .into_iter()
        .map(|model| {
            let window = figures::window(model.context_window) + " context";
            Choice {
                id: model.model_id.clone(),
                heading: capitalised(&model.provider),
                title: model.model_name.clone(),
                detail: [vec![window], model.capabilities.clone()].concat().join(" · "),
                aside: figures::price(model.cost_per_1m_input, model.cost_per_1m_output),
                ..Default::default()
            }
        })
        .collect()
}

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().collect::<String>() + letters.as_str(),
        None => "Other".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(id: &str, provider: &str, price: Option<f64>) -> Model {
        Model {
            model_id: id.into(),
            model_name: id.into(),
            provider: provider.into(),
            context_window: 200_000,
            cost_per_1m_input: price,
            cost_per_1m_output: price,
            capabilities: vec!["tools".into()],
            status: "active".into(),
        }
    }

    #[test]
    fn models_stand_by_provider_with_window_and_price() {
        let choices = choices(&[
            model("a", "anthropic", Some(3.0)),
            model("o", "ollama", Some(0.0)),
            model("b", "anthropic", None),
        ]);
        let shape: Vec<_> = choices
            .iter()
            .map(|one| {
                (
                    one.heading.as_str(),
                    one.id.as_str(),
                    one.detail.as_str(),
                    one.aside.as_str(),
                )
            })
            .collect();
        assert_eq!(
            shape,
            [
                ("Anthropic", "a", "200k context · tools", "$3 / $3"),
                ("Anthropic", "b", "200k context · tools", "price unknown"),
                ("Ollama", "o", "200k context · tools", "free"),
            ]
        );
    }
}
