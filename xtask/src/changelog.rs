//! Adds the entry of an import to the changelog.

const UNRELEASED: &str = "## Unreleased\n\n";
const TABLES: &str = "### The tables\n\n";
const MAX_WIDTH: usize = 120;

/// Returns the changelog with an entry in the section of the next release, which is added if it is missing.
/// The first line of the entry, which has the date of the tables, replaces that of an earlier entry.
#[must_use]
pub fn add_to_changelog(changelog: &str, entry: &str) -> String {
    let entry: String = entry.lines().map(wrapped).collect();
    let (before, rest) = changelog.split_once(UNRELEASED).unwrap_or_else(|| {
        let newest = changelog.find("\n## ").map(|index| index + 1);
        changelog.split_at(newest.unwrap_or(changelog.len()))
    });
    let is_new = !changelog.contains(UNRELEASED);
    let end = rest.find("\n## ").map_or(rest.len(), |index| index + 1);
    let (unreleased, releases) = rest.split_at(if is_new { 0 } else { end });
    let unreleased = if let Some((above, below)) = unreleased.split_once(TABLES) {
        format!("{above}{TABLES}{}", added(below, &entry))
    } else {
        let first = unreleased.find("### ").unwrap_or(unreleased.len());
        let (above, below) = unreleased.split_at(first);
        format!("{}{TABLES}{entry}\n{below}", with_blank_line(above))
    };
    let before = with_blank_line(before);
    let text = format!("{before}{UNRELEASED}{unreleased}{releases}");
    text.trim_end().to_owned() + "\n"
}

/// Adds an entry to the list at the beginning of a text.
fn added(text: &str, entry: &str) -> String {
    let end = text.find("\n\n").map_or(text.len(), |index| index + 1);
    let (mut list, below) = text.split_at(end);
    let (date, items) = entry.split_once('\n').unwrap_or((entry, ""));
    if let (Some((old, others)), Some((words, _))) =
        (list.split_once('\n'), date.split_once(" as of "))
    {
        if old.starts_with(words) {
            list = others;
        }
    }
    format!("{date}\n{list}{items}{below}")
}

fn with_blank_line(text: &str) -> String {
    match text.trim_end() {
        "" => String::new(),
        text => format!("{text}\n\n"),
    }
}

/// Returns an item of a list in lines, each of which ends.
fn wrapped(item: &str) -> String {
    let (mut text, mut width) = (String::new(), 0);
    for word in item.split(' ') {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > MAX_WIDTH {
            text.push_str("\n  ");
            width = 2;
        } else if width > 0 {
            text.push(' ');
            width += 1;
        }
        text.push_str(word);
        width += length;
    }
    text + "\n"
}
