//! The builder that build scripts use.

use std::path::{Path, PathBuf};
use std::{env, fmt, fs, process};

use crate::data::Table;
use crate::error::Error;
use crate::input::Input;
use crate::settings::{Placement, Settings};
use crate::{pipeline, render, table};

/// Generates an enum and a macro from a YAML table.
///
/// In a build script, call [`emit`](Self::emit) after the methods that change settings. Elsewhere,
/// [`generate`](Self::generate) returns the code.
///
/// ```no_run
/// // build.rs
/// model_studio_limits_codegen::Generator::new("limits.yaml").emit("models.rs");
/// ```
#[derive(Clone, Debug)]
pub struct Generator {
    table: Input,
    overlay: Option<PathBuf>,
    /// The environment variable that sets the overlay.
    overlay_variable: Option<String>,
    settings: Settings,
}

/// Generated code.
///
/// [`Display`](fmt::Display) writes the source text, which is deterministic.
#[derive(Clone, Debug)]
pub struct Code(String);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Generator {
    /// Creates a generator for the table at `path`. A relative path is resolved against the
    /// current directory, which in a build script is the package root.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            table: Input::File(path.into()),
            overlay: None,
            overlay_variable: None,
            settings: Settings {
                enum_name: "Model".to_owned(),
                runtime: "::model_studio_limits".to_owned(),
                module: String::new(),
                export_macro: false,
                placement: Placement::UserCrate,
            },
        }
    }

    /// Creates a generator for a table of Alibaba Cloud Model Studio that is shipped with this
    /// crate, such as `singapore` or `virginia_us`. The names are those of the [modules of
    /// `model-studio-limits`][modules]; for any other name, generating the code fails with an error
    /// that lists them. An overlay can change limits and add models.
    ///
    /// [modules]: https://docs.rs/model-studio-limits/latest/model_studio_limits/#modules
    ///
    /// ```no_run
    /// // build.rs
    /// model_studio_limits_codegen::Generator::shipped("singapore")
    ///     .overlay("account.yaml")
    ///     .emit("models.rs");
    /// ```
    #[must_use]
    pub fn shipped(name: impl Into<String>) -> Self {
        Self {
            table: Input::Shipped(name.into()),
            ..Self::new("")
        }
    }

    /// Sets an overlay: a file that replaces limits in the table with those of an account, and can
    /// add models.
    #[must_use]
    pub fn overlay(mut self, path: impl Into<PathBuf>) -> Self {
        self.overlay = Some(path.into());
        self.overlay_variable = None;
        self
    }

    /// Sets the overlay to the path in an environment variable, which is read when this method is
    /// called. If the variable is unset or empty, no overlay is used, even if one was set before.
    ///
    /// The path must be absolute. A relative one would be resolved against the package root, which
    /// whoever sets the variable usually does not know.
    #[must_use]
    pub fn overlay_from_env(mut self, variable: impl Into<String>) -> Self {
        let variable = variable.into();
        let value = env::var_os(&variable).filter(|value| !value.is_empty());
        self.overlay = value.map(PathBuf::from);
        self.overlay_variable = Some(variable);
        self
    }

    /// Sets the name of the enum. The default is `Model`. The name of the macro is the same in
    /// `snake_case`.
    #[must_use]
    pub fn enum_name(mut self, name: impl Into<String>) -> Self {
        self.settings.enum_name = name.into();
        self
    }

    /// Sets the path of the runtime crate. The default is `::model_studio_limits`. Set it if your
    /// crate renames the dependency or uses it through another crate's re-export.
    #[must_use]
    pub fn runtime(mut self, path: impl Into<String>) -> Self {
        self.settings.runtime = path.into();
        self
    }

    /// Sets the path of the module that includes the code, relative to the crate root, such as
    /// `models` or `provider::models`. It is required unless the module is the crate root, because
    /// the macro refers to the enum by this path.
    #[must_use]
    pub fn module(mut self, path: impl Into<String>) -> Self {
        self.settings.module = path.into();
        self
    }

    /// Exports the macro with `#[macro_export]`, for libraries that offer it to other crates. It is
    /// then at the crate root. By default, it is next to the enum and only visible in your crate.
    #[must_use]
    pub fn export_macro(mut self) -> Self {
        self.settings.export_macro = true;
        self
    }

    /// Generates code that is part of the runtime crate itself.
    #[doc(hidden)]
    #[must_use]
    pub fn built_in(mut self) -> Self {
        self.settings.placement = Placement::RuntimeRoot;
        self.runtime("crate").export_macro()
    }

    /// Generates code that is a module of the runtime crate itself.
    #[doc(hidden)]
    #[must_use]
    pub fn built_in_region(mut self, module: &str) -> Self {
        self.settings.placement = Placement::RuntimeModule;
        self.runtime("crate").module(module).export_macro()
    }

    /// Reads the table and the overlay, and returns the generated code. Writes no files.
    ///
    /// # Errors
    ///
    /// Returns an error if a file cannot be read or is invalid, or if a setting is invalid.
    pub fn generate(&self) -> Result<Code, Error> {
        self.settings.check()?;
        let table = self.read()?;
        Ok(Code(render::code(&table, &self.settings)))
    }

    /// Reads the table and the overlay, and returns the table as plain data instead of code, for a
    /// program that gets its table at run time. The settings of the generated code are not used.
    ///
    /// ```
    /// use std::{env, fs, process};
    ///
    /// use model_studio_limits_codegen::Generator;
    ///
    /// let path = env::temp_dir().join(format!("limits-{}.yaml", process::id()));
    /// fs::write(&path, "\
    /// groups:
    ///   - category: text-generation
    ///     series: Chat
    ///     models:
    ///       - { name: chat-2, limits: { qpm: 600 } }
    ///       - { name: chat-1, deprecated: { replacement: chat-2 }, limits: { qpm: 60 } }
    /// ")?;
    /// let table = Generator::new(&path).table()?;
    /// let model = table.model("chat-1").ok_or("unknown model")?;
    /// assert!(model.deprecation.is_some());
    /// assert_eq!(model.replacement.as_deref(), Some("chat-2"));
    /// assert_eq!(model.limits[0].count.get(), 60);
    ///
    /// // A service that reads its table again can keep the old one if the new one has errors.
    /// fs::write(&path, "groups: []")?;
    /// let error = Generator::new(&path).table().unwrap_err();
    /// assert!(error.to_string().contains("limits-"), "{error}");
    /// # fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if a file cannot be read or is invalid.
    pub fn table(&self) -> Result<Table, Error> {
        Ok(Table::new(&self.read()?))
    }

    /// Writes the code to a file in `OUT_DIR`, for `model_studio_limits::include_models!`. Makes
    /// Cargo rerun the build script when the table or the overlay changes.
    ///
    /// On an error, writes the report to standard error and exits with code 1, which fails the
    /// build.
    pub fn emit(&self, file_name: impl AsRef<Path>) {
        let table = match &self.table {
            Input::File(path) => path,
            // A shipped table is part of the build script, which Cargo rebuilds if it changes.
            // Without any path, Cargo would rerun it for each change in the package.
            Input::Shipped(_) => Path::new("Cargo.toml"),
        };
        for path in [table].into_iter().chain(self.overlay.as_deref()) {
            println!("cargo::rerun-if-changed={}", path.display());
        }
        if let Some(variable) = &self.overlay_variable {
            println!("cargo::rerun-if-env-changed={variable}");
        }
        if let Err(error) = self.write(file_name.as_ref()) {
            eprintln!("{error}");
            process::exit(1);
        }
    }

    fn read(&self) -> Result<table::Table, Error> {
        self.check_overlay_variable()?;
        let enum_name = &self.settings.enum_name;
        pipeline::table(&self.table, self.overlay.as_deref(), enum_name)
    }

    fn write(&self, file_name: &Path) -> Result<(), Error> {
        let directory = env::var_os("OUT_DIR").ok_or_else(|| {
            Error::new("OUT_DIR is not set: `emit` can only be used in a build script")
        })?;
        let path = Path::new(&directory).join(file_name);
        let code = self.generate()?;
        fs::write(&path, code.0)
            .map_err(|error| Error::file(&path, format_args!("cannot write the file: {error}")))
    }

    fn check_overlay_variable(&self) -> Result<(), Error> {
        match (&self.overlay_variable, &self.overlay) {
            (Some(variable), Some(path)) if path.is_relative() => {
                let path = path.display();
                Err(Error::new(format_args!(
                    "`{variable}` is set to the relative path `{path}`: use an absolute path, or write \
                     `{variable} = {{ value = \"{path}\", relative = true }}` in the `[env]` \
                     section of .cargo/config.toml"
                )))
            }
            _ => Ok(()),
        }
    }
}
