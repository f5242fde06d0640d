//! What a file and arguments set.

use std::time::Duration;

use model_studio_gateway::config::{
    Access, Class, Flags, Level, LifeCycle, LogFormat, Model, Source, UnknownModels,
};
use model_studio_gateway::key;
use model_studio_limits::{Limit, LimitKind, singapore};

use crate::scratch::{HASH, KEY, Scratch, load};

fn find<'a>(models: &'a [Model], name: &str) -> &'a Model {
    models.iter().find(|model| model.name == name).unwrap()
}

/// Returns the count of a limit per minute.
fn per_minute(model: &Model, kind: LimitKind) -> Option<u64> {
    let minute = Some(Duration::from_secs(60));
    let mut limits = model.limits.iter();
    let limit = limits.find(|limit| limit.slot() == (kind, minute))?;
    Some(limit.count.get())
}

#[test]
fn a_region_is_enough() {
    let flags = Flags {
        region: Some("singapore".parse().unwrap()),
        ..Flags::default()
    };
    let config = Source {
        config: None,
        flags,
    }
    .load()
    .unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8787");
    assert_eq!(config.upstream.base, "https://dashscope-intl.aliyuncs.com/");
    assert!(config.upstream.completes_paths);
    assert!(matches!(config.access, Access::ClientKeys));
    assert_eq!(config.unknown_models, UnknownModels::Refuse);
    assert!(config.store.is_none() && config.quotas.is_none() && config.admin_listen.is_none());
}

#[test]
fn the_models_are_those_of_the_table() {
    let models = load("region = 'singapore'").models;
    let (served, retired): (Vec<_>, Vec<_>) = models
        .iter()
        .partition(|model| !matches!(model.life_cycle, LifeCycle::Retired { .. }));
    assert_eq!(served.len(), singapore::Model::ALL.len());
    assert_eq!(retired.len(), singapore::Model::RETIRED.len());
    for (model, row) in served.iter().zip(singapore::Model::ALL) {
        assert_eq!(model.name, row.name());
        assert_eq!(model.aliases, row.aliases());
        assert_eq!(model.limits, row.limits().as_slice());
        // The name in a store must be that of a program with the limiter.
        assert_eq!(model.quota, row.pool().unwrap_or(row.name()));
        let replacement = row.replacement().map(singapore::Model::name);
        match &model.life_cycle {
            LifeCycle::Active => assert!(row.deprecation().is_none()),
            LifeCycle::Deprecated {
                since,
                replacement: actual,
                ..
            } => {
                assert!(row.deprecation().is_some());
                assert_eq!(*since, singapore::Model::SOURCE.date);
                assert_eq!(actual.as_deref(), replacement);
            }
            LifeCycle::Retired { .. } => unreachable!(),
        }
    }
    for (model, row) in retired.iter().zip(singapore::Model::RETIRED) {
        let LifeCycle::Retired { on, replacement } = &model.life_cycle else {
            unreachable!()
        };
        assert_eq!(
            (model.name.as_str(), *on, replacement.as_deref()),
            (row.name, row.on, row.replacement)
        );
    }
    assert_eq!(
        find(&models, "qwen3.7-plus").context_window,
        Some(1_000_000)
    );
}

#[test]
fn arguments_override_the_file() {
    let scratch = Scratch::new(
        "region = 'beijing'\nlisten = '127.0.0.1:1'\nshare = '1/2'\nunknown_models = 'refuse'\n\
         admin_listen = '127.0.0.1:2'\nupstream = 'https://a.example'\n\
         store = { url = 'redis://a.example', account = 'team' }",
    );
    let flags = Flags {
        region: Some("singapore".parse().unwrap()),
        upstream: Some("https://b.example/path".to_owned()),
        listen: Some("127.0.0.1:3".parse().unwrap()),
        admin_listen: Some("127.0.0.1:4".parse().unwrap()),
        store: Some("redis://:password@b.example".to_owned().into()),
        unknown_models: Some(UnknownModels::Pass),
        share: Some("1/4".parse().unwrap()),
        ..Flags::default()
    };
    let config = scratch.source(flags).load().unwrap();
    assert_eq!(
        config.models.len(),
        load("region = 'singapore'").models.len()
    );
    assert_eq!(config.upstream.base, "https://b.example/path");
    assert!(!config.upstream.completes_paths);
    assert_eq!(config.listen.port(), 3);
    assert_eq!(config.admin_listen.unwrap().port(), 4);
    let store = config.store.unwrap();
    assert_eq!(store.url.expose(), "redis://:password@b.example");
    assert_eq!(store.account, "team");
    assert_eq!(config.unknown_models, UnknownModels::Pass);
    assert_eq!(config.share, (1, 4));
}

#[test]
fn limits_replace_those_of_the_table_and_the_overlay() {
    let scratch = Scratch::new(
        "region = 'singapore'\noverlay = 'account.yaml'\n\
         [limits]\n'qwen3.7-plus' = { tpm = 7_000_000, requests = '20 per 1s' }\n'qwen3-max' = 'none'",
    );
    scratch.write(
        "account.yaml",
        "limits:\n  qwen3.7-plus: { qpm: 1200, tpm: 5 }\n  qwen3.7-max: { qpm: 77 }\n",
    );
    let models = scratch.load().unwrap().models;
    let plus = find(&models, "qwen3.7-plus");
    assert_eq!(per_minute(plus, LimitKind::Requests), Some(1_200));
    assert_eq!(per_minute(plus, LimitKind::Tokens), Some(7_000_000));
    assert!(
        plus.limits
            .iter()
            .any(|limit| limit.per == Some(Duration::from_secs(1)))
    );
    assert!(plus.limits.is_sorted_by_key(Limit::slot));
    assert_eq!(
        per_minute(find(&models, "qwen3.7-max"), LimitKind::Requests),
        Some(77)
    );
    assert!(find(&models, "qwen3-max").limits.is_empty());
}

#[test]
fn limits_of_a_pool_apply_to_all_of_its_models() {
    let before = load("region = 'beijing'").models;
    let pooled = before
        .iter()
        .find(|model| model.quota != model.name)
        .unwrap();
    let text = format!(
        "region = 'beijing'\n[limits]\n'{}' = {{ rpm = 3 }}",
        pooled.name
    );
    for (model, before) in load(&text).models.iter().zip(&before) {
        if model.quota == pooled.quota {
            assert_eq!(
                per_minute(model, LimitKind::Requests),
                Some(3),
                "{}",
                model.name
            );
        } else {
            assert_eq!(model.limits, before.limits, "{}", model.name);
        }
    }
}

#[test]
fn names_of_models_can_be_aliases() {
    let models = load("region = 'singapore'").models;
    let aliased = models
        .iter()
        .find(|model| !model.aliases.is_empty())
        .unwrap();
    let text = format!(
        "region = 'singapore'\n[fallbacks]\n'{}' = ['qwen3.7-plus']\n'qwen3.7-plus' = ['{0}']",
        aliased.aliases[0]
    );
    let fallbacks = load(&text).fallbacks;
    assert_eq!(fallbacks[&aliased.name], ["qwen3.7-plus"]);
    assert_eq!(fallbacks["qwen3.7-plus"], [aliased.name.as_str()]);
}

#[test]
fn every_other_key_is_read() {
    let config = load(
        "region = 'singapore'\nworkspace = 'llm-0123'\ncomplete_paths = false\nlisten = '0.0.0.0:80'\n\
         allow_public = true\npatience = '1500ms'\nassumed_output = 10\nretries = 0\n\
         classes = { chat = { weight = 7, headroom = 0.25 }, batch = {} }\n\
         [bounds]\nbody = 1000\nheader = '2 kB'\nconnections = 3\nwaiting = 4\nwaiting_bytes = '5MiB'\n\
         [timeouts]\nheader = '1s'\nbody = '2s'\nqueue = '3m'\nconnect = '4s'\nresponse = '1h 5m'\n\
         idle = '6s'\nwait = '0s'\nshutdown = '8s'\n[log]\nformat = 'json'\nlevel = 'warn'",
    );
    assert_eq!(
        config.upstream.base,
        "https://llm-0123.ap-southeast-1.maas.aliyuncs.com/"
    );
    assert!(!config.upstream.completes_paths);
    assert_eq!(config.listen.to_string(), "0.0.0.0:80");
    assert_eq!(config.patience, Duration::from_millis(1_500));
    assert_eq!((config.assumed_output, config.retries), (10, 0));
    assert_eq!(
        config.classes["chat"],
        Class {
            weight: 7,
            headroom: 0.25
        }
    );
    assert_eq!(
        config.classes["batch"],
        Class {
            weight: 1,
            headroom: 0.0
        }
    );
    let bounds = config.bounds;
    assert_eq!(
        (bounds.body, bounds.header, bounds.connections),
        (1_000, 2_000, 3)
    );
    assert_eq!((bounds.waiting, bounds.waiting_bytes), (4, 5 << 20));
    let times = config.timeouts;
    let seconds = [times.header, times.body, times.queue, times.connect].map(|time| time.as_secs());
    assert_eq!(seconds, [1, 2, 180, 4]);
    let seconds =
        [times.response, times.idle, times.wait, times.shutdown].map(|time| time.as_secs());
    assert_eq!(seconds, [3_900, 6, 0, 8]);
    assert_eq!(
        (config.log.format, config.log.level),
        (LogFormat::Json, Level::Warn)
    );
}

#[test]
fn clients_are_read() {
    let scratch = Scratch::new(&format!(
        "region = 'singapore'\nlisten = '0.0.0.0:80'\naccess = {{ provider_key = {{ file = 'provider' }} }}\n\
         [classes.chat]\n[clients.web]\nkey_hash = '{HASH}'\nclass = 'chat'\nmodels = ['qwen3.7-plus']\n\
         max_concurrent = 5\ntokens_per_minute = 1_000\n[clients.batch]\nkey_file = 'batch'\n\
         [quotas]\n",
    ));
    scratch.write("provider", "sk-0123\n");
    scratch.write("batch", &format!("{KEY}\n"));
    let config = scratch.load().unwrap();
    let Access::GatewayKeys {
        provider_key,
        clients,
    } = config.access
    else {
        panic!("{:?}", config.access)
    };
    assert_eq!(provider_key.expose(), "sk-0123");
    let [batch, web] = &clients[..] else {
        panic!("{clients:?}")
    };
    assert_eq!(
        (web.name.as_str(), web.class.as_str(), web.key_hash),
        ("web", "chat", [0; 32])
    );
    assert_eq!(
        (web.max_concurrent, web.tokens_per_minute),
        (Some(5), Some(1_000))
    );
    assert!(web.may_use("qwen3.7-plus") && !web.may_use("qwen3.7-max"));
    assert_eq!(
        (batch.class.as_str(), batch.key_hash),
        ("batch", key::hash(KEY.as_bytes()))
    );
    assert!(batch.models.is_none() && batch.may_use("qwen3.7-max"));
    let quotas = config.quotas.unwrap();
    assert_eq!(
        quotas.endpoint.url(),
        "https://dashscope-intl.aliyuncs.com/api/v1/quotas"
    );
    assert_eq!(
        (quotas.key.expose(), quotas.every),
        ("sk-0123", Duration::from_secs(300))
    );
}
