//! What only the documentation of this crate's enums shows.

/// Expands to an example in the documentation of the root enum, and to an empty string for others.
#[doc(hidden)]
#[macro_export]
macro_rules! __example {
    (built_in, $example:literal) => {
        $example
    };
    ($kind:ident, $example:literal) => {
        ""
    };
}

/// In the documentation of this crate's enums, shows the feature that the items need.
#[doc(hidden)]
#[macro_export]
macro_rules! __with_feature {
    (own $feature:tt $($item:item)*) => {
        $($item)*
    };
    ($kind:ident always $($item:item)*) => {
        $($item)*
    };
    ($kind:ident $feature:literal $($item:item)*) => {
        $(
            #[cfg_attr(docsrs, doc(cfg(feature = $feature)))]
            $item
        )*
    };
}
