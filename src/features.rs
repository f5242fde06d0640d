//! Traits for the enums that depend on a feature.
//!
//! A feature is a matter of this crate, so it chooses between macros: in the body of one, it would
//! be a feature of the crate that the enum is in.

/// Says in the documentation of the built-in enum which feature an item needs.
#[doc(hidden)]
#[macro_export]
macro_rules! __with_feature {
    (built_in $feature:literal $item:item) => {
        #[cfg_attr(docsrs, doc(cfg(feature = $feature)))]
        $item
    };
    (own $feature:literal $item:item) => {
        $item
    };
}

#[cfg(feature = "alloc")]
#[doc(hidden)]
#[macro_export]
macro_rules! __implement_alloc {
    ($kind:ident $Model:ident) => {
        $crate::__with_feature! { $kind "alloc"
            /// The name that goes over the wire.
            impl ::core::convert::From<$Model> for $crate::__private::String {
                fn from(model: $Model) -> Self {
                    ::core::convert::From::from(model.name())
                }
            }
        }

        $crate::__with_feature! { $kind "alloc"
            /// The name that goes over the wire.
            impl ::core::convert::From<$Model> for $crate::__private::Cow<'static, str> {
                fn from(model: $Model) -> Self {
                    ::core::convert::From::from(model.name())
                }
            }
        }
    };
}

#[cfg(not(feature = "alloc"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __implement_alloc {
    ($kind:ident $Model:ident) => {};
}

#[cfg(feature = "serde")]
#[doc(hidden)]
#[macro_export]
macro_rules! __implement_serde {
    ($kind:ident $Model:ident) => {
        $crate::__with_feature! { $kind "serde"
            /// Writes the name, also as the key of a map.
            impl $crate::__private::serde::Serialize for $Model {
                fn serialize<S: $crate::__private::serde::Serializer>(
                    &self,
                    serializer: S,
                ) -> ::core::result::Result<S::Ok, S::Error> {
                    serializer.serialize_str(self.name())
                }
            }
        }

        $crate::__with_feature! { $kind "serde"
            /// Reads a name or alias, also as the key of a map.
            impl<'de> $crate::__private::serde::Deserialize<'de> for $Model {
                fn deserialize<D: $crate::__private::serde::Deserializer<'de>>(
                    deserializer: D,
                ) -> ::core::result::Result<Self, D::Error> {
                    let read = <Self as ::core::str::FromStr>::from_str;
                    deserializer.deserialize_str($crate::__private::ModelVisitor(read))
                }
            }
        }

        $crate::__with_feature! { $kind "serde"
            impl $Model {
                /// Reads a name or alias, unless the model is deprecated: for a field of a
                /// configuration with `#[serde(deserialize_with = "Model::deserialize_active")]`.
                ///
                /// # Errors
                ///
                /// Those of the deserializer, and those of [`parse_active`](Self::parse_active).
                pub fn deserialize_active<'de, D: $crate::__private::serde::Deserializer<'de>>(
                    deserializer: D,
                ) -> ::core::result::Result<Self, D::Error> {
                    deserializer.deserialize_str($crate::__private::ModelVisitor(Self::parse_active))
                }
            }
        }
    };
}

#[cfg(not(feature = "serde"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __implement_serde {
    ($kind:ident $Model:ident) => {};
}

/// Reads a model from a string, borrowed or owned, with a function.
#[cfg(feature = "serde")]
#[derive(Debug)]
pub struct ModelVisitor<M>(pub fn(&str) -> Result<M, crate::ParseModelError>);

#[cfg(feature = "serde")]
impl<M> serde::de::Visitor<'_> for ModelVisitor<M> {
    type Value = M;

    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the name of a model")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<M, E> {
        (self.0)(name).map_err(E::custom)
    }
}

#[cfg(feature = "clap")]
#[doc(hidden)]
#[macro_export]
macro_rules! __implement_clap {
    ($kind:ident $Model:ident) => {
        $crate::__with_feature! { $kind "clap"
            /// Names and aliases, with the limits as help. Deprecated models are accepted but not shown.
            impl $crate::__private::clap::ValueEnum for $Model {
                fn value_variants<'a>() -> &'a [Self] {
                    Self::ALL
                }

                fn to_possible_value(
                    &self,
                ) -> ::core::option::Option<$crate::__private::clap::builder::PossibleValue> {
                    ::core::option::Option::Some($crate::__private::possible_value(
                        self.name(),
                        self.aliases(),
                        self.limits(),
                        self.is_deprecated(),
                    ))
                }
            }
        }
    };
}

#[cfg(not(feature = "clap"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __implement_clap {
    ($kind:ident $Model:ident) => {};
}

/// What clap knows of a model.
#[cfg(feature = "clap")]
#[must_use]
pub fn possible_value(
    name: &'static str,
    aliases: &'static [&'static str],
    limits: crate::Limits,
    deprecated: bool,
) -> clap::builder::PossibleValue {
    clap::builder::PossibleValue::new(name)
        .aliases(aliases)
        .help(alloc::string::ToString::to_string(&limits))
        .hide(deprecated)
}

#[cfg(feature = "schemars")]
#[doc(hidden)]
#[macro_export]
macro_rules! __implement_schemars {
    ($kind:ident $Model:ident) => {
        $crate::__with_feature! { $kind "schemars"
            /// A string, one of the names, each described by its limits.
            impl $crate::__private::schemars::JsonSchema for $Model {
                fn schema_name() -> $crate::__private::Cow<'static, str> {
                    ::core::convert::From::from(::core::stringify!($Model))
                }

                fn schema_id() -> $crate::__private::Cow<'static, str> {
                    ::core::convert::From::from(::core::concat!(
                        ::core::module_path!(),
                        "::",
                        ::core::stringify!($Model)
                    ))
                }

                fn json_schema(
                    _: &mut $crate::__private::schemars::SchemaGenerator,
                ) -> $crate::__private::schemars::Schema {
                    $crate::__private::schema(::core::iter::Iterator::map(
                        Self::ALL.iter(),
                        |model| (model.name(), model.limits(), model.is_deprecated()),
                    ))
                }
            }
        }
    };
}

#[cfg(not(feature = "schemars"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __implement_schemars {
    ($kind:ident $Model:ident) => {};
}

/// The schema of names: an `enum`, which every tool knows, and `oneOf` for what is said of each.
#[cfg(feature = "schemars")]
pub fn schema(
    models: impl Iterator<Item = (&'static str, crate::Limits, bool)>,
) -> schemars::Schema {
    let mut names = alloc::vec::Vec::new();
    let mut described = alloc::vec::Vec::new();
    for (name, limits, deprecated) in models {
        names.push(name);
        let description = alloc::string::ToString::to_string(&limits);
        let mut one = schemars::json_schema!({ "const": name, "description": description });
        if deprecated {
            one.insert("deprecated".into(), true.into());
        }
        described.push(one);
    }
    schemars::json_schema!({ "type": "string", "enum": names, "oneOf": described })
}
