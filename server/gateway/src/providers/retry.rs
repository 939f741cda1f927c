//! When to ask a provider again that refused, and how long to wait before.

use std::time::Duration;

use genai::Error;
use reqwest::{StatusCode, header::HeaderMap};

use super::failure;

/// How often a provider that is busy is asked again.
const MAX_RETRIES: u32 = 3;
/// The first pause; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// A provider that wants to be left alone for longer than this is not waited for: the person is told.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How long to wait before asking for the `retry`th time, from 0; `None`: this refusal is final.
pub(super) fn pause(error: &Error, retry: u32) -> Option<Duration> {
    let status = failure::status(error)?;
    if retry >= MAX_RETRIES || !(status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error()) {
        return None;
    }
    match failure::headers(error).and_then(retry_after) {
        Some(wanted) => (wanted <= LONGEST_PAUSE).then_some(wanted),
        None => Some(FIRST_PAUSE * 2_u32.pow(retry)),
    }
}

/// The seconds of `Retry-After` (RFC 9110, 10.2.3). Its other form, a date, is not used by these providers.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: f64 = headers.get("retry-after")?.to_str().ok()?.trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(status: StatusCode, retry_after: Option<&str>) -> Error {
        let mut headers = HeaderMap::new();
        if let Some(value) = retry_after {
            headers.insert("retry-after", value.parse().unwrap());
        }
        Error::HttpError {
            status,
            canonical_reason: String::new(),
            body: String::new(),
            headers: Box::new(headers),
        }
    }

    #[test]
    fn only_what_passes_is_tried_again_and_not_for_ever() {
        let busy = refusal(StatusCode::TOO_MANY_REQUESTS, None);
        let pauses: Vec<_> = (0..4).map(|retry| pause(&busy, retry).map(|p| p.as_millis())).collect();
        assert_eq!(pauses, [Some(500), Some(1_000), Some(2_000), None]);
        assert!(pause(&refusal(StatusCode::BAD_GATEWAY, None), 0).is_some());
        for status in [StatusCode::BAD_REQUEST, StatusCode::UNAUTHORIZED, StatusCode::NOT_FOUND] {
            assert_eq!(pause(&refusal(status, None), 0), None, "{status}");
        }
    }

    #[test]
    fn the_providers_own_wish_is_kept() {
        let wish = |value| pause(&refusal(StatusCode::TOO_MANY_REQUESTS, Some(value)), 0);
        assert_eq!(wish("7"), Some(Duration::from_secs(7)));
        assert_eq!(wish("0.25"), Some(Duration::from_millis(250)));
        assert_eq!(wish("31"), None, "longer than anybody waits");
        assert_eq!(wish("soon"), Some(FIRST_PAUSE));
        assert_eq!(wish("-1"), Some(FIRST_PAUSE));
    }
}
