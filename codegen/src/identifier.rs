//! Derives Rust identifiers from model IDs. `validate` checks that they are unique.

/// Returns the identifier of a model's variant or of an alias's constant.
///
/// The name is split at every character that is not an ASCII letter or digit. The parts are
/// capitalized and joined, with `_` between two digits and before a leading digit. Returns `None`
/// if there are no parts.
pub(crate) fn variant(name: &str) -> Option<String> {
    let mut identifier = String::with_capacity(name.len() + 1);
    let mut begins_part = true;
    let mut after_digit = true; // An identifier cannot begin with a digit.
    for byte in name.bytes() {
        if !byte.is_ascii_alphanumeric() {
            begins_part = true;
            continue;
        }
        if begins_part && after_digit && byte.is_ascii_digit() {
            identifier.push('_');
        }
        let byte = if begins_part {
            byte.to_ascii_uppercase()
        } else {
            byte
        };
        identifier.push(byte.into());
        begins_part = false;
        after_digit = byte.is_ascii_digit();
    }
    match identifier.as_str() {
        "" => None,
        // The only keyword that begins with a capital letter.
        "Self" => Some("Self_".to_owned()),
        _ => Some(identifier),
    }
}

/// Returns the name of an enum's macro, such as `chat_model` for `ChatModel`.
pub(crate) fn snake_case(name: &str) -> String {
    let name = name.as_bytes();
    let mut snake = String::with_capacity(name.len() + 4);
    for (i, byte) in name.iter().enumerate() {
        let next_is_lowercase = name.get(i + 1).is_some_and(u8::is_ascii_lowercase);
        let begins_word = match i.checked_sub(1).map(|before| name[before]) {
            None | Some(b'_') => false,
            Some(before) => !before.is_ascii_uppercase() || next_is_lowercase,
        };
        if byte.is_ascii_uppercase() && begins_word {
            snake.push('_');
        }
        snake.push(byte.to_ascii_lowercase().into());
    }
    snake
}

/// Returns `true` if `text` can be the name of an item: it consists of ASCII letters, digits and
/// `_`, does not begin with a digit, and is not `_` or a keyword.
pub(crate) fn is_valid(text: &str) -> bool {
    let starts = text.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic());
    let continues = text.chars().all(|c| c == '_' || c.is_ascii_alphanumeric());
    starts && continues && text != "_" && !KEYWORDS.contains(&text)
}

/// Returns `true` if every enum has an associated item of this name.
pub(crate) fn is_enum_item(name: &str) -> bool {
    name.starts_with("__") || is_in(ENUM_ITEMS, name)
}

/// Returns `true` if every enum of choices has an associated item of this name.
pub(crate) fn is_choice_item(name: &str) -> bool {
    is_in("ALL CHOICES COUNT VARIANTS", name)
}

/// Returns `true` if a method of this name would hide one that every enum has.
pub(crate) fn is_method(name: &str) -> bool {
    is_enum_item(name) || is_in(TRAIT_METHODS, name)
}

/// Returns `true` if a macro of this name would conflict with a built-in attribute.
pub(crate) fn is_attribute(name: &str) -> bool {
    is_in(ATTRIBUTES, name)
}

fn is_in(list: &str, name: &str) -> bool {
    list.split(' ').any(|item| item == name)
}

/// The associated items of generated enums and of the traits they implement.
const ENUM_ITEMS: &str = "\
    ALL COLUMNS COUNT PROPERTIES RETIRED SOURCE VARIANTS active aliases category deprecation \
    fmt from_name in_category in_series index is_deprecated is_dynamic iter limits name names \
    parse_active pool property replacement retires series";

/// The methods of the other traits, including those that are implemented for every type.
const TRAIT_METHODS: &str = "\
    as_ref borrow borrow_mut clamp clone clone_from clone_into clone_to_uninit cmp deserialize eq \
    from from_str ge gt hash hash_slice inline_schema into json_schema le lt max min ne partial_cmp schema_id \
    schema_name serialize to_owned to_possible_value to_string try_from try_into type_id \
    value_variants";

const ATTRIBUTES: &str = "\
    allow automatically_derived bench cfg cfg_attr cold crate_name crate_type \
    debugger_visualizer deny deprecated derive diagnostic doc expect export_name feature \
    forbid global_allocator ignore inline instruction_set link link_name link_section \
    macro_export macro_use must_use no_main no_mangle no_std non_exhaustive panic_handler \
    path proc_macro recursion_limit repr should_panic target_feature test track_caller \
    type_length_limit used warn windows_subsystem";

/// The keywords of all editions, including reserved ones.
const KEYWORDS: [&str; 52] = [
    "Self", "abstract", "as", "async", "await", "become", "box", "break", "const", "continue",
    "crate", "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if",
    "impl", "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub",
    "ref", "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_are_derived_from_names() {
        for (name, identifier) in [
            ("qwen-plus", "QwenPlus"),
            ("qwen-max-2025-01-25", "QwenMax2025_01_25"),
            ("qwen3-0.6b", "Qwen3_0_6b"),
            ("qwen2.5-14b-instruct-1m", "Qwen2_5_14bInstruct1m"),
            ("qwen3-235b-a22b", "Qwen3_235bA22b"),
            ("wan2.1-t2i-turbo", "Wan2_1T2iTurbo"),
            ("4o-mini", "_4oMini"),
            ("4", "_4"),
            ("GLM-4.5-Air", "GLM4_5Air"),
            ("a", "A"),
            ("-a--b-", "AB"),
            ("1--2", "_1_2"),
            ("@cf/meta/llama-3.1-8b", "CfMetaLlama3_1_8b"),
            ("gpt_4*turbo~x+y", "Gpt4TurboXY"),
            ("模型-max", "Max"),
            ("self", "Self_"),
            ("type", "Type"),
        ] {
            assert_eq!(variant(name).as_deref(), Some(identifier), "{name}");
        }
        for name in ["", "-", "模型", "_._"] {
            assert_eq!(variant(name), None, "{name}");
        }
    }

    #[test]
    fn macro_names_are_in_snake_case() {
        for (name, snake) in [
            ("Model", "model"),
            ("ChatModel", "chat_model"),
            ("LLMModel", "llm_model"),
            ("Gpt4Model", "gpt4_model"),
            ("My_Model", "my_model"),
            ("LLM", "llm"),
        ] {
            assert_eq!(snake_case(name), snake);
        }
    }
}
