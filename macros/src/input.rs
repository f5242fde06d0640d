//! The input of `expand!`.
//!
//! It is taken apart token by token instead of with `syn::parse`, which first copies all tokens
//! into a buffer. In a macro that is compiled without optimizations, as most are, an invocation with
//! the largest table would take about a fifth longer: some 65 instead of 54 µs.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::{Error, Lit, LitStr};

pub(crate) struct Input {
    /// The path of the enum.
    pub(crate) path: TokenStream,
    /// The names of the enum; see [`NameList`](model_studio_limits_core::NameList).
    pub(crate) names: String,
    /// Whether the invocation has the attribute `#[allow(deprecated)]`.
    pub(crate) allow_deprecated: bool,
    /// The name in the invocation.
    pub(crate) name: LitStr,
}

impl Input {
    pub(crate) fn parse(tokens: TokenStream) -> syn::Result<Self> {
        let mut tokens = tokens.into_iter().peekable();
        let (Some(TokenTree::Group(path)), names) = (tokens.next(), tokens.next()) else {
            let message = "expected the path and the names of an enum from generated code";
            return Err(Error::new(Span::call_site(), message));
        };
        let pound = tokens.next_if(|token| is_punct(token, '#'));
        if let Some(pound) = &pound {
            let attribute = tokens.next().filter(is_allow_deprecated);
            attribute.ok_or_else(|| {
                let message = "expected `#[allow(deprecated)]`, the only supported attribute";
                Error::new(pound.span(), message)
            })?;
        }
        let name = string(tokens.next())?;
        tokens.next_if(|token| is_punct(token, ','));
        if let Some(rest) = tokens.next() {
            return Err(Error::new(rest.span(), "expected a single model ID"));
        }
        if !name.suffix().is_empty() {
            let message = "expected a string literal without a suffix";
            return Err(Error::new(name.span(), message));
        }
        Ok(Self {
            path: path.stream(),
            names: string(names)?.value(),
            allow_deprecated: pound.is_some(),
            name,
        })
    }
}

/// Returns `true` for a punctuation character.
fn is_punct(token: &TokenTree, character: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == character)
}

/// Returns `true` for `[allow(deprecated)]`.
fn is_allow_deprecated(token: &TokenTree) -> bool {
    let Some([allow, lint]) = items(token, Delimiter::Bracket) else {
        return false;
    };
    let lint = items(&lint, Delimiter::Parenthesis);
    is_ident(&allow, "allow") && lint.is_some_and(|[lint]| is_ident(&lint, "deprecated"))
}

fn is_ident(token: &TokenTree, name: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == name)
}

/// Returns the tokens of a group that has exactly `N` of them.
fn items<const N: usize>(token: &TokenTree, delimiter: Delimiter) -> Option<[TokenTree; N]> {
    let group = match token {
        TokenTree::Group(group) if group.delimiter() == delimiter => group,
        _ => return None,
    };
    Vec::from_iter(group.stream()).try_into().ok()
}

/// Returns a string literal. If it is an argument of another macro, the compiler wraps it in a group
/// without delimiters.
fn string(token: Option<TokenTree>) -> syn::Result<LitStr> {
    let span = token.as_ref().map_or_else(Span::call_site, TokenTree::span);
    let inner = token
        .as_ref()
        .and_then(|token| items(token, Delimiter::None));
    match (token, inner) {
        (_, Some([token])) => string(Some(token)),
        (Some(TokenTree::Literal(literal)), None) => match Lit::new(literal) {
            Lit::Str(string) => Ok(string),
            _ => Err(not_a_string(span)),
        },
        _ => Err(not_a_string(span)),
    }
}

fn not_a_string(span: Span) -> Error {
    Error::new(span, "expected a string literal with a model ID")
}
