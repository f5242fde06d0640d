//! Prints the catalogue as a table: all of it, or the models whose names contain an argument.
//!
//! ```sh
//! cargo run --example limits
//! cargo run --example limits -- qwen-vl
//! ```

use std::process::ExitCode;

use model_studio_limits::Model;

fn main() -> ExitCode {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let is_wanted = |name: &str| name.contains(&wanted);
    let models: Vec<Model> = Model::ALL
        .iter()
        .copied()
        .filter(|model| is_wanted(model.name()) || model.aliases().iter().any(|a| is_wanted(a)))
        .collect();
    if models.is_empty() {
        eprintln!("no model matches `{wanted}`");
        let error = wanted.parse::<Model>().err();
        if let Some(name) = error.and_then(|error| error.nearest()) {
            eprintln!("the nearest name is `{name}`");
        }
        return ExitCode::FAILURE;
    }
    let rows: Vec<[String; 7]> = models.into_iter().map(row).collect();
    print_table(&rows);
    ExitCode::SUCCESS
}

const HEADINGS: [&str; 7] = [
    "name",
    "aliases",
    "QPM",
    "TPM",
    "submissions/s",
    "concurrent tasks",
    "status",
];

fn row(model: Model) -> [String; 7] {
    let limits = model.limits();
    let status = match model.replacement() {
        _ if !model.is_deprecated() => String::new(),
        Some(replacement) => format!("deprecated, use {replacement}"),
        None => "deprecated".to_owned(),
    };
    [
        model.name().to_owned(),
        model.aliases().join(", "),
        number(limits.queries_per_minute()),
        number(limits.tokens_per_minute()),
        number(limits.submissions_per_second()),
        number(limits.concurrent_tasks()),
        status,
    ]
}

/// A limit with its digits in groups of three, `-` if there is none.
fn number(limit: Option<impl ToString>) -> String {
    let Some(limit) = limit else {
        return "-".to_owned();
    };
    let digits = limit.to_string();
    let groups = digits.as_bytes().rchunks(3).rev();
    let groups: Vec<_> = groups.map(String::from_utf8_lossy).collect();
    groups.join(",")
}

/// Prints rows under the headings; numbers, in the columns from the third to the sixth, end their
/// columns, and texts begin them.
fn print_table(rows: &[[String; 7]]) {
    let mut widths = HEADINGS.map(str::len);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.len().max(*width);
        }
    }
    let print = |cells: &[&str]| {
        let cells = cells.iter().zip(widths).enumerate();
        let cells: Vec<String> = cells
            .map(|(column, (cell, width))| match column {
                2..6 => format!("{cell:>width$}"),
                _ => format!("{cell:<width$}"),
            })
            .collect();
        println!("{}", cells.join("  ").trim_end());
    };
    print(&HEADINGS);
    for row in rows {
        print(&row.each_ref().map(String::as_str));
    }
}
