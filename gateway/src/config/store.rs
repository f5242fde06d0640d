//! The Redis server of a configuration.

use super::context::Context;
use super::file::File;
use super::flags::Flags;
use super::places::{Place, Problem};
use super::secret_source::UrlSource;
use super::{Secret, Store};

/// The name of the account in a store, if no other is set.
const DEFAULT_ACCOUNT: &str = "default";

/// Returns the store, if there is one.
pub(super) fn store(file: &File, flags: &Flags, context: &mut Context<'_>) -> Option<Store> {
    let account = file.store.as_ref().and_then(|store| store.account.as_ref());
    if let Some(account) = account.filter(|account| account.get_ref().is_empty()) {
        context.report(Problem::new(account.span(), "the name is empty"));
    }
    let account = account.map_or(DEFAULT_ACCOUNT, |account| account.get_ref());
    let (url, place) = match (&flags.store, &file.store) {
        (Some(url), _) => (url.clone(), Place::Flag("--store")),
        (None, Some(store)) => {
            let place = Place::from(store.url.span());
            let url = match store.url.get_ref() {
                UrlSource::Literal(url) => without_password(url),
                UrlSource::Secret(source) => context.secret(source),
            };
            (context.check(place.clone(), url)?, place)
        }
        (None, None) => return None,
    };
    let is_redis = ["redis://", "rediss://"]
        .iter()
        .any(|scheme| url.expose().starts_with(scheme));
    if !is_redis {
        let message = "expected a URL such as `redis://HOST:6379/0`, or `rediss://` for TLS";
        context.report(Problem::new(place, message));
    }
    Some(Store {
        url,
        account: account.to_owned(),
    })
}

/// Checks that a URL in the file has no password.
fn without_password(url: &str) -> Result<Secret, String> {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = authority.split(['/', '?']).next().unwrap_or_default();
    match authority.rsplit_once('@') {
        Some((user, _)) if user.contains(':') => Err(
            "a password cannot be written in the configuration file, which is easily copied and \
             shared; expected `{ env = \"VARIABLE\" }` or `{ file = \"PATH\" }` for such a URL"
                .to_owned(),
        ),
        _ => Ok(Secret::new(url)),
    }
}
