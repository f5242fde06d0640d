#![doc = include_str!("../README.md")]

//! The macro contains no model. Generated code passes the names of its enum with each call.

mod fast_path;
mod input;
mod names;

use model_studio_limits_core::{Escaped, suggest};
use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;
use syn::{Error, LitStr};

use input::Input;
use names::{Entry, Names};

/// Expands a call of `model!` to the variant of a name.
///
/// The input is the path of an enum in brackets, the names of the enum as one string literal, and
/// the input of `model!`.
#[proc_macro]
pub fn expand(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    if let Some(variant) = fast_path::expand(input.clone()) {
        return variant;
    }
    let variant = syn::parse(input).and_then(|input| variant(&input));
    variant.unwrap_or_else(Error::into_compile_error).into()
}

fn variant(input: &Input) -> syn::Result<TokenStream> {
    let names = Names::new(&input.names);
    let Some(entry) = names.find(&input.name.value()) else {
        return Err(unknown(&names, &input.name));
    };
    if entry.deprecated.is_some() && !input.allow_deprecated {
        return Err(deprecated(&entry, &input.name));
    }
    let span = input.name.span();
    // Each deprecated variant has a constant that is not deprecated.
    let item = match entry.deprecated {
        Some(_) => Ident::new(&format!("__Allowed_{}", entry.variant), span),
        None => Ident::new(entry.variant, span),
    };
    let path = &input.path;
    // The first and the last token have the span of the user's literal. The compiler then treats
    // the path as code of the user, and warns if it is an unreachable pattern.
    Ok(quote_spanned!(span=> <#path>::#item))
}

fn deprecated(entry: &Entry<'_>, name: &LitStr) -> Error {
    let mut message = format!("model `{}` is deprecated", entry.name);
    if let Some(help) = entry.deprecated.filter(|help| !help.is_empty()) {
        message.push_str("\nhelp: ");
        message.push_str(help);
    }
    message.push_str("\nhelp: to keep using it, write `#[allow(deprecated)]` before the name");
    Error::new(name.span(), message)
}

fn unknown(names: &Names<'_>, name: &LitStr) -> Error {
    let unknown = name.value();
    let suggestions = suggest(&unknown, names.iter().map(|entry| entry.name));
    let first = suggestions.first().and_then(|name| names.find(name));
    let is_deprecated = first.is_some_and(|entry| entry.deprecated.is_some());
    let help = match suggestions.as_slice() {
        [] => String::new(),
        [_] if is_deprecated => format!("\nhelp: did you mean {suggestions}, which is deprecated?"),
        _ => format!("\nhelp: did you mean {suggestions}?"),
    };
    let message = format!("unknown model `{}`{help}", Escaped(&unknown));
    Error::new(name.span(), message)
}
