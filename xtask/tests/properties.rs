//! The properties of the committed tables, compared with the data cell by cell. The comparison does
//! not use the code that generates the tables.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::Path;

use serde_yaml::Value;
use xtask::{DataFiles, generate};

/// The properties in the order of the tables, with their columns.
const PROPERTIES: [(&str, &str); 9] = [
    ("context_window", "context_window"),
    ("max_input", "max_input"),
    ("max_output", "max_output"),
    ("max_input_thinking", "max_input_thinking"),
    ("max_output_thinking", "max_output_thinking"),
    ("max_reasoning", "max_reasoning"),
    ("input", "input_modalities"),
    ("output", "output_modalities"),
    ("thinking", "thinking"),
];

const MODALITIES: [&str; 8] = [
    "text", "image", "audio", "video", "document", "file", "link", "3d",
];

/// The columns with limits that apply if the model thinks.
const WITH_THINKING: [&str; 3] = ["max_input_thinking", "max_output_thinking", "max_reasoning"];

fn repository() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().expect("the repository")
}

/// Returns the committed data.
fn committed() -> DataFiles {
    DataFiles::load(&repository().join("xtask/data")).unwrap()
}

/// Returns the data with the page and some properties of 2026-10-09, also when newer ones are committed.
fn data() -> DataFiles {
    DataFiles {
        page_date: "2026-10-09".to_owned(),
        page_file: "models-2026-10-09.tsv".to_owned(),
        page: include_str!("pages/models-2026-10-09.tsv").to_owned(),
        property_file: "properties-2026-10-09.tsv".to_owned(),
        properties: include_str!("pages/properties-2026-10-09.tsv").to_owned(),
        ..committed()
    }
}

/// Reads all committed tables.
fn tables() -> Vec<Value> {
    let files = fs::read_dir(repository().join("tables")).unwrap();
    let paths = files.map(|file| file.unwrap().path());
    let paths = paths.filter(|path| {
        path.extension()
            .is_some_and(|extension| extension == "yaml")
    });
    let texts = paths.map(|path| fs::read_to_string(path).unwrap());
    texts
        .map(|text| serde_yaml::from_str(&text).unwrap())
        .collect()
}

/// Returns the region and the deployment scope of a table.
fn deployment(table: &Value) -> (String, &str) {
    let title = table["source"]["title"].as_str().unwrap();
    let (title, _) = title.split_once("; ").unwrap();
    let (_, title) = title.split_once(" in ").unwrap();
    let (region, scope) = title.split_once(", deployment scope ").unwrap();
    (region.to_lowercase().replace(' ', ""), scope)
}

/// Returns the rows of all models of a table.
fn models(table: &Value) -> impl Iterator<Item = &Value> {
    let groups = table["groups"].as_sequence().unwrap().iter();
    groups.flat_map(|group| group["models"].as_sequence().unwrap())
}

/// Returns the rows of the data by column name.
fn rows(text: &str) -> Vec<HashMap<&str, &str>> {
    let mut lines = text.lines().map(|line| line.split('\t'));
    let columns: Vec<&str> = lines.next().unwrap().collect();
    let rows = lines.map(|cells| columns.iter().copied().zip(cells).collect());
    rows.collect()
}

/// Returns the value of a property in the form of the data, or an empty string.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Sequence(items) => {
            let items: Vec<_> = items.iter().map(cell).collect();
            items.join(",")
        }
        other => panic!("{other:?}"),
    }
}

/// Returns the value that a row should have in its table, in the same form.
fn expected(row: &HashMap<&str, &str>, column: &str) -> String {
    if is_contradicted(row, column) {
        return String::new();
    }
    let mut items: Vec<_> = row[column].split(',').collect();
    items.sort_by_key(|item| MODALITIES.iter().position(|other| other == item));
    items.join(",")
}

/// Returns `true` if the tables leave out a cell, because it contradicts another one.
fn is_contradicted(row: &HashMap<&str, &str>, column: &str) -> bool {
    let number = |column: &str| row[column].parse::<u64>().ok();
    let exceeds = |column: &str| number(column) > number("context_window").or(Some(u64::MAX));
    let output = row["output_modalities"];
    let has_text = output.is_empty() || output.split(',').any(|kind| kind == "text");
    let conflict = format!("CONFLICT {column}: ");
    let by_others = match column {
        "context_window" if PROPERTIES.iter().any(|(_, column)| exceeds(column)) => true,
        "thinking" if row[column] == "none" => {
            WITH_THINKING.iter().any(|column| !row[column].is_empty())
        }
        _ if WITH_THINKING.contains(&column) && !has_text => true,
        _ => number(column) == Some(0) || exceeds(column),
    };
    by_others || row["note"].split("; ").any(|it| it.starts_with(&conflict))
}

#[test]
fn every_cell_of_the_data_is_in_its_table() {
    let data = committed();
    let rows = rows(&data.properties);
    let (mut deployments, mut compared) = (BTreeSet::new(), 0);
    for table in tables() {
        let (region, scope) = deployment(&table);
        for model in models(&table) {
            let key = (region.as_str(), scope, model["name"].as_str().unwrap());
            let mut found = rows.iter();
            let found = found.find(|row| (row["region"], row["scope"], row["name"]) == key);
            let Some(row) = found else {
                assert_eq!(model.get("properties"), None, "{key:?}");
                continue;
            };
            compared += 1;
            for (property, column) in PROPERTIES {
                let found = cell(&model["properties"][property]);
                assert_eq!(found, expected(row, column), "{key:?} {property:?}");
            }
            let mut names = model["properties"].as_mapping().unwrap().keys();
            let is_known = |name: &Value| PROPERTIES.iter().any(|(known, _)| name == *known);
            assert!(names.all(is_known), "{key:?}");
        }
        deployments.insert((region, scope.to_owned()));
    }
    let has_table = |row: &&HashMap<&str, &str>| {
        deployments.contains(&(row["region"].to_owned(), row["scope"].to_owned()))
    };
    assert_eq!(compared, rows.iter().filter(has_table).count());
}

#[test]
fn every_table_declares_the_same_properties_and_states_the_dates_of_the_cards() {
    let files = committed();
    let rows = rows(&files.properties);
    let dates = rows.iter().map(|row| row["page_date"]);
    let dates: BTreeSet<_> = dates
        .filter(|date| date.len() == "2026-10-09".len())
        .collect();
    let [oldest, newest] = [dates.first().unwrap(), dates.last().unwrap()];
    // Some dates have no day.
    let in_range = |row: &HashMap<&str, &str>| {
        let date = row["page_date"];
        date.is_empty() || (date >= &oldest[..7] && date <= *newest)
    };
    assert!(rows.iter().all(in_range));
    let dates = format!("; properties from model cards of {oldest} to {newest}");

    let tables = tables();
    let first = &tables[0];
    let declarations = first["properties"].as_mapping().unwrap();
    let names = declarations.keys().map(|name| name.as_str().unwrap());
    assert!(names.eq(PROPERTIES.map(|(property, _)| property)));
    for (property, column) in PROPERTIES {
        let declaration = &first["properties"][property];
        let values = match declaration["type"].as_str().unwrap() {
            "integer" => {
                assert_eq!(declaration["unit"], "tokens");
                assert_eq!(declaration["values"], Value::Null);
                continue;
            }
            "choice" => ["none", "always", "switchable"].to_vec(),
            "choices" => {
                assert_eq!(declaration["enum"], "Modality");
                MODALITIES.to_vec()
            }
            other => panic!("{other}"),
        };
        assert_eq!(cell(&declaration["values"]), values.join(","), "{property}");
        let found = rows.iter().flat_map(|row| row[column].split(','));
        let found: BTreeSet<_> = found.filter(|value| !value.is_empty()).collect();
        assert!(
            found.iter().all(|value| values.contains(value)),
            "{property}"
        );
    }
    for table in &tables {
        assert_eq!(table["properties"], first["properties"]);
        let title = table["source"]["title"].as_str().unwrap();
        assert!(title.ends_with(&dates), "{title}");
    }
}

#[test]
fn contradictions_and_missing_properties_are_reported() {
    let output = generate(&data()).unwrap();
    let report: Vec<_> = output.report().lines().collect();
    for line in [
        "properties-2026-10-09.tsv:4: qwen3-30b-a3b-thinking-2507: max_input is 126976, but context_window is 81920: max_input, context_window left out",
        "properties-2026-10-09.tsv:5: qwen3.7-text-rerank: max_output is 0: max_output left out",
        "properties-2026-10-09.tsv:6: happyhorse-1.1-i2v: max_reasoning is 1049, but output is video: max_reasoning left out",
        "properties-2026-10-09.tsv:7: qwen3-max: thinking is none, but max_input_thinking is 258048: thinking left out",
        "properties-2026-10-09.tsv:8: glm-5.3: pages differ (model-pricing switchable, deep-thinking always): thinking left out",
        "properties-2026-10-09.tsv:9: kimi-k3: no table has this model in scope international: properties not used",
        "models-2026-10-09.tsv:1029: decision-model-preview: not in properties-2026-10-09.tsv: no properties",
    ] {
        assert!(report.contains(&line), "{line}");
    }
}

#[test]
fn the_page_of_regions_names_those_whose_properties_differ() {
    let files = generate(&data()).unwrap();
    let page = &files.contents["src/regions.md"];
    let (_, page) = page.split_once("# Properties").unwrap();
    for row in [
        "| `qwen-flash` | 1000000 | `singapore`, `beijing`, `virginia`, `frankfurt`: 997952; `virginia_us`: 995904 | 32768 | - | - | - | text | text | switchable |",
        "| `qwen3-rerank` | 30000 | 30000 | - | - | - | - | text | text | - |",
    ] {
        assert!(page.lines().any(|line| line == row), "{row}");
    }
    assert!(!page.contains("| `decision-model-preview` |"));
}

#[test]
fn a_noted_conflict_leaves_out_the_value_that_the_row_has() {
    let mut data = data();
    let line = data.properties.lines().nth(1).unwrap().to_owned();
    let noted = format!("{line}; CONFLICT thinking: one page always; CONFLICT batch: other");
    data.properties = data.properties.replacen(&line, &noted, 1);
    let output = generate(&data).unwrap();
    let table: Value = serde_yaml::from_str(&output.contents["tables/beijing.yaml"]).unwrap();
    let model = models(&table).next().unwrap();
    assert_eq!(model["name"], "qwen3.8-max");
    assert_eq!(model["properties"]["context_window"], 1_000_000);
    assert_eq!(model["properties"]["thinking"], Value::Null);
    let line = "properties-2026-10-09.tsv:2: qwen3.8-max: pages differ (one page always): thinking left out";
    assert!(output.report().lines().any(|other| other == line));
}

#[test]
fn errors_show_file_line_and_column() {
    let row = "beijing\tmainland\ttext-generation\tqwen3.8-max\t1000000\t991808\t131072\t983616\t131072\t262144\timage,text,video\ttext\tswitchable\t";
    for (from, to, message) in [
        ("1000000", "1M", "2:46: expected an integer, found `1M`"),
        ("991808", "-1", "2:54: expected an integer, found `-1`"),
        (
            "image,text,video",
            "image,smell",
            "2:89: expected one of `text`, `image`, `audio`, `video`, `document`, `file`, `link`, `3d`, found `smell`",
        ),
        (
            "image,text,video",
            "image,,video",
            "2:89: expected one of `text`, `image`, `audio`, `video`, `document`, `file`, `link`, `3d`, found ``",
        ),
        (
            "image,text,video",
            "text,text",
            "2:89: duplicate value `text`",
        ),
        (
            "switchable",
            "both",
            "2:111: expected one of `none`, `always`, `switchable`, found `both`",
        ),
        ("beijing", "oregon", "2:1: unknown region"),
        ("mainland", "", "2:9: `scope` is empty"),
        (
            "\tswitchable\t",
            "\tswitchable",
            "expected 19 cells, found 18",
        ),
        (
            "qwen3.8-max\t",
            "qwen3.8-max-0902\t",
            "3:34: duplicate row for the model, first listed on line 2",
        ),
    ] {
        let mut data = data();
        assert_eq!(data.properties.matches(row).count(), 1);
        data.properties = data.properties.replacen(row, &row.replacen(from, to, 1), 1);
        let error = generate(&data).unwrap_err();
        assert!(
            error.starts_with("properties-2026-10-09.tsv:") && error.ends_with(message),
            "{error}\n{message}"
        );
    }

    let mut data = data();
    data.properties = data.properties.replacen("\tthinking\t", "\treasoning\t", 1);
    let error = generate(&data).unwrap_err();
    assert_eq!(
        error,
        "properties-2026-10-09.tsv:1:1: the column `thinking` is missing"
    );
}
