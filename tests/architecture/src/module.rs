//! The modules of a crate: their items, imports and files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use syn::{Attribute, Item, UseTree};

/// The names of a module and of the modules around it, from the crate root, which is empty.
pub(crate) type ModulePath = Vec<String>;

/// All modules of a crate.
pub(crate) struct Crate {
    pub(crate) modules: BTreeMap<ModulePath, Module>,
    /// The files of macros with `#[macro_export]`, which are at the crate root.
    exported: BTreeMap<String, PathBuf>,
}

/// A module, in its own file or inline.
pub(crate) struct Module {
    pub(crate) file: PathBuf,
    pub(crate) items: Vec<Item>,
    defined: Vec<String>,
    imports: Vec<Import>,
}

/// A name that a `use` declaration brings into a module; `*` for all names.
struct Import {
    name: String,
    path: Vec<String>,
}

impl Crate {
    pub(crate) fn read(root: &Path) -> Self {
        let mut modules = Self {
            modules: BTreeMap::new(),
            exported: BTreeMap::new(),
        };
        modules.read_file(Vec::new(), root, root.parent().unwrap());
        modules
    }

    pub(crate) fn file(&self, module: &[String]) -> &Path {
        &self.modules[module].file
    }

    /// Reads a file, and the files of its modules, which are in `directory`.
    fn read_file(&mut self, module: ModulePath, file: &Path, directory: &Path) {
        let text =
            fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let parsed =
            syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        self.add(module, file, directory, parsed.items);
    }

    fn add(&mut self, module: ModulePath, file: &Path, directory: &Path, items: Vec<Item>) {
        let (modules, items): (Vec<Item>, Vec<Item>) = items
            .into_iter()
            .filter(|item| !is_test(attributes(item)))
            .partition(|item| matches!(item, Item::Mod(_)));
        for item in modules {
            let Item::Mod(item) = item else {
                unreachable!()
            };
            // A file of another package, with which it is checked.
            if item.attrs.iter().any(|it| it.path().is_ident("path")) {
                continue;
            }
            let name = item.ident.to_string();
            let child = [module.as_slice(), std::slice::from_ref(&name)].concat();
            let directory = directory.join(&name);
            if let Some((_, items)) = item.content {
                self.add(child, file, &directory, items);
                continue;
            }
            let own = directory.with_extension("rs");
            let file = if own.exists() {
                own
            } else {
                directory.join("mod.rs")
            };
            self.read_file(child, &file, &directory);
        }
        let mut defined = Vec::new();
        let mut imports = Vec::new();
        for item in &items {
            match item {
                Item::Use(item) => add_imports(&mut imports, &mut Vec::new(), &item.tree),
                Item::Macro(item) => {
                    let Some(name) = item.ident.as_ref().map(ToString::to_string) else {
                        continue;
                    };
                    if item
                        .attrs
                        .iter()
                        .any(|attribute| attribute.path().is_ident("macro_export"))
                    {
                        self.exported.insert(name.clone(), file.to_owned());
                    }
                    defined.push(name);
                }
                item => defined.extend(name(item)),
            }
        }
        let file = file.to_owned();
        self.modules.insert(
            module,
            Module {
                file,
                items,
                defined,
                imports,
            },
        );
    }

    /// Returns the file that defines the item with this path, as seen in `module`. Returns `None`
    /// for a path to another crate, a local variable or a module.
    pub(crate) fn resolve(&self, module: &[String], path: &[String]) -> Option<&Path> {
        self.resolve_within(module, path, 16)
    }

    fn resolve_within(&self, module: &[String], path: &[String], depth: usize) -> Option<&Path> {
        let depth = depth.checked_sub(1)?;
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => return self.resolve_within(&[], rest, depth),
            "self" => return self.resolve_within(module, rest, depth),
            "super" => {
                return self.resolve_within(&module[..module.len().checked_sub(1)?], rest, depth);
            }
            _ => {}
        }
        let child = [module, std::slice::from_ref(first)].concat();
        if self.modules.contains_key(&child) && !rest.is_empty() {
            return self.resolve_within(&child, rest, depth);
        }
        let this = self.modules.get(module)?;
        if this.defined.contains(first) {
            return Some(&this.file);
        }
        // A path like `name::name` can lead back here, which `depth` ends.
        let named = this.imports.iter().filter(|import| import.name == *first);
        let named = named.map(|import| [&import.path, rest].concat());
        let globs = this.imports.iter().filter(|import| import.name == "*");
        let globs = globs.map(|import| [&import.path, path].concat());
        let mut paths = named.chain(globs);
        if let Some(file) = paths.find_map(|path| self.resolve_within(module, &path, depth)) {
            return Some(file);
        }
        if module.is_empty() {
            return self.exported.get(first).map(PathBuf::as_path);
        }
        None
    }
}

fn add_imports(imports: &mut Vec<Import>, prefix: &mut Vec<String>, tree: &UseTree) {
    let mut add = |name: &str, last: Option<String>| {
        let mut path = prefix.clone();
        path.extend(last);
        imports.push(Import {
            name: name.to_owned(),
            path,
        });
    };
    match tree {
        UseTree::Path(path) => {
            prefix.push(path.ident.to_string());
            add_imports(imports, prefix, &path.tree);
            prefix.pop();
        }
        UseTree::Name(name) if name.ident == "self" => {
            let name = prefix.last().cloned().unwrap_or_default();
            add(&name, None);
        }
        UseTree::Name(name) => add(&name.ident.to_string(), Some(name.ident.to_string())),
        UseTree::Rename(rename) => add(&rename.rename.to_string(), Some(rename.ident.to_string())),
        UseTree::Glob(_) => add("*", None),
        UseTree::Group(group) => {
            for tree in &group.items {
                add_imports(imports, prefix, tree);
            }
        }
    }
}

fn name(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Returns `true` for `#[cfg(test)]` and `#[test]`.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let is_cfg = attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<syn::Path>()
                .is_ok_and(|path| path.is_ident("test"));
        is_cfg || attribute.path().is_ident("test")
    })
}
