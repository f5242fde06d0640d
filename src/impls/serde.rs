//! Serialization as the model ID, for the `serde` feature.

#[cfg(feature = "serde")]
use core::{fmt, marker::PhantomData, str::FromStr};

#[cfg(feature = "serde")]
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
        }

        $crate::__with_feature! { $kind "serde"
            /// Deserializes a model ID or alias, including as a map key.
            impl<'de> $crate::__private::serde::Deserialize<'de> for $Model {
                fn deserialize<D: $crate::__private::serde::Deserializer<'de>>(
                    deserializer: D,
                ) -> ::core::result::Result<Self, D::Error> {
                    $crate::__private::deserialize(deserializer)
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

/// Deserializes a value by parsing a string or UTF-8 bytes.
///
/// # Errors
///
/// Returns an error if the string cannot be parsed or if the deserializer fails.
#[cfg(feature = "serde")]
pub fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: FromStr<Err = crate::ParseModelError>,
    D: serde::Deserializer<'de>,
{
    deserializer.deserialize_str(NameVisitor(PhantomData))
}

#[cfg(feature = "serde")]
struct NameVisitor<T>(PhantomData<T>);

#[cfg(feature = "serde")]
impl<T: FromStr<Err = crate::ParseModelError>> serde::de::Visitor<'_> for NameVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a model")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<T, E> {
        name.parse().map_err(E::custom)
    }

    fn visit_bytes<E: serde::de::Error>(self, name: &[u8]) -> Result<T, E> {
        match core::str::from_utf8(name) {
            Ok(name) => self.visit_str(name),
            Err(_) => Err(E::invalid_value(serde::de::Unexpected::Bytes(name), &self)),
        }
    }
}
