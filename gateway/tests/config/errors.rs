//! Compares errors with the expected ones. `errors.txt` contains cases: a configuration file, and the
//! error.
//!
//! `UPDATE=1 cargo test -p model-studio-gateway --test config` updates the errors.

use std::path::Path;
use std::{env, fs};

use model_studio_gateway::config::{Flags, Source};

use crate::scratch::Scratch;

#[test]
fn errors_are_as_expected() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config/errors.txt");
    let expected = fs::read_to_string(&path).unwrap();
    let cases = expected.split("=== ").skip(1);
    let actual: String = cases.map(run).collect();
    if env::var_os("UPDATE").is_some() {
        fs::write(path, actual).unwrap();
        return;
    }
    assert!(actual == expected, "errors.txt should be:\n{actual}");
}

/// Returns a case with the actual error.
fn run(case: &str) -> String {
    let (title, rest) = case.split_once('\n').unwrap();
    let (file, _) = rest.split_once("--- error\n").unwrap_or((rest, ""));
    let scratch = Scratch::new(file);
    scratch.write("empty-key", "\n");
    scratch.write("key", "sk-0123\n");
    scratch.write("overlay.yaml", "limits:\n  qwen3.7-plus: { rmp: 600 }\n");
    let error = scratch.load().expect_err(title).to_string();
    let error = scratch.without_path(&error);
    format!("=== {title}\n{file}--- error\n{error}\n\n")
}

#[test]
fn errors_name_the_argument() {
    let error = |flags: Flags| {
        let config = None;
        Source { config, flags }.load().unwrap_err().to_string()
    };
    let region = Some("singapore".parse().unwrap());
    assert_eq!(
        error(Flags::default()),
        "the region is missing\n  \
         help: use `--region`, such as `--region singapore`, or set `region`"
    );
    let listen = Some("0.0.0.0:8787".parse().unwrap());
    let text = error(Flags {
        region,
        listen,
        ..Flags::default()
    });
    assert!(
        text.starts_with("--listen: everybody who can connect to 0.0.0.0:8787 could"),
        "{text}"
    );
    let upstream = Some("http://example.com".to_owned());
    let text = error(Flags {
        region,
        upstream,
        ..Flags::default()
    });
    assert!(
        text.starts_with("--upstream: `http://` would send API keys in clear text"),
        "{text}"
    );
    let store = Some("memcached://example.com".to_owned().into());
    let text = error(Flags {
        region,
        store,
        ..Flags::default()
    });
    assert!(
        text.starts_with("--store: expected a URL such as `redis://HOST"),
        "{text}"
    );
}
