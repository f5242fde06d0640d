//! The guide in the README of `model-studio-limits-codegen`.

use std::fs;
use std::path::Path;

use crate::package::Package;

#[test]
fn the_files_of_the_guide_make_a_program_that_works_as_the_guide_says() {
    let package = Package::new("guide", "");
    let archives = &package.archives;
    let guide = archives
        .package("model-studio-limits-codegen")
        .join("README.md");
    let guide = fs::read_to_string(guide).unwrap();
    // The first line of a code block, a comment, is the name of the file.
    let blocks = guide.split("```").skip(1).step_by(2);
    let files = blocks.filter_map(|block| {
        let (_, text) = block.split_once('\n')?;
        let (first, _) = text.split_once('\n')?;
        let name = first.strip_prefix("# ").or(first.strip_prefix("// "))?;
        Some((name, text))
    });
    let files: Vec<(&str, &str)> = files.collect();
    let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    let expected = [
        "Cargo.toml",
        "limits.yaml",
        "build.rs",
        "src/main.rs",
        "account.yaml",
    ];
    assert_eq!(names, expected);
    for (name, text) in &files {
        package.write(name, text);
    }
    let [(_, manifest), (_, table), (_, build), (_, main), _] = files[..] else {
        unreachable!("the names were compared");
    };
    package.write("Cargo.toml", &format!("{manifest}{}", archives.patches()));

    let printed = package.run();
    assert!(guide.contains(&format!("`cargo run` prints `{}`", printed.trim_end())));

    // A wrong name in the program.
    let typo = main.replace("(\"llama-3.3-70b-versatile\")", "(\"llama-3.3-70b\")");
    package.write("src/main.rs", &typo);
    let errors = package.check_fails();
    let message = "\
error: unknown model `llama-3.3-70b`
       help: did you mean `llama-3.3-70b-versatile`?
";
    assert!(guide.contains(message));
    let place = Path::new("src").join("main.rs");
    let place = format!(
        " --> {}:6:27
  |
6 |     let model = my_model!(\"llama-3.3-70b\");
  |                           ^^^^^^^^^^^^^^^
",
        place.display()
    );
    assert!(errors.contains(&(message.to_owned() + &place)), "{errors}");
    package.write("src/main.rs", main);

    // The overlay.
    let overlaid = build.replace(".emit", ".overlay(\"account.yaml\").emit");
    package.write("build.rs", &overlaid);
    package.run();

    // A wrong key in the table.
    package.write("limits.yaml", &table.replacen("qpm", "qmp", 1));
    let errors = package.check_fails();
    let report = "\
limits.yaml:8:19: unknown key `qmp`
  |
8 |         limits: { qmp: 30, tpm: 6000 }
  |                   ^
  help: did you mean `qpm`?";
    assert!(guide.contains(report));
    // Cargo indents what a build script prints.
    let indented = report.replace('\n', "\n  ");
    assert!(errors.contains(&indented), "{errors}");
    for noise in ["panicked", "BACKTRACE"] {
        assert!(!errors.contains(noise), "{errors}");
    }
    let status = if cfg!(windows) {
        "exit code: 1"
    } else {
        "exit status: 1"
    };
    assert!(errors.contains(status), "{errors}");
}
