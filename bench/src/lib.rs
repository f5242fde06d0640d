//! What the programs of this package share. `README.md` tells what each of them measures.

#![forbid(unsafe_code)]

pub mod machine;
pub mod names;
pub mod random;
pub mod scratch;
pub mod table;
