//! Turns a configuration file and arguments into settings.

use std::collections::BTreeMap;

use model_studio_provider::{Region, Table};
use toml::Spanned;

use super::access::access;
use super::context::Context;
use super::file::File;
use super::flags::Flags;
use super::places::{Place, Placed, Problem};
use super::quotas::quotas;
use super::store::store;
use super::upstream::{self, upstream};
use super::values::{Integer, Size, Text};
use super::{Access, Bounds, Class, Config, Log, Model, Timeouts, limits, models, names};

/// Returns the settings. If there are problems, it reports them, and the settings are incomplete.
pub(super) fn settings(file: &File, flags: &Flags, context: &mut Context<'_>) -> Option<Config> {
    let Some((Text(region), region_place)) =
        pick(flags.region.map(Text), "--region", file.region.as_ref())
    else {
        let problem = Problem::new(Place::Nowhere, "the region is missing");
        context
            .report(problem.help("use `--region`, such as `--region singapore`, or set `region`"));
        return None;
    };
    let workspace = pick(
        flags.workspace.clone(),
        "--workspace",
        file.workspace.as_ref(),
    );
    // An empty variable counts as one that is not set.
    let workspace = workspace.filter(|(workspace, _)| !workspace.is_empty());
    let url = pick(flags.upstream.clone(), "--upstream", file.upstream.as_ref());
    let address = upstream::Address {
        region: (region, region_place),
        workspace: workspace.as_ref(),
        url: url.as_ref(),
        allows_http: file.allow_http_upstream,
        completes_paths: file.complete_paths,
    };
    let upstream = upstream(&address, context);
    let table = region.table();
    let models = self::models(&table, region, file, context);
    let classes = classes(file, context);
    let unknown_models = flags
        .unknown_models
        .or(file.unknown_models)
        .unwrap_or_default();
    let access = access(file, &models, unknown_models, &classes, context);
    let fallbacks = fallbacks(file, &models, context);
    let store = store(file, flags, context);
    let quotas = quotas(file, region, workspace.as_ref(), &access, context);
    let defaults = Config::new(upstream?, models);
    let mut config = Config {
        upstream_http2: file.upstream_http2.unwrap_or(defaults.upstream_http2),
        region: Some(region),
        table_date: table.date,
        unknown_models,
        access,
        classes,
        fallbacks,
        store,
        quotas,
        patience: file.patience.map_or(defaults.patience, |time| time.0.0),
        assumed_output: file
            .assumed_output
            .map_or(defaults.assumed_output, |tokens| tokens.0),
        retries: file.retries.map_or(defaults.retries, Integer::as_u32),
        bounds: bounds(file, context),
        timeouts: timeouts(file),
        log: Log {
            format: file.log.format.unwrap_or_default(),
            level: file.log.level.unwrap_or_default(),
        },
        ..defaults
    };
    if let Some(share) = flags.share.or(file.share.map(|share| share.0)) {
        config.share = (share.part, share.whole);
    }
    listen(&mut config, file, flags, context);
    Some(config)
}

fn models(table: &Table, region: Region, file: &File, context: &mut Context<'_>) -> Vec<Model> {
    let mut models = models::of_table(table);
    if let Some(overlay) = &file.overlay {
        let path = context.path(overlay.get_ref());
        let applied = models::apply_overlay(&mut models, region, &path);
        let applied = applied.map_err(|error| format!("the overlay is invalid\n{error}"));
        context.check(overlay.span(), applied);
    }
    limits::apply(&mut models, &file.limits, context);
    models
}

fn classes(file: &File, context: &mut Context<'_>) -> BTreeMap<String, Class> {
    let classes = file.classes.iter().map(|(name, class)| {
        let weight = class.weight.map_or(1, Integer::as_u32);
        let headroom = class.headroom.map_or(0.0, |fraction| fraction.0);
        (name.get_ref().clone(), Class { weight, headroom })
    });
    let classes: BTreeMap<String, Class> = classes.collect();
    let headroom: f64 = classes.values().map(|class| class.headroom).sum();
    if let Some((name, _)) = file.classes.first_key_value().filter(|_| headroom >= 1.0) {
        let message = format!(
            "the headroom of all classes together is {headroom}, which leaves nothing to others: \
             expected less than 1"
        );
        context.report(Problem::new(name.span(), message));
    }
    classes
}

fn fallbacks(
    file: &File,
    models: &[Model],
    context: &mut Context<'_>,
) -> BTreeMap<String, Vec<String>> {
    let mut fallbacks = BTreeMap::new();
    for (name, others) in &file.fallbacks {
        let model = names::find(models, name, context);
        let mut ids = Vec::new();
        for other in others {
            let Some(found) = names::find(models, other, context) else {
                continue;
            };
            if model.is_some_and(|model| model.name == found.name) {
                let message = "a model cannot be its own fallback";
                context.report(Problem::new(other.span(), message));
            } else if ids.contains(&found.name) {
                let message = format!("`{}` is already a fallback of this model", found.name);
                context.report(Problem::new(other.span(), message));
            }
            ids.push(found.name.clone());
        }
        let Some(model) = model else {
            continue;
        };
        if fallbacks.insert(model.name.clone(), ids).is_some() {
            let message = format!("the fallbacks of `{}` are already set", model.name);
            context.report(Problem::new(name.span(), message));
        }
    }
    fallbacks
}

/// Sets the addresses, and checks that not everybody can connect by mistake.
fn listen(config: &mut Config, file: &File, flags: &Flags, context: &mut Context<'_>) {
    let picked = pick(flags.listen.map(Text), "--listen", file.listen.as_ref());
    let place = picked
        .as_ref()
        .map_or(Place::Nowhere, |(_, place)| place.clone());
    let listen = picked.map_or(config.listen, |(address, _)| address.0.0);
    config.listen = listen;
    let allows_public = flags.allow_public || file.allow_public;
    if !listen.ip().is_loopback() && matches!(config.access, Access::ClientKeys) && !allows_public {
        let message = format!(
            "everybody who can connect to {listen} could use the gateway, since clients need no key \
             of its own"
        );
        let problem = Problem::new(place, message);
        context.report(problem.help(
            "set `access.provider_key` and add clients, or use `--allow-public` or `allow_public = \
             true`",
        ));
    }
    let admin = flags.admin_listen.map(Text);
    if let Some((Text(admin), place)) = pick(admin, "--admin-listen", file.admin_listen.as_ref()) {
        if admin.0 == listen && listen.port() != 0 {
            let message = "the metrics and the status page need another address than clients";
            context.report(Problem::new(place, message));
        }
        config.admin_listen = Some(admin.0);
    }
}

fn bounds(file: &File, context: &mut Context<'_>) -> Bounds {
    let (file, defaults) = (&file.bounds, Bounds::default());
    let (body, waiting_bytes) = (file.body.as_ref(), file.waiting_bytes.as_ref());
    let size = |size: &Spanned<Size>| size.get_ref().0;
    let bounds = Bounds {
        body: body.map_or(defaults.body, size),
        header: file.header.map_or(defaults.header, |size| size.0),
        connections: file
            .connections
            .map_or(defaults.connections, Integer::as_usize),
        waiting: file.waiting.map_or(defaults.waiting, Integer::as_usize),
        waiting_bytes: waiting_bytes.map_or(defaults.waiting_bytes, size),
    };
    if bounds.waiting_bytes < bounds.body {
        let place = waiting_bytes
            .or(body)
            .map_or(Place::Nowhere, |size| size.span().into());
        let message = format!(
            "the largest body, {} bytes, would not fit into `bounds.waiting_bytes`, {} bytes",
            bounds.body, bounds.waiting_bytes
        );
        context.report(Problem::new(place, message));
    }
    bounds
}

fn timeouts(file: &File) -> Timeouts {
    let (file, defaults) = (&file.timeouts, Timeouts::default());
    Timeouts {
        header: file.header.map_or(defaults.header, |time| time.0.0),
        body: file.body.map_or(defaults.body, |time| time.0.0),
        queue: file.queue.map_or(defaults.queue, |time| time.0.0),
        connect: file.connect.map_or(defaults.connect, |time| time.0.0),
        response: file.response.map_or(defaults.response, |time| time.0.0),
        idle: file.idle.map_or(defaults.idle, |time| time.0.0),
        wait: file.wait.map_or(defaults.wait, |time| time.0.0),
        shutdown: file.shutdown.map_or(defaults.shutdown, |time| time.0.0),
    }
}

/// Returns the value of an argument, or that of the file.
fn pick<T>(flag: Option<T>, name: &'static str, file: Option<&Spanned<T>>) -> Option<Placed<T>>
where
    T: Clone,
{
    match (flag, file) {
        (Some(value), _) => Some((value, Place::Flag(name))),
        (None, Some(value)) => Some((value.get_ref().clone(), value.span().into())),
        (None, None) => None,
    }
}
