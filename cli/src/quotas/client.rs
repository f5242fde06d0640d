//! Reads all pages of the quota endpoint, and retries requests that may succeed later.

use std::thread;
use std::time::Duration;

use anyhow::{anyhow, bail};
use model_studio_limits_core::Escaped;
use ureq::http::{HeaderMap, Uri, header};
use ureq::{Agent, Error};

use super::api_key::ApiKey;
use super::arguments::Arguments;
use super::endpoint::Endpoint;
use super::response::{Page, QuotaRow, Response};

/// The page size in the provider's examples.
const PAGE_SIZE: u64 = 100;

/// The provider had 453 rows in 2026.
const MAX_PAGES: u64 = 200;

const MAX_BODY: u64 = 16 * 1024 * 1024;

/// The delay before the first retry. It doubles with each retry.
const FIRST_DELAY: Duration = Duration::from_secs(1);

const MAX_DELAY: Duration = Duration::from_secs(60);

/// Returns the rows of all pages.
pub(super) fn fetch(
    endpoint: &Endpoint,
    key: &ApiKey,
    arguments: &Arguments,
) -> anyhow::Result<Vec<QuotaRow>> {
    let client = Client {
        agent: agent(endpoint, arguments),
        endpoint,
        key,
        retries: arguments.retries,
    };
    let mut rows = Vec::new();
    let mut last_page = 0..0;
    for number in 1..=MAX_PAGES {
        let page = client.page(number)?;
        if let Some(other) = page.number.filter(|other| *other != number) {
            bail!("unexpected response: requested page {number}, got page {other}");
        }
        let start = rows.len();
        rows.extend(page.quotas);
        // An incomplete list must not be written as if it were complete.
        if start > 0 && rows[last_page] == rows[start..] {
            bail!("unexpected response: page {number} repeats the page before it");
        }
        last_page = start..rows.len();
        let count = rows.len() as u64;
        if count >= page.total {
            if rows.is_empty() {
                bail!("the provider returned no models");
            }
            return Ok(rows);
        }
        if start == rows.len() {
            let total = page.total;
            bail!("unexpected response: page {number} is empty, after {count} of {total} quotas");
        }
    }
    bail!("unexpected response: there are more than {MAX_PAGES} pages");
}

fn agent(endpoint: &Endpoint, arguments: &Arguments) -> Agent {
    let mut config = Agent::config_builder()
        .http_status_as_error(false)
        // The key must not be sent to another host.
        .max_redirects(0)
        .timeout_global(Some(Duration::from_secs(arguments.timeout)))
        .user_agent(concat!("model-studio-limits/", env!("CARGO_PKG_VERSION")));
    if endpoint.is_loopback {
        // A proxy would see the key of a request without TLS, and is not needed.
        config = config.proxy(None);
    }
    config.build().into()
}

struct Client<'a> {
    agent: Agent,
    endpoint: &'a Endpoint,
    key: &'a ApiKey,
    retries: u32,
}

/// Why a page could not be read.
enum Failure {
    Final(anyhow::Error),
    /// A retry may succeed.
    Temporary {
        error: anyhow::Error,
        /// The time to wait, from the header `Retry-After`.
        retry_after: Option<Duration>,
    },
}

impl Client<'_> {
    fn page(&self, number: u64) -> anyhow::Result<Page> {
        let mut delays = delays().take(self.retries as usize);
        loop {
            let (error, retry_after) = match self.try_page(number) {
                Ok(page) => return Ok(page),
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Temporary { error, retry_after }) => (error, retry_after),
            };
            if let Some(delay) = retry_after.filter(|delay| *delay > MAX_DELAY) {
                let seconds = delay.as_secs();
                bail!("{error:#}: the server asks to try again in {seconds} seconds");
            }
            let Some(delay) = delays.next() else {
                let tries = u64::from(self.retries) + 1;
                bail!("{error:#} (gave up after attempt {tries})");
            };
            let delay = retry_after.unwrap_or(delay);
            let seconds = delay.as_secs_f64();
            anstream::eprintln!("{error:#}, trying again in {seconds:.1} seconds");
            thread::sleep(delay);
        }
    }

    fn try_page(&self, number: u64) -> Result<Page, Failure> {
        let authorization = self.key.authorization().map_err(Failure::Final)?;
        let response = self
            .agent
            .get(&self.endpoint.url)
            .query("page_no", number.to_string())
            .query("page_size", PAGE_SIZE.to_string())
            .header(header::AUTHORIZATION, authorization)
            .header(header::ACCEPT, "application/json")
            .call();
        let mut response = response.map_err(|error| self.failure(error))?;
        let status = response.status().as_u16();
        if response.status().is_redirection() {
            let error = self.redirect(status, response.headers());
            return Err(Failure::Final(error));
        }
        let retry_after = retry_after(response.headers());
        let body = response.body_mut().with_config().limit(MAX_BODY);
        let body = body.read_to_vec().map_err(|error| self.failure(error))?;
        let response = Response::new(status, &String::from_utf8_lossy(&body), self.key);
        if matches!(status, 429 | 500..=599) {
            let error = anyhow!("the server responded with {}", response.describe());
            return Err(Failure::Temporary { error, retry_after });
        }
        response.read(self.endpoint).map_err(Failure::Final)
    }

    fn failure(&self, error: Error) -> Failure {
        if is_unknown_host(&error) {
            return Failure::Final(self.unknown_host(error));
        }
        let is_temporary = matches!(
            error,
            Error::Io(_) | Error::Timeout(_) | Error::ConnectionFailed
        );
        let error = match error {
            Error::BodyExceedsLimit(_) => {
                let limit = MAX_BODY / (1024 * 1024);
                anyhow!("unexpected response: it is larger than {limit} MiB")
            }
            error => {
                anyhow::Error::new(error).context(format!("cannot read {}", self.endpoint.url))
            }
        };
        if is_temporary {
            let retry_after = None;
            Failure::Temporary { error, retry_after }
        } else {
            Failure::Final(error)
        }
    }

    fn unknown_host(&self, error: Error) -> anyhow::Error {
        let uri = self.endpoint.url.parse::<Uri>().ok();
        let host = uri.as_ref().and_then(Uri::host).unwrap_or_default();
        // The error does not say which of the two was looked up.
        let proxy = self.agent.config().proxy();
        let proxy = proxy.map(|proxy| format!(" or of the proxy `{}`", Escaped(proxy.host())));
        anyhow::Error::new(error).context(format!(
            "cannot find the address of `{host}`{}, for {}",
            proxy.unwrap_or_default(),
            self.endpoint.region_and_workspace()
        ))
    }

    fn redirect(&self, status: u16, headers: &HeaderMap) -> anyhow::Error {
        let location = headers.get(header::LOCATION);
        let location = location.and_then(|location| location.to_str().ok());
        let uri = location.and_then(|location| location.parse::<Uri>().ok());
        let host = uri.as_ref().and_then(Uri::host).unwrap_or("another path");
        let host = self.key.remove_from(host);
        anyhow!(
            "the server redirects to {} (status {status}), which is not followed because the key must \
             not be sent to another server",
            Escaped(&host)
        )
    }
}

/// Returns `true` if a host name could not be resolved.
fn is_unknown_host(error: &Error) -> bool {
    match error {
        Error::HostNotFound => true,
        // The standard library has no kind for it. On Unix it begins its message with these words,
        // and on Windows the codes are WSAHOST_NOT_FOUND, WSATRY_AGAIN and WSANO_DATA.
        Error::Io(error) => {
            let message = error.to_string();
            message.starts_with("failed to lookup address information")
                || cfg!(windows) && matches!(error.raw_os_error(), Some(11_001 | 11_002 | 11_004))
        }
        _ => false,
    }
}

/// Returns random delays that grow exponentially, so that clients do not all retry at once.
fn delays() -> impl Iterator<Item = Duration> {
    let longest =
        std::iter::successors(Some(FIRST_DELAY), |delay| Some((*delay * 2).min(MAX_DELAY)));
    longest.map(|delay| delay.mul_f64(0.5 + fastrand::f64() / 2.0))
}

/// Returns the number of seconds in `Retry-After`. Dates are ignored.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    Some(Duration::from_secs(seconds.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::{MAX_DELAY, delays};

    #[test]
    fn delays_are_random_and_double_up_to_a_minute() {
        for (delay, longest) in delays().zip([1, 2, 4, 8, 16, 32, 60, 60]) {
            let longest = std::time::Duration::from_secs(longest);
            assert!((longest / 2..=longest).contains(&delay), "{delay:?}");
        }
        let delays: Vec<_> = delays().take(100).collect();
        assert!(delays.iter().all(|delay| *delay <= MAX_DELAY));
        assert!(delays.windows(2).any(|pair| pair[0] > pair[1]));
    }
}
