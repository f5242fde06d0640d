//! Generates the tables that the `lookup` benchmark searches, and lookup functions of other crates.

#![forbid(unsafe_code)]

#[path = "src/names.rs"]
mod names;

use std::{env, fs};

use model_studio_limits::Model;
use model_studio_limits_codegen::Generator;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/names.rs");

    let mut built_in: Vec<String> = Vec::new();
    for model in Model::ALL {
        built_in.push(model.name().to_owned());
        built_in.extend(model.aliases().iter().copied().map(str::to_owned));
    }
    write("built_in.rs", &(maps(&built_in) + &matches(&built_in)));

    // Without `match` and strum's derive, which would take minutes to compile with 1,000 names.
    let thousand = names::names(1_000);
    write("thousand.rs", &maps(&thousand));
    let table = write(
        "thousand.yaml",
        &names::yaml(&thousand, names::Rows::FewLimits),
    );
    Generator::new(table)
        .module("thousand")
        .emit("thousand_models.rs");
}

/// Returns the names, and lookup functions with phf and hashify.
fn maps(names: &[String]) -> String {
    let arms = join(names, |at, name| format!("{name:?} => {at},"));
    format!(
        "pub static NAMES: &[&str] = &{names:?};
         pub fn phf(name: &str) -> Option<u16> {{
             static MAP: phf::Map<&str, u16> = phf::phf_map! {{ {arms} }};
             MAP.get(name).copied()
         }}
         pub fn hashify(name: &str) -> Option<u16> {{
             hashify::map!(name.as_bytes(), u16, {arms}).copied()
         }}\n"
    )
}

/// Returns lookup functions with `match` and with strum's derive.
fn matches(names: &[String]) -> String {
    let arms = join(names, |at, name| format!("{name:?} => Some({at}),"));
    let variants = join(names, |at, name| {
        format!("#[strum(serialize = {name:?})] V{at},")
    });
    format!(
        "pub fn matched(name: &str) -> Option<u16> {{ match name {{ {arms} _ => None }} }}
         #[derive(Clone, Copy, strum::EnumString)] pub enum Strum {{ {variants} }}
         pub fn strum(name: &str) -> Option<Strum> {{ name.parse().ok() }}\n"
    )
}

fn join(names: &[String], item: impl Fn(usize, &str) -> String) -> String {
    let items = names.iter().enumerate();
    items.map(|(at, name)| item(at, name)).collect()
}

/// Writes a file to `OUT_DIR` and returns its path.
fn write(file: &str, text: &str) -> String {
    let path = env::var("OUT_DIR").expect("Cargo sets OUT_DIR") + "/" + file;
    fs::write(&path, text).expect("OUT_DIR is writable");
    path
}
