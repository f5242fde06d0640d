//! `JsonSchema`, for the `schemars` feature.

#[doc(hidden)]
#[macro_export]
macro_rules! __implement_schemars {
    ($kind:ident $Type:ident, $doc:literal, $schema:expr) => {
        $crate::__with_feature! { $kind "schemars"
            #[doc = $doc]
            impl $crate::__private::schemars::JsonSchema for $Type {
                fn schema_name() -> $crate::__private::Cow<'static, str> {
                    ::core::convert::From::from(::core::stringify!($Type))
                }

                fn schema_id() -> $crate::__private::Cow<'static, str> {
                    ::core::convert::From::from(::core::concat!(
                        ::core::module_path!(),
                        "::",
                        ::core::stringify!($Type)
                    ))
                }

                fn json_schema(
                    _: &mut $crate::__private::schemars::SchemaGenerator,
                ) -> $crate::__private::schemars::Schema {
                    $schema
                }
            }
        }
    };
}

/// Returns the schema for the names of the models that `is_included` selects: an `enum`, which
/// every tool supports, and a `oneOf` with a description of each name.
#[cfg(feature = "schemars")]
pub fn schema<M: crate::Catalogue>(is_included: impl Fn(M) -> bool) -> schemars::Schema {
    use alloc::{format, vec::Vec};

    let names = M::names().filter(|(_, model)| is_included(*model));
    let described = names.map(|(name, model)| {
        let description = if name == model.name() {
            format!("{}", model.limits())
        } else {
            format!("Alias of {model}: {}", model.limits())
        };
        let mut schema = schemars::json_schema!({ "const": name, "description": description });
        if model.is_deprecated() {
            schema.insert("deprecated".into(), true.into());
        }
        (name, schema)
    });
    let (names, described): (Vec<&str>, Vec<schemars::Schema>) = described.unzip();
    schemars::json_schema!({ "type": "string", "enum": names, "oneOf": described })
}

/// Returns the schema for the values of a choice.
#[cfg(feature = "schemars")]
#[must_use]
pub fn choice_schema(names: &[&str]) -> schemars::Schema {
    schemars::json_schema!({ "type": "string", "enum": names })
}
