//! The deadlines that clients send.

use std::time::Duration;

use http::HeaderMap;

/// The fields with the time in seconds for which a client waits: the gateway's own, and those of
/// `OpenAI`'s packages for Python and for Node.
const FIELDS: [&str; 3] = [
    "x-request-timeout",
    "x-stainless-read-timeout",
    "x-stainless-timeout",
];

/// Returns the time for which the client waits for an answer, if it has sent one that is valid.
pub(crate) fn client_timeout(headers: &HeaderMap) -> Option<Duration> {
    FIELDS.iter().find_map(|name| {
        let seconds: f64 = headers.get(*name)?.to_str().ok()?.trim().parse().ok()?;
        Duration::try_from_secs_f64(seconds).ok()
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::{HeaderMap, HeaderValue};

    use super::client_timeout;

    #[test]
    fn seconds_are_read_from_the_first_valid_field() {
        let timeout = |fields: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in fields {
                headers.insert(*name, HeaderValue::from_static(value));
            }
            client_timeout(&headers)
        };
        assert_eq!(timeout(&[]), None);
        let two = Some(Duration::from_secs(2));
        assert_eq!(timeout(&[("x-stainless-timeout", "2")]), two);
        let fields = [
            ("x-request-timeout", "2.0"),
            ("x-stainless-read-timeout", "600"),
        ];
        assert_eq!(timeout(&fields), two);
        for invalid in ["", "soon", "-1", "NaN", "inf", "1e300"] {
            assert_eq!(
                timeout(&[("x-request-timeout", invalid)]),
                None,
                "{invalid}"
            );
        }
        let fields = [("x-request-timeout", "soon"), ("x-stainless-timeout", "2")];
        assert_eq!(timeout(&fields), two);
    }
}
