//! The builder that a build script uses.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::{env, fmt, process};

use proc_macro2::TokenStream;
use quote::quote;

use crate::catalogue::Catalogue;
use crate::emit::{self, Settings};
use crate::overlay::Overlay;
use crate::report::{Error, Place, Problem, Source};
use crate::shape::Checker;
use crate::yaml::{self, Node};
use crate::{identifier, meaning};

/// Generates the code of a catalogue from its YAML table.
///
/// ```no_run
/// // build.rs
/// model_studio_limits_codegen::Generator::new("limits.yaml").emit("models.rs");
/// ```
#[derive(Clone, Debug)]
pub struct Generator {
    catalogue: PathBuf,
    overlay: Option<PathBuf>,
    enum_name: String,
    runtime: String,
    module: String,
    export_macro: bool,
    built_in: bool,
}

/// Generated code.
///
/// Its [`Display`](fmt::Display) is the source text, the same bytes for the same input.
#[derive(Clone, Debug)]
pub struct Code {
    source: String,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

impl Generator {
    /// A generator for the table at `path`, which is relative to the package that is built.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            catalogue: path.into(),
            overlay: None,
            enum_name: "Model".to_owned(),
            runtime: "::model_studio_limits".to_owned(),
            module: String::new(),
            export_macro: false,
            built_in: false,
        }
    }

    /// Lays an account's own limits, in the file at `path`, over those of the table.
    #[must_use]
    pub fn overlay(mut self, path: impl Into<PathBuf>) -> Self {
        self.overlay = Some(path.into());
        self
    }

    /// The name of the enum, `Model` if not set. The macro's name is the same in `snake_case`.
    #[must_use]
    pub fn enum_name(mut self, name: impl Into<String>) -> Self {
        self.enum_name = name.into();
        self
    }

    /// The path to the runtime crate, `::model_studio_limits` if not set: for a crate that has
    /// renamed the dependency, or gets it through another crate.
    #[must_use]
    pub fn runtime(mut self, path: impl Into<String>) -> Self {
        self.runtime = path.into();
        self
    }

    /// The module that includes the code, as a path from the crate's root, such as `models` or
    /// `provider::models`. Needed for the macro if that is not the root itself.
    #[must_use]
    pub fn module(mut self, path: impl Into<String>) -> Self {
        self.module = path.into();
        self
    }

    /// Exports the macro with `#[macro_export]`, for a library to offer it beside its enum. Other
    /// crates find the macro at the root of the library. Without it, the macro is visible in the
    /// crate, beside the enum.
    #[must_use]
    pub fn export_macro(mut self) -> Self {
        self.export_macro = true;
        self
    }

    /// For the build script of `model-studio-limits`, whose code is part of the runtime.
    #[doc(hidden)]
    #[must_use]
    pub fn built_in(mut self) -> Self {
        self.built_in = true;
        self.runtime("crate").export_macro()
    }

    /// Generates the code. Reads the files, and does nothing else.
    ///
    /// # Errors
    ///
    /// A file cannot be read, or something in it is wrong: the error lists every problem, each with
    /// its place.
    pub fn generate(&self) -> Result<Code, Error> {
        let settings = self.settings()?;
        let mut catalogue = read_file(&self.catalogue, |check, root| {
            let mut catalogue = Catalogue::read(check, root);
            meaning::check(check, &mut catalogue);
            catalogue
        });
        let overlay = self.overlay.as_ref().map_or(Ok(()), |path| {
            read_file(path, |check, root| {
                let overlay = Overlay::read(check, root);
                if let Ok(catalogue) = &mut catalogue {
                    overlay.apply(check, catalogue);
                }
            })
        });
        match (catalogue, overlay) {
            (Ok(catalogue), Ok(())) => Ok(Code {
                source: emit::code(&catalogue, &settings),
            }),
            (Err(error), Err(other)) => Err(error.and(&other)),
            (Err(error), _) | (_, Err(error)) => Err(error),
        }
    }

    /// Generates the code into the file `file_name` of the build script's `OUT_DIR`, from where
    /// `model_studio_limits::include_models!` includes it, and has Cargo run the build script
    /// again when the table or the overlay changes.
    ///
    /// If something is wrong, it writes the error's report to standard error and ends the process
    /// with exit code 1, which fails the build.
    pub fn emit(&self, file_name: impl AsRef<Path>) {
        for path in [&self.catalogue].into_iter().chain(&self.overlay) {
            println!("cargo::rerun-if-changed={}", path.display());
        }
        if let Err(error) = self.write(file_name.as_ref()) {
            eprintln!("{error}");
            process::exit(1);
        }
    }

    fn write(&self, file_name: &Path) -> Result<(), Error> {
        let directory = env::var_os("OUT_DIR").ok_or_else(|| {
            Error::other("OUT_DIR is not set: `emit` is for build scripts, which Cargo runs")
        })?;
        let path = Path::new(&directory).join(file_name);
        let code = self.generate()?;
        fs::write(&path, code.source)
            .map_err(|error| Error::file(&path, format_args!("cannot be written: {error}")))
    }

    fn settings(&self) -> Result<Settings, Error> {
        let enum_name = self.enum_name.as_str();
        let macro_name = identifier::snake_case(enum_name);
        let is_type = enum_name.starts_with(|c: char| c.is_ascii_uppercase());
        if !is_type || !identifier::is_valid(enum_name) {
            return Err(Error::other(format_args!(
                "the enum cannot be named `{enum_name}`: use a Rust identifier of ASCII \
                 letters, digits and `_` that begins with a capital letter"
            )));
        }
        if !identifier::is_valid(&macro_name) || identifier::is_attribute(&macro_name) {
            return Err(Error::other(format_args!(
                "the enum cannot be named `{enum_name}`: its macro would be `{macro_name}`, which has \
                 a meaning in Rust"
            )));
        }
        let module = match self.module.as_str() {
            "crate" => "",
            module => module.strip_prefix("crate::").unwrap_or(module),
        };
        Ok(Settings {
            table: file_name(&self.catalogue),
            overlay: self.overlay.as_deref().map(file_name),
            enum_name: enum_name.to_owned(),
            macro_name,
            runtime: match self.runtime.as_str() {
                "crate" => quote!(crate),
                path => {
                    let names = path.strip_prefix("crate::").or(path.strip_prefix("::"));
                    path_tokens(path, names.unwrap_or(path))?
                }
            },
            module: match module {
                "" => TokenStream::new(),
                module => path_tokens(&format!("::{module}"), module)?,
            },
            export_macro: self.export_macro,
            built_in: self.built_in,
        })
    }
}

/// A path as tokens. It is made of `names` and, before them, what is known to be right.
fn path_tokens(path: &str, names: &str) -> Result<TokenStream, Error> {
    let tokens = names.split("::").all(identifier::is_valid);
    let tokens = tokens.then(|| path.parse().ok());
    tokens.flatten().ok_or_else(|| {
        Error::other(format_args!(
            "`{path}` is not a path: use identifiers with `::` between them"
        ))
    })
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

/// The largest file that is read, in bytes: more than a catalogue of the most names takes.
const MAX_BYTES: u64 = 8 << 20;

/// Reads a file and what it means. `read` notes what is wrong, and is called once more if anything
/// is: with the places of all values, which take longer to get.
fn read_file<T>(path: &Path, mut read: impl FnMut(&mut Checker, &Node) -> T) -> Result<T, Error> {
    let source = Source {
        path: path.to_owned(),
        text: read_text(path)?,
    };
    let tree_of = |places| {
        yaml::read(&source.text, places).map_err(|problem| Error::problems(&source, vec![problem]))
    };
    let mut check = Checker::new(0);
    let value = read(&mut check, &tree_of(false)?);
    if check.problems.is_empty() {
        return Ok(value);
    }
    let mut check = Checker::new(SUGGESTIONS);
    read(&mut check, &tree_of(true)?);
    Err(Error::problems(&source, check.problems))
}

/// How many unknown names are compared with all others, for the nearest, at the most. Each takes as
/// long as the catalogue is large, and with many the reader has the wrong file.
const SUGGESTIONS: usize = 20;

fn read_text(path: &Path) -> Result<String, Error> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes));
    let cannot = |error| Error::file(path, format_args!("cannot be read: {error}"));
    if read.map_err(cannot)? as u64 > MAX_BYTES {
        let message = format_args!("is too large: a catalogue takes at most {MAX_BYTES} bytes");
        return Err(Error::file(path, message));
    }
    if bytes.starts_with("\u{feff}".as_bytes()) {
        // The byte order mark of some editors; YAML takes it for the beginning of a document.
        bytes.drain(..3);
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(&error.as_bytes()[..valid]).into_owned();
        let place = Place::end_of(&text);
        let source = Source {
            path: path.to_owned(),
            text,
        };
        let problem = Problem::new(place, "this is not UTF-8");
        Error::problems(&source, vec![problem.help("save the file as UTF-8")])
    })
}
