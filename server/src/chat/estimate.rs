//! An estimate of tokens, where the model did not get to report them. Always marked as one.

use protocol::{gateway::GatewayMessage, registry::Model, session::Usage};

/// Characters to a token, as is usual for English text.
const CHARS_PER_TOKEN: u64 = 4;

/// Counts what a turn uses, about.
#[derive(Debug, Clone, Default)]
pub struct Estimator {
    prompt_tokens: u64,
    answer_chars: u64,
    input_price: Option<f64>,
    output_price: Option<f64>,
}

impl Estimator {
    /// An estimator for an answer by `model` to the conversation `prompt`.
    pub fn new(prompt: &[GatewayMessage], model: &Model) -> Self {
        Self {
            prompt_tokens: prompt.iter().map(|message| tokens(chars(&message.content))).sum(),
            answer_chars: 0,
            input_price: model.cost_per_1m_input,
            output_price: model.cost_per_1m_output,
        }
    }

    /// Counts a piece of the answer.
    pub(super) fn count_answer(&mut self, text: &str) {
        self.answer_chars += chars(text);
    }

    /// Tokens so far, and what they cost in US dollars where the model's prices are known.
    pub(super) fn estimate(&self) -> (Usage, Option<f64>) {
        let usage = Usage {
            estimated: true,
            ..Usage::exact(self.prompt_tokens, tokens(self.answer_chars))
        };
        (usage, self.cost_usd(usage))
    }

    #[expect(clippy::cast_precision_loss, reason = "token counts lie far below 2^52")]
    fn cost_usd(&self, usage: Usage) -> Option<f64> {
        let input = self.input_price? * usage.prompt_tokens as f64;
        let output = self.output_price? * usage.completion_tokens as f64;
        Some((input + output) / 1_000_000.0)
    }
}

fn chars(text: &str) -> u64 {
    text.chars().count() as u64
}

fn tokens(chars: u64) -> u64 {
    chars.div_ceil(CHARS_PER_TOKEN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::gateway::GatewayRole;

    #[test]
    fn an_estimate_counts_prompt_and_answer_and_is_marked() {
        let model = |output: Option<f64>| -> Model {
            serde_json::from_value(serde_json::json!({
                "model_id": "m", "model_name": "M", "provider": "p", "context_window": 1000, "capabilities": [],
                "cost_per_1m_input": 3.0, "cost_per_1m_output": output, "status": "active",
            }))
            .unwrap()
        };
        let prompt = [GatewayMessage {
            role: GatewayRole::User,
            content: "x".repeat(4_001),
        }];
        let mut estimator = Estimator::new(&prompt, &model(Some(15.0)));
        for piece in ["é".repeat(3), "b".repeat(6)] {
            estimator.count_answer(&piece);
        }
        let (usage, cost_usd) = estimator.estimate();
        assert!(usage.estimated);
        assert_eq!((usage.prompt_tokens, usage.completion_tokens), (1_001, 3));
        assert_eq!(cost_usd, Some(3_048.0 / 1_000_000.0));
        assert_eq!(
            Estimator::new(&prompt, &model(None)).estimate().1,
            None,
            "no price, no cost"
        );
    }
}
