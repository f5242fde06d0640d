//! Prints the root table: all models, or those with an ID or alias that contains the argument.
//!
//! ```sh
//! cargo run --example limits
//! cargo run --example limits -- qwen-vl
//! ```

use std::process::ExitCode;

use model_studio_limits::Model;

fn main() -> ExitCode {
    let filter = std::env::args().nth(1).unwrap_or_default();
    let matches = |name: &str| name.contains(&filter);
    let models: Vec<Model> = Model::ALL
        .iter()
        .copied()
        .filter(|model| matches(model.name()) || model.aliases().iter().any(|a| matches(a)))
        .collect();
    if models.is_empty() {
        eprintln!("no model ID or alias contains `{filter}`");
        if let Some(error) = filter.parse::<Model>().err() {
            eprintln!("{error}");
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

/// Returns a limit with its digits in groups of three, or `-`.
fn number(limit: Option<impl ToString>) -> String {
    let Some(limit) = limit else {
        return "-".to_owned();
    };
    let digits = limit.to_string();
    let groups = digits.as_bytes().rchunks(3).rev();
    let groups: Vec<_> = groups.map(String::from_utf8_lossy).collect();
    groups.join(",")
}

/// Prints the headings and the rows, with right-aligned numbers.
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
