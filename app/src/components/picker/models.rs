//! Picks the model of the next answer.

use leptos::prelude::*;
use protocol::registry::{HealthState, Model};

use super::{Choice, Kind, List, Picker, State, Tone};
use crate::{
    calendar::Clock,
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
    let failure = Memo::new(move |_| {
        let model = chat.model().filter(Model::is_failing)?;
        Some(state(&model, chat.clock))
    });
    let label = Signal::derive(move || {
        let failure = failure.with(|state| state.as_ref().map(|state| ". ".to_owned() + &state.words));
        name.get() + failure.as_deref().unwrap_or_default()
    });
    view! {
        <Picker kind=KIND name=label list=|tools| tools.models>
            {move || failure.get().map(State::dot)}
            <b>{move || name.get()}</b>
            <small>{facts}</small>
        </Picker>
    }
}

/// The models to pick from.
#[component]
pub(crate) fn ModelList() -> impl IntoView {
    let chat = use_chat();
    chat.refresh_registry();
    let choices = Memo::new(move |_| chat.registry.with(|registry| choices(&registry.models, chat.clock)));
    view! { <List kind=KIND choices chosen=chat.model_id on_pick=Callback::new(move |id| chat.pick_model(id))/> }
}

/// By provider, in the order of the registry, in which the default comes first.
fn choices(models: &[Model], clock: Clock) -> Vec<Choice> {
    let place_of = |provider: &str| models.iter().position(|model| model.provider == provider);
    let mut sorted: Vec<&Model> = models.iter().collect();
    sorted.sort_by_key(|model| place_of(&model.provider));
    sorted
        .into_iter()
        .map(|model| {
            let window = figures::window(model.context_window) + " context";
            let facts = [vec![window], model.capabilities.clone()].concat().join(" · ");
            let state = state(model, clock);
            Choice {
                id: model.model_id.clone(),
                heading: model
                    .provider_name
                    .clone()
                    .unwrap_or_else(|| capitalised(&model.provider)),
                title: model.model_name.clone(),
                // Why it fails says more than what it could do.
                detail: if state.tone == Tone::Bad {
                    state.words.clone()
                } else {
                    facts
                },
                aside: figures::price(model.cost_per_1m_input, model.cost_per_1m_output),
                state: Some(state),
                ..Default::default()
            }
        })
        .collect()
}

/// How it has been doing, as of when.
fn state(model: &Model, clock: Clock) -> State {
    let Some(health) = &model.health else {
        return State {
            tone: Tone::Unknown,
            words: "Not asked lately".into(),
        };
    };
    let time = clock.time(health.at);
    match health.state {
        HealthState::Healthy => State {
            tone: Tone::Good,
            words: "Answered at ".to_owned() + &time,
        },
        HealthState::Failing => State {
            tone: Tone::Bad,
            words: "Failed at ".to_owned() + &time + ": " + health.detail.as_deref().unwrap_or("no reason was given"),
        },
    }
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
    use protocol::{registry::ModelHealth, timestamp::Timestamp};

    use super::*;
    use crate::state::Lasting;

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
            provider_name: None,
            health: None,
        }
    }

    fn clock() -> Clock {
        Clock {
            now: Lasting::new(Timestamp(0)),
            utc_offset_minutes: Lasting::new(60),
        }
    }

    #[test]
    fn models_stand_by_provider_with_window_and_price() {
        let lab = Model {
            provider_name: Some("Lab vLLM".into()),
            ..model("l", "lab", Some(0.0))
        };
        let models = [
            model("a", "anthropic", Some(3.0)),
            model("o", "ollama", Some(0.0)),
            lab,
            model("b", "anthropic", None),
        ];
        let owner = Owner::new();
        let choices = owner.with(|| choices(&models, clock()));
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
                ("Lab vLLM", "l", "200k context · tools", "free"),
            ]
        );
    }

    #[test]
    fn a_model_that_fails_says_why_and_since_when() {
        let with = |state, detail: Option<&str>| Model {
            health: Some(ModelHealth {
                state,
                at: Timestamp(9 * 60_000_000),
                detail: detail.map(Into::into),
            }),
            ..model("m", "openai", None)
        };
        let models = [
            model("m", "openai", None),
            with(HealthState::Healthy, None),
            with(HealthState::Failing, Some("OpenAI answered 401.")),
        ];
        let owner = Owner::new();
        let choices = owner.with(|| choices(&models, clock()));
        let shown: Vec<_> = choices
            .iter()
            .map(|one| {
                let state = one.state.as_ref().unwrap();
                (state.tone, state.words.as_str(), one.detail.as_str())
            })
            .collect();
        let facts = "200k context · tools";
        let failed = "Failed at 01:09: OpenAI answered 401.";
        assert_eq!(
            shown,
            [
                (Tone::Unknown, "Not asked lately", facts),
                (Tone::Good, "Answered at 01:09", facts),
                (Tone::Bad, failed, failed),
            ]
        );
    }
}
