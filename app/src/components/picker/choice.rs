//! One thing to pick, how it looks, and how it is found.

use leptos::prelude::*;
use protocol::history::SnippetPart;

use crate::components::{
    icon::{self, Icon},
    search::marked,
};

/// Something to pick.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Choice {
    /// What picking it hands on.
    pub(crate) id: String,
    /// Over the group it stands in.
    pub(crate) heading: String,
    /// Its name.
    pub(crate) title: String,
    /// One line about it.
    pub(crate) detail: String,
    /// The same with what was searched for marked.
    pub(crate) snippet: Vec<SnippetPart>,
    /// The name with what was searched for marked.
    pub(crate) marked_title: Vec<SnippetPart>,
    /// Whether somebody else has found it already, by more than stands here.
    pub(crate) is_found: bool,
    /// What stands at the right.
    pub(crate) aside: String,
    /// How far it is indented, 0 to 2.
    pub(crate) depth: u8,
    /// The class and the letter of its mark.
    pub(crate) mark: Option<(&'static str, String)>,
    /// How it is, where that is known of its kind.
    pub(crate) state: Option<State>,
}

/// How something to pick is, as a dot and in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) tone: Tone,
    pub(crate) words: String,
}

/// The colour of a dot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Unknown,
    Bad,
}

impl State {
    /// The dot, with its words for whoever points at it or cannot see it.
    pub(crate) fn dot(self) -> impl IntoView {
        let class = match self.tone {
            Tone::Good => "dot good",
            Tone::Unknown => "dot",
            Tone::Bad => "dot bad",
        };
        let title = self.words.clone();
        view! { <span class=class title=title><span class="unseen">{self.words}</span></span> }
    }
}

impl Choice {
    pub(super) fn class(&self) -> &'static str {
        match self.depth {
            0 => "option d0",
            1 => "option d1",
            _ => "option d2",
        }
    }

    pub(super) fn view(self, is_chosen: bool) -> impl IntoView {
        view! {
            {self
                .mark
                .map(|(class, letter)| view! { <span class=class aria-hidden="true">{letter}</span> })}
            <span class="words">
                <b dir="auto">
                    {if self.marked_title.is_empty() {
                        self.title.into_any()
                    } else {
                        marked(self.marked_title).into_any()
                    }}
                </b>
                {if self.snippet.is_empty() {
                    view! { <small>{self.detail}</small> }.into_any()
                } else {
                    view! { <small class="snippet" dir="auto">{marked(self.snippet)}</small> }.into_any()
                }}
            </span>
            {(!self.aside.is_empty()).then(|| view! { <span class="aside">{self.aside}</span> })}
            {is_chosen.then(|| view! { <Icon glyph=icon::CHECK/> })}
            {self.state.map(State::dot)}
        }
    }
}

/// Those in which every word occurs.
pub(super) fn found(choices: &[Choice], words: &str) -> Vec<Choice> {
    let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
    choices
        .iter()
        .filter(|choice| {
            let text = [&*choice.title, &*choice.detail, &*choice.heading, &*choice.id]
                .join(" ")
                .to_lowercase();
            choice.is_found || words.iter().all(|word| text.contains(word.as_str()))
        })
        .cloned()
        .collect()
}

/// Neighbours under the same heading, each with its place in the whole list.
pub(super) fn groups(choices: Vec<Choice>) -> Vec<(String, Vec<(usize, Choice)>)> {
    let mut groups: Vec<(String, Vec<(usize, Choice)>)> = Vec::new();
    for (at, choice) in choices.into_iter().enumerate() {
        match groups.last_mut() {
            Some((heading, group)) if *heading == choice.heading => group.push((at, choice)),
            _ => groups.push((choice.heading.clone(), vec![(at, choice)])),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(heading: &str, title: &str) -> Choice {
        Choice {
            heading: heading.into(),
            title: title.into(),
            ..Default::default()
        }
    }

    #[test]
    fn every_word_must_occur_somewhere() {
        let all = [
            choice("Directors", "Dir-Code"),
            choice("Directors", "Dir-Data"),
            choice("Architect", "Architect"),
        ];
        let titles = |words: &str| found(&all, words).into_iter().map(|one| one.title).collect::<Vec<_>>();
        assert_eq!(titles("").len(), 3);
        assert_eq!(titles("dir da"), ["Dir-Data"]);
        assert_eq!(titles(" ARCH "), ["Architect"]);
        assert_eq!(titles("directors").len(), 2);
        assert!(titles("dir nothing").is_empty());
        let found_by_the_server = Choice {
            is_found: true,
            ..choice("Messages", "The slow list")
        };
        assert_eq!(
            found(&[found_by_the_server], "index").len(),
            1,
            "the word is in the message"
        );
    }

    #[test]
    fn groups_count_on_through_the_list() {
        let groups = groups(vec![choice("A", "1"), choice("B", "2"), choice("B", "3")]);
        assert_eq!(groups.len(), 2);
        assert_eq!(groups[1].1.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [1, 2]);
    }
}
