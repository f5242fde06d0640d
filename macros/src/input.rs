//! The input of `expand!`.

use proc_macro2::TokenStream;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Ident, LitStr, Token, bracketed, parenthesized};

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

impl Parse for Input {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let path;
        bracketed!(path in input);
        let path = path.parse()?;
        let names = input.parse::<LitStr>()?.value();
        let allow_deprecated = input.peek(Token![#]);
        if allow_deprecated {
            parse_attribute(input)?;
        }
        let name = input.parse::<LitStr>();
        let name = name.map_err(|error| {
            Error::new(error.span(), "expected a string literal with a model ID")
        })?;
        input.parse::<Option<Token![,]>>()?;
        if !input.is_empty() {
            return Err(input.error("expected a single model ID"));
        }
        if !name.suffix().is_empty() {
            let message = "expected a string literal without a suffix";
            return Err(Error::new(name.span(), message));
        }
        Ok(Self {
            path,
            names,
            allow_deprecated,
            name,
        })
    }
}

/// Parses `#[allow(deprecated)]`, the only supported attribute.
fn parse_attribute(input: ParseStream<'_>) -> syn::Result<()> {
    let pound: Token![#] = input.parse()?;
    let is_allow = |input: ParseStream<'_>| -> syn::Result<bool> {
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
    match is_allow(input) {
        Ok(true) => Ok(()),
        _ => Err(Error::new(
            pound.span,
            "expected `#[allow(deprecated)]`, the only supported attribute",
        )),
    }
}
