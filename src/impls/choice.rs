//! The enums for the values of properties.

/// Defines an enum with the values of a property of type `choice` or `choices`.
#[doc(hidden)]
#[macro_export]
macro_rules! __choice {
    ($kind:ident $doc:literal $what:literal $Choice:ident { $($value_doc:literal $variant:ident $name:literal,)* }) => {
        #[doc = $doc]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $Choice {
            $(
                #[doc = $value_doc]
                $variant,
            )*
        }

        impl $Choice {
            /// Every value, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            const CHOICES: &'static $crate::__private::Choices = &$crate::__private::Choices {
                what: $what,
                names: &[$($name),*],
            };

            /// Returns the name used in the table.
            #[inline]
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                Self::CHOICES.names[self as usize]
            }
        }

        /// Writes the name used in the table.
        impl ::core::fmt::Display for $Choice {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.pad(self.as_str())
            }
        }

        /// Parses the name used in the table.
        impl ::core::str::FromStr for $Choice {
            type Err = $crate::ParseChoiceError;

            fn from_str(name: &str) -> ::core::result::Result<Self, $crate::ParseChoiceError> {
                Self::CHOICES.find(name).map(|index| Self::ALL[index])
            }
        }

        /// Returns the name used in the table.
        impl ::core::convert::AsRef<str> for $Choice {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        $crate::__private::implement_clap! {
            $kind $Choice, "Accepts the names used in the table.",
            |choice: Self| $crate::__private::clap::builder::PossibleValue::new(choice.as_str())
        }
        $crate::__private::implement_schemars! {
            $kind $Choice, "A string that is one of the names used in the table.",
            $crate::__private::choice_schema(Self::CHOICES.names)
        }
        $crate::__private::implement_serde! {
            $kind $Choice, ::core::concat!("a value of `", ::core::stringify!($Choice), "`")
        }
        $crate::__private::implement_strum! { $kind $Choice, Self::CHOICES.names }
    };
}
