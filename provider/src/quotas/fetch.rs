//! Reads all pages of the quota endpoint, and retries requests that may succeed later.

use std::fmt;
use std::thread;
use std::time::Duration;

use model_studio_limits_core::Escaped;
use ureq::Agent;
use ureq::http::{HeaderMap, Uri, header};

use super::api_key::ApiKey;
use super::endpoint::Endpoint;
use super::error::Error;
use super::response::{Page, Response};
use super::row::QuotaRow;

/// The page size in the provider's examples.
const PAGE_SIZE: u64 = 100;

/// The provider had 453 rows in 2026.
const MAX_PAGES: u64 = 200;

const MAX_BODY: u64 = 16 * 1024 * 1024;

/// The delay before the first retry. It doubles with each retry.
const FIRST_DELAY: Duration = Duration::from_secs(1);

const MAX_DELAY: Duration = Duration::from_secs(60);

/// How requests are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The time to wait for each response.
    pub timeout: Duration,
    /// How many times to retry a request after a timeout, a broken connection, or status 429 or 5xx.
    ///
    /// `fetch` sleeps between retries, for up to a minute each. With 0, it returns
    /// [`Error::Temporary`] instead, for programs that wait in another way.
    pub retries: u32,
    /// The value of the header `User-Agent`.
    pub user_agent: String,
}

impl Default for Options {
    /// Returns a timeout of 30 seconds, and 5 retries.
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            retries: 5,
            user_agent: concat!("model-studio-provider/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// A request that failed, and is sent again.
///
/// It is displayed as a message, such as `the server responded with status 503 with an empty body, trying
/// again in 1.7 seconds`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Retry {
    /// Why the request failed.
    pub reason: String,
    /// The time until the request is sent again.
    pub delay: Duration,
}

impl fmt::Display for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (reason, seconds) = (&self.reason, self.delay.as_secs_f64());
        write!(f, "{reason}, trying again in {seconds:.1} seconds")
    }
}

/// Reads the quotas of an account from an endpoint, on all of its pages. Blocks the thread.
///
/// `on_retry` is called before each retry, for example to write a message. Redirects are not followed,
/// because the key must not be sent to another server. Proxies in environment
/// variables such as `HTTPS_PROXY` are used.
///
/// # Errors
///
/// Returns an error if a page cannot be read, or if the list is incomplete or not as documented. An
/// incomplete list is never returned.
pub fn fetch(
    endpoint: &Endpoint,
    key: &ApiKey,
    options: &Options,
    on_retry: impl FnMut(&Retry),
) -> Result<Vec<QuotaRow>, Error> {
    // The host name is sent in clear text, and messages show the URL.
    if key.is_in(endpoint.url()) {
        return Err(Error::KeyInUrl);
    }
    let mut client = Client {
        agent: agent(endpoint, options),
        endpoint,
        key,
        retries: options.retries,
        on_retry,
    };
    let unexpected = |reason: String| Err(Error::UnexpectedResponse(reason));
    let mut rows = Vec::new();
    let mut last_page = 0..0;
    for number in 1..=MAX_PAGES {
        let page = client.page(number)?;
        if let Some(other) = page.number.filter(|other| *other != number) {
            return unexpected(format!("requested page {number}, got page {other}"));
        }
        let start = rows.len();
        rows.extend(page.quotas);
        // An incomplete list must not be returned as if it were complete.
        if start > 0 && rows[last_page] == rows[start..] {
            return unexpected(format!("page {number} repeats the page before it"));
        }
        last_page = start..rows.len();
        let count = rows.len() as u64;
        if count >= page.total {
            if rows.is_empty() {
                return Err(Error::Failed("the provider returned no models".to_owned()));
            }
            return Ok(rows);
        }
        if start == rows.len() {
            let total = page.total;
            return unexpected(format!(
                "page {number} is empty, after {count} of {total} quotas"
            ));
        }
    }
    unexpected(format!("there are more than {MAX_PAGES} pages"))
}

fn agent(endpoint: &Endpoint, options: &Options) -> Agent {
    let mut config = Agent::config_builder()
        .http_status_as_error(false)
        // The key must not be sent to another host.
        .max_redirects(0)
        .timeout_global(Some(options.timeout))
        .user_agent(&options.user_agent);
    if endpoint.is_loopback() {
        // A proxy would see the key of a request without TLS, and is not needed.
        config = config.proxy(None);
    }
    config.build().into()
}

struct Client<'a, F> {
    agent: Agent,
    endpoint: &'a Endpoint,
    key: &'a ApiKey,
    retries: u32,
    on_retry: F,
}

/// Why a page could not be read.
enum Failure {
    Final(Error),
    /// A retry may succeed.
    Temporary {
        reason: String,
        /// The time to wait, from the header `Retry-After`.
        retry_after: Option<Duration>,
    },
}

impl<F: FnMut(&Retry)> Client<'_, F> {
    fn page(&mut self, number: u64) -> Result<Page, Error> {
        let mut delays = delays().take(self.retries as usize);
        loop {
            let (reason, retry_after) = match self.try_page(number) {
                Ok(page) => return Ok(page),
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Temporary {
                    reason,
                    retry_after,
                }) => (reason, retry_after),
            };
            let give_up = |reason| {
                Err(Error::Temporary {
                    reason,
                    retry_after,
                })
            };
            if let Some(delay) = retry_after.filter(|delay| *delay > MAX_DELAY) {
                let seconds = delay.as_secs();
                return give_up(format!(
                    "{reason}: the server asks to try again in {seconds} seconds"
                ));
            }
            let Some(delay) = delays.next() else {
                let tries = u64::from(self.retries) + 1;
                return give_up(format!("{reason} (gave up after attempt {tries})"));
            };
            let delay = retry_after.unwrap_or(delay);
            (self.on_retry)(&Retry { reason, delay });
            thread::sleep(delay);
        }
    }

    fn try_page(&self, number: u64) -> Result<Page, Failure> {
        // The error of the header is not shown, because it could contain the value.
        let authorization = self.key.authorization().map_err(|_| {
            Failure::Final(Error::Failed(
                "the key is not a valid header value".to_owned(),
            ))
        })?;
        let response = self
            .agent
            .get(self.endpoint.url())
            .query("page_no", number.to_string())
            .query("page_size", PAGE_SIZE.to_string())
            .header(header::AUTHORIZATION, authorization)
            .header(header::ACCEPT, "application/json")
            .call();
        let mut response = response.map_err(|error| self.failure(&error))?;
        let status = response.status().as_u16();
        if response.status().is_redirection() {
            let error = self.redirect(status, response.headers());
            return Err(Failure::Final(error));
        }
        let retry_after = retry_after(response.headers());
        let body = response.body_mut().with_config().limit(MAX_BODY);
        let body = body.read_to_vec().map_err(|error| self.failure(&error))?;
        let response = Response::new(status, &String::from_utf8_lossy(&body), self.key);
        if matches!(status, 429 | 500..=599) {
            return Err(Failure::Temporary {
                reason: format!("the server responded with {}", response.describe()),
                retry_after,
            });
        }
        response.read(self.endpoint).map_err(Failure::Final)
    }

    fn failure(&self, error: &ureq::Error) -> Failure {
        if is_unknown_host(error) {
            return Failure::Final(self.unknown_host(error));
        }
        if matches!(error, ureq::Error::BodyExceedsLimit(_)) {
            let limit = MAX_BODY / (1024 * 1024);
            let reason = format!("it is larger than {limit} MiB");
            return Failure::Final(Error::UnexpectedResponse(reason));
        }
        let reason = format!(
            "cannot read {}: {}",
            self.endpoint.url(),
            with_sources(error)
        );
        match error {
            ureq::Error::Io(_) | ureq::Error::Timeout(_) | ureq::Error::ConnectionFailed => {
                Failure::Temporary {
                    reason,
                    retry_after: None,
                }
            }
            _ => Failure::Final(Error::Failed(reason)),
        }
    }

    fn unknown_host(&self, error: &ureq::Error) -> Error {
        let uri = self.endpoint.url().parse::<Uri>().ok();
        let host = uri.as_ref().and_then(Uri::host).unwrap_or_default();
        // The error does not say which of the two was looked up.
        let proxy = self.agent.config().proxy();
        let proxy = proxy.map(|proxy| format!(" or of the proxy `{}`", Escaped(proxy.host())));
        Error::Failed(format!(
            "cannot find the address of `{host}`{}, for {}: {}",
            proxy.unwrap_or_default(),
            self.endpoint.region_and_workspace(),
            with_sources(error)
        ))
    }

    fn redirect(&self, status: u16, headers: &HeaderMap) -> Error {
        let location = headers.get(header::LOCATION);
        let location = location.and_then(|location| location.to_str().ok());
        let uri = location.and_then(|location| location.parse::<Uri>().ok());
        let host = uri.as_ref().and_then(Uri::host).unwrap_or("another path");
        let host = self.key.remove_from(host);
        Error::Failed(format!(
            "the server redirects to {} (status {status}), which is not followed because the key must \
             not be sent to another server",
            Escaped(&host)
        ))
    }
}

/// Returns the message of an error, and those of its sources.
fn with_sources(error: &dyn std::error::Error) -> String {
    let sources = std::iter::successors(error.source(), |error| error.source());
    let messages = std::iter::once(error).chain(sources);
    let messages: Vec<String> = messages.map(ToString::to_string).collect();
    messages.join(": ")
}

/// Returns `true` if a host name could not be resolved.
fn is_unknown_host(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::HostNotFound => true,
        // The standard library has no kind for it. On Unix it begins its message with these words,
        // and on Windows the codes are WSAHOST_NOT_FOUND, WSATRY_AGAIN and WSANO_DATA.
        ureq::Error::Io(error) => {
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
