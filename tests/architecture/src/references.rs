//! The paths in the code of a module.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

use crate::module::{Crate, ModulePath};

/// Returns all paths in a crate, each with the module that contains it.
pub(crate) fn all(modules: &Crate) -> impl Iterator<Item = (ModulePath, Vec<String>)> {
    modules.modules.iter().flat_map(|(name, module)| {
        let mut paths = Paths::default();
        for item in &module.items {
            // A re-export uses nothing, and an import counts where its name is used.
            if !matches!(item, syn::Item::Use(_)) {
                paths.visit_item(item);
            }
        }
        paths.found.into_iter().map(|path| (name.clone(), path))
    })
}

#[derive(Default)]
struct Paths {
    found: Vec<Vec<String>>,
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            let segments = path.segments.iter();
            self.found
                .push(segments.map(|segment| segment.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.tokens(item.tokens.clone());
        visit::visit_macro(self, item);
    }
}

impl Paths {
    /// Adds the paths in the tokens of a macro: `a`, `a::b`, and `$crate::b` as `crate::b`.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.found.push(std::mem::take(&mut path));
                    }
                    path.push(name.to_string());
                    colons = 0;
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' => colons += 1,
                TokenTree::Group(group) => {
                    self.found.push(std::mem::take(&mut path));
                    colons = 0;
                    self.tokens(group.stream());
                }
                _ => {
                    self.found.push(std::mem::take(&mut path));
                    colons = 0;
                }
            }
        }
        self.found.push(path);
    }
}
