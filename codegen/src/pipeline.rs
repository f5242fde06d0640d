//! Turns a table and an overlay into a catalogue.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use model_studio_limits_core::AnyOf;

use crate::catalogue::Catalogue;
use crate::decoder::Decoder;
use crate::diagnostics::{Diagnostic, Error, Location, Source};
use crate::generator::Input;
use crate::yaml::Node;
use crate::{decode, overlay, validate, yaml};

/// Reads a table, applies an overlay, and returns the catalogue, or all errors in both files.
pub(crate) fn catalogue(table: &Input, overlay: Option<&Path>) -> Result<Catalogue, Error> {
    let (table, overlay) = match (open(table), overlay.map(read).transpose()) {
        (Ok(table), Ok(overlay)) => (table, overlay),
        (Err(error), Err(other)) => return Err(error.and(&other)),
        (Err(error), _) | (_, Err(error)) => return Err(error),
    };
    let overlay = overlay.as_ref();
    // Locations are slow to find, and only invalid files need them.
    let catalogue = build(&table, overlay, false).or_else(|_| build(&table, overlay, true));
    catalogue.map_err(|errors| {
        let report = Error::report(&table, errors.table);
        match overlay {
            Some(overlay) => report.and(&Error::report(overlay, errors.overlay)),
            None => report,
        }
    })
}

/// The errors in a table and in an overlay.
struct Errors {
    table: Vec<Diagnostic>,
    overlay: Vec<Diagnostic>,
}

fn build(table: &Source, overlay: Option<&Source>, locations: bool) -> Result<Catalogue, Errors> {
    let catalogue = check(table, locations, decode::table, validate::validate);
    let overlaid = overlay.map(|overlay| {
        check(overlay, locations, decode::overlay, |overlay| {
            match &catalogue {
                Ok(catalogue) => overlay::apply(catalogue, overlay),
                // Without a catalogue, only the decoding of the overlay can be checked.
                Err(_) => Err(Vec::new()),
            }
        })
    });
    match (catalogue, overlaid) {
        (Ok(catalogue), None) | (Ok(_), Some(Ok(catalogue))) => Ok(catalogue),
        (catalogue, overlaid) => Err(Errors {
            table: catalogue.err().unwrap_or_default(),
            overlay: overlaid.and_then(Result::err).unwrap_or_default(),
        }),
    }
}

/// Parses, decodes and validates a file. Returns the errors of all steps.
fn check<T: Default, V>(
    source: &Source,
    locations: bool,
    decode: fn(&mut Decoder, &Node) -> Option<T>,
    validate: impl FnOnce(T) -> Result<V, Vec<Diagnostic>>,
) -> Result<V, Vec<Diagnostic>> {
    let root = yaml::parse(&source.text, locations).map_err(|error| vec![error])?;
    let mut decoder = Decoder::default();
    let table = decode(&mut decoder, &root).unwrap_or_default();
    let mut errors = decoder.diagnostics;
    match validate(table) {
        Ok(valid) if errors.is_empty() => return Ok(valid),
        Ok(_) => {}
        Err(more) => errors.extend(more),
    }
    Err(errors)
}

/// Reads a table file, or returns a shipped table.
fn open(input: &Input) -> Result<Source, Error> {
    let name = match input {
        Input::File(path) => return read(path),
        Input::Shipped(name) => name,
    };
    let shipped = model_studio_limits_tables::TABLES;
    let Some((_, text)) = shipped.iter().find(|(shipped, _)| shipped == name) else {
        let names: Vec<&str> = shipped.iter().map(|(name, _)| *name).collect();
        return Err(Error::new(format_args!(
            "unknown table `{name}`, expected one of {}",
            AnyOf(&names)
        )));
    };
    Ok(Source {
        path: input.path(),
        text: (*text).to_owned(),
    })
}

/// The size limit for files, in bytes. It is enough for a table with the maximum number of names of
/// typical length.
const MAX_BYTES: u64 = 8 << 20;

fn read(path: &Path) -> Result<Source, Error> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes));
    let len =
        read.map_err(|error| Error::file(path, format_args!("cannot read the file: {error}")))?;
    if len as u64 > MAX_BYTES {
        let message = format!("the file is larger than {MAX_BYTES} bytes");
        return Err(Error::file(path, message));
    }
    if bytes.starts_with("\u{feff}".as_bytes()) {
        // Some editors write a byte order mark, which the YAML library would take for the start of
        // a document.
        bytes.drain(..3);
    }
    let path = path.to_owned();
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Source { path, text }),
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(&error.as_bytes()[..valid]).into_owned();
            let error = Diagnostic::new(Location::end_of(&text), "the file is not valid UTF-8");
            let error = error.help("save the file as UTF-8");
            Err(Error::report(&Source { path, text }, vec![error]))
        }
    }
}
