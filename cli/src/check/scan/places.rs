//! Places where a file names a model, such as `model: …`, `MODEL=…` or `--model …`.

use std::ops::Range;

use aho_corasick::AhoCorasick;

use super::ids::is_id_byte;

/// Finds the strings at places where a model is named.
pub(super) struct Places {
    keys: AhoCorasick,
}

/// The keys of a model or of several ones. `choices` has to be a list.
const KEYS: [&str; 2] = ["model", "choices"];

/// Quotes, also in a string of JSON, such as a line of a notebook.
const QUOTES: [&str; 5] = ["\"", "'", "`", "\\\"", "\\'"];

/// The most items of a list that are read.
const MAX_ITEMS: usize = 1_000;

/// The length limit for a model ID, in bytes.
const MAX_ID: usize = 128;

/// The length limit for a type between a key and its value, in bytes.
const MAX_TYPE: usize = 60;

/// The length limit for the arguments of a call, in bytes.
const MAX_CALL: usize = 2_000;

impl Places {
    pub(super) fn new() -> Self {
        let mut keys = AhoCorasick::builder();
        let keys = keys.ascii_case_insensitive(true).build(KEYS);
        Self {
            keys: keys.expect("the keys are short"),
        }
    }

    /// Returns the positions of all strings at places where a model is named, in their order.
    pub(super) fn find(&self, text: &[u8]) -> Vec<Range<usize>> {
        let mut places = Vec::new();
        let mut list_end = 0;
        for key in self.keys.find_iter(text) {
            let is_option = text[..key.start()].ends_with(b"--");
            let Some(mut cursor) = Cursor::after_key(text, key.end(), is_option) else {
                continue;
            };
            // A list is read only once, even if its items look like keys.
            if key.start() >= list_end && cursor.list(&mut places) {
                list_end = cursor.at;
            } else if KEYS[key.pattern()] == "model" {
                places.extend(cursor.single());
            }
        }
        // A list can contain keys, and a value can be a key itself.
        places.sort_by_key(|place| place.start);
        places.dedup();
        places
    }
}

/// A position after the key that names a model.
struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
    is_plural: bool,
    separator: Separator,
}

#[derive(Clone, Copy, PartialEq)]
enum Separator {
    /// `model: …`, `model = …`, `{"model": …}`, `:model => …`, `if model == …`
    Assignment,
    /// `model("…")`, `model!("…")`
    Call,
    /// `add_argument("--model", …)`
    Option,
    /// `--model …`, `<model>…`
    Argument,
}

impl<'a> Cursor<'a> {
    /// Reads the rest of a key and the separator. Returns `None` if there is no value.
    fn after_key(text: &'a [u8], at: usize, is_option: bool) -> Option<Self> {
        let mut cursor = Self {
            text,
            at,
            is_plural: false,
            separator: Separator::Argument,
        };
        cursor.skip_any_of(&["_name", "_id", "-name", "-id", "Name", "Id", "_NAME", "_ID"]);
        cursor.is_plural = cursor.skip_any_of(&["s", "S"]);
        if cursor.peek().is_some_and(is_word) {
            return None;
        }
        let is_quoted = cursor.skip_any_of(&QUOTES);
        // `data["model"] = …`
        if is_quoted {
            cursor.skip_any_of(&["]"]);
        }
        let has_space = cursor.skip_spaces();
        if cursor.skip_any_of(&[":-", "=>", ":=", "==", "=", ":"]) {
            cursor.separator = Separator::Assignment;
        } else if is_quoted && is_option && cursor.skip_any_of(&[","]) {
            cursor.separator = Separator::Option;
        } else if cursor.skip_any_of(&["(", "!("]) || is_quoted && cursor.skip_any_of(&[","]) {
            cursor.separator = Separator::Call;
        } else if !(cursor.skip_any_of(&[">"]) || is_option && has_space) {
            return None;
        }
        cursor.skip_spaces();
        Some(cursor)
    }

    /// Adds the items of a list, and returns whether there is one.
    fn list(&mut self, places: &mut Vec<Range<usize>>) -> bool {
        if self.separator == Separator::Option {
            self.arguments(places);
            return true;
        }
        if self.separator != Separator::Assignment {
            return false;
        }
        self.skip_type();
        if self.skip_any_of(&["[", "("]) {
            self.flow_list(places);
        } else if matches!(self.peek(), None | Some(b'\r' | b'\n' | b'#')) {
            self.block_list(places);
        } else if self.is_plural {
            self.bare_list(places);
        } else {
            return false;
        }
        true
    }

    /// Reads the value that follows the separator.
    fn single(mut self) -> Option<Range<usize>> {
        match self.separator {
            Separator::Call | Separator::Option => self.quoted(),
            Separator::Argument => self.value(),
            Separator::Assignment => {
                self.skip_type();
                self.value()
            }
        }
    }

    /// Skips a type and the `=` after it, as in `model: Optional[str] = "…"`.
    fn skip_type(&mut self) {
        if !self
            .peek()
            .is_some_and(|byte| is_word(byte) || byte == b'&')
        {
            return;
        }
        let rest = &self.text[self.at..];
        let rest = &rest[..rest.len().min(MAX_TYPE)];
        let is_of_type = |byte: &u8| is_word(*byte) || b"&'<>[]|.: ".contains(byte);
        let length = rest.iter().take_while(|byte| is_of_type(byte)).count();
        if length > 0 && rest.get(length) == Some(&b'=') {
            self.at += length + 1;
            self.skip_spaces();
        }
    }

    /// Adds the items of a list such as `["a", "b"]`. There can be comments.
    fn flow_list(&mut self, places: &mut Vec<Range<usize>>) {
        for _ in 0..MAX_ITEMS {
            self.skip_while(|byte| byte.is_ascii_whitespace() || byte == b',');
            if self.skip_any_of(&["#", "//"]) {
                self.skip_while(|byte| byte != b'\n');
            } else if self.skip_any_of(&["\\n\""]) {
                // The next line of a cell.
                self.skip_while(|byte| byte.is_ascii_whitespace() || byte == b',');
                self.skip_any_of(&["\""]);
            } else {
                let Some(value) = self.value() else { return };
                places.push(value);
            }
        }
    }

    /// Adds the items of a list such as `a, b`.
    fn bare_list(&mut self, places: &mut Vec<Range<usize>>) {
        for _ in 0..MAX_ITEMS {
            let Some(value) = self.value() else { return };
            places.push(value);
            if !self.skip_any_of(&[", "]) {
                return;
            }
        }
    }

    /// Adds the strings up to the end of the arguments of a call.
    fn arguments(&mut self, places: &mut Vec<Range<usize>>) {
        let end = self.text.len().min(self.at + MAX_CALL);
        let mut depth = 1;
        while depth > 0 && self.at < end {
            if let Some(value) = self.quoted() {
                places.push(value);
                continue;
            }
            match self.peek() {
                Some(b'(' | b'[' | b'{') => depth += 1,
                Some(b')' | b']' | b'}') => depth -= 1,
                _ => {}
            }
            self.at += 1;
        }
    }

    /// Adds the items of a list with a line for each, such as `- a`. There can be comments.
    fn block_list(&mut self, places: &mut Vec<Range<usize>>) {
        for _ in 0..MAX_ITEMS {
            self.skip_while(|byte| byte.is_ascii_whitespace());
            if self.skip_any_of(&["- "]) {
                self.skip_spaces();
                let Some(value) = self.value() else { return };
                places.push(value);
            } else if self.peek() != Some(b'#') {
                return;
            }
            self.skip_while(|byte| byte != b'\n');
        }
    }

    /// Reads a string with or without quotes.
    fn value(&mut self) -> Option<Range<usize>> {
        match self.take(&QUOTES) {
            Some(quote) => self.closed_by(quote),
            None => self.id(),
        }
    }

    fn quoted(&mut self) -> Option<Range<usize>> {
        let quote = self.take(&QUOTES)?;
        self.closed_by(quote)
    }

    fn closed_by(&mut self, quote: &'static str) -> Option<Range<usize>> {
        let id = self.id()?;
        self.skip_any_of(&[quote]).then_some(id)
    }

    /// Reads the characters of a model ID. A colon at the end belongs to the text around it.
    fn id(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        let rest = &self.text[start..];
        let rest = &rest[..rest.len().min(MAX_ID + 1)];
        let length = rest.iter().take_while(|byte| is_id_byte(**byte)).count();
        self.at += length;
        if length > MAX_ID {
            return None;
        }
        let mut end = self.at;
        while end > start && matches!(self.text[end - 1], b'.' | b':') {
            end -= 1;
        }
        (end > start).then_some(start..end)
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// Skips spaces, and returns whether there were any.
    fn skip_spaces(&mut self) -> bool {
        let start = self.at;
        self.skip_while(|byte| matches!(byte, b' ' | b'\t'));
        self.at > start
    }

    fn skip_while(&mut self, condition: impl Fn(u8) -> bool) {
        while self.peek().is_some_and(&condition) {
            self.at += 1;
        }
    }

    /// Skips the first of the strings that is next, and returns whether there was one.
    fn skip_any_of(&mut self, strings: &[&'static str]) -> bool {
        self.take(strings).is_some()
    }

    /// Skips the first of the strings that is next, and returns it.
    fn take(&mut self, strings: &[&'static str]) -> Option<&'static str> {
        let rest = &self.text[self.at..];
        let mut strings = strings.iter();
        let found = strings.find(|string| rest.starts_with(string.as_bytes()))?;
        self.at += found.len();
        Some(found)
    }
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::Places;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let places = Places::new().find(text.as_bytes());
        let found: Vec<&str> = places.into_iter().map(|place| &text[place]).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn fields_variables_and_arguments_name_a_model() {
        for text in [
            "model: qwen-plus",
            "model: 'qwen-plus' # the default",
            "  - model_name: qwen-plus\r\n",
            r#"{"model": "qwen-plus", "stream": true}"#,
            r#"{"modelId":"qwen-plus"}"#,
            r#"chat(model="qwen-plus")"#,
            r#"model: str = "qwen-plus""#,
            r#"model: Optional[str] = "qwen-plus""#,
            r#"model: str | None = "qwen-plus""#,
            r#"const MODEL: &'static str = "qwen-plus";"#,
            r#"data["model"] = "qwen-plus""#,
            r#"os.getenv("MODEL", "qwen-plus")"#,
            "MODEL=${MODEL:-qwen-plus}",
            r#"const model: string = "qwen-plus";"#,
            r#""{\"model\": \"qwen-plus\"}""#,
            r#""    model=\"qwen-plus\",\n","#,
            "const embeddingModel = `qwen-plus`",
            r#"if model == "qwen-plus":"#,
            r#":model => "qwen-plus""#,
            "DASHSCOPE_MODEL=qwen-plus",
            "export MODEL_NAME=\"qwen-plus\"",
            "run --model qwen-plus --stream",
            "run --model=qwen-plus",
            "run --model-id 'qwen-plus'",
            r#"model!("qwen-plus")"#,
            r#"with_model("qwen-plus")"#,
            "<model>qwen-plus</model>",
            "https://example.com/?model=qwen-plus&stream=true",
        ] {
            check(text, &["qwen-plus"]);
        }
    }

    #[test]
    fn lists_name_several_models() {
        check(
            r#"models = ["qwen-plus", "qwq-plus"]"#,
            &["qwen-plus", "qwq-plus"],
        );
        check(
            "MODELS: [\n  qwen-plus,\n  'qwq-plus',\n]",
            &["qwen-plus", "qwq-plus"],
        );
        check(
            r#"models = ("qwen-plus", "qwq-plus")"#,
            &["qwen-plus", "qwq-plus"],
        );
        check(
            "models: # all\n  # fast\n  - qwen-plus\n  - model: qwq-plus\n",
            &["qwen-plus", "model", "qwq-plus"],
        );
        check(
            "models:\n  - qwen-plus # fast\n  - \"qwq-plus\"\nother:\n  - qwen-max\n",
            &["qwen-plus", "qwq-plus"],
        );
        check(
            "MODELS: list[str] = [ # all\n  'qwen-plus', # fast\n  // 'qwen-max',\n  'qwq-plus'\n]",
            &["qwen-plus", "qwq-plus"],
        );
        check(
            "models: qwen-plus, qwq-plus and others",
            &["qwen-plus", "qwq-plus"],
        );
        check(
            "models = 'qwen-plus', 'qwq-plus'",
            &["qwen-plus", "qwq-plus"],
        );
        check(
            "\"models = [\\n\",\n    \"    'qwen-plus',\\n\",\n    \"    'qwq-plus'\\n\",",
            &["qwen-plus", "qwq-plus"],
        );
        check(
            r#"{"choices": ["qwen-plus", "qwq-plus"]}"#,
            &["qwen-plus", "qwq-plus"],
        );
    }

    #[test]
    fn the_arguments_of_an_option_name_models() {
        check(
            r#"add_argument("--model", type=str, default="qwen-plus", choices=("qwq-plus",)) or "x""#,
            &["qwen-plus", "qwq-plus"],
        );
        check(
            r#"["run", "--model", "qwen-plus", "--all"], "qwq-plus""#,
            &["qwen-plus", "--all"],
        );
    }

    #[test]
    fn a_string_is_named_once() {
        check(r#"model: model = "qwen-plus""#, &["qwen-plus"]);
        check(
            "models: [model=qwen-plus, qwq-plus]",
            &["model", "qwen-plus"],
        );
    }

    #[test]
    fn other_text_names_no_model() {
        for text in [
            "the model qwen-plus is fast",
            "model_kwargs: qwen-plus",
            "model_config_name = \"qwen_max\"",
            "choices=qwen-plus",
            "choices[0].text = \"qwen-plus\"",
            "modeling: qwen-plus",
            "model(qwen_plus)",
            "model:",
            "model = ",
            "model: \"unterminated",
            "models: [",
            "--model",
            "model",
        ] {
            check(text, &[]);
        }
    }
}
