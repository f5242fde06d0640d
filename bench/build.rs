//! Generates the enums of 1,000 and 10,000 models, and gives their names, and those of the
//! built-in enum, to the peers of `lookup`.

#![forbid(unsafe_code)]

#[path = "src/names.rs"]
#[allow(dead_code)]
mod names;
#[path = "src/random.rs"]
#[allow(dead_code)]
mod random;

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use model_studio_limits::Model;
use model_studio_limits_codegen::Generator;

/// Beyond so many names, `match`, and strum's derive, which makes one, take minutes to compile.
const MOST_FOR_MATCH: usize = 100;

/// Beyond so many names, hashify takes long to compile.
const MOST_FOR_HASHIFY: usize = 1_000;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/names.rs");
    println!("cargo::rerun-if-changed=src/random.rs");
    let built_in = Model::ALL.iter().map(|model| model.name());
    let aliases = Model::ALL.iter().flat_map(|model| model.aliases());
    let built_in: Vec<String> = built_in
        .chain(aliases.copied())
        .map(str::to_owned)
        .collect();
    write("built_in.rs", &peers(&built_in));
    for count in [1_000, 10_000] {
        let names = names::names(count);
        let table = write(&format!("limits_{count}.yaml"), &names::yaml(&names));
        Generator::new(table)
            .module(format!("of_{count}"))
            .emit(format!("models_{count}.rs"));
        write(&format!("peers_{count}.rs"), &peers(&names));
    }
}

fn write(file: &str, text: &str) -> String {
    let directory = env::var("OUT_DIR").expect("Cargo sets OUT_DIR");
    let path = Path::new(&directory).join(file);
    fs::write(&path, text).expect("OUT_DIR can be written");
    path.to_str().expect("OUT_DIR is UTF-8").to_owned()
}

/// The names, and for each peer a function from a name to its position.
fn peers(names: &[String]) -> String {
    let list = |pair: &dyn Fn(usize, &str) -> String| {
        let pairs = names.iter().enumerate();
        pairs.map(|(at, name)| pair(at, name)).collect::<String>()
    };
    let literals = list(&|_, name| format!("{name:?},"));
    let arms = list(&|at, name| format!("{name:?} => {at},"));
    let mut code = format!(
        "pub static NAMES: &[&str] = &[{literals}];
         pub fn phf(name: &str) -> Option<u16> {{
             static MAP: phf::Map<&str, u16> = phf::phf_map! {{ {arms} }};
             MAP.get(name).copied()
         }}\n"
    );
    if names.len() <= MOST_FOR_HASHIFY {
        _ = write!(
            code,
            "pub fn hashify(name: &str) -> Option<u16> {{
                 hashify::map!(name.as_bytes(), u16, {arms}).copied()
             }}\n"
        );
    }
    if names.len() <= MOST_FOR_MATCH {
        let arms = list(&|at, name| format!("{name:?} => Some({at}),"));
        let variants = list(&|at, name| format!("#[strum(serialize = {name:?})] V{at},"));
        _ = write!(
            code,
            "pub fn matched(name: &str) -> Option<u16> {{ match name {{ {arms} _ => None }} }}
             #[derive(Clone, Copy, strum::EnumString)] pub enum Strum {{ {variants} }}
             pub fn strum(name: &str) -> Option<Strum> {{ name.parse().ok() }}"
        );
    }
    code
}
