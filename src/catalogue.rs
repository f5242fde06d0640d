//! The trait that every generated enum implements.

use core::fmt::{Debug, Display};
use core::hash::Hash;
use core::str::FromStr;

use crate::columns::Columns;
use crate::parse_error::Deprecated;
use crate::{
    Category, Date, Deprecation, Limits, ParseModelError, Property, PropertyValue, Retired,
};

/// An enum of models generated from a table, for code that works with any table.
///
/// The root [`Model`](crate::Model) and the enums of the regions implement it, and so does every enum
/// of your own that [`include_models!`](crate::include_models) includes. Only generated code can
/// implement it. Since the enums have inherent methods with the same names, most of them `const`, you
/// only need to import this trait in generic code.
///
/// ```
/// # #[cfg(feature = "built-in")] {
/// use model_studio_limits::{Catalogue, Category, Model};
///
/// /// Returns the first model of a category that is not deprecated.
/// fn default_model<M: Catalogue>(category: Category) -> Option<M> {
///     M::in_category(category).find(|model| !model.is_deprecated())
/// }
///
/// assert_eq!(default_model(Category::Embedding), Some(Model::TextEmbeddingV3));
/// # }
/// ```
pub trait Catalogue:
    Copy
    + Debug
    + Display
    + Eq
    + Ord
    + Hash
    + AsRef<str>
    + FromStr<Err = ParseModelError>
    + Send
    + Sync
    + 'static
{
    /// Every model, in the order of the table.
    const ALL: &'static [Self];

    /// The models of the table that the provider no longer serves, sorted by name. They are not in
    /// [`ALL`](Self::ALL).
    const RETIRED: &'static [Retired] = Self::COLUMNS.retired;

    /// The source of the table.
    const SOURCE: Source;

    /// The properties that the table declares, in its order.
    const PROPERTIES: &'static [Property] = Self::COLUMNS.properties;

    #[doc(hidden)]
    const COLUMNS: &'static Columns<Self>;

    /// Returns the position of the model in [`ALL`](Self::ALL).
    fn index(self) -> usize;

    /// Returns the model with this model ID or alias. The match is exact and case-sensitive.
    fn from_name(name: &str) -> Option<Self>;

    /// Returns the model ID sent to the API.
    #[inline]
    fn name(self) -> &'static str {
        Self::COLUMNS.names[self.index()]
    }

    /// Returns the other model IDs that the provider accepts for the model.
    #[inline]
    fn aliases(self) -> &'static [&'static str] {
        Self::COLUMNS.aliases(self.index())
    }

    /// Returns the category of the model.
    #[inline]
    fn category(self) -> Category {
        Self::COLUMNS.group.require(self.index()).category
    }

    /// Returns the heading above the model in the provider's table.
    #[inline]
    fn series(self) -> &'static str {
        Self::COLUMNS.group.require(self.index()).series
    }

    /// Returns the rate limits of the model.
    #[inline]
    fn limits(self) -> Limits {
        Self::COLUMNS.limits.get(self.index())
    }

    /// Returns `true` if the provider adjusts the limits of the model, for example based on an
    /// account's spending. [`limits`](Self::limits) then returns the lowest published values.
    #[inline]
    fn is_dynamic(self) -> bool {
        Self::COLUMNS.dynamic.get(self.index()).is_some()
    }

    /// Returns the name of the pool that the model belongs to. All models in a pool share one
    /// quota: the limits apply to their combined usage.
    #[inline]
    fn pool(self) -> Option<&'static str> {
        Self::COLUMNS.pool.get(self.index())
    }

    /// Returns `true` if the provider has deprecated the model.
    #[inline]
    fn is_deprecated(self) -> bool {
        self.deprecation().is_some()
    }

    /// Returns the deprecation of the model, or `None` if it is not deprecated.
    #[inline]
    fn deprecation(self) -> Option<Deprecation> {
        Self::COLUMNS.deprecation.get(self.index())
    }

    /// Returns the date on which the model retires, if the provider has announced one.
    #[inline]
    fn retires(self) -> Option<Date> {
        self.deprecation()?.retires
    }

    /// Returns the model that the provider recommends instead of a deprecated one. If that
    /// model has a replacement too, returns the last model of the chain.
    #[inline]
    fn replacement(self) -> Option<Self> {
        Self::COLUMNS.replacement.get(self.index())
    }

    /// Returns the value of the property with this name, or `None` if the table does not declare
    /// it, or has no value for the model.
    fn property(self, name: &str) -> Option<PropertyValue> {
        let mut properties = Self::PROPERTIES.iter();
        let property = properties.find(|property| property.name == name)?;
        property.value(self.index())
    }

    /// Parses a model ID or alias, and rejects deprecated models.
    ///
    /// # Errors
    ///
    /// Returns an error if the string is not a model ID or alias, or if the model is deprecated.
    fn parse_active(name: &str) -> Result<Self, ParseModelError> {
        reject_deprecated(name.parse()?, name)
    }

    /// Returns an iterator over the models that are not deprecated.
    #[must_use]
    fn active() -> impl Iterator<Item = Self> {
        let models = Self::ALL.iter().copied();
        models.filter(|model| !model.is_deprecated())
    }

    /// Returns an iterator over the models of a category.
    #[must_use]
    fn in_category(category: Category) -> impl Iterator<Item = Self> {
        let models = Self::ALL.iter().copied();
        models.filter(move |model| model.category() == category)
    }

    /// Returns an iterator over the models of a series.
    #[must_use]
    fn in_series(series: &str) -> impl Iterator<Item = Self> {
        let models = Self::ALL.iter().copied();
        models.filter(move |model| model.series() == series)
    }

    /// Returns an iterator over all model IDs and aliases, each with its model.
    #[must_use]
    fn names() -> impl Iterator<Item = (&'static str, Self)> {
        let names = Self::COLUMNS.names.iter().copied();
        names.zip(Self::COLUMNS.models_by_name.iter().copied())
    }
}

/// Returns the model, or an error if it is deprecated. `name` is its name in the error.
pub(crate) fn reject_deprecated<M: Catalogue>(model: M, name: &str) -> Result<M, ParseModelError> {
    let Some(deprecation) = M::COLUMNS.deprecation.get_ref(model.index()) else {
        return Ok(model);
    };
    let deprecated = Deprecated {
        replacement: model.replacement().map(M::name),
        deprecation,
        // A model in a table was still served on the table's date.
        is_postponed: deprecation.retires <= M::SOURCE.date,
    };
    Err(ParseModelError::deprecated(name, deprecated))
}

/// The source of a table, and the overlay that was applied to it.
///
/// The provider changes its limits almost daily. To learn when the table of a region or your own is
/// old, copy this test:
///
/// ```
/// # #[cfg(feature = "singapore")] {
/// use std::time::{SystemTime, UNIX_EPOCH};
///
/// use model_studio_limits::{Date, singapore::Model};
///
/// /// Returns the number of days since a date, in UTC.
/// fn days_since(date: Date) -> i32 {
///     let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
///     let today = i32::try_from(now.as_secs() / 86_400).unwrap();
///     today - date.to_epoch_days()
/// }
///
/// # /* A documentation test would not compile the function.
/// #[test]
/// # */
/// fn the_table_is_at_most_60_days_old() {
///     let age = days_since(Model::SOURCE.date.unwrap());
///     assert!(age <= 60, "the table is {age} days old, update model-studio-limits");
/// }
/// # assert!(days_since(Date::new(2025, 7, 1).unwrap()) > 365);
/// # }
/// ```
///
/// If your program is only correct with your account's limits, let the compiler check that an overlay
/// was applied:
///
/// ```text
/// const _: () = assert!(Model::SOURCE.overlay.is_some(), "set MODEL_STUDIO_LIMITS_OVERLAY");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Source {
    /// The `title` of the table's `source`.
    pub title: Option<&'static str>,
    /// The `url` of the table's `source`.
    pub url: Option<&'static str>,
    /// The `date` of the table's `source`: the day on which the source was published.
    pub date: Option<Date>,
    /// The file name of the overlay that was applied.
    pub overlay: Option<&'static str>,
}

impl Source {
    /// Creates a source, for generated code.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(
        title: Option<&'static str>,
        url: Option<&'static str>,
        date: Option<Date>,
        overlay: Option<&'static str>,
    ) -> Self {
        Self {
            title,
            url,
            date,
            overlay,
        }
    }
}
