//! Models that are not deprecated.

use core::fmt;
use core::ops::Deref;
use core::str::FromStr;

use crate::catalogue::reject_deprecated;
use crate::{Catalogue, ParseModelError};

/// A model that is not deprecated, for configuration files and command lines.
///
/// Calls to a deprecated model fail once the provider retires it. If a setting has this type, the
/// person who writes it learns the replacement at once: parsing and deserializing reject deprecated
/// models with an error that names it. An `Active` dereferences to its model.
///
/// ```
/// # #[cfg(feature = "built-in")] {
/// use model_studio_limits::{Active, Model};
///
/// let model: Active<Model> = "qwen-plus".parse()?;
/// assert_eq!(model.name(), "qwen-plus");
///
/// let error = "qwen2-7b-instruct".parse::<Active<Model>>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "model `qwen2-7b-instruct` is deprecated, use `qwen3-235b-a22b`"
/// );
/// # }
/// # Ok::<(), model_studio_limits::ParseModelError>(())
/// ```
///
/// With clap, `#[arg(long)] model: Active<Model>` needs no feature, because clap uses [`FromStr`]. If
/// the `serde` feature is enabled, an `Active` can be wherever a model can be, such as in an `Option`
/// or a `Vec`, or as a map key. With the `schemars` feature, its schema lists no deprecated models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Active<M>(M);

impl<M: Catalogue> Active<M> {
    /// Creates an `Active` from a model.
    ///
    /// # Errors
    ///
    /// Returns an error if the model is deprecated.
    pub fn new(model: M) -> Result<Self, ParseModelError> {
        reject_deprecated(model, model.name()).map(Self)
    }

    /// Returns the model.
    #[inline]
    #[must_use]
    pub fn get(self) -> M {
        self.0
    }
}

impl<M> Deref for Active<M> {
    type Target = M;

    #[inline]
    fn deref(&self) -> &M {
        &self.0
    }
}

/// Parses a model ID or alias, and rejects deprecated models.
impl<M: Catalogue> FromStr for Active<M> {
    type Err = ParseModelError;

    fn from_str(name: &str) -> Result<Self, ParseModelError> {
        M::parse_active(name).map(Self)
    }
}

impl<M: PartialEq> PartialEq<M> for Active<M> {
    #[inline]
    fn eq(&self, model: &M) -> bool {
        self.0 == *model
    }
}

/// Writes the model ID.
impl<M: fmt::Display> fmt::Display for Active<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Serializes the model ID.
#[cfg(feature = "serde")]
impl<M: Catalogue> serde::Serialize for Active<M> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

/// Deserializes a model ID or alias, and rejects deprecated models.
#[cfg(feature = "serde")]
impl<'de, M: Catalogue> serde::Deserialize<'de> for Active<M> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        model_studio_limits_core::deserialize(deserializer, "the name of a model")
    }
}

/// A string that is the model ID or an alias of a model that is not deprecated.
#[cfg(feature = "schemars")]
impl<M: Catalogue + schemars::JsonSchema> schemars::JsonSchema for Active<M> {
    fn schema_name() -> alloc::borrow::Cow<'static, str> {
        alloc::format!("Active{}", M::schema_name()).into()
    }

    fn schema_id() -> alloc::borrow::Cow<'static, str> {
        alloc::format!("Active<{}>", M::schema_id()).into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        crate::impls::schemars::schema(|model: M| !model.is_deprecated())
    }
}
