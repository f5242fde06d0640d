//! Places where a file names a model, such as `model: …`, `MODEL=…` or `--model …`.

use std::ops::Range;

use aho_corasick::AhoCorasick;

use super::reader::{QUOTES, Reader, is_word};

/// Finds the strings at places where a model is named.
pub(super) struct Places {
    keys: AhoCorasick,
}

/// The keys of a model or of several ones. `choices` has to be a list.
const KEYS: [&str; 2] = ["model", "choices"];

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
        for found in self.keys.find_iter(text) {
            let is_option = text[..found.start()].ends_with(b"--");
            let Some(mut key) = ModelKey::read(text, found.end(), is_option) else {
                continue;
            };
            // A list is read only once, even if its items look like keys.
            if found.start() >= list_end && key.list(&mut places) {
                list_end = key.rest.at;
            } else if KEYS[found.pattern()] == "model" {
                places.extend(key.single());
            }
        }
        // A list can contain keys, and a value can be a key itself.
        places.sort_by_key(|place| place.start);
        places.dedup();
        places
    }
}

/// A key that names a model, and the text after its separator.
struct ModelKey<'a> {
    rest: Reader<'a>,
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

impl<'a> ModelKey<'a> {
    /// Reads the end of a key and the separator. Returns `None` if there is no value.
    fn read(text: &'a [u8], at: usize, is_option: bool) -> Option<Self> {
        let mut rest = Reader { text, at };
        rest.skip_any_of(&["_name", "_id", "-name", "-id", "Name", "Id", "_NAME", "_ID"]);
        let is_plural = rest.skip_any_of(&["s", "S"]);
        if rest.peek().is_some_and(is_word) {
            return None;
        }
        let is_quoted = rest.skip_any_of(&QUOTES);
        // `data["model"] = …`
        if is_quoted {
            rest.skip_any_of(&["]"]);
        }
        let has_space = rest.skip_spaces();
        let separator = if rest.skip_any_of(&[":-", "=>", ":=", "==", "=", ":"]) {
            Separator::Assignment
        } else if is_quoted && is_option && rest.skip_any_of(&[","]) {
            Separator::Option
        } else if rest.skip_any_of(&["(", "!("]) || is_quoted && rest.skip_any_of(&[","]) {
            Separator::Call
        } else if rest.skip_any_of(&[">"]) || is_option && has_space {
            Separator::Argument
        } else {
            return None;
        };
        rest.skip_spaces();
        Some(Self {
            rest,
            is_plural,
            separator,
        })
    }

    /// Adds the items of a list, and returns whether there is one.
    fn list(&mut self, places: &mut Vec<Range<usize>>) -> bool {
        if self.separator == Separator::Option {
            self.rest.arguments(places);
            return true;
        }
        if self.separator != Separator::Assignment {
            return false;
        }
        self.rest.skip_type();
        if self.rest.skip_any_of(&["[", "("]) {
            self.rest.flow_list(places);
        } else if matches!(self.rest.peek(), None | Some(b'\r' | b'\n' | b'#')) {
            self.rest.block_list(places);
        } else if self.is_plural {
            self.rest.bare_list(places);
        } else {
            return false;
        }
        true
    }

    /// Reads the value that follows the separator.
    fn single(mut self) -> Option<Range<usize>> {
        match self.separator {
            Separator::Call | Separator::Option => self.rest.quoted(),
            Separator::Argument => self.rest.value(),
            Separator::Assignment => {
                self.rest.skip_type();
                self.rest.value()
            }
        }
    }
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
