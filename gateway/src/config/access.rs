//! The clients of a configuration.

use std::collections::{BTreeMap, HashMap};

use toml::Spanned;

use super::context::Context;
use super::file::{self, File};
use super::places::Problem;
use super::values::Integer;
use super::{Access, Class, Client, ClientName, Model, Secret, UnknownModels, names};
use crate::key;

const HASH: &str = "expected `sha256:` and 64 hexadecimal digits, as the command `key` prints them";

/// Returns who may use the gateway.
pub(super) fn access(
    file: &File,
    models: &[Model],
    unknown: UnknownModels,
    classes: &BTreeMap<String, Class>,
    context: &mut Context<'_>,
) -> Access {
    let clients = file.clients.iter().filter_map(|(name, client)| {
        if let Err(error) = name.get_ref().parse::<ClientName>() {
            context.report(Problem::new(name.span(), error.to_string()));
        }
        let used = client.models.as_ref().map(|models_of_client| {
            let ids = models_of_client.iter();
            let ids = ids.filter_map(|name| names::id(models, unknown, name, context));
            ids.collect()
        });
        if let Some(class) = &client.class {
            check_class(class, classes, context);
        }
        let key_hash = key_hash(name, client, context)?;
        let class = client.class.as_ref().unwrap_or(name);
        Some(Client {
            name: name.get_ref().clone(),
            key_hash,
            class: class.get_ref().clone(),
            models: used,
            max_concurrent: client.max_concurrent.map(Integer::as_usize),
            tokens_per_minute: client.tokens_per_minute.map(|most| most.0),
            other_requests: client.other_requests,
        })
    });
    let clients: Vec<Client> = clients.collect();
    check_unique(file, &clients, context);
    let Some(source) = &file.access.provider_key else {
        if let Some((name, _)) = file.clients.first_key_value() {
            let message = "clients need the provider's API key, which the gateway sends for them";
            let problem = Problem::new(name.span(), message);
            context.report(problem.help("set `access.provider_key`"));
        }
        return Access::ClientKeys;
    };
    if file.clients.is_empty() {
        let message = "nobody can use the provider's API key, since there are no clients";
        let problem = Problem::new(source.span(), message);
        context.report(problem.help("add a client with the lines that the command `key` prints"));
    }
    let provider_key = context.secret(source.get_ref());
    let provider_key = context.check(source.span(), provider_key);
    Access::GatewayKeys {
        // If it is missing, that was reported.
        provider_key: provider_key.unwrap_or_else(|| Secret::new("")),
        clients,
    }
}

/// Returns the hash of a client's key.
fn key_hash(
    name: &Spanned<String>,
    client: &file::Client,
    context: &mut Context<'_>,
) -> Option<[u8; 32]> {
    match (&client.key_hash, &client.key_file) {
        // The text is not shown, since it could be the key.
        (Some(hash), None) => {
            let parsed = key::parse_hash(hash.get_ref()).ok_or_else(|| HASH.to_owned());
            context.check(hash.span(), parsed)
        }
        (None, Some(file)) => {
            let key = context.secret_file(file.get_ref());
            let hash = key.map(|key| key::hash(key.expose().as_bytes()));
            context.check(file.span(), hash)
        }
        (Some(_), Some(file)) => {
            let message = "a client has either `key_hash` or `key_file`";
            context.report(Problem::new(file.span(), message));
            None
        }
        (None, None) => {
            let message = "a client needs `key_hash` or `key_file`";
            context.report(Problem::new(name.span(), message));
            None
        }
    }
}

fn check_class(
    class: &Spanned<String>,
    classes: &BTreeMap<String, Class>,
    context: &mut Context<'_>,
) {
    let name = class.get_ref();
    if !classes.contains_key(name) {
        let problem = Problem::new(class.span(), format!("unknown class `{name}`"));
        context.report(problem.similar(name, classes.keys().map(String::as_str)));
    }
}

/// Checks that no two clients have the same key.
fn check_unique(file: &File, clients: &[Client], context: &mut Context<'_>) {
    let mut known = HashMap::new();
    for client in clients {
        let Some(other) = known.insert(client.key_hash, &client.name) else {
            continue;
        };
        if let Some((name, _)) = file.clients.get_key_value(client.name.as_str()) {
            let message = format!("the client has the same key as `{other}`");
            context.report(Problem::new(name.span(), message));
        }
    }
}
