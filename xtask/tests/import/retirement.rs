//! What the page about retirement changes.

use std::fmt::Write as _;

use xtask::{DataFiles, Import, ProviderPages, generate, import};

use crate::{accept, committed, compare, edit, page, with_quotas};

fn august() -> String {
    page("model-depreciation-2026-08-05.md")
}

/// Returns the pages of 2026-10-09 with a page about retirement.
fn pages(retirements: &str) -> ProviderPages {
    ProviderPages {
        retirements: Some(retirements.to_owned()),
        ..with_quotas("2026-10-09")
    }
}

/// Imports a page twice, and checks that the second import changes nothing.
fn import_page(page: &str, committed: &DataFiles, accepted: &[&str]) -> Import {
    let first = import(&pages(page), committed, &accept(accepted)).unwrap();
    generate(&first.files).unwrap();
    let second = import(&pages(page), &first.files, &[]).unwrap();
    assert_eq!(second.files.notices, first.files.notices);
    assert!(
        second.report.contains("Nothing changed."),
        "{}",
        second.report
    );
    first
}

/// Returns the page in the form of newer editions, which have the notices of each date but no tables.
fn without_tables(page: &str) -> String {
    let (introduction, batches) = page.split_once("### **2026年10月10日将下线**").unwrap();
    let mut newer = introduction.to_owned();
    let mut last = "";
    for batch in format!("2026年10月10日将下线**{batches}").split("### **") {
        let (heading, rest) = batch.split_once("**").unwrap();
        if heading != last {
            _ = write!(newer, "### {heading}\n\n详细说明，请参见以下官网公告：\n\n");
            last = heading;
        }
        match rest.split_once("https://www.aliyun.com/notice/") {
            Some((_, rest)) => {
                let link = format!("https://www.aliyun.com/notice/{}", &rest[..6]);
                _ = writeln!(newer, "-   [{link}]({link})");
            }
            None => newer += "该批次未发布专项公告。\n",
        }
        newer += "\n";
    }
    newer
}

fn line<'a>(files: &'a DataFiles, begin: &str) -> &'a str {
    let mut lines = files.notices.lines();
    lines.find(|line| line.starts_with(begin)).expect(begin)
}

#[test]
fn the_page_has_the_committed_notices() {
    let committed = committed();
    for page in [august(), without_tables(&august())] {
        let import = import_page(&page, &committed, &[]);
        assert_eq!(import.files.notices, committed.notices);
        assert_eq!(import.files.notice_file, committed.notice_file);
        assert_eq!(import.files.page_file, committed.page_file);
        assert!(
            !import.report.contains("model-depreciation"),
            "{}",
            import.report
        );
    }
}

#[test]
fn the_report_describes_new_postponed_and_replaced_models() {
    let mut page = august();
    // A new notice.
    let heading = "### **2026年10月10日将下线**\n\n详细说明，请参见官网公告[【大模型服务平台百炼】部分主线模型下线通知](https://www.aliyun.com/notice/118344)。";
    let batch = "### **2026年12月1日将下线**\n\n详细说明，请参见官网公告[通知](https://www.aliyun.com/notice/118500)。\n\n**类别**\n\n**模型名称**\n\n**下线时间**\n\n**替代模型**\n\n千问Flash\n\nqwen3.5-flash\n\n2026年12月1日00:00:00\n\nqwen3.7-flash\n\nqwen3.5-flash-2026-02-23\n\n其他\n\ntongyi-intent-detect-v3\n\n无直接替代模型\n\n";
    edit(&mut page, heading, &format!("{batch}{heading}"));
    // A batch that is postponed, with its heading and its date.
    let begin = page.find("/notice/118177").unwrap();
    let begin = page[..begin].rfind("### **").unwrap();
    let end = begin + page[begin + 1..].find("### **").unwrap();
    let postponed = page[begin..end].replace("2026年10月10日", "2027年1月9日");
    page.replace_range(begin..end, &postponed);
    // The replacement of five models.
    edit(
        &mut page,
        "qwen-tts-latest\n\n2026年10月10日00:00:00\n\ncosyvoice-v3-flash\n",
        "qwen-tts-latest\n\n2026年10月10日00:00:00\n\ncosyvoice-v3.5-flash\n",
    );
    // A row that is no longer there, and a notice.
    edit(&mut page, "qwen3-rerank\n", "qwen3-vl-rerank\n");
    edit(&mut page, "\n\nglm-4.5-air\n", "\n");
    page.truncate(page.find("### **2024年4月22日").unwrap());

    let import = import_page(&page, &committed(), &[]);
    compare("retirement.md", &import.report);
    assert_eq!(import.files.notice_file, "lifecycle-2026-10-09.tsv");
    let source = "https://help.aliyun.com/zh/model-studio/model-depreciation, modelstudioai/skills";
    for (name, cells) in [
        (
            "qwen3.5-flash",
            "announced\t2026-12-01\tqwen3.7-flash\t118500",
        ),
        (
            "qwen3.5-flash-2026-02-23",
            "announced\t2026-12-01\tqwen3.7-flash\t118500",
        ),
        (
            "qwen-turbo",
            "announced\t2027-01-09\tnewest of the Qwen3.7/3.6 series (no single name)\t118177",
        ),
        (
            "qwen-tts-2025-05-22",
            "announced\t2026-10-10\tcosyvoice-v3.5-flash\t118332",
        ),
    ] {
        let row = format!("{name}\t\tmainland\t{cells}\t{source} 2026-10-09\t");
        let found = line(&import.files, &format!("{name}\t"));
        assert!(found.starts_with(&row), "{found}");
    }
    let row = line(&import.files, "qwen-max-1201\t");
    assert!(row.contains(&format!("{source} 2026-08-05")), "{row}");

    let tables = generate(&import.files).unwrap().contents;
    let row = "deprecated: { retires: 2026-12-01, replacement: qwen3.7-flash, source: \"notice 118500\" }";
    assert!(tables["tables/beijing.yaml"].contains(row));
    assert!(!tables["tables/singapore.yaml"].contains("notice 118500"));
}

#[test]
fn the_dates_of_notices_without_a_table_apply_to_the_models_of_the_data() {
    let mut page = without_tables(&august());
    // A notice that is postponed, and one whose models are not known.
    let notice =
        "-   [https://www.aliyun.com/notice/118332](https://www.aliyun.com/notice/118332)\n";
    edit(&mut page, notice, "");
    let newer = notice.replace("118332", "118500");
    let batch = format!("### 2026年12月1日将下线\n\n{notice}\n{newer}\n");
    edit(
        &mut page,
        "### 2026年10月10日",
        &format!("{batch}### 2026年10月10日"),
    );
    edit(&mut page, "2026年3月30日", "2026年3月31日");
    let import = import_page(&page, &committed(), &[]);
    compare("notices.md", &import.report);
    let row = line(&import.files, "qwen-tts-latest\t");
    assert!(
        row.contains("\t2026-12-01\tcosyvoice-v3-flash\t118332\t"),
        "{row}"
    );
}

#[test]
fn the_links_to_notices_decide_the_site() {
    let committed = committed();
    let mut page = august();
    page.truncate(page.find("### **2026").unwrap());
    // The mainland has a notice with the second number, too.
    for (date, status, notice) in [
        (
            "2026年12月30日",
            "将",
            "modelstudio_eos_notice_1949?spm=a.b",
        ),
        ("2026年5月31日", "已", "gte_rerank_118217"),
    ] {
        let link = format!("https://www.alibabacloud.com/zh/notice/{notice}");
        let text = format!("详细说明，请参见官网公告[通知]({link})。");
        _ = write!(page, "### {date}{status}下线\n\n{text}\n\n");
    }
    let import = import_page(&page, &committed, &[]);
    let mut changed = 0;
    for (new, old) in import.files.notices.lines().zip(committed.notices.lines()) {
        let cells: Vec<_> = old.split('\t').collect();
        let date = match [cells[2], cells[6]] {
            ["international", "1949"] => "2026-12-30",
            ["international", "118217"] => "2026-05-31",
            _ => {
                assert_eq!(new, old);
                continue;
            }
        };
        let source = "https://www.alibabacloud.com/help/en/model-studio/model-depreciation, modelstudioai/skills 2026-10-09";
        let expected = old.replace(cells[4], date).replace(cells[7], source);
        assert_eq!(new, expected);
        changed += 1;
    }
    assert_eq!(changed, 43);
    assert!(!import.report.contains("## beijing"), "{}", import.report);
    let line = "- retirement postponed from 2026-10-10 to 2026-12-30: ";
    let singapore = import
        .report
        .split_once("## singapore")
        .expect("the table")
        .1;
    assert!(singapore.contains(line), "{singapore}");
}

#[test]
fn dates_that_have_passed_retire_names() {
    let committed = committed();
    let mut pages = pages(&august());
    let retired = |files: &DataFiles, name: &str| {
        let tables = generate(files).unwrap().contents;
        tables["tables/beijing.yaml"].contains(&format!("  - {{ name: {name}, on: 2026-10-10"))
    };
    assert!(!retired(&committed, "sensevoice-v1"));
    for (date, has_passed) in [
        ("2026-10-08", false),
        ("2026-10-10", true),
        ("2026-10-12", true),
    ] {
        date.clone_into(&mut pages.date);
        let first = import(&pages, &committed, &[]).unwrap();
        assert_eq!(retired(&first.files, "sensevoice-v1"), has_passed, "{date}");
        // The page still lists it.
        assert!(!retired(&first.files, "aitryon"));
        let expected = if has_passed { date } else { "2026-10-09" };
        assert_eq!(first.files.page_date, expected);
        assert_eq!(first.files.page, committed.page);
        assert_eq!(first.files.notices, committed.notices);
        let line = "- retired on 2026-10-10, replaced by fun-asr: `sensevoice-v1`\n";
        assert_eq!(first.report.contains(line), has_passed, "{}", first.report);
        let conflict = "but still listed in Beijing: deprecated there, retired nowhere: `aitryon`,";
        assert_eq!(
            first.report.contains(conflict),
            has_passed,
            "{}",
            first.report
        );
        let patch = "A patch release, because retired names,";
        assert_eq!(first.report.contains(patch), has_passed, "{}", first.report);
    }
}

#[test]
fn a_retired_model_that_is_announced_again_is_held_back() {
    let committed = committed();
    let mut page = august();
    edit(&mut page, "2026年5月30日已下线", "2026年12月30日将下线");
    edit(&mut page, "2026年5月30日00:00:00", "2026年12月30日00:00:00");
    let held_back = import_page(&page, &committed, &[]);
    assert_eq!(held_back.files.notices, committed.notices);
    let line_of_report = "- `gte-rerank` in mainland: it was retired on 2026-05-30, and is now announced for 2026-12-30\n";
    assert!(
        held_back.report.contains(line_of_report),
        "{}",
        held_back.report
    );
    let accepted = import_page(&page, &committed, &["gte-rerank"]);
    let row = line(&accepted.files, "gte-rerank\t\tmainland\t");
    assert!(
        row.starts_with("gte-rerank\t\tmainland\tannounced\t2026-12-30\t"),
        "{row}"
    );
    let line_of_report = "- no longer retired: `gte-rerank`\n";
    assert!(
        accepted.report.contains(line_of_report),
        "{}",
        accepted.report
    );
}

#[test]
fn a_cell_that_can_be_a_name_or_a_replacement_is_held_back() {
    let committed = committed();
    let mut page = august();
    edit(&mut page, "glm-4.5-air\n", "glm-4.5-air\n\nglm-5.1\n");
    let held_back = import_page(&page, &committed, &[]);
    assert_eq!(held_back.files.notices, committed.notices);
    let line_of_report = "- `118434` in mainland: model-depreciation.md:336: the new models are left out, because each of these cells can be a model that is retired, or the replacement of the one above: `glm-5.1`; ";
    assert!(
        held_back.report.contains(line_of_report),
        "{}",
        held_back.report
    );

    let accepted = import(&pages(&page), &committed, &accept(&["118434"]))
        .unwrap()
        .files;
    let row = line(&accepted, "glm-5.1\t");
    assert!(
        row.starts_with("glm-5.1\t\tmainland\tannounced\t2026-10-10\tglm-5.2\t118434\t"),
        "{row}"
    );
    // It is then known.
    import_page(&page, &accepted, &[]);

    // If the data has it as a replacement, it is one.
    let mut known = committed.clone();
    let old = "glm-4.5-air\t\tmainland\tannounced\t2026-10-10\tglm-5.2\t";
    edit(&mut known.notices, old, &old.replace("glm-5.2", "glm-5.1"));
    let import = import_page(&page, &known, &[]);
    assert_eq!(import.files.notices, known.notices);
}

#[test]
fn a_replacement_that_can_be_missing_is_held_back() {
    let committed = committed();
    let mut page = august();
    edit(&mut page, "glm-5.2\n\nglm-4.5-air", "glm-4.5-air");
    let held_back = import_page(&page, &committed, &[]);
    assert_eq!(held_back.files.notices, committed.notices);
    let line_of_report = "- `118434` in mainland: model-depreciation.md:330: the category has no replacement of `glm-4.5`, `glm-4.5-air`, so ";
    assert!(
        held_back.report.contains(line_of_report),
        "{}",
        held_back.report
    );
}

#[test]
fn without_the_page_the_notices_are_kept() {
    let committed = committed();
    let import = import(&with_quotas("2026-10-09"), &committed, &[]).unwrap();
    assert_eq!(import.files.notices, committed.notices);
    let remark = "- there is no model-depreciation.md, so the notices of the data are kept\n";
    assert!(import.report.contains(remark), "{}", import.report);
}
