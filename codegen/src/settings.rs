//! The settings of the generated code.

use crate::error::Error;
use crate::identifier;

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) enum_name: String,
    /// The path of the runtime crate.
    pub(crate) runtime: String,
    /// The path of the including module, as it was set.
    pub(crate) module: String,
    pub(crate) export_macro: bool,
    pub(crate) placement: Placement,
}

/// Where the generated code is included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placement {
    /// In a user's crate.
    UserCrate,
    /// At the root of the runtime crate, whose documentation has examples.
    RuntimeRoot,
    /// In a module of the runtime crate.
    RuntimeModule,
}

impl Placement {
    /// Returns the first argument of the runtime's macros.
    pub(crate) const fn kind(self) -> &'static str {
        match self {
            Self::UserCrate => "own",
            Self::RuntimeRoot => "built_in",
            Self::RuntimeModule => "region",
        }
    }
}

impl Settings {
    /// Checks that the names and paths are valid.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let enum_name = self.enum_name.as_str();
        let macro_name = self.macro_name();
        let is_type = enum_name.starts_with(|c: char| c.is_ascii_uppercase());
        if !is_type || !identifier::is_valid(enum_name) {
            return Err(Error::new(format_args!(
                "`{enum_name}` is not a valid enum name: use an identifier of ASCII letters, \
                 digits and `_` that begins with a capital letter"
            )));
        }
        if !identifier::is_valid(&macro_name) || identifier::is_attribute(&macro_name) {
            return Err(Error::new(format_args!(
                "`{enum_name}` is not a valid enum name: the macro would be named `{macro_name}`, \
                 which is reserved"
            )));
        }
        if self.runtime != "crate" {
            let path = self.runtime.as_str();
            let names = path.strip_prefix("crate::").or(path.strip_prefix("::"));
            check_path(path, names.unwrap_or(path))?;
        }
        match self.module_path() {
            "" => Ok(()),
            names => check_path(&self.module, names),
        }
    }

    /// Returns the name of the macro.
    pub(crate) fn macro_name(&self) -> String {
        identifier::snake_case(&self.enum_name)
    }

    /// Returns the path of the runtime's items for generated code.
    pub(crate) fn private(&self) -> String {
        format!("{}::__private", self.runtime)
    }

    /// Returns the name of the module that contains the enum and its data.
    pub(crate) fn hidden_module(&self) -> String {
        format!("__{}", self.macro_name())
    }

    /// Returns the path of the including module from the crate root, which is empty for the root.
    pub(crate) fn module_path(&self) -> &str {
        match self.module.as_str() {
            "crate" => "",
            module => module.strip_prefix("crate::").unwrap_or(module),
        }
    }

    /// Returns the path of an item of the including module, from a crate such as `$crate`.
    pub(crate) fn path(&self, root: &str, item: &str) -> String {
        match self.module_path() {
            "" => format!("{root}::{item}"),
            module => format!("{root}::{module}::{item}"),
        }
    }
}

/// Checks that `names`, the part of `path` after a prefix, consists of identifiers.
fn check_path(path: &str, names: &str) -> Result<(), Error> {
    if names.split("::").all(identifier::is_valid) {
        return Ok(());
    }
    Err(Error::new(format_args!(
        "`{path}` is not a valid path: use identifiers separated by `::`"
    )))
}
