//! An estimate of tokens, where the model did not get to report them. Always marked as one.

use protocol::{gateway::GatewayMessage, registry::Model, session::Usage};

/// Characters to a token, as is usual for English text.
const CHARS_PER_TOKEN: u64 = 4;

/// What an answer that was stopped has used, about.
pub(super) fn usage(history: &[GatewayMessage], answer: &str) -> Usage {
    let prompt = history.iter().map(|message| tokens(&message.content)).sum();
    Usage {
        estimated: true,
        ..Usage::exact(prompt, tokens(answer))
    }
}

/// What it costs, where the model's prices are known, in US dollars.
#[expect(clippy::cast_precision_loss, reason = "token counts lie far below 2^52")]
pub(super) fn cost_usd(usage: Usage, model: &Model) -> Option<f64> {
    let input = model.cost_per_1m_input? * usage.prompt_tokens as f64;
    let output = model.cost_per_1m_output? * usage.completion_tokens as f64;
    Some((input + output) / 1_000_000.0)
}

fn tokens(text: &str) -> u64 {
    (text.chars().count() as u64).div_ceil(CHARS_PER_TOKEN)
}
