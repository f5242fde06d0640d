//! Checks what the generator returns for any input. The fuzz targets use this file too.

use model_studio_limits_codegen::Generator;
use model_studio_limits_core::{Lookup, NameKey, Seeds, name_key};
use proc_macro2::{TokenStream, TokenTree};
use syn::{Expr, Item, Lit};

use crate::expressions::{array, field, number, numbers, static_value, string, variant};
use crate::scratch::ScratchDir;
use crate::{columns, expected};

/// Generates code from a table and an overlay, and checks the code or the report.
///
/// # Panics
///
/// Panics if a second run returns something else, or if a check fails.
pub(crate) fn check(table: &[u8], overlay: Option<&[u8]>) -> Result<String, String> {
    let scratch = ScratchDir::new();
    let mut generator = Generator::new(scratch.write(TABLE, table));
    if let Some(overlay) = overlay {
        generator = generator.overlay(scratch.write(OVERLAY, overlay));
    }
    let result = scratch.generate(&generator);
    assert_eq!(result, scratch.generate(&generator));
    match &result {
        Ok(code) => {
            let file = syn::parse_file(code).unwrap();
            Generated::parse(&file).check();
            if let Some(properties) = expected::properties(table, overlay) {
                columns::check(module_items(&file), &properties);
            }
        }
        Err(report) => check_report(report),
    }
    result
}

const TABLE: &str = "limits.yaml";
const OVERLAY: &str = "account.yaml";

/// Checks that a report has locations, in the order of the files and lines, and no control
/// characters.
fn check_report(report: &str) {
    let table = locations(report, TABLE);
    let overlay = locations(report, OVERLAY);
    assert!(table.is_sorted() && overlay.is_sorted(), "{report}");
    let all = [table, overlay].concat();
    assert!(!all.is_empty(), "{report}");
    assert!(
        !all.iter().any(|(line, column)| *line == 0 || *column == 0),
        "{report}"
    );
    let is_unsafe = |c: char| c.is_control() && c != '\n' && c != '\t';
    assert!(!report.contains(is_unsafe), "{report:?}");
}

/// Returns the line and the column of each error in a file.
fn locations(report: &str, file: &str) -> Vec<(usize, usize)> {
    let locations = report.lines().filter_map(|line| {
        let rest = line.strip_prefix(file)?.strip_prefix(':')?;
        let mut numbers = rest.splitn(3, ':').map(str::parse);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    });
    locations.collect()
}

/// The parts of generated code that have to agree with each other.
struct Generated {
    names: Vec<String>,
    /// The variant of each name.
    variants: Vec<String>,
    seeds: Seeds,
    pilots: Vec<u16>,
    index: Vec<u16>,
    keys: Vec<NameKey>,
    longest: usize,
    /// The names of retired models.
    retired: Vec<String>,
    /// The names that the macro knows, each with its variant, or `-` for a retired model.
    macro_names: Vec<(String, String)>,
}

impl Generated {
    fn parse(file: &syn::File) -> Self {
        let items = module_items(file);
        let lookup = lookup(items);
        Self {
            names: array(static_value(items, "NAMES"), string),
            variants: array(static_value(items, "MODELS_BY_NAME"), variant),
            seeds: numbers(field(lookup, "seeds")),
            pilots: array(static_value(items, "PILOTS"), number),
            index: array(static_value(items, "INDEX"), number),
            keys: array(static_value(items, "KEYS"), numbers),
            longest: number(field(lookup, "longest")),
            retired: array(static_value(items, "RETIRED"), |retired| match retired {
                Expr::Call(retired) => string(&retired.args[0]),
                _ => panic!("expected a call"),
            }),
            macro_names: macro_names(file),
        }
    }

    fn check(&self) {
        let mut names: Vec<(String, String)> = self
            .names
            .iter()
            .cloned()
            .zip(self.variants.iter().cloned())
            .chain(
                self.retired
                    .iter()
                    .map(|name| (name.clone(), "-".to_owned())),
            )
            .collect();
        assert!(self.retired.is_sorted());
        names.sort();
        assert_eq!(self.macro_names, names);
        assert_eq!(self.names.len(), self.variants.len());

        // Large tables have no keys.
        if !self.keys.is_empty() {
            let keys: Vec<NameKey> = self
                .names
                .iter()
                .map(|name| name_key(name.as_bytes()))
                .collect();
            assert_eq!(self.keys, keys);
        }
        let longest = self.names.iter().map(String::len).max();
        assert_eq!(Some(self.longest), longest);
        self.check_lookup();
    }

    /// Checks that every name is found, and no similar string is.
    fn check_lookup(&self) {
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let lookup = Lookup {
            seeds: self.seeds,
            pilots: &self.pilots,
            index: &self.index,
            keys: &self.keys,
            names: &names,
            longest: self.longest,
        };
        for (position, name) in names.iter().enumerate() {
            assert_eq!(lookup.find(name), Some(position));
            let changed = [format!("{name}x"), format!("x{name}"), name.to_uppercase()];
            let shortened = name.char_indices().map(|(end, _)| name[..end].to_owned());
            for similar in changed.into_iter().chain(shortened) {
                let expected = names.iter().position(|name| *name == similar);
                assert_eq!(lookup.find(&similar), expected, "{similar:?}");
            }
        }
    }
}

/// Returns the items of the module that contains the enum and its data.
pub(crate) fn module_items(file: &syn::File) -> &[Item] {
    let items = file.items.iter().find_map(|item| match item {
        Item::Mod(module) => module.content.as_ref(),
        _ => None,
    });
    &items.expect("a module").1
}

/// Returns the value of the constant `LOOKUP`.
fn lookup(items: &[Item]) -> &syn::ExprStruct {
    let value = items.iter().find_map(|item| match item {
        Item::Const(item) if item.ident == "LOOKUP" => match &*item.expr {
            Expr::Struct(value) => Some(value),
            _ => None,
        },
        _ => None,
    });
    value.expect("a constant `LOOKUP`")
}

/// Returns the names and variants in the string that the macro passes on.
fn macro_names(file: &syn::File) -> Vec<(String, String)> {
    let tokens = file.items.iter().find_map(|item| match item {
        Item::Macro(item) => Some(item.mac.tokens.clone()),
        _ => None,
    });
    let names = first_string(tokens.expect("a macro")).expect("a string in the macro");
    let lines = names.lines().skip(1);
    let names = lines.map(|line| {
        let mut fields = line.splitn(3, ' ');
        let mut field = || fields.next().expect("a name and a variant").to_owned();
        (field(), field())
    });
    names.collect()
}

/// Returns the first string literal in `tokens`.
fn first_string(tokens: TokenStream) -> Option<String> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Group(group) => first_string(group.stream()),
        TokenTree::Literal(literal) => match Lit::new(literal) {
            Lit::Str(string) => Some(string.value()),
            _ => None,
        },
        _ => None,
    })
}
