//! Addresses in the one form the client needs: absolute, with a version where the API has one, ending with a slash.

use reqwest::Url;

use super::Dialect;

/// The address with exactly one slash at its end, and with what its dialect finds lacking in its path; the error is what
/// is wrong with it.
pub(crate) fn of_provider(text: &str, dialect: Dialect) -> Result<String, String> {
    let mut url = Url::parse(text).map_err(|e| format!("is not an address: {e}"))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err("is not an address that begins with http:// or https://".into());
    }
    url.set_query(None);
    url.set_fragment(None);
    let path = url.path().trim_matches('/').to_owned();
    let lacking = dialect.lacking_in(&path);
    let path = if path.is_empty() {
        "/".to_owned()
    } else {
        format!("/{path}/")
    };
    url.set_path(&format!("{path}{lacking}"));
    Ok(url.into())
}

/// Whether the last part of the path is a version, such as `v1` or `v1beta`.
pub(super) fn is_version(path: &str) -> bool {
    let last = path.rsplit('/').next().unwrap_or_default();
    last.strip_prefix('v')
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// `OLLAMA_HOST` as Ollama itself reads it: scheme and port may be missing, and `0.0.0.0` means this machine.
pub(crate) fn of_ollama(text: &str) -> Result<String, String> {
    let has_scheme = text.contains("://");
    let text = match text.strip_prefix(':') {
        Some(port) => format!("http://127.0.0.1:{port}"),
        None if has_scheme => text.to_owned(),
        None => format!("http://{text}"),
    };
    let base = of_provider(&text, Dialect::Ollama)?;
    let mut url = Url::parse(&base).map_err(|e| e.to_string())?;
    let names_port = text.rsplit('@').next().is_some_and(|rest| {
        let host = rest
            .rsplit("://")
            .next()
            .unwrap_or_default()
            .split('/')
            .next()
            .unwrap_or_default();
        host.rsplit(']').next().is_some_and(|h| h.contains(':'))
    });
    if !has_scheme && !names_port {
        url.set_port(Some(11434)).map_err(|()| "is not an address")?;
    }
    if matches!(url.host_str(), Some("0.0.0.0" | "[::]")) {
        url.set_host(Some("127.0.0.1")).map_err(|e| e.to_string())?;
    }
    Ok(url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ollama_host_may_lack_scheme_and_port() {
        let cases = [
            ("localhost", "http://localhost:11434/"),
            ("box:8080", "http://box:8080/"),
            ("http://box:8080/", "http://box:8080/"),
            ("http://box", "http://box/"),
            ("https://box/ollama", "https://box/ollama/"),
            ("0.0.0.0", "http://127.0.0.1:11434/"),
            ("0.0.0.0:80", "http://127.0.0.1/"),
            (":8080", "http://127.0.0.1:8080/"),
            ("[::1]", "http://[::1]:11434/"),
        ];
        for (text, expected) in cases {
            assert_eq!(of_ollama(text).unwrap(), expected, "{text}");
        }
    }
}
