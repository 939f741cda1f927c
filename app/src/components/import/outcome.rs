//! The report of an import, or of its dry run.

use leptos::prelude::*;
use protocol::import::ImportReport;

use crate::figures::thousands;

/// What came of it, what was left out, and why it ended early, if it did.
#[component]
pub(super) fn Outcome(report: ImportReport) -> impl IntoView {
    let left_out = report.left_out.clone();
    let failure = report.failure.as_ref().map(ToString::to_string);
    view! {
        <div class="outcome" role="status">
            <p>{summary(&report)}</p>
            <ul>
                {lines(&report).into_iter().map(|line| view! { <li>{line}</li> }).collect_view()}
                {left_out
                    .into_iter()
                    .map(|left_out| {
                        view! { <li class="aside">{format!("{} {}", thousands(left_out.count), left_out.what.words(left_out.count))}</li> }
                    })
                    .collect_view()}
            </ul>
        </div>
        {failure.map(|failure| view! { <p class="failure" role="alert">{failure}</p> })}
    }
}

fn summary(report: &ImportReport) -> String {
    let from = format!(
        "{}, from {}",
        conversations(report.conversations),
        report.source.words()
    );
    match (report.dry_run, report.new_conversations + report.grown_conversations) {
        (true, 0) => format!("{from}. Nothing in it is new."),
        (true, _) => format!("{from}. Nothing has been taken in yet."),
        (false, _) if report.failure.is_some() => format!("{from}. Not all of it was taken in."),
        (false, _) => format!("{from}. It is done."),
    }
}

fn lines(report: &ImportReport) -> Vec<String> {
    let mut lines = Vec::new();
    let messages = |count: u64| match count {
        1 => "1 message".to_owned(),
        count => format!("{} messages", thousands(count)),
    };
    if report.new_messages > 0 {
        let mut parts = Vec::new();
        if report.new_conversations > 0 {
            parts.push(format!("{} new", conversations(report.new_conversations)));
        }
        if report.grown_conversations > 0 {
            parts.push(format!(
                "{} longer than here",
                conversations(report.grown_conversations)
            ));
        }
        lines.push(format!("{}: {}", parts.join(", "), messages(report.new_messages)));
    }
    if report.known_conversations > 0 {
        lines.push(format!("{} here already", conversations(report.known_conversations)));
    }
    lines
}

fn conversations(count: u64) -> String {
    match count {
        1 => "1 conversation".to_owned(),
        count => format!("{} conversations", thousands(count)),
    }
}

#[cfg(test)]
mod tests {
    use protocol::import::ImportSource;

    use super::*;

    fn report(new: u64, grown: u64, known: u64, messages: u64) -> ImportReport {
        ImportReport {
            source: ImportSource::Chatgpt,
            dry_run: false,
            conversations: new + grown + known,
            new_conversations: new,
            grown_conversations: grown,
            known_conversations: known,
            new_messages: messages,
            known_messages: 0,
            left_out: Vec::new(),
            failure: None,
        }
    }

    #[test]
    fn a_report_says_what_came_of_it_in_plain_words() {
        let mut all = report(1_200, 1, 2, 40_000);
        assert_eq!(summary(&all), "1,203 conversations, from ChatGPT. It is done.");
        assert_eq!(
            lines(&all),
            [
                "1,200 conversations new, 1 conversation longer than here: 40,000 messages",
                "2 conversations here already"
            ]
        );
        all.dry_run = true;
        assert_eq!(
            summary(&all),
            "1,203 conversations, from ChatGPT. Nothing has been taken in yet."
        );
        let mut known = report(0, 0, 1, 0);
        known.dry_run = true;
        assert_eq!(summary(&known), "1 conversation, from ChatGPT. Nothing in it is new.");
        assert_eq!(lines(&known), ["1 conversation here already"]);
    }
}
