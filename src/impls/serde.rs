//! Serialization as the model ID, for the `serde` feature.

#[doc(hidden)]
#[macro_export]
macro_rules! __implement_serde {
    ($kind:ident $Model:ident) => {
        $crate::__with_feature! { $kind "serde"
            /// Serializes the model ID, including as a map key.
            impl $crate::__private::serde::Serialize for $Model {
                fn serialize<S: $crate::__private::serde::Serializer>(
                    &self,
                    serializer: S,
                ) -> ::core::result::Result<S::Ok, S::Error> {
                    serializer.serialize_str(self.name())
                }
            }

            /// Deserializes a model ID or alias, including as a map key.
            impl<'de> $crate::__private::serde::Deserialize<'de> for $Model {
                fn deserialize<D: $crate::__private::serde::Deserializer<'de>>(
                    deserializer: D,
                ) -> ::core::result::Result<Self, D::Error> {
                    $crate::__private::deserialize(deserializer, "the name of a model")
                }
            }
        }
    };
}
