//! What `expand!` is called with.

use proc_macro2::TokenStream;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Ident, LitStr, Token, bracketed, parenthesized};

/// The input of `expand!`.
pub(crate) struct Input {
    /// Path of the enum.
    pub(crate) path: TokenStream,
    /// The names of the enum.
    pub(crate) table: String,
    /// Whether the caller wrote `#[allow(deprecated)]`.
    pub(crate) deprecated_allowed: bool,
    /// The name that the caller wrote.
    pub(crate) name: LitStr,
}

impl Parse for Input {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let path;
        bracketed!(path in input);
        let path = path.parse()?;
        let table = input.parse::<LitStr>()?.value();
        let deprecated_allowed = input.peek(Token![#]);
        if deprecated_allowed {
            attribute(input)?;
        }
        let name = input.parse::<LitStr>().map_err(|error| {
            Error::new(
                error.span(),
                "expected the name of a model, as one string literal",
            )
        })?;
        if !input.is_empty() {
            return Err(input.error("expected nothing after the name of the model"));
        }
        if !name.suffix().is_empty() {
            let message = "expected the name of a model, as a string literal without a suffix";
            return Err(Error::new(name.span(), message));
        }
        Ok(Self {
            path,
            table,
            deprecated_allowed,
            name,
        })
    }
}

/// The one attribute that has a meaning here.
fn attribute(input: ParseStream<'_>) -> syn::Result<()> {
    let pound: Token![#] = input.parse()?;
    let known = |input: ParseStream<'_>| -> syn::Result<bool> {
        let attribute;
        bracketed!(attribute in input);
        let lint;
        let allow: Ident = attribute.parse()?;
        parenthesized!(lint in attribute);
        let deprecated: Ident = lint.parse()?;
        Ok(allow == "allow"
            && deprecated == "deprecated"
            && lint.is_empty()
            && attribute.is_empty())
    };
    match known(input) {
        Ok(true) => Ok(()),
        _ => Err(Error::new(
            pound.span,
            "expected `#[allow(deprecated)]`, the only attribute that has a meaning here",
        )),
    }
}
