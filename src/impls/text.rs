//! Conversions to a type of strings, and comparisons with it.

/// Implements the conversions of a model and of a reference to it.
#[doc(hidden)]
#[macro_export]
macro_rules! __implement_from {
    ($kind:ident $Model:ident, $feature:tt, $Text:ty) => {
        $crate::__with_feature! { $kind $feature
            /// Returns the model ID.
            impl ::core::convert::From<$Model> for $Text {
                #[inline]
                fn from(model: $Model) -> Self {
                    ::core::convert::From::from(model.name())
                }
            }

            /// Returns the model ID.
            impl ::core::convert::From<&$Model> for $Text {
                #[inline]
                fn from(model: &$Model) -> Self {
                    ::core::convert::From::from(model.name())
                }
            }
        }
    };
}

/// Implements the comparisons of a model with a type of strings.
#[doc(hidden)]
#[macro_export]
macro_rules! __implement_eq {
    ($kind:ident $Model:ident, $feature:tt, $Text:ty) => {
        $crate::__with_feature! { $kind $feature
            /// Compares with the model ID. Aliases do not compare equal.
            impl ::core::cmp::PartialEq<$Text> for $Model {
                #[inline]
                fn eq(&self, name: &$Text) -> bool {
                    self.name() == ::core::convert::AsRef::<str>::as_ref(name)
                }
            }

            impl ::core::cmp::PartialEq<$Model> for $Text {
                #[inline]
                fn eq(&self, model: &$Model) -> bool {
                    *model == *self
                }
            }
        }
    };
}
