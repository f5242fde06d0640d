#![doc = include_str!("../README.md")]

//! The macro does not know any models. Generated code passes the names of its enum with each
//! invocation.

mod input;

use model_studio_limits_core::{Escaped, NameList, NameStatus, suggest};
use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;
use syn::Error;

use input::Input;

/// Expands an invocation of `model!` to the variant for a name.
///
/// The input is the path of an enum in brackets, the names of the enum as one string literal, and
/// the input of `model!`.
#[proc_macro]
pub fn expand(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let expanded = Input::parse(input.into()).and_then(|input| variant(&input));
    expanded.unwrap_or_else(Error::into_compile_error).into()
}

fn variant(input: &Input) -> syn::Result<TokenStream> {
    let names = NameList(&input.names);
    let error = |message: &str, help: &[&str]| {
        let help = help.iter().filter(|help| !help.is_empty());
        let help: String = help.flat_map(|help| ["\nhelp: ", help]).collect();
        Err(Error::new(input.name.span(), format!("{message}{help}")))
    };
    let name = input.name.value();
    let Some(entry) = names.find(&name) else {
        let message = format!("unknown model `{}`", Escaped(&name));
        return error(&message, &[&did_you_mean(names, &name)]);
    };
    match entry.status {
        NameStatus::Active { variant } => Ok(item_of(input, variant)),
        // Each deprecated variant has a constant that is not deprecated.
        NameStatus::Deprecated { variant, .. } if input.allow_deprecated => {
            Ok(item_of(input, &format!("__Allowed_{variant}")))
        }
        NameStatus::Deprecated { help, .. } => {
            let message = format!("model `{}` is deprecated", entry.name);
            let allow = "to keep using it, write `#[allow(deprecated)]` before the name";
            error(&message, &[help, allow])
        }
        NameStatus::Retired { on, help } => error(
            &format!("model `{}` was retired on {on}", entry.name),
            &[help],
        ),
    }
}

/// Returns the path of an item of the enum, `<PATH>::ITEM`. Its first and last token have the span
/// of the user's literal. The compiler therefore treats the path as the user's code, and warns if it
/// is an unreachable pattern.
fn item_of(input: &Input, item: &str) -> TokenStream {
    let span = input.name.span();
    let path = &input.path;
    let item = Ident::new(item, span);
    quote_spanned!(span=> <#path>::#item)
}

/// Returns the help for an unknown name, or an empty string.
fn did_you_mean(names: NameList<'_>, unknown: &str) -> String {
    let served = names
        .iter()
        .filter(|entry| !matches!(entry.status, NameStatus::Retired { .. }));
    let suggestions = suggest(unknown, served.map(|entry| entry.name));
    let first = suggestions.first().and_then(|name| names.find(name));
    let is_deprecated =
        first.is_some_and(|entry| matches!(entry.status, NameStatus::Deprecated { .. }));
    match suggestions.as_slice() {
        [] => String::new(),
        [_] if is_deprecated => format!("did you mean {suggestions}, which is deprecated?"),
        _ => format!("did you mean {suggestions}?"),
    }
}
