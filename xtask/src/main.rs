//! Repository tasks: `cargo xtask tables` and `cargo xtask import`.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use xtask::{DataFiles, ProviderPages, QuotaAnswer, add_to_changelog, generate, import};

const USAGE: &str = "\
unknown command

Usage: cargo xtask tables [--check]
       cargo xtask import FOLDER [--date DATE] [--quotas REGION=FILE]... [--accept NAME]...

tables   Writes the tables of all regions, the lists of the regions in tables/lib.rs and src/region_list.rs,
         and src/regions.md from xtask/data, and a report to standard error.
         With --check, writes nothing, and fails if the files in the repository differ.
import   Reads the provider's pages in FOLDER, a checkout of github.com/modelstudioai/skills, into xtask/data,
         writes the same files as `tables`, an entry to CHANGELOG.md, and a report to standard output.
         The date of the pages is that of the last commit in FOLDER, unless --date states another.
         Each --quotas is a file with answers of the quota endpoint in a region, as JSON.
         Implausible changes are held back until they are accepted by the name that the report states.";

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let result = match arguments[..] {
        ["tables"] => write_tables(),
        ["tables", "--check"] => check_tables(),
        ["import", folder, ref options @ ..] => import_pages(Path::new(folder), options),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write_tables() -> Result<(), String> {
    let files = generate(&load_data()?)?;
    files.write(repository())?;
    eprint!("{}", files.report());
    Ok(())
}

fn check_tables() -> Result<(), String> {
    let differences = generate(&load_data()?)?.differences(repository())?;
    if differences.is_empty() {
        return Ok(());
    }
    let differences = differences.join("\n");
    Err(format!(
        "run `cargo xtask tables` and commit the result\n{differences}"
    ))
}

fn import_pages(folder: &Path, options: &[&str]) -> Result<(), String> {
    let (mut date, mut accepted, mut quota_answers) = (None, Vec::new(), Vec::new());
    for option in options.chunks(2) {
        match option {
            ["--date", value] => date = Some((*value).to_owned()),
            ["--quotas", value] => quota_answers.push(load_answer(value)?),
            ["--accept", name] => accepted.push((*name).to_owned()),
            _ => return Err(USAGE.to_owned()),
        }
    }
    let date = match date {
        Some(date) => date,
        None => commit_date(folder)?,
    };
    let committed = load_data()?;
    let pages = ProviderPages {
        quota_answers,
        ..ProviderPages::load(folder, date)?
    };
    let import = import(&pages, &committed, &accepted)?;
    print!("{}", import.report);
    // If the tables have an error, nothing is written. The report can show the reason.
    let tables = generate(&import.files).map_err(|error| {
        format!("the pages are read, but their data has an error, and nothing is written\n{error}")
    })?;
    write_data(&committed, &import.files)?;
    tables.write(repository())?;
    match import.changelog_entry {
        Some(entry) => write_changelog(&entry),
        None => Ok(()),
    }
}

fn write_changelog(entry: &str) -> Result<(), String> {
    let path = repository().join("CHANGELOG.md");
    let error = |error| format!("CHANGELOG.md: {error}");
    let text = fs::read_to_string(&path).map_err(error)?;
    fs::write(&path, add_to_changelog(&text, entry)).map_err(error)
}

/// Reads the file in `REGION=FILE`.
fn load_answer(value: &str) -> Result<QuotaAnswer, String> {
    let (region, file) = value
        .split_once('=')
        .ok_or_else(|| format!("--quotas {value}: expected REGION=FILE"))?;
    let text = fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    Ok(QuotaAnswer {
        region: region.to_owned(),
        file: file.to_owned(),
        text,
    })
}

/// Replaces the files of the committed data.
fn write_data(committed: &DataFiles, files: &DataFiles) -> Result<(), String> {
    let path = |file: &str| data().join(file);
    for (old, new, text) in [
        (&committed.page_file, &files.page_file, &files.page),
        (
            &committed.property_file,
            &files.property_file,
            &files.properties,
        ),
        (&committed.notice_file, &files.notice_file, &files.notices),
        (&committed.quota_file, &files.quota_file, &files.quotas),
    ] {
        fs::write(path(new), text).map_err(|error| format!("{new}: {error}"))?;
        if old != new {
            fs::remove_file(path(old)).map_err(|error| format!("{old}: {error}"))?;
        }
    }
    Ok(())
}

/// Returns the date of the last commit in a checkout.
fn commit_date(folder: &Path) -> Result<String, String> {
    let git = |arguments: &[&str]| {
        let git = Command::new("git")
            .arg("-C")
            .arg(folder)
            .args(arguments)
            .output();
        let output = git.ok().filter(|output| output.status.success())?;
        let text = String::from_utf8(output.stdout).ok()?;
        Some(text.trim().to_owned())
    };
    // Git also finds the repository of a directory above.
    let is_root = git(&["rev-parse", "--show-prefix"]).is_some_and(|prefix| prefix.is_empty());
    let date = is_root
        .then(|| git(&["log", "-1", "--format=%cs"]))
        .flatten();
    date.ok_or_else(|| {
        let folder = folder.display();
        format!("{folder}: not the root of a Git repository with a commit, pass --date YYYY-MM-DD")
    })
}

fn load_data() -> Result<DataFiles, String> {
    DataFiles::load(&data())
}

fn data() -> std::path::PathBuf {
    repository().join("xtask/data")
}

/// Returns the root of the repository, which is the parent directory of this package.
fn repository() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}
