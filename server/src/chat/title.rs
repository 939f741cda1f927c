//! A session's title, from its first message.

/// The most that a title taken from a message has, in characters.
const LENGTH: usize = 60;

/// The first line that says something, without Markdown's marks at its start, cut at a word.
pub(crate) fn from_message(message: &str) -> String {
    let line = message
        .lines()
        .map(|line| line.trim().trim_start_matches(['#', '>', '*', '-', '`', ' ', '\t']))
        .find(|line| !line.is_empty())
        .unwrap_or("New conversation");
    let words = line
        .split_whitespace()
        .map(|word| word.chars().filter(|c| !c.is_control()).collect::<String>());
    let mut title = String::new();
    for word in words {
        let length = title.chars().count();
        if length > 0 && length + 1 + word.chars().count() > LENGTH {
            title.push('…');
            return title;
        }
        if length > 0 {
            title.push(' ');
        }
        title.push_str(&word);
    }
    if title.chars().count() > LENGTH {
        title = title.chars().take(LENGTH).chain(['…']).collect();
    }
    title
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_one_short_line() {
        for (message, title) in [
            ("Hello", "Hello"),
            ("\n\n## Plan  the\tmove\nand more", "Plan the move"),
            ("```", "New conversation"),
            (
                "Add tracking of user login times to the billing service, with time zones and tests",
                "Add tracking of user login times to the billing service,…",
            ),
        ] {
            assert_eq!(from_message(message), title);
        }
        assert_eq!(from_message(&"x".repeat(500)), format!("{}…", "x".repeat(LENGTH)));
    }
}
