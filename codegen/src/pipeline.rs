//! The steps from the input files to a table, with the errors of all steps in one report.

use std::path::Path;

use crate::diagnostic::Diagnostic;
use crate::error::Error;
use crate::input::{Input, TextFile};
use crate::table::Table;
use crate::yaml::{self, Node, Reader};
use crate::{decode, overlay, validate};

/// Reads a table, applies an overlay, and returns the table, or all errors in both files. `enum_name` is
/// the enum of the table, whose name no other enum can have.
pub(crate) fn table(
    table: &Input,
    overlay: Option<&Path>,
    enum_name: &str,
) -> Result<Table, Error> {
    let (file, overlay) = match (table.read(), overlay.map(TextFile::read).transpose()) {
        (Ok(file), Ok(overlay)) => (file, overlay),
        (Err(error), Err(other)) => return Err(error.and(&other)),
        (Err(error), _) | (_, Err(error)) => return Err(error),
    };
    let overlay = overlay.as_ref();
    // Locations are slow to find, and only invalid files need them.
    let table =
        build(&file, overlay, enum_name, false).or_else(|_| build(&file, overlay, enum_name, true));
    let table = table.map_err(|errors| {
        let report = file.report(errors.table);
        match overlay {
            Some(overlay) => report.and(&overlay.report(errors.overlay)),
            None => report,
        }
    })?;
    Ok(Table {
        file_name: file.name(),
        overlay: overlay.map(TextFile::name),
        ..table
    })
}

/// The errors in a table and in an overlay.
struct Errors {
    table: Vec<Diagnostic>,
    overlay: Vec<Diagnostic>,
}

fn build(
    file: &TextFile,
    overlay: Option<&TextFile>,
    enum_name: &str,
    locations: bool,
) -> Result<Table, Errors> {
    let table = check(file, locations, decode::table_file, |file| {
        validate::validate(file, enum_name)
    });
    let overlaid = overlay.map(|overlay| {
        check(overlay, locations, decode::overlay_file, |overlay| {
            match &table {
                Ok(table) => overlay::apply(table, overlay),
                // Without a valid table, only the overlay itself can be checked.
                Err(_) => Err(Vec::new()),
            }
        })
    });
    match (table, overlaid) {
        (Ok(table), None) | (Ok(_), Some(Ok(table))) => Ok(table),
        (table, overlaid) => Err(Errors {
            table: table.err().unwrap_or_default(),
            overlay: overlaid.and_then(Result::err).unwrap_or_default(),
        }),
    }
}

/// Parses, decodes and validates a file. Returns the errors of all steps.
fn check<T: Default>(
    file: &TextFile,
    locations: bool,
    decode: fn(&mut Reader, &Node) -> Option<T>,
    validate: impl FnOnce(T) -> Result<Table, Vec<Diagnostic>>,
) -> Result<Table, Vec<Diagnostic>> {
    let root = yaml::parse(&file.text, locations).map_err(|error| vec![error])?;
    let mut reader = Reader::default();
    let decoded = decode(&mut reader, &root).unwrap_or_default();
    let mut errors = reader.errors;
    match validate(decoded) {
        Ok(table) if errors.is_empty() => return Ok(table),
        Ok(_) => {}
        Err(more) => errors.extend(more),
    }
    Err(errors)
}
