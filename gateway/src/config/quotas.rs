//! How the quotas of a configuration are read.

use std::time::Duration;

use model_studio_provider::Region;
use model_studio_provider::quotas::Endpoint;

use super::context::Context;
use super::file::File;
use super::places::{Place, Placed, Problem};
use super::{Access, Quotas};

/// How often the quotas are read, unless it is set.
const DEFAULT_EVERY: Duration = Duration::from_secs(300);

/// The shortest time between two readings of the quotas, which can take several requests.
const MIN_EVERY: Duration = Duration::from_secs(10);

/// Returns how the quotas are read, if they are.
pub(super) fn quotas(
    file: &File,
    region: Region,
    workspace: Option<&Placed<String>>,
    access: &Access,
    context: &mut Context<'_>,
) -> Option<Quotas> {
    let quotas = file.quotas.as_ref()?;
    let (quotas, place) = (quotas.get_ref(), Place::from(quotas.span()));
    let every = quotas
        .every
        .as_ref()
        .map_or(DEFAULT_EVERY, |every| every.get_ref().0.0);
    if let Some(place) = quotas.every.as_ref().filter(|_| every < MIN_EVERY) {
        let message = format!("expected at least {}s", MIN_EVERY.as_secs());
        context.report(Problem::new(place.span(), message));
    }
    let workspace = workspace.map(|(workspace, _)| workspace.as_str());
    let url = quotas.url.as_ref();
    let endpoint = Endpoint::new(region, workspace, url.map(|url| url.get_ref().as_str()));
    let endpoint_place = url.map_or(place.clone(), |url| url.span().into());
    let endpoint = endpoint.map_err(|error| error.to_string());
    let endpoint = context.check(endpoint_place, endpoint);
    let key = match (&quotas.key, access) {
        (Some(source), _) => {
            let key = context.secret(source.get_ref());
            context.check(source.span(), key)?
        }
        (None, Access::GatewayKeys { provider_key, .. }) => provider_key.clone(),
        (None, Access::ClientKeys) => {
            let problem = Problem::new(place, "the quotas of an account need an API key");
            context.report(problem.help("set `quotas.key`"));
            return None;
        }
    };
    Some(Quotas {
        endpoint: endpoint?,
        key,
        every,
    })
}
