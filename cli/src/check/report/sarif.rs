//! Findings in the Static Analysis Results Interchange Format, version 2.1.0.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Component, Path};

use serde_json::{Value, json};

use crate::check::finding::Finding;
use crate::check::rules::RULES;

pub(super) fn write(findings: &[Finding], output: &mut impl Write) -> io::Result<()> {
    let rules = RULES.each_ref().map(|rule| {
        json!({
            "id": rule.kind,
            "shortDescription": { "text": rule.meaning },
            "defaultConfiguration": { "level": rule.level.name() },
        })
    });
    let results: Vec<Value> = findings.iter().map(result).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "model-studio-limits",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": "https://docs.rs/model-studio-limits-cli",
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    serde_json::to_writer_pretty(&mut *output, &log)?;
    writeln!(output)
}

fn result(finding: &Finding) -> Value {
    json!({
        "ruleId": finding.problem.rule.kind,
        "level": finding.problem.rule.level.name(),
        "message": { "text": finding.problem.message },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri(&finding.path) },
            "region": {
                "startLine": finding.line,
                "startColumn": finding.columns.start,
                "endColumn": finding.columns.end,
            },
        }}],
    })
}

/// Returns the path as a relative or absolute URI reference.
fn uri(path: &Path) -> String {
    let mut parts = Vec::new();
    let mut prefix = "";
    for component in path.components() {
        match component {
            Component::RootDir => prefix = "file:///",
            Component::CurDir => {}
            part => parts.push(encode(part.as_os_str().as_encoded_bytes())),
        }
    }
    format!("{prefix}{}", parts.join("/"))
}

/// Percent-encodes everything but the unreserved characters of RFC 3986.
fn encode(part: &[u8]) -> String {
    let mut encoded = String::new();
    for &byte in part {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(byte.into());
        } else {
            // Writing to a string does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
