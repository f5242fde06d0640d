#![doc = include_str!("README.md")]
#![no_std]

/// The name and the YAML text of each table.
pub const TABLES: &[(&str, &str)] = &[
    ("singapore", include_str!("singapore.yaml")),
    ("beijing", include_str!("beijing.yaml")),
    ("virginia", include_str!("virginia.yaml")),
    ("virginia_us", include_str!("virginia_us.yaml")),
    ("frankfurt", include_str!("frankfurt.yaml")),
    ("frankfurt_eu", include_str!("frankfurt_eu.yaml")),
    ("tokyo", include_str!("tokyo.yaml")),
    ("tokyo_japan", include_str!("tokyo_japan.yaml")),
    ("hong_kong", include_str!("hong_kong.yaml")),
    ("hong_kong_global", include_str!("hong_kong_global.yaml")),
];
