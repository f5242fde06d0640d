//! The methods for the properties that a table declares.

/// Implements a method for each property. `$column` is a `Column`, and `$get` its method `get` or
/// `require`.
#[doc(hidden)]
#[macro_export]
macro_rules! __accessors {
    ($Model:ident $($doc:literal $property:ident: $Value:ty = $column:ident.$get:ident;)*) => {
        impl $Model {
            $(
                #[doc = $doc]
                #[inline]
                #[must_use]
                pub const fn $property(self) -> $Value {
                    $column.$get(self as usize)
                }
            )*
        }
    };
}
