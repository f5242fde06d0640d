//! Writes the documentation page that compares the regions.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::property::{DECLARATIONS, Declaration, Property};
use crate::table::{RegionTable, TableRow};

/// The row of each table that has a model.
type Rows<'a> = Vec<Option<&'a TableRow<'a>>>;

/// Returns the page as Markdown: a table of limits, with a column for each region, and a table of
/// properties.
pub(crate) fn page(tables: &[RegionTable<'_>]) -> String {
    let files: Vec<_> = tables.iter().map(|table| table.deployment.file).collect();
    let mut models = BTreeMap::<&str, Rows<'_>>::new();
    for (column, table) in tables.iter().enumerate() {
        for row in &table.rows {
            let rows = models.entry(row.listing.name.text);
            rows.or_insert_with(|| vec![None; tables.len()])[column] = Some(row);
        }
    }
    let mut page = String::new();
    push_limits(&mut page, &files, &models);
    push_properties(&mut page, &files, &models);
    page
}

fn push_limits(page: &mut String, files: &[&str], models: &BTreeMap<&str, Rows<'_>>) {
    page.push_str(
        "The models of all regions and deployment scopes, with their limits and [properties](#properties).\n\
         \n\
         # Limits\n\
         \n\
         The limits are in the notation of the tables. QPM and TPM are queries and tokens per minute. `-` means\n\
         that the model is not served there. Limits in parentheses are those of a model that will be retired.\n\
         \n",
    );
    push_head(page, files);
    for (name, rows) in models {
        push_row(page, name, rows.iter().map(|row| limits(*row)));
    }
}

fn limits(row: Option<&TableRow<'_>>) -> String {
    let Some(row) = row else {
        return "-".to_owned();
    };
    let mut limits: Vec<String> = row.limits.iter().map(ToString::to_string).collect();
    if limits.is_empty() {
        limits.push("none".to_owned());
    }
    let limits = limits.join(", ");
    match row.deprecation {
        Some(_) => format!("({limits})"),
        None => limits,
    }
}

fn push_properties(page: &mut String, files: &[&str], models: &BTreeMap<&str, Rows<'_>>) {
    page.push_str("\n# Properties\n\n");
    for Declaration {
        name, description, ..
    } in DECLARATIONS
    {
        _ = writeln!(page, "- `{name}`: {description}");
    }
    page.push_str(
        "\n\
         Lengths are in tokens. `-` means that the provider's pages do not state the property, or contradict each\n\
         other. Where regions differ, their names precede each value. Models without properties are not listed.\n\
         \n",
    );
    let names: Vec<&str> = DECLARATIONS.iter().map(|it| it.name).collect();
    push_head(page, &names);
    for (name, rows) in models {
        let has_properties = |row: &&TableRow<'_>| !row.properties.is_empty();
        if rows.iter().flatten().any(has_properties) {
            let cells = DECLARATIONS
                .iter()
                .map(|it| values(it.property, files, rows));
            let cells: Vec<String> = cells.collect();
            push_row(page, name, cells.into_iter());
        }
    }
}

/// Returns the value of a property, or all values and their regions if there are several.
fn values(property: Property, files: &[&str], rows: &Rows<'_>) -> String {
    let mut values = Vec::<(String, Vec<String>)>::new();
    for (file, row) in files.iter().zip(rows) {
        let Some(row) = row else { continue };
        let value = row.properties.get(&property);
        let value = value.map_or("-".to_owned(), ToString::to_string);
        let region = format!("`{file}`");
        match values.iter_mut().find(|(other, _)| *other == value) {
            Some((_, regions)) => regions.push(region),
            None => values.push((value, vec![region])),
        }
    }
    if let [(value, _)] = &values[..] {
        return value.clone();
    }
    let values = values.iter();
    let values = values.map(|(value, regions)| format!("{}: {value}", regions.join(", ")));
    values.collect::<Vec<_>>().join("; ")
}

fn push_head(page: &mut String, columns: &[&str]) {
    page.push_str("| model ID |");
    for column in columns {
        _ = write!(page, " `{column}` |");
    }
    page.push_str("\n| --- |");
    page.push_str(&" --- |".repeat(columns.len()));
    page.push('\n');
}

fn push_row(page: &mut String, name: &str, cells: impl Iterator<Item = String>) {
    _ = write!(page, "| `{name}` |");
    for cell in cells {
        _ = write!(page, " {cell} |");
    }
    page.push('\n');
}
