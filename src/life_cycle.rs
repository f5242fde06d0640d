//! What a table says about models that are deprecated or no longer served.

use crate::Date;

/// The deprecation of a model, returned by [`Catalogue::deprecation`](crate::Catalogue::deprecation).
///
/// ```
/// # #[cfg(feature = "singapore")] {
/// use model_studio_limits::singapore::Model;
///
/// // Prints lines such as `qwen3-max retires on 2026-10-10, use qwen3.7-max (notice 1950)`.
/// for model in Model::ALL {
///     let Some(deprecation) = model.deprecation() else {
///         continue;
///     };
///     if let (Some(date), Some(replacement)) = (deprecation.retires, model.replacement()) {
///         let source = deprecation.source.unwrap_or("no source");
///         println!("{model} retires on {date}, use {replacement} ({source})");
///     }
/// }
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deprecation {
    /// The date on which the model retires, if the provider has announced one. Some dates are
    /// postponed, so the model may still be served afterwards.
    pub retires: Option<Date>,
    /// The `note` of the table, such as advice to use one of several models.
    pub note: Option<&'static str>,
    /// The `source` of the table: where the provider announced the deprecation.
    pub source: Option<&'static str>,
}

impl Deprecation {
    /// Creates a deprecation, for generated code.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(
        retires: Option<Date>,
        note: Option<&'static str>,
        source: Option<&'static str>,
    ) -> Self {
        Self {
            retires,
            note,
            source,
        }
    }
}

/// A model that the provider no longer serves, from [`Catalogue::RETIRED`](crate::Catalogue::RETIRED).
///
/// It has no variant. `model!` rejects its name, and parsing it returns an error that
/// [contains this value](crate::ParseModelError::retired).
///
/// ```
/// # #[cfg(feature = "singapore")] {
/// use model_studio_limits::singapore::Model;
///
/// let mut retired = Model::RETIRED.iter();
/// let rerank = retired.find(|model| model.name == "gte-rerank").unwrap();
/// assert_eq!(rerank.on.to_string(), "2026-05-30");
/// println!("{:?}", rerank.replacement); // such as `Some("qwen3-rerank")`
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retired {
    /// The model ID. An alias of a retired model has an entry of its own.
    pub name: &'static str,
    /// The date on which the model was retired.
    pub on: Date,
    /// The model ID of the model that the provider recommends instead. That model is in the same
    /// table. If it has a replacement too, this is the last model of the chain.
    pub replacement: Option<&'static str>,
    /// The `note` of the table, such as advice to use one of several models.
    pub note: Option<&'static str>,
    /// The `source` of the table: where the provider announced the date.
    pub source: Option<&'static str>,
}

impl Retired {
    /// Creates a retired model, for generated code.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(
        name: &'static str,
        on: Date,
        replacement: Option<&'static str>,
        note: Option<&'static str>,
        source: Option<&'static str>,
    ) -> Self {
        Self {
            name,
            on,
            replacement,
            note,
            source,
        }
    }
}
