//! What changed since the committed data, and what of it is held back.

use xtask::{DataFiles, ProviderPages, generate, import};

use crate::{accept, committed, compare, no_data, pages, rows, with_quotas};

/// Returns the data with the rate limit page of 2026-08-10.
fn older() -> DataFiles {
    let older = import(&pages("2026-08-10"), &no_data(), &[]).unwrap().files;
    DataFiles {
        notices: committed().notices,
        ..older
    }
}

#[test]
fn the_report_describes_the_changes_between_two_editions() {
    let older = older();
    let newest = with_quotas("2026-10-09");
    let held_back = import(&newest, &older, &[]).unwrap();
    compare("held-back.md", &held_back.report);
    generate(&held_back.files).unwrap();

    let accepted = import(&newest, &older, &accept(&["qwen-flash"])).unwrap();
    compare("report.md", &accepted.report);
    generate(&accepted.files).unwrap();
    let committed = committed();
    let (mut new, old) = (rows(&accepted.files), rows(&committed));
    new.retain(|row| row["note"] != "gone since 2026-10-09");
    assert_eq!(new.len(), accepted.files.page.lines().count() - 2);
    assert_eq!(new.len(), old.len());
    for (new, mut old) in new.into_iter().zip(old) {
        // The older page does not have this model.
        let is_newer = old["note"].starts_with("was deepseek-v4-flash-0731-us");
        if is_newer || old["note"].starts_with("the page ") {
            old.insert("note", "");
        }
        assert_eq!(new, old);
    }
}

#[test]
fn implausible_changes_are_held_back_until_they_are_accepted() {
    let committed = committed();
    let newest = with_quotas("2026-10-09");
    let edit = |from: &str, to: &str| {
        assert_eq!(newest.rate_limits.matches(from).count(), 1, "{from}");
        newest.rate_limits.replace(from, to)
    };
    let mut in_region = false;
    let without_region = newest.rate_limits.lines().filter(|line| {
        if line.starts_with('#') {
            in_region = *line == "#### 中国香港";
        }
        !in_region
    });
    let without_region = without_region.collect::<Vec<_>>().join("\n");
    for (page, name, line) in [
        (
            edit(
                "farui-plus\n\n240\n\n1,000,000",
                "farui-plus\n\n240\n\n10,000,000",
            ),
            "farui-plus",
            "- `farui-plus` in beijing: 1,000,000 tpm -> 10,000,000 tpm (x10)",
        ),
        (
            edit("farui-plus\n\n240\n", "farui-plus\n\n24\n"),
            "farui-plus",
            "- `farui-plus` in beijing: 240 rpm -> 24 rpm (/10)",
        ),
        (
            edit("text-embedding-v4\n\n中国香港\n\n1,800\n\n1,200,000\n", ""),
            "hong_kong",
            "- `hong_kong` in hong_kong: 1 of 14 rows are gone: text-embedding-v4",
        ),
        (
            without_region,
            "hongkong",
            "- `hongkong` in hong_kong: 14 of 14 rows are gone: qwen3.8-max",
        ),
        (
            edit(
                "farui-plus\n",
                "qwen-max-0107\n\n60\n\n100,000\n\nfarui-plus\n",
            ),
            "qwen-max-0107",
            "- `qwen-max-0107` in beijing: a retired model returns",
        ),
    ] {
        let pages = ProviderPages {
            rate_limits: page,
            ..newest.clone()
        };
        let held_back = import(&pages, &committed, &[]).unwrap();
        assert_eq!(held_back.files.page, committed.page, "{name}");
        assert!(held_back.report.contains(line), "{}", held_back.report);
        let accepted = import(&pages, &committed, &accept(&[name])).unwrap();
        assert_ne!(accepted.files.page, committed.page, "{name}");
        assert!(
            !accepted.report.contains("Held back"),
            "{}",
            accepted.report
        );
    }
}

#[test]
fn what_is_held_back_does_not_change_how_many_models_share_a_quota() {
    // This page lists four of the five Kling models, and says that four share the quota.
    let import = import(&pages("2026-08-10"), &committed(), &[]).unwrap();
    let held_back = "kling/kling-v3-turbo-video-generation";
    let (_, gone) = import.report.split_once("rows are gone: ").unwrap();
    assert!(gone.contains(held_back), "{gone}");
    for row in rows(&import.files) {
        if row["name"] == held_back {
            assert_eq!(row["shared_by"], "");
        } else if row["name"].starts_with("kling/") {
            assert!(row["shared_by"].starts_with("4 Kling models"));
        }
    }
    generate(&import.files).unwrap();
}

#[test]
fn plausible_changes_are_applied() {
    let committed = DataFiles {
        // The dates of some have passed on the days of this test.
        notices: no_data().notices,
        ..committed()
    };
    let mut pages = with_quotas("2026-10-09");
    pages.date = "2026-10-12".to_owned();
    let page = &mut pages.rate_limits;
    *page = page.replace("farui-plus\n\n240\n", "farui-plus\n\n300\n");
    *page = page.replace("qwen3-vl-rerank\n\n600\n\n9,000,000\n", "");
    *page = page.replace("tongyi-intent-detect-v3\n", "tongyi-intent-detect-v4\n");
    let first = import(&pages, &committed, &[]).unwrap();
    assert_eq!(first.files.page_file, "models-2026-10-12.tsv");
    let expected = "\
# Import of the pages of 2026-10-12

Compared with the data of 2026-10-09.

## beijing: 477 rows, 476 before

- New (1): `tongyi-intent-detect-v4`
- Gone, and deprecated until it is accepted (2): `qwen3-vl-rerank`, `tongyi-intent-detect-v3`
- 240 rpm -> 300 rpm (x1.25): `farui-plus`

## Release

A minor release, because names are removed or deprecated. The entry for CHANGELOG.md:

- The tables are as of 2026-10-12.
- Added `tongyi-intent-detect-v4` (beijing).
- Deprecated `qwen3-vl-rerank` (beijing), `tongyi-intent-detect-v3` (beijing).
- Changed the limits of `farui-plus` (beijing).

## Sources that differ

The rules in xtask/README.md decide what the tables have.

- the page says `qpm: 300`, the window is 4 per 1s: not used: `farui-plus`
";
    let (changes, _) = first.report.split_once("\n## Remarks").unwrap();
    assert_eq!(changes, expected);

    // A model that is gone is deprecated until this is accepted, or until it is back.
    let tables = generate(&first.files).unwrap();
    let deprecated = "      - name: qwen3-vl-rerank
        deprecated: { source: \"rate limit page of 2026-10-12\", note: \"no longer on the page\" }
        limits: { requests: ";
    assert!(tables.contents["tables/beijing.yaml"].contains(deprecated));
    pages.date = "2026-10-13".to_owned();
    let second = import(&pages, &first.files, &[]).unwrap();
    assert_eq!(second.files.page, first.files.page);
    let line = "- `qwen3-vl-rerank` in beijing: gone since 2026-10-12; accept this after a release with the deprecation";
    assert!(second.report.contains(line), "{}", second.report);
    let accepted = accept(&["qwen3-vl-rerank", "tongyi-intent-detect-v3"]);
    let third = import(&pages, &first.files, &accepted).unwrap();
    assert!(!third.files.page.contains("gone since"));
    assert!(
        third.report.contains("- Removed (2): `qwen3-vl-rerank`"),
        "{}",
        third.report
    );
    let back = import(&with_quotas("2026-10-09"), &first.files, &[]).unwrap();
    let kept = back
        .files
        .page
        .lines()
        .filter(|line| line.contains("gone since"));
    assert_eq!(kept.count(), 1);
}

#[test]
fn a_retired_model_that_is_gone_is_removed() {
    let mut pages = with_quotas("2026-10-09");
    pages.date = "2026-10-12".to_owned();
    let row = "qwen-plus-2024-12-20\n\n（qwen-plus-1220）\n\n60\n\n150,000\n\n";
    pages.rate_limits = pages.rate_limits.replacen(row, "", 1);
    let data = DataFiles {
        // As on the page.
        notices: committed()
            .notices
            .replace("\nqwen-plus-1220\t", "\nqwen-plus-2024-12-20\t"),
        ..committed()
    };
    let import = import(&pages, &data, &[]).unwrap();
    assert!(
        import
            .report
            .contains("- Removed (1): `qwen-plus-2024-12-20`"),
        "{}",
        import.report
    );
    let tables = generate(&import.files).unwrap();
    let retired = "  - { name: qwen-plus-2024-12-20, on: 2026-10-10, ";
    assert!(tables.contents["tables/beijing.yaml"].contains(retired));
}

#[test]
fn only_what_is_held_back_can_be_accepted() {
    let accepted = accept(&["farui-plus"]);
    let error = import(&with_quotas("2026-10-09"), &committed(), &accepted).unwrap_err();
    let expected = "--accept farui-plus: no change with this name is held back";
    assert_eq!(error, expected);
}
