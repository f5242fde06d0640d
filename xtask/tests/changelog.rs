//! The entry of an import in the changelog.

use xtask::add_to_changelog;

const ENTRY: &str = "- The tables are as of 2026-10-12.\n- Added `b` (beijing).\n";

#[test]
fn an_entry_is_in_the_section_of_the_next_release() {
    for (changelog, expected) in [
        (
            "# Changelog\n\nText.\n\n## Unreleased\n\nText.\n\n### The library\n\n- A.\n\n## 0.1.0 - 2026-10-01\n\n- A.\n",
            "# Changelog\n\nText.\n\n## Unreleased\n\nText.\n\n### The tables\n\n- The tables are as of 2026-10-12.\n\
             - Added `b` (beijing).\n\n### The library\n\n- A.\n\n## 0.1.0 - 2026-10-01\n\n- A.\n",
        ),
        (
            "# Changelog\n\n## 0.1.0 - 2026-10-01\n\n### The tables\n\n- The tables are as of 2026-10-01.\n",
            "# Changelog\n\n## Unreleased\n\n### The tables\n\n- The tables are as of 2026-10-12.\n\
             - Added `b` (beijing).\n\n## 0.1.0 - 2026-10-01\n\n### The tables\n\n\
             - The tables are as of 2026-10-01.\n",
        ),
        (
            "# Changelog\n\n## Unreleased\n\nText.\n",
            "# Changelog\n\n## Unreleased\n\nText.\n\n### The tables\n\n- The tables are as of 2026-10-12.\n\
             - Added `b` (beijing).\n",
        ),
        (
            "# Changelog\n",
            "# Changelog\n\n## Unreleased\n\n### The tables\n\n- The tables are as of 2026-10-12.\n\
             - Added `b` (beijing).\n",
        ),
    ] {
        assert_eq!(add_to_changelog(changelog, ENTRY), expected);
    }
}

#[test]
fn the_entries_between_two_releases_have_one_date() {
    for below in [
        "",
        "\n### The library\n\n- A.\n",
        "\n## 0.1.0 - 2026-10-01\n",
    ] {
        let changelog = format!(
            "# Changelog\n\n## Unreleased\n\n### The tables\n\n- The tables are as of 2026-10-10.\n- Added `a` (tokyo).\n{below}"
        );
        let expected = format!(
            "# Changelog\n\n## Unreleased\n\n### The tables\n\n- The tables are as of 2026-10-12.\n- Added `a` (tokyo).\n- Added `b` (beijing).\n{below}"
        );
        assert_eq!(add_to_changelog(&changelog, ENTRY), expected);
    }
}

#[test]
fn long_items_are_wrapped() {
    let models = vec!["`qwen3.7-plus` (beijing, singapore)"; 20].join(", ");
    let entry = format!("- The tables are as of 2026-10-12.\n- Added {models}.\n");
    let changelog = add_to_changelog("# Changelog\n", &entry);
    assert!(changelog.lines().all(|line| line.chars().count() <= 120));
    let (_, item) = changelog.split_once("\n- Added ").unwrap();
    assert!(item.lines().skip(1).all(|line| line.starts_with("  ")));
    assert_eq!(
        item.split_whitespace().collect::<Vec<_>>().join(" "),
        format!("{models}.")
    );
}
