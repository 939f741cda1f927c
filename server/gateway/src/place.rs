//! Where in a TOML file something is wrong.

use toml::de::{DeTable, DeValue};

/// The line of a field of the `index`th entry of an array of tables, from 1; that of the entry where the field is not
/// there, and the first where nothing is.
pub(crate) fn line(text: &str, array: &str, index: usize, field: &str) -> usize {
    let Ok(file) = DeTable::parse(text) else { return 1 };
    let entry = match file.get_ref().get(array).map(|value| value.get_ref()) {
        Some(DeValue::Array(entries)) => entries.get(index),
        _ => None,
    };
    let Some(entry) = entry else { return 1 };
    let start = match entry.get_ref() {
        DeValue::Table(fields) => fields
            .iter()
            .find(|(key, _)| key.get_ref().as_ref() == field)
            .map(|(key, _)| key.span().start),
        _ => None,
    };
    let start = start.unwrap_or(entry.span().start);
    1 + text.bytes().take(start).filter(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_an_entry_or_the_first_line_is_found() {
        let text = "# head\n[[a]]\nx = 1\n\n[[a]]\nx = \"\"\"\nlong\n\"\"\"\ny = 3\n";
        assert_eq!(line(text, "a", 0, "x"), 3);
        assert_eq!(line(text, "a", 1, "x"), 6);
        assert_eq!(line(text, "a", 1, "y"), 9);
        assert_eq!(line(text, "a", 1, "z"), 5);
        assert_eq!(line(text, "a", 2, "x"), 1);
        assert_eq!(line(text, "b", 0, "x"), 1);
        assert_eq!(line("= broken", "a", 0, "x"), 1);
    }
}
