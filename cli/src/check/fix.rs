//! Writes replacements into files.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, ensure};
use tempfile::NamedTempFile;

use super::finding::Finding;
use super::outcome::Outcome;

/// Fixes what can be fixed, and returns the number of findings that were fixed. The others stay, and so
/// do all findings of a file that cannot be written. The findings are sorted.
pub(super) fn apply(outcome: &mut Outcome) -> usize {
    let all = std::mem::take(&mut outcome.findings);
    let count = all.len();
    for findings in all.chunk_by(|a, b| a.file == b.file) {
        let result = fix_file(&findings[0].file, findings);
        let is_fixed = |finding: &&Finding| result.is_ok() && finding.problem.fix.is_some();
        let rest = findings.iter().filter(|finding| !is_fixed(finding));
        outcome.findings.extend(rest.cloned());
        if let Err(error) = result {
            outcome.cannot("fix", &findings[0].path, &format!("{error:#}"));
        }
    }
    count - outcome.findings.len()
}

fn fix_file(path: &Path, findings: &[Finding]) -> anyhow::Result<()> {
    if findings.iter().all(|finding| finding.problem.fix.is_none()) {
        return Ok(());
    }
    let text = fs::read(path)?;
    let mut fixed = Vec::with_capacity(text.len());
    let mut end = 0;
    for finding in findings {
        let Some(replacement) = finding.problem.fix else {
            continue;
        };
        ensure!(
            text.get(finding.bytes.clone()) == Some(finding.name.as_bytes()),
            "the file has changed, run the command again"
        );
        fixed.extend_from_slice(&text[end..finding.bytes.start]);
        fixed.extend_from_slice(replacement.as_bytes());
        end = finding.bytes.end;
    }
    fixed.extend_from_slice(&text[end..]);
    replace(path, &fixed)
}

/// Replaces a file in one step, so that it is complete if writing fails.
fn replace(path: &Path, text: &[u8]) -> anyhow::Result<()> {
    let metadata = fs::metadata(path)?;
    // A file that is protected from writing could still be replaced.
    ensure!(!metadata.permissions().readonly(), "the file is read-only");
    let directory = path.parent().context("the file has no folder")?;
    let mut file = NamedTempFile::new_in(directory)?;
    file.write_all(text)?;
    file.as_file().set_permissions(metadata.permissions())?;
    file.persist(path)?;
    Ok(())
}
