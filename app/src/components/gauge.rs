//! How full the model's context window is, and what the conversation has cost.

use leptos::{html, prelude::*};
use protocol::session::{Message, MessageStatus};

use crate::{
    browser, figures,
    parts::{self, Tools},
    state::{Chat, use_chat},
};

/// `2,458 / 200,000 (1.2 %) · $0.03` and a bar; opened, what each answer took.
#[component]
pub(super) fn Gauge() -> impl IntoView {
    let chat = use_chat();
    // Apart from the reading, which is taken for every piece of an answer.
    let window = Memo::new(move |_| chat.model().map_or(0, |model| model.context_window));
    let reading = Memo::new(move |_| read(chat, window.get()));
    let filled =
        move || reading.with(|reading| figures::permille(reading.tokens, reading.window).min(1_000).to_string());
    let more = NodeRef::<html::Details>::new();
    let is_open = RwSignal::new(false);
    view! {
        <details
            class="gauge"
            node_ref=more
            on:toggle=move |_| is_open.set(more.get_untracked().is_some_and(|more| more.open()))
            on:focusout=move |event| browser::close_unless_within(more, &event)
            on:keydown=move |event| {
                if event.key() == "Escape" && is_open.get_untracked() {
                    event.stop_propagation();
                    browser::close(more);
                }
            }
        >
            <summary title="Tokens in the model's context window, and the cost of this conversation">
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
            </summary>
            <Show when=move || is_open.get()>
                {parts::late::<Tools>(|tools| (tools.breakdown)(), || ().into_any())}
            </Show>
        </details>
    }
}

/// What each answer took, the newest first, and the conversation in all.
#[component]
pub(crate) fn Breakdown() -> impl IntoView {
    let chat = use_chat();
    let rows = move || {
        chat.lines.with(|lines| {
            let mut rows: Vec<_> = lines
                .iter()
                .filter(|line| !line.is_mine)
                .filter_map(|line| row(&line.message.read(), chat))
                .collect();
            rows.reverse();
            rows
        })
    };
    let total = move || {
        let session = chat.session.get();
        session.map(|session| {
            let tokens = figures::thousands(session.total_tokens) + " tokens";
            if session.cost_usd > 0.0 {
                tokens + " · " + &figures::money(session.cost_usd)
            } else {
                tokens
            }
        })
    };
    view! {
        <div class="breakdown" tabindex="-1">
            <table>
                <thead>
                    <tr>
                        <th scope="col">"Answer"</th>
                        <th scope="col">"Prompt"</th>
                        <th scope="col">"Written"</th>
                        <th scope="col">"Cost"</th>
                    </tr>
                </thead>
                <tbody>
                    {move || {
                        let rows = rows();
                        if rows.is_empty() {
                            return view! {
                                <tr>
                                    <td colspan="4">"Nothing was answered yet."</td>
                                </tr>
                            }
                                .into_any();
                        }
                        rows.into_iter()
                            .map(|cells| {
                                view! {
                                    <tr>
                                        {cells.into_iter().map(|cell| view! { <td>{cell}</td> }).collect_view()}
                                    </tr>
                                }
                            })
                            .collect_view()
                            .into_any()
                    }}
                </tbody>
            </table>
            <p>
                {move || if chat.has_more.get() { "All answers, with those not listed: " } else { "All answers: " }}
                <b>{total}</b>
                <a href="/usage">"All usage"</a>
            </p>
        </div>
    }
}

/// One answer's line; `None`: it has none yet.
fn row(message: &Message, chat: Chat) -> Option<[String; 4]> {
    let usage = message.usage?;
    let mark = if usage.estimated { "~" } else { "" };
    let tokens = |tokens| mark.to_owned() + &figures::thousands(tokens);
    let model = message.model_name.clone().unwrap_or_default();
    Some([
        format!("{} {model}", chat.clock.time(message.timestamp)),
        tokens(usage.prompt_tokens),
        tokens(usage.completion_tokens),
        message.cost_usd.map_or_else(|| "unknown".into(), figures::money),
    ])
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Reading {
    tokens: u64,
    window: u64,
    cost: Option<f64>,
    is_estimate: bool,
}

fn read(chat: Chat, window: u64) -> Reading {
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
