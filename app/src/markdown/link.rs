//! Which addresses may be linked, and where bare ones stand in a text.

/// Whether a link may lead there.
pub(super) fn is_allowed(address: &str) -> bool {
    ["http://", "https://", "mailto:"].iter().any(|scheme| {
        address
            .get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
            && address.len() > scheme.len()
    })
}

/// A stretch of text, or a bare address in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Plain text.
    Text(&'a str),
    /// An `http` or `https` address.
    Address(&'a str),
}

/// Splits a text at the bare addresses in it.
pub(super) fn pieces(mut text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut plain = 0;
    while let Some(at) = next_address(text, plain) {
        let address = address_at(&text[at..]);
        if address.is_empty() {
            plain = at + 4;
            continue;
        }
        if at > 0 {
            found.push(Piece::Text(&text[..at]));
        }
        found.push(Piece::Address(address));
        text = &text[at + address.len()..];
        plain = 0;
    }
    if !text.is_empty() {
        found.push(Piece::Text(text));
    }
    found
}

/// Where the next address begins, at or after the byte `from`, and not in the middle of a word.
fn next_address(text: &str, from: usize) -> Option<usize> {
    let mut from = from;
    loop {
        let at = from + text.get(from..)?.find("http")?;
        let before = text[..at].chars().next_back();
        if !before.is_some_and(char::is_alphanumeric) {
            return Some(at);
        }
        from = at + 4;
    }
}

/// The address with which the text begins; empty where it begins with none.
fn address_at(text: &str) -> &str {
    let Some(host) = ["https://", "http://"]
        .iter()
        .find(|scheme| text.starts_with(**scheme))
        .map(|scheme| scheme.len())
    else {
        return "";
    };
    let end = text
        .find(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '`'))
        .unwrap_or(text.len());
    let mut address = &text[..end];
    // Punctuation after an address belongs to the sentence; so does a bracket that the address did not open.
    while let Some(last) = address.chars().next_back() {
        let foreign = match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '~' | '|' => true,
            ')' => address.matches(')').count() > address.matches('(').count(),
            ']' => address.matches(']').count() > address.matches('[').count(),
            _ => false,
        };
        if !foreign {
            break;
        }
        address = &address[..address.len() - last.len_utf8()];
    }
    if address.len() > host { address } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_three_schemes_may_be_linked() {
        for good in ["https://example.org", "HTTP://example.org", "mailto:a@b.c"] {
            assert!(is_allowed(good), "{good}");
        }
        for bad in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            " https://example.org",
            "data:text/html,x",
            "vbscript:x",
            "//example.org",
            "/llm",
            "https:",
            "http://",
            "",
            "java\tscript:alert(1)",
        ] {
            assert!(!is_allowed(bad), "{bad}");
        }
    }

    #[test]
    fn bare_addresses_are_found_without_the_sentence_around_them() {
        use Piece::{Address, Text};
        assert_eq!(
            pieces("see https://a.example/x_(y)?q=1, or (http://b.example)."),
            [
                Text("see "),
                Address("https://a.example/x_(y)?q=1"),
                Text(", or ("),
                Address("http://b.example"),
                Text(").")
            ]
        );
        assert_eq!(pieces("xhttp://a http https:// x"), [Text("xhttp://a http https:// x")]);
        assert_eq!(pieces("https://ä.example/ü"), [Address("https://ä.example/ü")]);
        assert_eq!(pieces(""), []);
    }
}
