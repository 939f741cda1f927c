//! One conversation.

use protocol::{
    session::{TurnStatus, Usage},
    timestamp::Timestamp,
};
use rand::{Rng, rngs::StdRng};
use uuid::{Builder, Uuid};

use super::{
    calendar::MINUTE,
    cast::{AGENTS, MODELS, Model},
    prose::{answer, question},
    words::rank,
};
use crate::{
    chat::title,
    store::{DemoSession, DemoTurn},
};

/// Characters of a token, about.
const CHARS_PER_TOKEN: u64 = 4;
/// Tokens of what an agent is told first, about.
const SYSTEM_PROMPT: u64 = 300;

/// Writes conversations.
pub(super) struct Author {
    random: StdRng,
    ids: StdRng,
    user_id: Uuid,
    now: Timestamp,
}

impl Author {
    pub(super) fn new(random: StdRng, ids: StdRng, user_id: Uuid, now: Timestamp) -> Self {
        Self {
            random,
            ids,
            user_id,
            now,
        }
    }

    /// A conversation of so many turns, over before now.
    pub(super) fn conversation(&mut self, start: Timestamp, turns: usize) -> DemoSession {
        let agent = &AGENTS[rank(&mut self.random, AGENTS.len())];
        let model = &MODELS[rank(&mut self.random, MODELS.len())];
        // As long as people take, or shorter where there is no more time.
        let left = (self.now.0 - start.0) / i64::try_from(turns).unwrap_or(i64::MAX).saturating_add(1);
        let pause = (4 * MINUTE).min(left).max(1_000);
        let mut at = start.0;
        let mut context = SYSTEM_PROMPT;
        let turns: Vec<DemoTurn> = (0..turns)
            .map(|_| {
                let turn = self.turn(Timestamp(at), pause, model, &mut context);
                at += pause / 2 + self.random.random_range(0..=pause / 2) + 2;
                turn
            })
            .collect();
        DemoSession {
            session_id: self.id(),
            user_id: self.user_id,
            agent_id: agent.id,
            agent_name: agent.name,
            parent_role: agent.parent_role,
            model_id: model.id,
            model_name: model.name,
            title: title::from_message(turns.first().map_or("", |turn| &turn.question)),
            is_archived: self.random.random_bool(0.08),
            is_pinned: self.random.random_bool(0.000_5),
            turns,
        }
    }

    fn turn(&mut self, asked_at: Timestamp, pause: i64, model: &Model, context: &mut u64) -> DemoTurn {
        let random = &mut self.random;
        let question = question(random);
        let mut answer = answer(random);
        let status = match random.random_range(0..100) {
            0 => TurnStatus::Error,
            1 => TurnStatus::Cancelled,
            2 if random.random_bool(0.3) => TurnStatus::Interrupted,
            _ => TurnStatus::Complete,
        };
        if status != TurnStatus::Complete {
            let middle = answer.floor_char_boundary(answer.len() / 2);
            answer.truncate(middle);
        }
        let prompt = (*context + tokens(&question)).min(model.context_window);
        let completion = tokens(&answer);
        *context = prompt + completion;
        // What was cut short is not reported by the model.
        let usage = Usage {
            estimated: status != TurnStatus::Complete,
            ..Usage::exact(prompt, completion)
        };
        let duration = random.random_range(pause / 20..=pause / 4);
        DemoTurn {
            turn_id: self.id(),
            question_id: self.id(),
            answer_id: self.id(),
            cost_usd: model.prices.map(|prices| cost(usage, prices)),
            context_window: model.context_window,
            ended_at: Timestamp(asked_at.0 + duration),
            asked_at,
            question,
            answer,
            status,
            usage,
        }
    }

    fn id(&mut self) -> Uuid {
        Builder::from_random_bytes(self.ids.random()).into_uuid()
    }
}

fn tokens(text: &str) -> u64 {
    text.len() as u64 / CHARS_PER_TOKEN + 1
}

/// Exact to the micro-dollar, as all money is kept.
#[expect(clippy::cast_precision_loss, reason = "token counts are far below 2^52")]
fn cost(usage: Usage, (input, output): (f64, f64)) -> f64 {
    let micros = usage.prompt_tokens as f64 * input + usage.completion_tokens as f64 * output;
    micros.round() / 1_000_000.0
}
