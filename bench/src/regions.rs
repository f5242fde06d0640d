//! Measures the time to generate the code of the shipped tables.
//!
//! Run it without `--release`: Cargo compiles build scripts without optimization too.

use std::time::Instant;

use model_studio_limits_codegen::Generator;
use model_studio_limits_tables::TABLES;

use crate::report::measure;

pub(crate) fn run(quick: bool) {
    let generate = |table: &str| {
        let code = Generator::shipped(table).module(table).generate();
        code.expect("the shipped tables are valid");
    };
    let milliseconds = |tables: &[&str]| {
        let start = Instant::now();
        tables.iter().copied().for_each(generate);
        start.elapsed().as_secs_f64() * 1e3
    };
    let tables: Vec<&str> = TABLES.iter().map(|(name, _)| *name).collect();
    let mut cases: Vec<&[&str]> = tables.iter().map(std::slice::from_ref).collect();
    cases.push(&tables);
    let results = measure(quick, &cases, |tables| milliseconds(tables));
    println!("| tables | generator, ms |");
    println!("| ------ | ------------: |");
    for (tables, result) in cases.iter().zip(results) {
        let name = if tables.len() == 1 {
            tables[0]
        } else {
            "all ten"
        };
        println!("| {name} | {result} |");
    }
}
