//! What is fuzzed: any bytes as a table, and tables built from bytes. `fuzz/` runs these functions
//! for long, the tests for a moment.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use model_studio_limits_codegen::Generator;
use model_studio_limits_core::{Lookup, key};

/// Takes bytes as a table and, behind a zero byte, as an overlay.
pub(crate) fn bytes(data: &[u8]) {
    let mut parts = data.splitn(2, |byte| *byte == 0);
    let table = parts.next().unwrap_or_default();
    run(table, parts.next());
}

/// Builds a table and an overlay that are nearly right from bytes.
pub(crate) fn structure(data: &[u8]) {
    let mut choices = Choices(data);
    let (table, names) = choices.table();
    let overlay = choices.of(3) == 0;
    let overlay = overlay.then(|| choices.overlay(&names));
    run(table.as_bytes(), overlay.as_ref().map(String::as_bytes));
}

/// Generates twice, and checks the code or the report.
fn run(table: &[u8], overlay: Option<&[u8]>) {
    let table = Scratch::new("limits.yaml", table);
    let overlay = overlay.map(|overlay| Scratch::new("account.yaml", overlay));
    let mut generator = Generator::new(&table.0);
    if let Some(overlay) = &overlay {
        generator = generator.overlay(&overlay.0);
    }
    let result = generator.generate().map(|code| code.to_string());
    match (&result, generator.generate()) {
        (Ok(code), Ok(again)) => assert_eq!(*code, again.to_string()),
        (Err(error), Err(again)) => assert_eq!(error.to_string(), again.to_string()),
        _ => panic!("accepted and refused"),
    }
    match result {
        Ok(code) => check_code(&code),
        Err(error) => check_report(&error.to_string()),
    }
}

/// The code parses, and every name of the macro's table is found by the lookup, and nothing else.
fn check_code(code: &str) {
    let file = syn::parse_file(code).expect("the code parses");
    let rows: Vec<(String, String)> = macro_table(code)
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| {
            let mut fields = line.splitn(3, ' ');
            let mut field = || fields.next().expect("a name and a variant").to_owned();
            (field(), field())
        })
        .collect();
    assert!(rows.is_sorted());
    let names = strings(&column(&file, "NAMES"));
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let models = column(&file, "MODELS");
    // A small table has the keys of its names, which are as the runtime reads them.
    let keys: Vec<_> = names.iter().map(|name| key(name.as_bytes())).collect();
    let is_small = !after_equals(code, "static KEYS:").starts_with("[]");
    let keys = if is_small { keys } else { Vec::new() };
    let written = numbers::<u64>(
        &after_equals(code, "static KEYS:")
            .replacen("[[", "[", 1)
            .replace("], [", ", "),
    );
    assert_eq!(written, keys.concat());
    let seeds = numbers::<u64>(code.split("seeds").nth(1).expect("seeds"));
    let lookup = Lookup {
        seeds: seeds.try_into().expect("four seeds"),
        pilots: &numbers::<u16>(after_equals(code, "static PILOTS:")),
        index: &numbers::<u16>(after_equals(code, "static INDEX:")),
        keys: &keys,
        names: &names,
        longest: names.iter().map(|name| name.len()).max().expect("a name"),
    };
    assert_eq!(rows.len(), names.len());
    for (at, name) in names.iter().enumerate() {
        assert_eq!(lookup.find(name), Some(at));
        assert!(rows.iter().any(|(row, _)| row == name));
        let near = [format!("{name}x"), format!("x{name}"), name.to_uppercase()];
        let shorter = name.char_indices().map(|(at, _)| name[..at].to_owned());
        for other in near.into_iter().chain(shorter) {
            let known = names.iter().position(|name| *name == other);
            assert_eq!(lookup.find(&other), known);
        }
        let variant = rows.iter().find(|(row, _)| row == name);
        assert_eq!(
            variant.map(|(_, variant)| variant),
            Some(&variant_of(&models[at]))
        );
    }
}

/// A report names the file and the place of each problem, and cannot do anything to a terminal.
fn check_report(report: &str) {
    assert!(report.contains(".yaml:"), "{report}");
    let harmful = |c: char| c.is_control() && c != '\n' && c != '\t';
    assert!(!report.contains(harmful), "{report:?}");
}

/// The raw string that the macro hands on.
fn macro_table(code: &str) -> &str {
    let (_, rest) = code.rsplit_once("] r").expect("a raw string");
    let (fence, rest) = rest.split_once('"').expect("a raw string");
    let (table, _) = rest.rsplit_once(&format!("\"{fence}")).expect("its end");
    table
}

/// The elements of a static array.
fn column(file: &syn::File, name: &str) -> Vec<syn::Expr> {
    let module = file.items.iter().find_map(|item| match item {
        syn::Item::Mod(module) => module.content.as_ref(),
        _ => None,
    });
    let items = &module.expect("a module").1;
    let array = items.iter().find_map(|item| match item {
        syn::Item::Static(item) if item.ident == name => match &*item.expr {
            syn::Expr::Array(array) => Some(array.elems.iter().cloned().collect()),
            _ => None,
        },
        _ => None,
    });
    array.expect("a column")
}

/// The value of a static, and what comes after it.
fn after_equals<'a>(code: &'a str, item: &str) -> &'a str {
    let (_, rest) = code.split_once(item).expect("the item");
    rest.split_once('=').expect("its value").1
}

/// The identifier at the end of a path.
fn variant_of(path: &syn::Expr) -> String {
    match path {
        syn::Expr::Path(path) => path.path.segments.last().expect("a path").ident.to_string(),
        _ => panic!("not a path"),
    }
}

fn strings(elements: &[syn::Expr]) -> Vec<String> {
    let string = |element: &syn::Expr| match element {
        syn::Expr::Lit(syn::ExprLit {
            lit: syn::Lit::Str(text),
            ..
        }) => text.value(),
        _ => panic!("a string"),
    };
    elements.iter().map(string).collect()
}

/// The numbers in the next brackets.
fn numbers<T: std::str::FromStr>(text: &str) -> Vec<T> {
    let (_, text) = text.split_once('[').expect("brackets");
    let (text, _) = text.split_once(']').expect("brackets");
    let numbers = text
        .split(',')
        .map(str::trim)
        .filter(|text| !text.is_empty());
    numbers
        .map(|text| text.parse().ok().expect("a number"))
        .collect()
}

/// A file that is there as long as this.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, content: &[u8]) -> Self {
        let thread = format!("{:?}", std::thread::current().id());
        let thread = thread.replace(|c: char| !c.is_ascii_digit(), "");
        let own = format!("{}-{thread}-{name}", std::process::id());
        let path = std::env::temp_dir().join(own);
        fs::write(&path, content).expect("a temporary file");
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        _ = fs::remove_file(&self.0);
    }
}

/// Bytes as a source of choices; when they are spent, every choice is the first.
struct Choices<'a>(&'a [u8]);

impl Choices<'_> {
    fn of(&mut self, count: usize) -> usize {
        match self.0.split_first() {
            Some((byte, rest)) => {
                self.0 = rest;
                usize::from(*byte) % count
            }
            None => 0,
        }
    }

    fn one<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.of(from.len())]
    }

    /// The table, and the names in it.
    fn table(&mut self) -> (String, Vec<String>) {
        let mut names: Vec<String> = Vec::new();
        let mut yaml = String::new();
        if self.of(4) == 1 {
            let source = self.one(&["{ title: T }", "{ url: 'https://a.b' }", "{}", "7"]);
            _ = writeln!(yaml, "source: {source}");
        }
        yaml.push_str("groups:\n");
        for _ in 0..=self.of(2) {
            let category = self.one(&["embedding", "text-generation", "imbedding", "7"]);
            let series = self.text();
            _ = writeln!(
                yaml,
                "  - category: {category}\n    series: {series}\n    models:"
            );
            for _ in 0..=self.of(6) {
                self.row(&mut yaml, &mut names);
            }
        }
        (yaml, names)
    }

    fn row(&mut self, yaml: &mut String, names: &mut Vec<String>) {
        let name = self.name();
        _ = writeln!(yaml, "      - name: {}", quoted(&name));
        names.push(name);
        for _ in 0..self.of(3) {
            let alias = self.name();
            if self.of(2) == 0 {
                _ = writeln!(yaml, "        aliases: [{}]", quoted(&alias));
            } else {
                let variant = self.one(&["Other", "A", "ALL", "fn"]);
                let name = quoted(&alias);
                _ = writeln!(
                    yaml,
                    "        aliases: [{{ name: {name}, variant: {variant} }}]"
                );
            }
            names.push(alias);
            if self.of(4) > 0 {
                break;
            }
        }
        if self.of(5) == 1 {
            let variant = self.one(&["A", "B2", "__Allowed_A", "Self", "4", "a_b", "ALL"]);
            _ = writeln!(yaml, "        variant: {variant}");
        }
        match self.of(8) {
            1 => yaml.push_str("        deprecated: true\n"),
            2 => {
                let note = self.text();
                _ = writeln!(yaml, "        deprecated: {{ note: {note} }}");
            }
            3 | 4 => {
                let replacement = match names.get(self.of(names.len() + 1)) {
                    Some(name) => name.clone(),
                    None => self.name(),
                };
                let replacement = quoted(&replacement);
                _ = writeln!(yaml, "        deprecated: {{ replacement: {replacement} }}");
            }
            _ => {}
        }
        let limits = self.limits();
        _ = writeln!(yaml, "        limits: {limits}");
    }

    fn limits(&mut self) -> String {
        let mut limits = Vec::new();
        for _ in 0..=self.of(3) {
            let key = self.one(&[
                "qpm",
                "tpm",
                "submissions_per_second",
                "concurrent_tasks",
                "rpm",
            ]);
            let number = self.one(&[
                "1",
                "60",
                "4294967295",
                "18446744073709551615",
                "0",
                "1_0",
                "~",
            ]);
            limits.push(format!("{key}: {number}"));
            if self.of(2) == 0 {
                break;
            }
        }
        format!("{{ {} }}", limits.join(", "))
    }

    fn overlay(&mut self, names: &[String]) -> String {
        let mut yaml = String::from("limits:\n");
        for _ in 0..=self.of(3) {
            let name = quoted(&names[self.of(names.len())]);
            let limits = self.limits();
            _ = writeln!(yaml, "  {name}: {limits}");
        }
        yaml
    }

    fn name(&mut self) -> String {
        const PARTS: [&str; 32] = [
            "a",
            "b",
            "qwen",
            "gpt",
            "1",
            "2",
            "25",
            "-",
            ".",
            "_",
            "/",
            ":",
            "@",
            "*",
            "~",
            "+",
            "A",
            "Self",
            "self",
            "ALL",
            "é",
            "模",
            "\"",
            "\\",
            "`",
            "#",
            "<b>",
            "'",
            " ",
            "\u{202e}",
            "a-name-of-more-than-twenty-four-bytes-",
            "{}",
        ];
        let mut name = String::new();
        for _ in 0..=self.of(5) {
            name.push_str(self.one(&PARTS));
        }
        name
    }

    fn text(&mut self) -> String {
        const TEXTS: [&str; 10] = [
            "Series",
            "*/ /* //",
            "`code` <b>html</b> [link](x)",
            "\"#\"##",
            "\\",
            "\r\n\u{0}\u{7f}",
            "\u{202e}\u{2028}",
            "https://a.b",
            "",
            "\t",
        ];
        quoted(self.one(&TEXTS))
    }
}

/// A text as a YAML scalar in double quotes.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            ' '..='~' => quoted.push(character),
            _ => _ = write!(quoted, "\\U{:08x}", u32::from(character)),
        }
    }
    quoted.push('"');
    quoted
}
