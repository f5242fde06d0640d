//! Which models meet conditions on properties.

use crate::support::{repository, run, stderr};
use crate::table::{assert_error, names, output};

#[test]
fn conditions_compare_values_of_every_type() {
    for (condition, expected) in [
        ("context_window=131072", &["painter"][..]),
        ("context_window>=200000", &["large", "medium"]),
        ("context_window>200000", &["large"]),
        ("context_window<=200000", &["medium", "painter"]),
        ("context_window<200000", &["painter"]),
        ("context_window!=200000", &["large", "painter"]),
        ("input=image", &["large", "painter"]),
        ("input!=image", &["medium"]),
        ("thinking=none", &["medium"]),
        ("thinking!=none", &["large"]),
        ("price<1", &["large"]),
        ("price=0.5", &["large"]),
        ("price>=2k", &["medium"]),
        ("released>=2026-05-01", &["large"]),
        ("released<2026-05-01", &["painter"]),
        ("open_weights=true", &["large"]),
        ("open_weights=false", &["medium", "painter", "unknown"]),
        ("family=Large ones", &["large"]),
        (" family = Large ones ", &["large"]),
        ("family!=a=b", &["large"]),
        ("family=large", &[]),
    ] {
        assert_eq!(names(&["--where", condition]), expected, "{condition}");
    }
}

#[test]
fn sizes_can_end_in_k_or_m() {
    for (size, expected) in [
        ("131072", &["large", "medium", "painter"][..]),
        ("131k", &["large", "medium", "painter"]),
        ("132k", &["large", "medium"]),
        ("200K", &["large", "medium"]),
        ("1M", &["large"]),
        ("1m", &["large"]),
        ("1000001", &[]),
        ("18446744073709551615", &[]),
    ] {
        assert_eq!(names(&["--min-context", size]), expected, "{size}");
        let condition = format!("context_window>={size}");
        assert_eq!(names(&["--where", &condition]), expected, "{size}");
    }
    for size in [
        "k",
        "-1",
        "+1",
        "1.5M",
        "1kk",
        "1 k",
        "200_000",
        "18446744073709551616",
        "18446744073709551615k",
    ] {
        let expected = format!(
            "error: invalid value '{size}' for '--min-context <SIZE>': expected an integer such as \
             `200000`, `200k` or `1M`\n"
        );
        assert_error("list", &[&format!("--min-context={size}")], &expected);
    }
}

#[test]
fn a_model_must_meet_all_conditions() {
    assert_eq!(names(&["--input", "image"]), ["large", "painter"]);
    assert_eq!(
        names(&["--input", "image", "--input", "text"]),
        ["large", "painter"]
    );
    assert_eq!(names(&["--input", "image", "--input", "audio"]), [""; 0]);
    assert_eq!(names(&["--output", "image"]), ["painter"]);
    assert_eq!(
        names(&["--input", "image", "--min-context", "200k"]),
        ["large"]
    );
    assert_eq!(
        names(&["--input", "image", "--where", "released<2026-01-01"]),
        ["painter"]
    );
    assert_eq!(names(&["--input", "text", "--deprecated"]), ["medium"]);
    assert_eq!(names(&["pa", "--input", "text"]), ["painter"]);
}

#[test]
fn unknown_names_and_values_are_errors() {
    let all = "`context_window`, `input`, `output`, `thinking`, `price`, `released`, `open_weights` or \
               `family`";
    for (option, value, expected) in [
        ("--where", "contxt_window>=1", "unknown property `contxt_window`, did you mean `context_window`?\n".to_owned()),
        ("--where", "modality=text", format!("unknown property `modality`, expected {all}\n")),
        ("--properties", "inputs", "unknown property `inputs`, did you mean `input`?\n".to_owned()),
        ("--properties", "input,\u{1b}[31m", format!("unknown property `\\u{{1b}}[31m`, expected {all}\n")),
        ("--input", "imgae", "unknown value `imgae` of `input`, did you mean `image`?\n".to_owned()),
        ("--output", "video", "unknown value `video` of `output`, expected `text`, `image` or `audio`\n".to_owned()),
        ("--where", "thinking=yes", "unknown value `yes` of `thinking`, expected `none`, `always` or `switchable`\n".to_owned()),
        ("--where", "thinking>none", "the values of `thinking` have no order: compare them with `=` or `!=`\n".to_owned()),
        ("--where", "family<a", "the values of `family` have no order: compare them with `=` or `!=`\n".to_owned()),
        ("--where", "context_window>=0.5", "invalid value `0.5` of `context_window`, expected an integer such as `200000`, `200k` or `1M`\n".to_owned()),
        ("--where", "price>=nan", "invalid value `nan` of `price`, expected a number such as `0.5` or `200k`\n".to_owned()),
        ("--where", "released>=2026-02-30", "invalid value `2026-02-30` of `released`, expected a date such as `2026-10-09`\n".to_owned()),
        ("--where", "open_weights=yes", "invalid value `yes` of `open_weights`, expected `true` or `false`\n".to_owned()),
    ] {
        // Also if no model would be listed.
        for filter in ["", "no-such-model"] {
            assert_error("list", &[filter, option, value], &format!("error: {expected}"));
        }
    }
    for condition in ["thinking", "=x", "thinking=", "thinking!x", "a.b"] {
        let expected = format!(
            "error: invalid value '{condition}' for '--where <CONDITION>': expected a condition such \
             as `thinking=switchable` or `context_window>=200k`, in quotes if it contains `<`, `>` or `!`\n"
        );
        assert_error("list", &["--where", condition], &expected);
    }
}

#[test]
fn conditions_are_checked_even_if_an_earlier_one_leaves_no_model() {
    let error = "error: invalid value `x` of `price`, expected a number such as `0.5` or `200k`\n";
    let arguments = ["--where", "context_window>1M", "--where", "price=x"];
    assert_error("list", &arguments, error);
}

#[test]
fn retired_models_have_no_properties() {
    assert_eq!(names(&["--retired"]), ["small"]);
    for filter in [
        &["--input", "text"][..],
        &["--output", "text"],
        &["--min-context", "1"],
        &["--where", "thinking=none"],
    ] {
        let arguments = [&["--retired"], filter].concat();
        assert_error(
            "list",
            &arguments,
            "error: the argument '--retired' cannot be used with",
        );
    }
    let list = output("list", &["--retired", "--properties", "input"]);
    assert!(
        list.contains("  small         retired 2025-01-01, use large"),
        "{list}"
    );
}

#[test]
fn a_table_declares_no_properties_that_it_does_not_have() {
    let output = run(
        &repository(),
        &["list", "-r", "built-in", "--input", "image"],
    );
    let error = "error: unknown property `input`: the table declares none\n";
    assert_eq!((stderr(&output), output.status.code()), (error, Some(2)));
}
