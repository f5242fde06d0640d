//! Serialization as a string, for the `serde` feature.

#[doc(hidden)]
#[macro_export]
macro_rules! __implement_serde {
    ($kind:ident $Type:ident, $expected:expr) => {
        $crate::__with_feature! { $kind "serde"
            /// Serializes the name, including as a map key.
            impl $crate::__private::serde::Serialize for $Type {
                fn serialize<S: $crate::__private::serde::Serializer>(
                    &self,
                    serializer: S,
                ) -> ::core::result::Result<S::Ok, S::Error> {
                    serializer.serialize_str(::core::convert::AsRef::as_ref(self))
                }
            }

            /// Deserializes what [`FromStr`](::core::str::FromStr) parses, including as a map key.
            impl<'de> $crate::__private::serde::Deserialize<'de> for $Type {
                fn deserialize<D: $crate::__private::serde::Deserializer<'de>>(
                    deserializer: D,
                ) -> ::core::result::Result<Self, D::Error> {
                    $crate::__private::deserialize(deserializer, $expected)
                }
            }
        }
    };
}
