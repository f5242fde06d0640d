//! The labels of the metrics, whose number of values is bounded.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};

use prometheus_client::encoding::EncodeLabelSet;

use crate::config::{Access, Config};
use crate::record::{Outcome, Record};

/// The most classes that have their own label.
const MAX_CLASSES: usize = 100;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct RequestLabels {
    pub(super) operation: &'static str,
    pub(super) model: Arc<str>,
    pub(super) class: Arc<str>,
    pub(super) status: Option<u16>,
    pub(super) outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct CallLabels {
    pub(super) model: Arc<str>,
    pub(super) class: Arc<str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct UnsettledLabels {
    pub(super) model: Arc<str>,
    pub(super) outcome: &'static str,
}

/// The attributes of OpenTelemetry's conventions for durations.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct DurationLabels {
    gen_ai_operation_name: &'static str,
    gen_ai_request_model: Arc<str>,
    error_type: &'static str,
}

/// The attributes of OpenTelemetry's conventions for tokens.
#[expect(
    clippy::struct_field_names,
    reason = "they are the names of the labels"
)]
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct TokenLabels {
    pub(super) gen_ai_operation_name: &'static str,
    pub(super) gen_ai_request_model: Arc<str>,
    pub(super) gen_ai_token_type: &'static str,
}

impl CallLabels {
    pub(super) fn of(labels: &RequestLabels) -> Self {
        Self {
            model: Arc::clone(&labels.model),
            class: Arc::clone(&labels.class),
        }
    }
}

impl DurationLabels {
    pub(super) fn new(operation: &'static str, model: &Arc<str>, record: &Record) -> Self {
        Self {
            gen_ai_operation_name: operation,
            gen_ai_request_model: Arc::clone(model),
            error_type: match record.outcome {
                Outcome::Completed if record.is_success() => "",
                Outcome::Completed => "provider_error",
                outcome => outcome.name(),
            },
        }
    }
}

/// Returns `true` if requests with this operation wait for a permit.
pub(super) fn is_call(operation: &str) -> bool {
    operation == "task_submission" || gen_ai_operation(operation).is_some()
}

/// Returns the name that OpenTelemetry's conventions have for the operation of a call. `None` if the
/// response is not the answer of a model.
pub(super) fn gen_ai_operation(operation: &str) -> Option<&'static str> {
    match operation {
        "chat_completions" | "responses" | "messages" => Some("chat"),
        "completions" => Some("text_completion"),
        "embeddings" => Some("embeddings"),
        "dashscope" => Some("generate_content"),
        _ => None,
    }
}

/// The names that are labels. Clients can send any name, so that others are replaced.
#[derive(Debug)]
pub(super) struct Names {
    models: RwLock<HashSet<Arc<str>>>,
    unknown_model: Arc<str>,
    classes: RwLock<HashSet<Arc<str>>>,
    default_class: Arc<str>,
    other_class: Arc<str>,
}

impl Names {
    pub(super) fn new(config: &Config) -> Self {
        let names = Self {
            models: RwLock::default(),
            unknown_model: Arc::from("unknown"),
            classes: RwLock::default(),
            default_class: Arc::from("default"),
            other_class: Arc::from("other"),
        };
        names.set(config);
        names
    }

    /// Replaces the models, and adds the classes of the settings. These always have their own label.
    pub(super) fn set(&self, config: &Config) {
        let models = config.models.iter().map(|model| Arc::from(&*model.name));
        let models = models.collect();
        *self.models.write().unwrap_or_else(PoisonError::into_inner) = models;
        let of_clients = match &config.access {
            Access::ClientKeys => &[],
            Access::GatewayKeys { clients, .. } => &clients[..],
        };
        let of_clients = of_clients.iter().map(|client| &*client.class);
        let classes = config.classes.keys().map(|class| &**class);
        let mut known = self.classes.write().unwrap_or_else(PoisonError::into_inner);
        known.extend(classes.chain(of_clients).map(Arc::from));
    }

    /// Returns the label of a model. It is empty for a request that does not name one.
    pub(super) fn model(&self, name: &Arc<str>) -> Arc<str> {
        let models = self.models.read().unwrap_or_else(PoisonError::into_inner);
        if name.is_empty() || models.contains(name) {
            Arc::clone(name)
        } else {
            Arc::clone(&self.unknown_model)
        }
    }

    /// Returns the label of a class.
    pub(super) fn class(&self, name: &Arc<str>) -> Arc<str> {
        if name.is_empty() {
            return Arc::clone(&self.default_class);
        }
        let classes = self.classes.read().unwrap_or_else(PoisonError::into_inner);
        if classes.contains(name) {
            return Arc::clone(name);
        }
        let is_full = classes.len() >= MAX_CLASSES;
        drop(classes);
        if is_full {
            return Arc::clone(&self.other_class);
        }
        let classes = self.classes.write();
        let mut classes = classes.unwrap_or_else(PoisonError::into_inner);
        // Others may have been added in the meantime.
        if classes.len() >= MAX_CLASSES && !classes.contains(name) {
            return Arc::clone(&self.other_class);
        }
        classes.insert(Arc::clone(name));
        Arc::clone(name)
    }
}
