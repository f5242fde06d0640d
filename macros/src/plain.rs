//! The call that nearly all calls are: one string literal without escapes, the name of a model that
//! is not deprecated.
//!
//! A macro is compiled without optimisation in most builds. Reading the tokens with syn takes
//! several times as long there as all else, so this reads them as the compiler hands them over,
//! and leaves every other call, right or wrong, to syn.

use proc_macro::{Group, Ident, Literal, Punct, Spacing, TokenStream, TokenTree};

use crate::table::Table;

/// The path of the variant that is meant, if the call is a plain one.
pub(crate) fn expand(input: TokenStream) -> Option<TokenStream> {
    let (path, table, name) = parts(input)?;
    let span = name.span();
    let (table, name) = (table.to_string(), name.to_string());
    let name = name.strip_prefix('"')?.strip_suffix('"')?;
    let table = table.strip_prefix('r')?.trim_matches('#');
    let table = table.strip_prefix('"')?.strip_suffix('"')?;
    if name.contains('\\') {
        return None;
    }
    let row = Table::new(table).find(name)?;
    if row.deprecated.is_some() {
        return None;
    }
    let mut variant = path.stream();
    variant.extend([
        TokenTree::Punct(Punct::new(':', Spacing::Joint)),
        TokenTree::Punct(Punct::new(':', Spacing::Alone)),
        TokenTree::Ident(Ident::new(row.variant, span)),
    ]);
    Some(variant)
}

/// The three tokens of a plain call.
fn parts(input: TokenStream) -> Option<(Group, Literal, Literal)> {
    let mut tokens = input.into_iter();
    match (
        tokens.next()?,
        tokens.next()?,
        tokens.next()?,
        tokens.next(),
    ) {
        (TokenTree::Group(path), TokenTree::Literal(table), TokenTree::Literal(name), None) => {
            Some((path, table, name))
        }
        _ => None,
    }
}
