//! The four figures that one comes for, and what is to be known of all of them.

use leptos::prelude::*;
use protocol::usage::UsageSums;

use super::words;
use crate::figures;

/// Cost, tokens in and out, answers.
#[component]
pub(super) fn Headline(totals: Memo<UsageSums>) -> impl IntoView {
    let unpriced =
        |totals: &UsageSums| (totals.unpriced > 0).then(|| words::answers(totals.unpriced) + " without a known cost");
    let estimated = |totals: &UsageSums| {
        (totals.estimated > 0).then(|| figures::thousands(totals.estimated) + " of them estimated")
    };
    view! {
        <dl class="usage-headline">
            <Figure name="Cost" totals value=words::known_cost note=unpriced/>
            <Figure
                name="Tokens in"
                totals
                value=|totals| words::tokens(totals.prompt_tokens, totals)
                note=|_| Some("read by models".into())
            />
            <Figure
                name="Tokens out"
                totals
                value=|totals| words::tokens(totals.completion_tokens, totals)
                note=|_| Some("written by models".into())
            />
            <Figure name="Answers" totals value=|totals| figures::thousands(totals.answers) note=estimated/>
        </dl>
    }
}

#[component]
fn Figure(
    name: &'static str,
    totals: Memo<UsageSums>,
    value: fn(&UsageSums) -> String,
    note: fn(&UsageSums) -> Option<String>,
) -> impl IntoView {
    view! {
        <div>
            <dt>{name}</dt>
            <dd class="value">{move || totals.with(value)}</dd>
            {move || totals.with(note).map(|note| view! { <dd class="note">{note}</dd> })}
        </div>
    }
}

/// What the marks mean, which days these are, and what counts.
#[component]
pub(super) fn Notes(totals: Memo<UsageSums>) -> impl IntoView {
    view! {
        <ul class="usage-notes">
            {move || totals
                .with(|totals| totals.estimated > 0)
                .then(|| {
                    view! {
                        <li>
                            <b>"~"</b>
                            " An estimate is part of it: where an answer ended before its model had told the tokens, Parley counted them itself."
                        </li>
                    }
                })}
            {move || totals
                .with(|totals| totals.unpriced > 0)
                .then(|| {
                    view! {
                        <li>
                            <b>"+ ?"</b>
                            " Answers without a known cost come on top: their model has no price, or nothing was told of what they took."
                        </li>
                    }
                })}
            <li>
                "Days are those of UTC. Every version of an answer counts, and so does one that was stopped or failed, as far as it took anything. Deleted conversations do not count."
            </li>
        </ul>
    }
}
