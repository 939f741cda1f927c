//! How full the model's context window is, and what the conversation has cost.

use leptos::prelude::*;
use protocol::session::MessageStatus;

use crate::{
    figures,
    state::{Chat, use_chat},
};

/// `2,458 / 200,000 (1.2 %) · $0.03` and a bar.
#[component]
pub(super) fn Gauge() -> impl IntoView {
    let chat = use_chat();
    let reading = Memo::new(move |_| read(chat));
    let filled =
        move || reading.with(|reading| figures::permille(reading.tokens, reading.window).min(1_000).to_string());
    view! {
        <div class="gauge" title="Tokens in the model's context window, and the cost of this conversation">
            <Show when=move || chat.is_running()>
                <i class="spinner" aria-hidden="true"></i>
            </Show>
            <span>{move || reading.with(words)}</span>
            // A width in an attribute of SVG is not a style, which the CSP would refuse.
            <svg class="track" viewBox="0 0 1000 50" preserveAspectRatio="none" aria-hidden="true">
                <rect
                    class=move || reading.with(|reading| figures::level(reading.tokens, reading.window))
                    width=filled
                    height="50"
                ></rect>
            </svg>
        </div>
    }
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Reading {
    tokens: u64,
    window: u64,
    cost: Option<f64>,
    is_estimate: bool,
}

fn read(chat: Chat) -> Reading {
    let window = chat.model().map_or(0, |model| model.context_window);
    let mut reading = Reading {
        window,
        ..Default::default()
    };
    let mut cost = None;
    // The last answer's prompt held all before it; what came after it is estimated.
    chat.lines.with(|lines| {
        for line in lines {
            let message = line.message.read();
            if let Some(usage) = message.usage {
                reading.tokens = usage.total_tokens;
                reading.is_estimate = usage.estimated;
            } else if message.status == MessageStatus::Streaming {
                reading.tokens += line.text.with(|text| figures::estimated_tokens(text.len()));
                reading.is_estimate = true;
            } else if chat.turn.with(Option::is_some) && line.is_mine {
                reading.tokens += line.text.with(|text| figures::estimated_tokens(text.len()));
            }
            if let Some(dollars) = message.cost_usd {
                cost = Some(cost.unwrap_or(0.0) + dollars);
            }
        }
    });
    // Answers further up than those shown count as well.
    let whole = chat
        .session
        .with(|session| session.as_ref().map_or(0.0, |session| session.cost_usd));
    reading.cost = match cost {
        Some(seen) => Some(seen.max(whole)),
        None => (whole > 0.0).then_some(whole),
    };
    reading
}

fn words(reading: &Reading) -> String {
    let mark = if reading.is_estimate { "~" } else { "" };
    let mut text = mark.to_owned() + &figures::thousands(reading.tokens);
    if reading.window > 0 {
        text += " / ";
        text += &figures::thousands(reading.window);
        text += " (";
        text += &figures::share(reading.tokens, reading.window);
        text.push(')');
    } else {
        text += " tokens";
    }
    if let Some(cost) = reading.cost {
        text += " · ";
        text += &figures::money(cost);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gauge_reads_as_promised() {
        let mut reading = Reading {
            tokens: 2_458,
            window: 200_000,
            cost: Some(0.03),
            is_estimate: false,
        };
        assert_eq!(words(&reading), "2,458 / 200,000 (1.2 %) · $0.03");
        reading.is_estimate = true;
        reading.cost = None;
        assert_eq!(words(&reading), "~2,458 / 200,000 (1.2 %)");
        reading.window = 0;
        assert_eq!(words(&reading), "~2,458 tokens");
    }
}
