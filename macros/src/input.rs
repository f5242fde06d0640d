//! The input of `expand!`.
//!
//! It is parsed without syn. In a macro that is compiled without optimizations, as most are, an
//! invocation with the largest table took 63 µs with syn and takes 44 µs without. Users also build
//! four packages less.

use proc_macro::{Delimiter, Literal, Span, TokenStream, TokenTree};

use crate::error::Error;
use crate::string_literal::StringLiteral;

pub(crate) struct Input {
    /// The path of the enum.
    pub(crate) path: TokenStream,
    /// The names of the enum; see [`NameList`](model_studio_limits_core::NameList).
    pub(crate) names: String,
    /// Whether the invocation has the attribute `#[allow(deprecated)]`.
    pub(crate) allow_deprecated: bool,
    /// The name in the invocation.
    pub(crate) name: String,
    /// The location of the name.
    pub(crate) span: Span,
}

impl Input {
    pub(crate) fn parse(tokens: TokenStream) -> Result<Self, Error> {
        let mut tokens = tokens.into_iter().peekable();
        let (Some(TokenTree::Group(path)), Some(TokenTree::Literal(names))) =
            (tokens.next(), tokens.next())
        else {
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
        let name = literal(tokens.next())?;
        tokens.next_if(|token| is_punct(token, ','));
        if let Some(rest) = tokens.next() {
            return Err(Error::new(rest.span(), "expected a single model ID"));
        }
        Ok(Self {
            path: path.stream(),
            names: string(&names)?,
            allow_deprecated: pound.is_some(),
            name: string(&name)?,
            span: name.span(),
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
    matches!(token, TokenTree::Ident(ident) if ident.to_string() == name)
}

/// Returns the tokens of a group that has exactly `N` of them.
fn items<const N: usize>(token: &TokenTree, delimiter: Delimiter) -> Option<[TokenTree; N]> {
    let group = match token {
        TokenTree::Group(group) if group.delimiter() == delimiter => group,
        _ => return None,
    };
    Vec::from_iter(group.stream()).try_into().ok()
}

/// Returns the literal of an invocation. If it is an argument of another macro, the compiler wraps
/// it in a group without delimiters.
fn literal(token: Option<TokenTree>) -> Result<Literal, Error> {
    let span = token.as_ref().map_or_else(Span::call_site, TokenTree::span);
    match token {
        Some(TokenTree::Literal(literal)) => Ok(literal),
        Some(token) => match items(&token, Delimiter::None) {
            Some([token]) => literal(Some(token)),
            None => Err(not_a_string(span)),
        },
        None => Err(not_a_string(span)),
    }
}

/// Returns the value of a string literal.
fn string(literal: &Literal) -> Result<String, Error> {
    let text = literal.to_string();
    let string = StringLiteral::parse(&text).ok_or_else(|| not_a_string(literal.span()))?;
    if string.has_suffix {
        let message = "expected a string literal without a suffix";
        return Err(Error::new(literal.span(), message));
    }
    Ok(string.value.into_owned())
}

fn not_a_string(span: Span) -> Error {
    Error::new(span, "expected a string literal with a model ID")
}
