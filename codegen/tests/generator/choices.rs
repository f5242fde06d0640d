//! Builds tables and overlays that are nearly valid from the bytes of the fuzzer.

use std::fmt::Write as _;

use model_studio_limits_core::{Category, KeyWindow, LimitKey};

/// Returns a table and perhaps an overlay, as YAML.
pub(crate) fn table_and_overlay(data: &[u8]) -> (String, Option<String>) {
    let mut choices = Choices(data);
    let properties = choices.properties();
    let (mut table, names) = choices.table(&properties);
    if !properties.is_empty() {
        let declarations = properties.iter();
        let declarations = declarations.map(|it| format!("  {}: {}\n", it.name, it.declaration));
        table = format!("properties:\n{}{table}", declarations.collect::<String>());
    }
    let has_overlay = choices.below(3) == 0;
    let overlay = has_overlay.then(|| choices.overlay(&names, &properties));
    (table, overlay)
}

/// A property of the table.
struct Property {
    name: String,
    kind: &'static str,
    declaration: String,
    is_required: bool,
}

const TYPES: [&str; 7] = [
    "integer", "number", "boolean", "text", "date", "choice", "choices",
];

/// Choices made by bytes, one byte each. After the last byte, the first option is chosen.
struct Choices<'a>(&'a [u8]);

impl Choices<'_> {
    fn below(&mut self, count: usize) -> usize {
        match self.0.split_first() {
            Some((byte, rest)) => {
                self.0 = rest;
                usize::from(*byte) % count
            }
            None => 0,
        }
    }

    fn one_of<'a>(&mut self, options: &[&'a str]) -> &'a str {
        options[self.below(options.len())]
    }

    /// Chooses an invalid option once in 32 times, so that many tables are valid.
    fn mostly<'a>(&mut self, valid: &[&'a str], invalid: &[&'a str]) -> &'a str {
        let options = if self.below(32) == 31 { invalid } else { valid };
        self.one_of(options)
    }

    fn properties(&mut self) -> Vec<Property> {
        let count = self.below(4);
        (0..count).map(|index| self.property(index)).collect()
    }

    fn property(&mut self, index: usize) -> Property {
        let kind = TYPES[self.below(TYPES.len())];
        let mut declaration = format!("{{ type: {kind}");
        if self.below(2) == 1 {
            let text = self.text();
            _ = write!(declaration, ", description: {text}");
        }
        match kind {
            "integer" | "number" if self.below(2) == 1 => {
                let unit = self.text();
                _ = write!(declaration, ", unit: {unit}");
            }
            "choice" | "choices" => {
                let values = self.mostly(
                    &["[a, None, 'x\"`y']", "[a, None, 'x\"`y', Some, Self]"],
                    &["[]", "[a, A]", "[3]"],
                );
                _ = write!(declaration, ", values: {values}");
                if self.below(2) == 1 {
                    let name = self.mostly(&["Option", "Shared", "S"], &["Model", "a", "Self"]);
                    _ = write!(declaration, ", enum: {name}");
                }
            }
            _ => {}
        }
        let presence = self.below(4);
        match presence {
            1 => declaration.push_str(", required: true"),
            2 => {
                let value = self.value(kind);
                _ = write!(declaration, ", default: {value}");
            }
            _ => {}
        }
        let prefix = self.mostly(&["p", "u64_", "_x"], &["__", "A", "2"]);
        Property {
            name: format!("{prefix}{index}"),
            kind,
            declaration: declaration + " }",
            is_required: presence == 1,
        }
    }

    /// Returns the value of a property.
    fn value(&mut self, kind: &str) -> String {
        match kind {
            "integer" => self.mostly(&["0", "1000", "18446744073709551615"], &["-1", "1.5", "x"]),
            "number" => self.mostly(&["1", "-0.0", "1e300", "5e-324", "0.1"], &[".inf", "x"]),
            "boolean" => self.mostly(&["true", "false"], &["yes", "1"]),
            "text" => return self.text(),
            "date" => self.date(),
            "choice" => self.mostly(&["a", "None"], &["b", "[a]"]),
            _ => self.mostly(&["[]", "[a]", "[None, a]"], &["a", "[a, a]", "[b]"]),
        }
        .to_owned()
    }

    /// Returns values of properties, or `None` if no property has a value.
    fn values(&mut self, properties: &[Property]) -> Option<String> {
        let values = properties.iter().filter_map(|property| {
            let is_set = property.is_required || self.below(3) != 0;
            is_set.then(|| format!("{}: {}", property.name, self.value(property.kind)))
        });
        let values: Vec<String> = values.collect();
        (!values.is_empty()).then(|| format!("{{ {} }}", values.join(", ")))
    }

    /// Returns a table without declarations of properties, and the names in it.
    fn table(&mut self, properties: &[Property]) -> (String, Vec<String>) {
        let mut names = Vec::new();
        let mut yaml = String::new();
        if self.below(4) == 1 {
            let valid = ["{ title: T }", "{ url: 'https://a.b' }"];
            let source = self.mostly(&valid, &["{}", "7"]);
            _ = writeln!(yaml, "source: {source}");
        }
        yaml.push_str("groups:\n");
        for _ in 0..=self.below(2) {
            let category = self.mostly(Category::NAMES, &["imbedding", "7"]);
            let series = self.text();
            _ = writeln!(yaml, "  - category: {category}");
            _ = writeln!(yaml, "    series: {series}");
            _ = writeln!(yaml, "    models:");
            for _ in 0..=self.below(6) {
                self.row(&mut yaml, &mut names, properties);
            }
        }
        if self.below(4) == 1 {
            yaml.push_str("retired:\n");
            for number in 0..=self.below(3) {
                let name = self.mostly(&["gone", "past"], &["a", "' '"]);
                let on = self.date();
                _ = writeln!(yaml, "  - {{ name: {name}-{number}, on: {on} }}");
            }
        }
        (yaml, names)
    }

    fn row(&mut self, yaml: &mut String, names: &mut Vec<String>, properties: &[Property]) {
        let earlier = names.len();
        let name = self.name();
        _ = writeln!(yaml, "      - name: {}", quoted(&name));
        names.push(name);
        let aliases: Vec<String> = (0..self.below(3)).map(|_| self.alias(names)).collect();
        if !aliases.is_empty() {
            _ = writeln!(yaml, "        aliases: [{}]", aliases.join(", "));
        }
        if self.below(5) == 1 {
            let variant = self.mostly(&["V", "V2", "a_b"], &["__Allowed_A", "Self", "4", "ALL"]);
            _ = writeln!(yaml, "        variant: {variant}");
        }
        // The names of the row itself are invalid as replacements.
        let replacements = if self.below(16) == 15 {
            names
        } else {
            &names[..earlier]
        };
        if let Some(deprecated) = self.deprecated(replacements) {
            _ = writeln!(yaml, "        deprecated: {deprecated}");
        }
        if self.below(8) == 1 {
            let dynamic = self.mostly(&["true", "false"], &["yes", "1"]);
            _ = writeln!(yaml, "        dynamic: {dynamic}");
        }
        if self.below(8) == 1 {
            let pool = self.mostly(&["p", "q", "\"\\\"`<b>\""], &["7", "''"]);
            _ = writeln!(yaml, "        pool: {pool}");
        }
        let limits = self.limits();
        _ = writeln!(yaml, "        limits: {limits}");
        if let Some(values) = self.values(properties) {
            _ = writeln!(yaml, "        properties: {values}");
        }
    }

    fn date(&mut self) -> &'static str {
        self.mostly(&["2026-10-10", "2024-02-29"], &["2026-02-30", "soon", "7"])
    }

    fn alias(&mut self, names: &mut Vec<String>) -> String {
        let alias = self.name();
        let name = quoted(&alias);
        names.push(alias);
        if self.below(2) == 0 {
            name
        } else {
            let variant = self.mostly(&["Other", "W"], &["ALL", "fn"]);
            format!("{{ name: {name}, variant: {variant} }}")
        }
    }

    fn deprecated(&mut self, names: &[String]) -> Option<String> {
        match self.below(8) {
            1 => Some("true".to_owned()),
            2 => {
                let (note, retires) = (self.text(), self.date());
                Some(format!("{{ note: {note}, retires: {retires} }}"))
            }
            3 | 4 => {
                let replacement = if self.below(16) == 15 {
                    self.name()
                } else {
                    names.get(self.below(names.len().max(1)))?.clone()
                };
                Some(format!("{{ replacement: {} }}", quoted(&replacement)))
            }
            _ => None,
        }
    }

    fn limits(&mut self) -> String {
        if self.below(8) == 7 {
            return self.mostly(&["none"], &["None", "{}", "[]"]).to_owned();
        }
        let keys: Vec<&str> = LimitKey::ALL.iter().map(|key| key.name).collect();
        let first = self.below(keys.len());
        let limits = (first..=first + self.below(2)).map(|position| {
            let key = self.mostly(&[keys[position % keys.len()]], &["rph", "qpm"]);
            let value = match LimitKey::from_name(key).map(|key| key.window) {
                Some(KeyWindow::Any) => self.windows(),
                _ => self
                    .mostly(
                        &["1", "60", "4294967295"],
                        &["18446744073709551615", "0", "1_0", "~"],
                    )
                    .to_owned(),
            };
            format!("{key}: {value}")
        });
        let limits: Vec<String> = limits.collect();
        format!("{{ {} }}", limits.join(", "))
    }

    fn windows(&mut self) -> String {
        let window = |choices: &mut Self| {
            let valid = ["1 per 1s", "500 per 6s", "9 per 2h", "7 per 3650d"];
            let invalid = [
                "0 per 1s",
                "1 per 0s",
                "1 per 6x",
                "per",
                "9 per 9999999999d",
            ];
            choices.mostly(&valid, &invalid).to_owned()
        };
        match self.below(3) {
            0 => format!("[{}, 3 per 5s]", window(self)),
            _ => window(self),
        }
    }

    fn overlay(&mut self, names: &[String], properties: &[Property]) -> String {
        let mut yaml = String::from("limits:\n");
        for _ in 0..=self.below(3) {
            let name = quoted(&names[self.below(names.len())]);
            let limits = self.limits();
            _ = writeln!(yaml, "  {name}: {limits}");
        }
        if self.below(2) == 1 {
            let name = quoted(&names[self.below(names.len())]);
            if let Some(values) = self.values(properties) {
                _ = writeln!(yaml, "properties: {{ {name}: {values} }}");
            }
        }
        if self.below(3) == 1 {
            let (added, _) = self.table(properties);
            yaml.push_str(&added);
        }
        yaml
    }

    fn name(&mut self) -> String {
        let first = [
            "a", "b", "qwen", "gpt", "1", "25", "A", "self", "c-d", "e.5",
        ];
        let valid = [
            "a",
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
            "Self",
            "é",
            "模",
            "\"",
            "\\",
            "`",
            "#",
            "<b>",
            "'",
            "a-name-of-more-than-twenty-four-bytes-",
            "{}",
        ];
        let mut name = self.mostly(&first, &["ALL", "-", "模"]).to_owned();
        for _ in 0..self.below(6) {
            name.push_str(self.mostly(&valid, &[" ", "\u{202e}"]));
        }
        name
    }

    fn text(&mut self) -> String {
        let valid = [
            "Series",
            "*/ /* //",
            "`code` <b>html</b> [link](x)",
            "\"#\"##",
            "\\",
            "\r\n\u{0}\u{7f}",
            "\u{202e}\u{2028}",
            "https://a.b",
        ];
        quoted(self.mostly(&valid, &["", "\t"]))
    }
}

/// Returns a YAML string in double quotes.
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
