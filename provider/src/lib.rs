#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod base_url;
#[cfg(feature = "quotas")]
pub mod quotas;
mod region;
mod region_table;
mod table;

pub use base_url::BaseUrlError;
pub use region::{ParseRegionError, Region};
pub use table::{Property, PropertyValues, Served, Status, Table, TableModel};
