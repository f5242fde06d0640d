#![doc = include_str!("../README.md")]

//! The macro does not know any models. Generated code passes the names of its enum with each
//! invocation.

mod fast_path;
mod input;

use model_studio_limits_core::{Escaped, NameList, NameStatus, suggest};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::{Error, LitStr};

use input::Input;

/// Expands an invocation of `model!` to the variant for a name.
///
/// The input is the path of an enum in brackets, the names of the enum as one string literal, and
/// the input of `model!`.
#[proc_macro]
pub fn expand(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    if let Some(variant) = fast_path::expand(input.clone()) {
        return variant.into();
    }
    let variant = syn::parse(input).and_then(|input| variant(&input));
    variant.unwrap_or_else(Error::into_compile_error).into()
}

fn variant(input: &Input) -> syn::Result<TokenStream> {
    let names = NameList(&input.names);
    let name = &input.name;
    let Some(entry) = names.find(&name.value()) else {
        return Err(unknown(names, name));
    };
    let item = match entry.status {
        NameStatus::Active { variant } => variant.to_owned(),
        // Each deprecated variant has a constant that is not deprecated.
        NameStatus::Deprecated { variant, .. } if input.allow_deprecated => {
            format!("__Allowed_{variant}")
        }
        NameStatus::Deprecated { help, .. } => {
            let message = format!("model `{}` is deprecated", entry.name);
            let allow = "to keep using it, write `#[allow(deprecated)]` before the name";
            return Err(error(name, &message, &[help, allow]));
        }
        NameStatus::Retired { on, help } => {
            let message = format!("model `{}` was retired on {on}", entry.name);
            return Err(error(name, &message, &[help]));
        }
    };
    Ok(item_of(&input.path, &item, name.span()))
}

/// Returns the path of an item of the enum. Its first and last token have the span of the user's
/// literal. The compiler therefore treats the path as the user's code, and warns if it is an
/// unreachable pattern.
fn item_of(path: &TokenStream, item: &str, span: Span) -> TokenStream {
    let item = Ident::new(item, span);
    quote_spanned!(span=> <#path>::#item)
}

fn unknown(names: NameList<'_>, name: &LitStr) -> Error {
    let unknown = name.value();
    let served = names
        .iter()
        .filter(|entry| !matches!(entry.status, NameStatus::Retired { .. }));
    let suggestions = suggest(&unknown, served.map(|entry| entry.name));
    let first = suggestions.first().and_then(|name| names.find(name));
    let is_deprecated =
        first.is_some_and(|entry| matches!(entry.status, NameStatus::Deprecated { .. }));
    let help = match suggestions.as_slice() {
        [] => String::new(),
        [_] if is_deprecated => format!("did you mean {suggestions}, which is deprecated?"),
        _ => format!("did you mean {suggestions}?"),
    };
    error(
        name,
        &format!("unknown model `{}`", Escaped(&unknown)),
        &[&help],
    )
}

/// Returns an error at a literal, with the `help` strings that are not empty.
fn error(name: &LitStr, message: &str, help: &[&str]) -> Error {
    let help = help.iter().filter(|help| !help.is_empty());
    let help: String = help.flat_map(|help| ["\nhelp: ", help]).collect();
    Error::new(name.span(), format!("{message}{help}"))
}
