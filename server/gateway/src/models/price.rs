//! Prices, and what an answer costs.

/// US dollars per million tokens, as far as known.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Price {
    pub(crate) input: Option<f64>,
    /// Prompt tokens that the provider had cached; where not known, they count as `input`.
    pub(crate) cached_input: Option<f64>,
    pub(crate) output: Option<f64>,
}

impl Price {
    pub(crate) const FREE: Self = Self {
        input: Some(0.0),
        cached_input: Some(0.0),
        output: Some(0.0),
    };

    /// The cost in whole micro-dollars; `None` where a price is not known. `cached` of the `prompt` tokens were cached.
    pub(crate) fn micro_usd(&self, prompt: u64, cached: u64, completion: u64) -> Option<u64> {
        let (input, output) = (self.input?, self.output?);
        let cached = cached.min(prompt);
        // Dollars per million tokens are micro-dollars per token.
        let micro = tokens(prompt - cached) * input
            + tokens(cached) * self.cached_input.unwrap_or(input)
            + tokens(completion) * output;
        Some(whole(micro))
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "prices are finite and not negative; what exceeds u64 saturates"
)]
fn whole(micro: f64) -> u64 {
    micro.round() as u64
}

#[expect(clippy::cast_precision_loss, reason = "no answer has 2^53 tokens")]
fn tokens(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const SONNET: Price = Price {
        input: Some(3.0),
        cached_input: Some(0.3),
        output: Some(15.0),
    };

    #[test]
    fn a_cost_is_exact_to_the_micro_dollar() {
        assert_eq!(SONNET.micro_usd(123, 0, 456), Some(7_209));
        assert_eq!(SONNET.micro_usd(1_000, 900, 0), Some(570));
        assert_eq!(SONNET.micro_usd(0, 0, 0), Some(0));
        assert_eq!(Price::FREE.micro_usd(10, 0, 10), Some(0));
    }

    #[test]
    fn an_unknown_price_gives_no_cost() {
        assert_eq!(Price { input: None, ..SONNET }.micro_usd(1, 0, 1), None);
        assert_eq!(Price { output: None, ..SONNET }.micro_usd(1, 0, 1), None);
    }

    #[test]
    fn cached_tokens_without_their_own_price_cost_as_much_as_any() {
        let price = Price {
            cached_input: None,
            ..SONNET
        };
        assert_eq!(price.micro_usd(1_000, 900, 0), Some(3_000));
        assert_eq!(price.micro_usd(10, 900, 0), Some(30), "more cached than sent");
    }
}
