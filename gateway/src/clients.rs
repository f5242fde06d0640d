//! Which client has sent a request.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};

use crate::config::Client;
use crate::key;
use crate::proxy::headers::API_KEY;

/// The clients with a key of the gateway.
#[derive(Clone, Debug, Default)]
pub struct Clients(Vec<Arc<Client>>);

impl Clients {
    /// Creates the clients.
    #[must_use]
    pub fn new(clients: &[Client]) -> Self {
        Self(clients.iter().cloned().map(Arc::new).collect())
    }

    /// Returns the client whose key is in the header of a request: `Authorization: Bearer KEY` or
    /// `x-api-key: KEY`.
    ///
    /// # Errors
    ///
    /// Returns an error if the header has no key, or one that no client has.
    pub fn authenticate(&self, header: &HeaderMap) -> Result<&Arc<Client>, Unauthorized> {
        let mut keys = keys(header).peekable();
        if keys.peek().is_none() {
            return Err(Unauthorized::NoKey);
        }
        keys.find_map(|key| self.find(key))
            .ok_or(Unauthorized::UnknownKey)
    }

    /// Returns the client with a key. Compares it with those of all clients, so that the time does not
    /// depend on the key.
    fn find(&self, key: &[u8]) -> Option<&Arc<Client>> {
        let hash = key::hash(key);
        // One more than the index of the client.
        let mut found = 0_u64;
        for (position, client) in (1..).zip(&self.0) {
            let is_equal: Choice = client.key_hash.ct_eq(&hash);
            found.conditional_assign(&position, is_equal);
        }
        let index = usize::try_from(found.checked_sub(1)?).ok()?;
        self.0.get(index)
    }
}

/// Returns the keys in a header.
fn keys(header: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let bearer = header
        .get_all(AUTHORIZATION)
        .into_iter()
        .filter_map(|value| {
            let (scheme, key) = value.as_bytes().split_at_checked("Bearer ".len())?;
            scheme
                .eq_ignore_ascii_case(b"Bearer ")
                .then(|| key.trim_ascii())
        });
    let api_key = header.get_all(API_KEY).into_iter();
    let keys = bearer.chain(api_key.map(|value| value.as_bytes().trim_ascii()));
    keys.filter(|key| !key.is_empty())
}

impl Client {
    /// Returns `true` if the client may use the model with this model ID.
    #[must_use]
    pub fn may_use(&self, model: &str) -> bool {
        let mut models = self.models.iter().flatten();
        self.models.is_none() || models.any(|name| name == model)
    }
}

/// Error returned when a request has no valid key. Its response has status 401.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unauthorized {
    /// The header has no key.
    NoKey,
    /// No client has the key.
    UnknownKey,
}

impl fmt::Display for Unauthorized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoKey => {
                "no API key: send a key of this gateway as `Authorization: Bearer KEY` or `x-api-key: KEY`"
            }
            Self::UnknownKey => "invalid API key: it is not a key of a client of this gateway",
        })
    }
}

impl Error for Unauthorized {}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn clients() -> Clients {
        let client = |name: &str| Client {
            name: name.to_owned(),
            key_hash: key::hash(format!("msg-{name}").as_bytes()),
            class: name.to_owned(),
            models: None,
            max_concurrent: None,
            tokens_per_minute: None,
            other_requests: false,
        };
        Clients::new(&["a", "b", "c"].map(client))
    }

    #[track_caller]
    fn check(fields: &[(&'static str, &str)], expected: Result<&str, Unauthorized>) {
        let mut header = HeaderMap::new();
        for (name, value) in fields {
            header.append(*name, HeaderValue::from_str(value).unwrap());
        }
        let clients = clients();
        let name = clients
            .authenticate(&header)
            .map(|client| client.name.as_str());
        assert_eq!(name, expected, "{fields:?}");
    }

    #[test]
    fn a_key_is_found_in_both_header_fields() {
        check(&[("authorization", "Bearer msg-a")], Ok("a"));
        check(&[("authorization", "bearer  msg-b ")], Ok("b"));
        check(&[("x-api-key", "msg-c")], Ok("c"));
        // Anthropic's clients can send both.
        check(
            &[("authorization", "Bearer other"), ("x-api-key", "msg-c")],
            Ok("c"),
        );
    }

    #[test]
    fn other_keys_are_unauthorized() {
        for value in [
            "Bearer msg-d",
            "Bearer msg-",
            "Bearer msg-aa",
            "Bearer MSG-A",
        ] {
            check(&[("authorization", value)], Err(Unauthorized::UnknownKey));
        }
        for value in [
            "",
            "Bearer",
            "Bearer ",
            "Basic msg-a",
            "msg-a",
            "Bearermsg-a",
        ] {
            check(&[("authorization", value)], Err(Unauthorized::NoKey));
        }
        check(&[], Err(Unauthorized::NoKey));
        check(&[("x-api-key", "")], Err(Unauthorized::NoKey));
        let hash = key::format_hash(&key::hash(b"msg-a"));
        check(&[("x-api-key", &hash)], Err(Unauthorized::UnknownKey));
    }

    #[test]
    fn without_clients_every_key_is_unknown() {
        let mut header = HeaderMap::new();
        header.insert(API_KEY, HeaderValue::from_static("msg-a"));
        let error = Clients::default().authenticate(&header).unwrap_err();
        assert_eq!(error, Unauthorized::UnknownKey);
    }
}
