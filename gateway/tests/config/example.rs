//! The example describes every key, and is valid.

use model_studio_gateway::config::{Access, EXAMPLE};

use crate::scratch::{KEY, Scratch, load};

/// Returns the example with each key that is in a comment.
fn with_all_keys() -> String {
    let lines = EXAMPLE.lines().map(|line| match line.strip_prefix('#') {
        Some(key) if !key.starts_with([' ', '\0']) => key,
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_example_is_valid_with_and_without_its_keys() {
    load(EXAMPLE);
    // A test cannot set an environment variable.
    let text = with_all_keys().replace("{ env = \"DASHSCOPE_API_KEY\" }", "{ file = \"key\" }");
    let text = text.replace("/run/secrets/batch", "batch");
    let scratch = Scratch::new(&text);
    scratch.write("key", "sk-0123\n");
    scratch.write("batch", KEY);
    scratch.write("account.yaml", "limits: { qwen3.7-plus: { qpm: 1 } }\n");
    let config = scratch.load().unwrap();
    assert!(config.store.is_some() && config.quotas.is_some() && config.admin_listen.is_some());
}

#[test]
fn the_defaults_of_the_example_are_those_of_the_gateway() {
    let text = with_all_keys();
    let resources = text.split_once("[bounds]").unwrap().1;
    let example = load(&format!("region = \"singapore\"\n[bounds]{resources}"));
    let config = load("region = \"singapore\"");
    assert_eq!(example.bounds, config.bounds);
    assert_eq!(example.timeouts, config.timeouts);
    assert_eq!(example.log, config.log);
    for line in [
        format!("listen = \"{}\"", config.listen),
        format!("retries = {}", config.retries),
        format!("assumed_output = {}", config.assumed_output),
        format!("patience = \"{}s\"", config.patience.as_secs()),
        "share = \"1/1\"".to_owned(),
        "unknown_models = \"refuse\"".to_owned(),
    ] {
        assert!(text.lines().any(|other| other == line), "{line}");
    }
}

/// An unknown key is an error that lists the known ones.
#[test]
fn the_example_has_every_key() {
    let text = with_all_keys();
    let mut keys = 0;
    for table in [
        "",
        "access",
        "clients.a",
        "classes.a",
        "store",
        "quotas",
        "bounds",
        "timeouts",
        "log",
    ] {
        let header = if table.is_empty() {
            String::new()
        } else {
            format!("[{table}]\n")
        };
        let error = Scratch::new(&format!("{header}ZZZZZZ = 1"))
            .load()
            .unwrap_err();
        for key in error
            .to_string()
            .split_once("expected")
            .unwrap()
            .1
            .split('`')
            .skip(1)
            .step_by(2)
        {
            let is_key = |line: &str| {
                let (start, header) = (format!("{key} = "), format!("[{key}"));
                line.starts_with(&start) || line.starts_with(&header)
            };
            assert!(text.lines().any(is_key), "`{key}` of `{table}`");
            keys += 1;
        }
    }
    assert!(keys > 40, "{keys}");
}

#[test]
fn the_file_in_the_readme_is_valid() {
    let readme = include_str!("../../README.md");
    let (_, file) = readme.split_once("```toml\n").unwrap();
    let (file, _) = file.split_once("```").unwrap();
    let file = file.replace("{ env = \"DASHSCOPE_API_KEY\" }", "{ file = \"key\" }");
    let scratch = Scratch::new(&file);
    scratch.write("key", "sk-0123\n");
    assert!(matches!(
        scratch.load().unwrap().access,
        Access::GatewayKeys { .. }
    ));
}
