//! Matches sentences of the pages that contain numbers.

/// The numbers of a sentence, by their names in the template, in the order of their first appearance.
pub(super) type Numbers = Vec<(&'static str, u64)>;

/// Returns the numbers in a text that has the form of a template, such as `{n}次/秒`. A name that
/// appears twice must have the same number. Spaces have no meaning, because the provider sets them
/// irregularly.
pub(super) fn numbers(template: &'static str, text: &str) -> Option<Numbers> {
    let text: String = text.split_whitespace().collect();
    let mut parts = template.split('{');
    let mut rest = text.strip_prefix(parts.next().unwrap_or_default())?;
    let mut found = Numbers::new();
    for part in parts {
        let (name, literal) = part.split_once('}')?;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number = rest.get(..digits)?.parse().ok()?;
        match found.iter().find(|(other, _)| *other == name) {
            Some((_, other)) if *other != number => return None,
            Some(_) => {}
            None => found.push((name, number)),
        }
        rest = rest.get(digits..)?.strip_prefix(literal)?;
    }
    rest.is_empty().then_some(found)
}

/// Returns the only number in a text that has the form of a template.
pub(super) fn number(template: &'static str, text: &str) -> Option<u64> {
    numbers(template, text)?.first().map(|(_, number)| *number)
}

/// Returns the template with the numbers in the places of their names.
pub(super) fn fill(template: &str, numbers: &Numbers) -> String {
    let template = template.to_owned();
    numbers.iter().fold(template, |text, (name, number)| {
        text.replace(&format!("{{{name}}}"), &number.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::{fill, number, numbers};

    #[test]
    fn equal_names_have_equal_numbers() {
        let template = "{n}个模型共享{l}个。即{n}个";
        let found = numbers(template, "4 个模型共享 10 个。即 4个").unwrap();
        assert_eq!(found, [("n", 4), ("l", 10)]);
        assert_eq!(fill("{n} share {l}", &found), "4 share 10");
        for text in [
            "4 个模型共享 10 个。即 5个",
            "4 个模型共享 10 个。即 4个。",
            "个模型共享 10 个。即 4个",
            "4 个模型共享 99999999999999999999 个。即 4个",
            "",
        ] {
            assert_eq!(numbers(template, text), None);
        }
        assert_eq!(numbers("同步", "同 步"), Some(vec![]));
        assert_eq!(number("{n}万", "500万"), Some(500));
    }
}
