//! The blocks of a text: lines that belong together, in any format.

use std::ops::Range;

/// The most bytes that are read on each side of a position.
const WINDOW: usize = 4 << 10;

/// Returns the blocks around a position, from the smallest to the largest, without those that are larger
/// than the window:
///
/// - the line,
/// - the lines beside it that are indented at least as far, and the line above them, such as the key of
///   a mapping or the start of a call,
/// - the lines up to an empty one,
/// - the cell of a notebook, or the lines between two code fences.
pub(super) fn around(text: &[u8], at: usize) -> Vec<Range<usize>> {
    let window = at.saturating_sub(WINDOW)..text.len().min(at + WINDOW);
    let (before, after) = (&text[window.start..at], &text[at..window.end]);
    let starts = window.start == 0 || before.contains(&b'\n');
    let ends = window.end == text.len() || after.contains(&b'\n');
    if !starts || !ends {
        // Lines can be very long.
        return Vec::new();
    }
    let lines = lines(text, window.clone());
    let center = lines.partition_point(|line| line.bytes.end <= at);
    let line = &lines[center];
    let is_in_cell = |other: &Line| other.is_cell == line.is_cell && !other.is_fence;
    let grow = |belongs: &dyn Fn(&Line) -> bool| {
        let belongs = |other: &&Line| is_in_cell(other) && belongs(other);
        let above = lines[..center].iter().rev().take_while(belongs).count();
        let below = lines[center + 1..].iter().take_while(belongs).count();
        (center - above, center + below)
    };

    let (mut first, last) = grow(&|other| other.indent.is_some_and(|it| it >= line.content));
    let is_head = |above: &Line| is_in_cell(above) && above.indent.is_some();
    if line.is_item() {
        first = center;
    } else if first > 0 && is_head(&lines[first - 1]) {
        first -= 1;
    }
    let paragraph = grow(&|other| other.indent.is_some());
    let mut blocks = vec![(center, center), (first, last), paragraph];
    let cell = grow(&|_| true);
    if cell.0 > 0 {
        blocks.push(cell);
    }
    let blocks = blocks.into_iter();
    let blocks = blocks.map(|(first, last)| lines[first].bytes.start..lines[last].bytes.end);
    // The block may continue outside of the window.
    let is_cut =
        |start, end| start > 0 && start == window.start || end < text.len() && end == window.end;
    blocks
        .filter(|block| !is_cut(block.start, block.end))
        .collect()
}

struct Line {
    bytes: Range<usize>,
    /// The column of the first character, or `None` if the line is empty.
    indent: Option<usize>,
    /// The column of the first character after the dash of a list item, if there is one.
    content: usize,
    /// Whether the line is a string of JSON, as in the cells of a notebook.
    is_cell: bool,
    is_fence: bool,
}

fn lines(text: &[u8], window: Range<usize>) -> Vec<Line> {
    let mut end = window.start;
    let mut lines = Vec::<Line>::new();
    for line in text[window].split_inclusive(|byte| *byte == b'\n') {
        let start = end;
        end += line.len();
        let is_after_cell = lines.last().is_some_and(|line| line.is_cell);
        lines.push(Line::new(line, start..end, is_after_cell));
    }
    lines
}

impl Line {
    fn new(line: &[u8], bytes: Range<usize>, is_after_cell: bool) -> Self {
        let string = line.trim_ascii().strip_prefix(b"\"");
        let cell = string.and_then(|string| {
            let last = string.strip_suffix(b"\"").filter(|_| is_after_cell);
            string.strip_suffix(br#"\n","#).or(last)
        });
        let line = cell.unwrap_or(line);
        let rest = line.trim_ascii();
        let indent = line.len() - line.trim_ascii_start().len();
        let item = rest.strip_prefix(b"- ").map(<[u8]>::trim_ascii_start);
        Self {
            bytes,
            indent: (!rest.is_empty()).then_some(indent),
            content: indent + rest.len() - item.unwrap_or(rest).len(),
            is_cell: cell.is_some(),
            is_fence: rest.starts_with(b"```"),
        }
    }

    fn is_item(&self) -> bool {
        self.indent.is_some_and(|indent| indent < self.content)
    }
}

#[cfg(test)]
mod tests {
    use super::around;

    /// Checks the first block around `@` that has more than one line.
    #[track_caller]
    fn check(text: &str, expected: &str) {
        let blocks = around(text.as_bytes(), text.find('@').unwrap());
        let blocks: Vec<&str> = blocks.into_iter().map(|block| &text[block]).collect();
        let more = blocks.iter().find(|block| block.lines().count() > 1);
        assert_eq!(more, Some(&expected), "{blocks:?}");
    }

    #[test]
    fn a_block_has_the_lines_that_are_indented_as_far_and_the_one_above() {
        check(
            "ollama:\n  model: a\ndashscope:\n  url: b\n  model: @\n    c: d\ne: f\n",
            "dashscope:\n  url: b\n  model: @\n    c: d\n",
        );
        check(
            "x = 1\ny = f(\n    a=b,\n    model=@,\n)\nz = 2\n",
            "y = f(\n    a=b,\n    model=@,\n",
        );
        check("a = 1\n\nb = 2\nc = @\n\nd = 3\n", "b = 2\nc = @\n");
    }

    #[test]
    fn a_block_is_an_item_of_a_list() {
        let items = "- name: a\n  model: b\n- name: c\n  model: @\n  d: e\n- name: f\n";
        check(items, "- name: c\n  model: @\n  d: e\n");
        let items = "- model: a\n- model: @\n  b: c\n- model: d\n";
        check(items, "- model: @\n  b: c\n");
    }

    #[test]
    fn lines_of_a_notebook_are_read_without_their_quotes() {
        let cells = r#"
   "source": [
    "f(\n",
    "    a=b,\n",
    "    model=@\n",
    ")\n",
    "\n",
    "g()"
   ]
"#;
        let block = r#"
    "f(\n",
    "    a=b,\n",
    "    model=@\n",
"#;
        check(cells, &block[1..]);
        let blocks = around(cells.as_bytes(), cells.find('@').unwrap());
        let cell = &cells[blocks.last().unwrap().clone()];
        assert!(
            cell.starts_with("    \"f(") && cell.ends_with("\"g()\"\n"),
            "{cell}"
        );
    }

    #[test]
    fn the_largest_block_is_between_two_fences() {
        let text = "a\n```\nb\n\n@\n\nc\n```\nd\n";
        check(text, "b\n\n@\n\nc\n");
    }

    #[test]
    fn a_block_that_continues_outside_of_the_window_is_left_out() {
        let text = format!(
            "{{\n{}  \"model\": \"@\",\n}}\n",
            "  \"a\": 1,\n".repeat(2_000)
        );
        let blocks = around(text.as_bytes(), text.find('@').unwrap());
        assert_eq!(blocks.len(), 1);
        let text = format!("{}@", "x".repeat(10_000));
        assert!(around(text.as_bytes(), 10_000).is_empty());
    }
}
