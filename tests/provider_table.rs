//! Compares the built-in table, without an overlay, with the provider's table, row by row and in
//! both directions.
//!
//! `provider-table.txt` is the provider's table as published. It is read without the generator, so
//! that an error in the generator is found.

use fixture::Baseline as Model;
use model_studio_limits::Category;

/// A row of the provider's table.
#[derive(Debug, PartialEq)]
struct Row {
    name: String,
    aliases: Vec<String>,
    deprecated: bool,
    category: Category,
    series: String,
    qpm: Option<u64>,
    tpm: Option<u64>,
    submissions_per_second: Option<u64>,
    concurrent_tasks: Option<u64>,
}

/// Reads the table. An empty cell has the value of the cell above it.
fn read(table: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut category = None;
    let mut series = "";
    let mut tasks = false;
    let mut above = [0; 2];
    for line in table.lines() {
        let Some((first, rest)) = line.split_once(" | ").or(line.split_once(" |")) else {
            series = line;
            category = match line {
                "Text generation" => Some(Category::TextGeneration),
                "Image generation" => Some(Category::ImageGeneration),
                "Video generation" => Some(Category::VideoGeneration),
                "Embedding models" => Some(Category::Embedding),
                _ => category,
            };
            continue;
        };
        if first == "Name" {
            tasks = rest.starts_with("Task submission per second");
            continue;
        }
        if first.starts_with("Queries per minute") {
            continue;
        }
        let numbers = rest.split('|').map(|cell| cell.trim().replace(',', ""));
        let numbers: Vec<u64> = numbers
            .filter(|cell| !cell.is_empty())
            .map(|cell| cell.parse().unwrap())
            .collect();
        match numbers[..] {
            [] => {}
            // A row with one number does not say in which column it is. No model has that many
            // queries or that few tokens.
            [tokens] if tokens >= 20_000 => above[1] = tokens,
            [queries] => above[0] = queries,
            [first, second] => above = [first, second],
            _ => panic!("{line}"),
        }
        let (name, deprecated) = match first.strip_suffix(" Deprecated") {
            Some(name) => (name, true),
            None => (first, false),
        };
        let (name, aliases) = match name.split_once(" (") {
            Some((name, alias)) => (name, vec![alias.trim_end_matches(')').to_owned()]),
            None => (name, Vec::new()),
        };
        let limit = |column: usize, of_tasks: bool| (tasks == of_tasks).then_some(above[column]);
        rows.push(Row {
            name: name.to_owned(),
            aliases,
            deprecated,
            category: category.unwrap(),
            series: series.to_owned(),
            qpm: limit(0, false),
            tpm: limit(1, false),
            submissions_per_second: limit(0, true),
            concurrent_tasks: limit(1, true),
        });
    }
    rows
}

fn row_of(model: Model) -> Row {
    let limits = model.limits();
    Row {
        name: model.name().to_owned(),
        aliases: model.aliases().iter().map(ToString::to_string).collect(),
        deprecated: model.is_deprecated(),
        category: model.category(),
        series: model.series().to_owned(),
        qpm: limits.queries_per_minute().map(|n| n.get().into()),
        tpm: limits.tokens_per_minute().map(Into::into),
        submissions_per_second: limits.submissions_per_second().map(|n| n.get().into()),
        concurrent_tasks: limits.concurrent_tasks().map(|n| n.get().into()),
    }
}

#[test]
fn the_models_are_the_rows_of_the_table_in_order() {
    let rows = read(include_str!("provider-table.txt"));
    for row in &rows {
        let model: Model = row.name.parse().unwrap();
        assert_eq!(row_of(model), *row);
    }
    let models: Vec<Row> = Model::ALL.iter().copied().map(row_of).collect();
    assert_eq!(models, rows);
}

/// Checks rows with merged cells, which are easy to misread.
#[test]
fn merged_cells_have_the_value_above() {
    for (name, qpm, tpm) in [
        ("qwen-turbo-latest", 60, 5_000_000),
        ("qwen2.5-72b-instruct", 1_200, 1_000_000),
        ("qwen-vl-plus-2025-05-07", 120, 1_000_000),
        ("qwen-vl-plus-2025-01-25", 1_200, 1_000_000),
        ("qwen2-57b-a14b-instruct", 60, 30_000),
        ("qwen2-7b-instruct", 60, 30_000),
        ("qwen1.5-7b-chat", 120, 200_000),
        ("text-embedding-v3", 6_000, 24_000_000),
    ] {
        let row = row_of(name.parse().unwrap());
        assert_eq!((row.qpm, row.tpm), (Some(qpm), Some(tpm)), "{name}");
    }
    let wan = Model::ALL.iter().filter(|m| m.name().starts_with("wan2.1"));
    let wan: Vec<Row> = wan.copied().map(row_of).collect();
    assert!(!wan.is_empty());
    for row in wan {
        assert_eq!(row.submissions_per_second, Some(2), "{}", row.name);
        assert_eq!(row.concurrent_tasks, Some(2), "{}", row.name);
        assert_eq!((row.qpm, row.tpm), (None, None), "{}", row.name);
    }
}

/// The provider has deprecated its qwen2 and qwen1.5 models, and recommends one model instead.
#[test]
fn deprecated_models_have_the_provider_s_replacement() {
    for model in Model::ALL {
        let old = ["qwen2-", "qwen1.5-"];
        let old = old.iter().any(|series| model.name().starts_with(series));
        assert_eq!(model.is_deprecated(), old, "{model}");
        let replacement = old.then_some(Model::Qwen3_235bA22b);
        assert_eq!(model.replacement(), replacement, "{model}");
    }
}
