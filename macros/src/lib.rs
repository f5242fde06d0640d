//! The procedural macro behind `model!` of [`model-studio-limits`], and behind the same macro of an
//! enum of your own.
//!
//! This package is a part of `model-studio-limits`, published because a procedural macro has to be
//! in a package of its own. Its interface may change in any release: depend on
//! `model-studio-limits` instead.
//!
//! It knows no model: generated code hands it a table with each call.
//!
//! [`model-studio-limits`]: https://docs.rs/model-studio-limits

mod input;
mod plain;
mod table;

use model_studio_limits_core::{Visible, nearest};
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Error, LitStr};

use input::Input;
use table::{Row, Table};

/// Expands a call of `model!`.
///
/// Its input is the path of an enum in brackets, the table of the enum's names as one string
/// literal, and what the caller of `model!` wrote.
#[proc_macro]
pub fn expand(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    if let Some(variant) = plain::expand(input.clone()) {
        return variant;
    }
    let variant = syn::parse(input).and_then(|input| variant(&input));
    variant.unwrap_or_else(Error::into_compile_error).into()
}

/// The path of the variant that is meant.
fn variant(input: &Input) -> syn::Result<TokenStream> {
    let table = Table::new(&input.table);
    let Some(row) = table.find(&input.name.value()) else {
        return Err(unknown(&table, &input.name));
    };
    if row.deprecated.is_some() && !input.deprecated_allowed {
        return Err(deprecated(&row, &input.name));
    }
    // A variant that is `#[deprecated]` has a constant beside it that is not.
    let item = match row.deprecated {
        Some(_) => Ident::new(&format!("__Allowed_{}", row.variant), input.name.span()),
        None => Ident::new(row.variant, input.name.span()),
    };
    let path = &input.path;
    Ok(quote!(#path::#item))
}

fn deprecated(row: &Row<'_>, name: &LitStr) -> Error {
    let message = format!("model `{}` is deprecated", row.name);
    let help = row.deprecated.unwrap_or_default();
    error(name, &message, help)
}

fn unknown(table: &Table<'_>, name: &LitStr) -> Error {
    let written = name.value();
    let near = nearest(&written, table.rows().map(|row| row.name));
    let help = match near.names() {
        [] => String::new(),
        [only] if table.find(only).is_some_and(|row| row.deprecated.is_some()) => {
            format!("did you mean {near}? It is deprecated")
        }
        _ => format!("did you mean {near}?"),
    };
    let message = format!("unknown model `{}`", Visible(&written));
    error(name, &message, &help)
}

fn error(name: &LitStr, message: &str, help: &str) -> Error {
    if help.is_empty() {
        Error::new(name.span(), message)
    } else {
        Error::new(name.span(), format!("{message}\nhelp: {help}"))
    }
}
