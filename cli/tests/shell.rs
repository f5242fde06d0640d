//! `completions`, `man`, and a reader that stops early.

mod support;

use std::fs;

use support::{repository, run, stderr, stdout};

#[test]
fn completions_exist_for_each_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        assert!(
            stdout(&run(&repository(), &["completions", shell])).contains("retired"),
            "{shell}"
        );
    }
}

#[test]
fn there_is_a_man_page_for_each_command() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("share/man1");
    let output = run(&repository(), &["man", path.to_str().unwrap()]);
    assert!(output.status.success(), "{}", stderr(&output));
    for page in [
        "",
        "-list",
        "-show",
        "-check",
        "-quotas",
        "-completions",
        "-man",
    ] {
        let page = path.join(format!("model-studio-limits{page}.1"));
        let text = fs::read_to_string(&page).unwrap_or_else(|error| panic!("{page:?}: {error}"));
        assert!(text.contains(".SH NAME"), "{text}");
    }
}

#[cfg(unix)]
#[test]
fn a_reader_that_stops_early_is_no_error() {
    use std::process::Stdio;

    for arguments in [
        &["list", "--format", "json"][..],
        &["list", "--format", "csv"],
        &["list", "--format", "yaml"],
        &["list"],
        &["show", "qwen-plus", "--region", "built-in"],
        &["completions", "bash"],
    ] {
        let mut command = support::tool(&repository(), arguments);
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(
            (stderr(&output), output.status.success()),
            ("", true),
            "{arguments:?}"
        );
    }
}
