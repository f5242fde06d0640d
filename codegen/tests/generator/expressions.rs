//! Reads the values of static arrays and of expressions in generated code.

use syn::{Expr, ExprLit, Item, Lit};

pub(crate) fn static_value<'a>(items: &'a [Item], name: &str) -> &'a Expr {
    let value = items.iter().find_map(|item| match item {
        Item::Static(item) if item.ident == name => Some(&*item.expr),
        _ => None,
    });
    value.unwrap_or_else(|| panic!("no static `{name}`"))
}

pub(crate) fn field<'a>(value: &'a syn::ExprStruct, name: &str) -> &'a Expr {
    let is_named = |member: &syn::Member| matches!(member, syn::Member::Named(own) if own == name);
    let mut fields = value.fields.iter();
    let field = fields.find(|field| is_named(&field.member));
    &field.unwrap_or_else(|| panic!("no field `{name}`")).expr
}

pub(crate) fn array<T>(value: &Expr, item: fn(&Expr) -> T) -> Vec<T> {
    match value {
        Expr::Array(array) => array.elems.iter().map(item).collect(),
        _ => panic!("not an array"),
    }
}

/// Returns an array of four numbers.
pub(crate) fn numbers(value: &Expr) -> [u64; 4] {
    array(value, number).try_into().expect("four numbers")
}

pub(crate) fn number<T>(value: &Expr) -> T
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    match value {
        Expr::Lit(ExprLit {
            lit: Lit::Int(number),
            ..
        }) => number.base10_parse().unwrap(),
        _ => panic!("not an integer"),
    }
}

pub(crate) fn string(value: &Expr) -> String {
    match value {
        Expr::Lit(ExprLit {
            lit: Lit::Str(string),
            ..
        }) => string.value(),
        _ => panic!("not a string"),
    }
}

/// Returns the last identifier of a path.
pub(crate) fn variant(value: &Expr) -> String {
    match value {
        Expr::Path(path) => path.path.segments.last().unwrap().ident.to_string(),
        _ => panic!("not a path"),
    }
}
