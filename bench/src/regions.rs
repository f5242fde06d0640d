//! Measures the time to generate the code of the shipped tables.
//!
//! Run it without `--release`: Cargo compiles build scripts without optimization too.

use std::slice;
use std::time::Instant;

use model_studio_limits_codegen::Generator;
use model_studio_limits_tables::TABLES;

use crate::measure::measure;

pub(crate) fn run(quick: bool) {
    let tables: Vec<&str> = TABLES.iter().map(|(name, _)| *name).collect();
    let single = tables.iter().map(|name| (*name, slice::from_ref(name)));
    let cases: Vec<_> = single.chain([("all", &*tables)]).collect();
    let results = measure(quick, &cases, |(_, tables)| {
        let start = Instant::now();
        for &table in *tables {
            let code = Generator::shipped(table).module(table).generate();
            code.expect("the shipped tables are valid");
        }
        start.elapsed().as_secs_f64() * 1e3
    });
    println!("| tables | generator, ms |");
    println!("| ------ | ------------: |");
    for ((name, _), result) in cases.iter().zip(results) {
        println!("| {name} | {result} |");
    }
}
