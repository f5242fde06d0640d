//! A file that is read again.

use std::time::Duration;

use model_studio_gateway::config::{Bounds, Flags, Timeouts};

use crate::scratch::Scratch;

#[test]
fn what_needs_a_restart_is_named_and_stays() {
    let scratch = Scratch::new("region = 'singapore'\nretries = 1");
    let source = scratch.source(Flags::default());
    let running = source.load().unwrap();

    scratch.write(
        "gateway.toml",
        "region = 'singapore'\nretries = 2\npatience = '1s'",
    );
    let reloaded = source.reload(&running).unwrap();
    assert_eq!(reloaded.config.retries, 2);
    assert!(reloaded.unchanged.is_empty(), "{:?}", reloaded.unchanged);

    scratch.write(
        "gateway.toml",
        "region = 'singapore'\nretries = 3\nlisten = '127.0.0.1:1'\nadmin_listen = '127.0.0.1:2'\n\
         share = '1/2'\nstore = { url = 'redis://127.0.0.1' }\nlog = { level = 'debug' }\n\
         bounds = { connections = 1, header = 1, body = 7 }\n\
         timeouts = { header = '1s', body = '1s', queue = '1s' }",
    );
    let reloaded = source.reload(&running).unwrap();
    let names = [
        "listen",
        "admin_listen",
        "share",
        "store",
        "log",
        "bounds.connections",
        "bounds.header",
        "timeouts.header",
        "timeouts.body",
    ];
    assert_eq!(reloaded.unchanged, names);
    let config = reloaded.config;
    assert_eq!(
        config.bounds,
        Bounds {
            body: 7,
            ..running.bounds
        }
    );
    let queue = Duration::from_secs(1);
    assert_eq!(
        config.timeouts,
        Timeouts {
            queue,
            ..running.timeouts
        }
    );
    assert_eq!(
        (config.retries, config.listen, config.share),
        (3, running.listen, (1, 1))
    );
    assert!(config.admin_listen.is_none() && config.store.is_none());
    assert_eq!(config.log, running.log);
}

#[test]
fn an_invalid_file_is_an_error() {
    let scratch = Scratch::new("region = 'singapore'");
    let source = scratch.source(Flags::default());
    let running = source.load().unwrap();
    scratch.write("gateway.toml", "region = 'singapore'\nretires = 1");
    let error = source.reload(&running).unwrap_err().to_string();
    let expected = "gateway.toml:2:1: `retires`: unknown key\n  help: did you mean `retries`?";
    assert_eq!(scratch.without_path(&error), expected);
}
