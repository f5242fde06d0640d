//! Expands the most common invocations without syn.
//!
//! A procedural macro is usually compiled without optimizations. Parsing with syn then takes
//! several times as long as everything else. This module handles invocations with a single plain
//! string literal that is the name of an active model. All others, valid or not, are parsed with
//! syn.

use proc_macro::{TokenStream, TokenTree};

use crate::item_of;
use model_studio_limits_core::{NameList, NameStatus};

/// Returns the path of the variant, or `None` if the invocation is not a plain one.
pub(crate) fn expand(input: TokenStream) -> Option<proc_macro2::TokenStream> {
    let mut tokens = input.into_iter();
    let tokens = [tokens.next(), tokens.next(), tokens.next(), tokens.next()];
    let [
        Some(TokenTree::Group(path)),
        Some(TokenTree::Literal(names)),
        Some(TokenTree::Literal(name)),
        None,
    ] = tokens
    else {
        return None;
    };
    let span = name.span();
    let (names, name) = (names.to_string(), name.to_string());
    let name = name.strip_prefix('"')?.strip_suffix('"')?;
    let names = names.strip_prefix('r')?.trim_matches('#');
    let names = names.strip_prefix('"')?.strip_suffix('"')?;
    if name.contains('\\') {
        return None;
    }
    let NameStatus::Active { variant } = NameList(names).find(name)?.status else {
        return None;
    };
    Some(item_of(&path.stream().into(), variant, span.into()))
}
