//! No secret is in an error or in the output of `Debug`.

use model_studio_gateway::config::{Access, Flags};

use crate::scratch::{KEY, Scratch};

/// A text that stands for a secret.
const SECRET: &str = "sk-5ecre7";

#[test]
fn debug_shows_no_secret() {
    let scratch = Scratch::new(
        "region = 'singapore'\naccess = { provider_key = { file = 'key' } }\n\
         clients = { web = { key_file = 'web' } }\nstore = { url = { file = 'store' } }\n[quotas]",
    );
    scratch.write("key", SECRET);
    scratch.write("web", KEY);
    scratch.write("store", &format!("redis://:{SECRET}@127.0.0.1:6379"));
    let flags = Flags {
        store: Some(format!("redis://:{SECRET}@127.0.0.1").into()),
        ..Flags::default()
    };
    let with_flags = scratch.source(flags);
    let config = scratch.load().unwrap();
    // They were read.
    assert!(config.store.as_ref().unwrap().url.expose().contains(SECRET));
    assert_eq!(config.quotas.as_ref().unwrap().key.expose(), SECRET);
    assert!(matches!(config.access, Access::GatewayKeys { .. }));
    for text in [
        format!("{config:?} {config:#?}"),
        format!("{with_flags:?} {:?}", with_flags.load().unwrap()),
    ] {
        assert!(!text.contains(SECRET) && !text.contains(KEY), "{text}");
    }
}

/// A secret in a place where it does not belong is an error, which does not show it.
#[test]
fn errors_show_no_secret() {
    for text in [
        "access = { provider_key = 'SECRET' }",
        "access = { provider_key = ['SECRET'] }",
        "access = { provider_key = { env = ['SECRET'] } }",
        "access = { provider_key = { env = 'SECRET' } }",
        "access = { provider_key = { inline = 'SECRET' } }",
        "access = { key = 'SECRET' }",
        "access = 'SECRET'",
        "access = { provider_key = 'SECRET",
        "access = { provider_key = SECRET }",
        "provider_key = 'SECRET'",
        "clients = { web = 'SECRET' }",
        "clients = { web = { key = 'SECRET' } }",
        "clients = { web = { key_hash = 'SECRET' } }",
        "clients = { web = { key_hash = ['SECRET'] } }",
        "clients = { web = { key_hash = 'sha256:SECRET' } }",
        "store = 'redis://:SECRET@127.0.0.1'",
        "store = { url = 'redis://:SECRET@127.0.0.1' }",
        "store = { url = 'redis://user:SECRET@127.0.0.1/0?a=b' }",
        "store = { url = 'SECRET' }",
        "quotas = { key = 'SECRET' }",
        "quotas = { key = { file = 'key' }, url = 'https://user:SECRET@example.com' }",
        "upstream = 'https://user:SECRET@example.com'",
        "upstream = 'https://example.com/?key=SECRET'",
        "upstream = 'http://exa mple.com/SECRET'",
        "access = { provider_key = { file = 'spaces' } }",
        "retries = 'SECRET'",
        "fallbacks = 'SECRET'",
        "limits = { 'qwen3.7-plus' = 'SECRET' }",
    ] {
        let text = text.replace("SECRET", SECRET);
        let scratch = Scratch::new(&format!("region = 'singapore'\n{text}"));
        scratch.write("key", SECRET);
        scratch.write("spaces", &format!("{SECRET} {SECRET}"));
        let error = scratch.load().expect_err(&text);
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(SECRET), "{text}:\n{shown}");
        let has_place = shown.contains("gateway.toml:2:");
        assert!(has_place, "{text}:\n{shown}");
    }
}
