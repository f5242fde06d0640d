//! Which files are checked.

use std::fs;
use std::process::Command;

use crate::command::{check, tree, tree_with_table};
use crate::support::{run, stderr, stdout, tool};

#[test]
fn ignored_and_binary_files_are_skipped_and_hidden_ones_are_not() {
    let text = "model: qwen3-max\n";
    let tree = tree(&[
        (".gitignore", "ignored/\n*.log\n"),
        ("ignored/a.yaml", text),
        ("b.log", text),
        ("binary", "model: qwen3-max\0"),
        (".git/config", text),
        (".env", "MODEL=qwen3-max"),
        (".github/workflows/ci.yaml", text),
    ]);
    let (findings, _) = check(&tree, &[]);
    let files: Vec<&str> = findings
        .iter()
        .map(|line| line.split(':').next().unwrap())
        .collect();
    assert_eq!(files, [".env", ".github/workflows/ci.yaml"]);
    // A file that is named is checked.
    let output = run(tree.path(), &["check", "b.log"]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn tracked_files_are_checked_even_if_a_pattern_ignores_them() {
    let text = "model: qwen3-max\n";
    let tree = tree(&[
        (".gitignore", "*.ipynb\n"),
        ("examples/tracked.ipynb", text),
        ("examples/new.ipynb", text),
        ("examples/deleted.ipynb", text),
        ("examples/excluded.ipynb", text),
        (
            "model-studio-limits.toml",
            "[check]\nexclude = ['excluded.ipynb']\n",
        ),
    ]);
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        let status = command.current_dir(tree.path()).args(arguments).status();
        assert!(status.unwrap().success(), "{arguments:?}");
    };
    git(&["init", "--quiet"]);
    let tracked = ["tracked", "deleted", "excluded"].map(|name| format!("examples/{name}.ipynb"));
    for file in &tracked {
        git(&["add", "--force", file]);
    }
    fs::remove_file(tree.path().join(&tracked[1])).unwrap();
    for path in [".", "examples"] {
        let output = run(tree.path(), &["check", path, "--format", "github"]);
        let findings: Vec<&str> = stdout(&output).lines().collect();
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(
            findings[0].contains(" file=examples/tracked.ipynb,"),
            "{findings:?}"
        );
        let files = "1 finding in 1 file, ";
        assert!(stderr(&output).starts_with(files), "{}", stderr(&output));
    }
}

#[test]
fn a_path_that_cannot_be_read_is_an_error_after_the_others_were_checked() {
    let tree = tree(&[("a.yaml", "model: qwen3-max\n")]);
    let output = run(tree.path(), &["check", "missing", "a.yaml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stdout(&output).starts_with("a.yaml:1:8: "),
        "{}",
        stdout(&output)
    );
    let error = "error: cannot read missing: ";
    assert!(stderr(&output).starts_with(error), "{}", stderr(&output));
}

#[test]
fn a_file_that_is_named_twice_is_reported_once() {
    let tree = tree(&[("a.yaml", "model: qwen3-max\n")]);
    let output = run(tree.path(), &["check", "a.yaml", "a.yaml"]);
    assert_eq!(stdout(&output).matches("qwen3-max` ").count(), 1);
}

#[cfg(unix)]
mod unix {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_are_not_followed_and_loops_do_no_harm() {
        let tree = tree(&[("a/b.yaml", "model: qwen3-max\n")]);
        symlink("..", tree.path().join("a/loop")).unwrap();
        symlink("b.yaml", tree.path().join("a/link.yaml")).unwrap();
        symlink("missing", tree.path().join("a/broken")).unwrap();
        let (findings, code) = check(&tree, &[]);
        assert_eq!((findings.len(), code), (1, 1), "{findings:?}");
        // A link that is named is followed.
        let output = run(tree.path(), &["check", "a/link.yaml"]);
        assert_eq!(output.status.code(), Some(1));
    }

    #[test]
    fn file_names_need_not_be_utf_8() {
        let tree = tree(&[]);
        let name = OsStr::from_bytes(b"a\xff b.yaml");
        fs::write(tree.path().join(name), "model: qwen3-max\n").unwrap();
        let output = run(tree.path(), &["check", "."]);
        assert!(
            stdout(&output).contains(r"a\u{fffd} b.yaml:1:8: "),
            "{}",
            stdout(&output)
        );
        let output = run(tree.path(), &["check", ".", "--format", "sarif"]);
        assert!(
            stdout(&output).contains("\"uri\": \"a%FF%20b.yaml\""),
            "{}",
            stdout(&output)
        );
    }

    #[test]
    fn a_link_that_is_named_is_kept_and_its_file_keeps_its_permissions() {
        use std::os::unix::fs::PermissionsExt as _;

        let tree = tree_with_table(&[("a.sh", "MODEL=atlas-4\n")]);
        let file = tree.path().join("a.sh");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o751)).unwrap();
        symlink("a.sh", tree.path().join("link")).unwrap();
        let output = run(tree.path(), &["check", "link", "--fix"]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert!(tree.path().join("link").is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "MODEL=atlas-5\n");
        assert_eq!(
            fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o751
        );
    }

    #[test]
    fn a_device_is_not_clean() {
        let tree = tree(&[]);
        let output = run(tree.path(), &["check", "/dev/null"]);
        let error = "error: cannot read /dev/null: it is not a file or a folder\n";
        assert_eq!((stderr(&output), output.status.code()), (error, Some(2)));
    }

    #[test]
    fn the_exit_code_reports_findings_even_if_nothing_reads_them() {
        use std::process::Stdio;

        let tree = tree(&[("a.json", &"'qwen3-max' ".repeat(10_000))]);
        let mut command = tool(tree.path(), &["check", "."]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        assert_eq!(child.wait().unwrap().code(), Some(1));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn an_unreadable_file_is_an_error_after_the_others_were_checked() {
        let tree = tree(&[("a.yaml", "model: qwen3-max\n")]);
        // Reading the start of it fails for every user.
        let output = run(tree.path(), &["check", "/proc/self/mem", "a.yaml"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stdout(&output).contains("a.yaml:1:8: "));
        let error = "error: cannot read /proc/self/mem: ";
        assert!(stderr(&output).contains(error), "{}", stderr(&output));
    }
}
