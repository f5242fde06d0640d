//! Who has sent a request.

use std::hash::BuildHasher as _;
use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, StatusCode};
use model_studio_limiter::{ClassKey, Limiter};
use model_studio_limits_core::Escaped;

use crate::config::Client;
use crate::failure::Failure;
use crate::proxy::headers::{API_KEY, CLASS};
use crate::shared::{Settings, Shared};

/// The longest name of a class.
const MAX_CLASS: usize = 64;

/// Who has sent a request.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// Identifies the client whose lengths of answers are learned.
    pub(crate) id: Arc<str>,
    pub(crate) class: ClassKey,
    /// The name of the class, for metrics.
    pub(crate) class_name: Arc<str>,
    /// The client, if it has a key of the gateway.
    pub(crate) client: Option<Arc<Client>>,
}

impl Caller {
    /// Returns who has sent a request with this header.
    ///
    /// # Errors
    ///
    /// Returns an error if the clients need a key of the gateway and the header has none.
    pub(crate) fn new(
        shared: &Shared,
        settings: &Settings,
        headers: &HeaderMap,
    ) -> Result<Self, Failure> {
        if let Some(clients) = &settings.clients {
            let client = clients.authenticate(headers).map_err(|error| {
                let status = StatusCode::UNAUTHORIZED;
                Failure::invalid(status, "invalid_api_key", error.to_string())
            })?;
            return Ok(Self::of_client(Arc::clone(client)));
        }
        let class = headers.get(CLASS).and_then(|class| class.to_str().ok());
        let class = class.unwrap_or_default().trim();
        let class: String = class.chars().take(MAX_CLASS).collect();
        // The key itself is not kept.
        let keys = [AUTHORIZATION, API_KEY].map(|name| headers.get(name));
        let keys = keys.map(|key| key.map(HeaderValue::as_bytes));
        let id = shared.hasher.hash_one((keys, &class));
        Ok(Self {
            id: format!("{id:x}").into(),
            class: ClassKey::from(&*class),
            class_name: class.into(),
            client: None,
        })
    }

    /// Returns the limiter of the client, if it has limits of its own.
    pub(crate) fn limiter(&self, shared: &Shared) -> Option<Limiter> {
        shared.client_limits.get(&self.client.as_ref()?.name)
    }

    /// Returns an error if the caller must not send requests that are not limited.
    pub(crate) fn check_other_requests(&self) -> Result<(), Failure> {
        match &self.client {
            Some(client) if !client.other_requests => Err(Failure::invalid(
                StatusCode::FORBIDDEN,
                "request_not_allowed",
                format!(
                    "the client `{}` must not send requests that are not calls of a model, unless \
                     `other_requests` is set in the gateway's configuration",
                    client.name
                ),
            )),
            _ => Ok(()),
        }
    }

    /// Returns an error if the caller must not use a model.
    pub(crate) fn check_model(&self, model: &str) -> Result<(), Failure> {
        match &self.client {
            Some(client) if !client.may_use(model) => Err(Failure::invalid(
                StatusCode::FORBIDDEN,
                "model_not_allowed",
                format!(
                    "the client `{}` must not use the model `{}`",
                    client.name,
                    Escaped(model)
                ),
            )),
            _ => Ok(()),
        }
    }

    fn of_client(client: Arc<Client>) -> Self {
        Self {
            id: Arc::from(&*client.name),
            class: ClassKey::from(&*client.class),
            class_name: Arc::from(&*client.class),
            client: Some(client),
        }
    }
}
