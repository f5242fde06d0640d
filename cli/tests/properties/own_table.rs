//! A table of one's own: overlays, errors and regions.

use std::fs;
use std::path::Path;

use crate::support::{run, stderr, stdout};
use crate::table::{TABLE, folder};

#[test]
fn an_overlay_changes_limits_and_properties() {
    let directory = folder();
    let overlay = "limits: { medium: { qpm: 5 } }\nproperties: { medium: { context_window: 7 } }\n";
    fs::write(directory.path().join("account.yaml"), overlay).unwrap();
    let arguments = [
        "show",
        "medium",
        "-t",
        "limits.yaml",
        "--overlay",
        "account.yaml",
    ];
    let output = run(directory.path(), &arguments);
    let shown = stdout(&output);
    assert!(
        shown.contains("  limits       5 queries per minute\n"),
        "{shown}"
    );
    assert!(shown.contains("    context_window 7 tokens\n"), "{shown}");
}

#[test]
fn a_table_that_cannot_be_read_is_an_error() {
    let directory = folder();
    let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
    write("wrong.yaml", &TABLE.replace("{ rps: 2 }", "{ rsp: 2 }"));
    write("account.yaml", "limits: { larg: { qpm: 5 } }\n");
    let error = |arguments: &[&str]| {
        let output = run(directory.path(), arguments);
        assert_eq!((stdout(&output), output.status.code()), ("", Some(2)));
        stderr(&output).to_owned()
    };
    let report = "\
error: wrong.yaml:35:19: unknown key `rsp`
   |
35 |         limits: { rsp: 2 }
   |                   ^
   help: did you mean `rps`?
";
    assert_eq!(error(&["list", "--table", "wrong.yaml"]), report);
    assert_eq!(error(&["show", "large", "--table", "wrong.yaml"]), report);
    let report = error(&["list", "-t", "limits.yaml", "--overlay", "account.yaml"]);
    assert!(
        report.starts_with("error: account.yaml:1:11: unknown model `larg`\n"),
        "{report}"
    );
    let report = error(&["list", "--table", "missing.yaml"]);
    assert!(
        report.starts_with("error: missing.yaml: cannot read the file: "),
        "{report}"
    );
}

#[test]
fn tables_and_regions_exclude_each_other() {
    for command in [&["list"][..], &["show", "large"]] {
        for (arguments, expected) in [
            (
                &["--table", "limits.yaml", "--region", "singapore"][..],
                "the argument '--table <FILE>' cannot be used with '--region <REGION>'",
            ),
            (&["--overlay", "account.yaml"], "--table <FILE>"),
            (
                &["--overlay", "account.yaml", "--region", "singapore"],
                "the argument '--overlay <FILE>' cannot be used with '--region <REGION>'",
            ),
        ] {
            let output = run(Path::new("."), &[command, arguments].concat());
            assert!(stderr(&output).contains(expected), "{}", stderr(&output));
            assert_eq!(output.status.code(), Some(2));
        }
    }
}
