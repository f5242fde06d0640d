//! The header fields of responses from deprecated models.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue};
use model_studio_limits::Date;

use crate::config::LifeCycle;

/// When the resource became deprecated, from RFC 9745.
const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");

/// When the resource will no longer respond, from RFC 8594.
const SUNSET: HeaderName = HeaderName::from_static("sunset");

const SECONDS_PER_DAY: i64 = 24 * 60 * 60;

/// Adds what a client should know about the end of a model.
pub(crate) fn describe(life_cycle: &LifeCycle, headers: &mut HeaderMap) {
    let LifeCycle::Deprecated { since, retires, .. } = life_cycle else {
        return;
    };
    if let Some(since) = since {
        let date = HeaderValue::from_str(&format!("@{}", seconds(*since)));
        headers.extend(date.ok().map(|date| (DEPRECATION, date)));
    }
    if let Some(retires) = retires.and_then(http_date) {
        headers.insert(SUNSET, retires);
    }
}

/// Returns the seconds from the beginning of 1970 to a day.
fn seconds(date: Date) -> i64 {
    i64::from(date.to_epoch_days()) * SECONDS_PER_DAY
}

fn http_date(date: Date) -> Option<HeaderValue> {
    let seconds = u64::try_from(seconds(date)).ok()?;
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    HeaderValue::from_str(&httpdate::fmt_http_date(time)).ok()
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::describe;
    use crate::config::LifeCycle;

    #[test]
    fn dates_have_the_formats_of_the_fields() {
        let mut headers = HeaderMap::new();
        describe(&LifeCycle::Active, &mut headers);
        assert!(headers.is_empty());
        let life_cycle = LifeCycle::Deprecated {
            since: "2026-10-09".parse().ok(),
            retires: "2026-12-31".parse().ok(),
            replacement: None,
        };
        describe(&life_cycle, &mut headers);
        assert_eq!(headers["deprecation"], "@1791504000");
        assert_eq!(headers["sunset"], "Thu, 31 Dec 2026 00:00:00 GMT");
    }
}
