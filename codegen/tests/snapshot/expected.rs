#[doc(inline)]
#[allow(clippy::restriction, unused_imports, unreachable_pub)]
pub use self::__model::{Model, Modality, Thinking};
const _: () = ::model_studio_limits::__private::check_module(::core::module_path!(), "");
#[doc(hidden)]
#[allow(
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    clippy::restriction,
    dead_code,
    deprecated,
    long_running_const_eval,
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    unreachable_pub,
    unused_qualifications
)]
pub mod __model {
    /**A model.

Generated from `limits.yaml`: 4 models and 2 aliases. Source: A made-up provider, <https://example.com/limits>. The overlay `overlay.yaml` sets the limits of 1 model and properties of 1 model.

The order and the discriminants of the variants follow the table, and may change between releases.*/
    #[derive(PartialEq, Eq)]
    #[non_exhaustive]
    pub enum Model {
        /**`chat-2`: 1,200 queries and 1,000,000 tokens per minute (text-generation, Chat). Limits changed by an overlay; the table's limits are 600 queries and 1,000,000 tokens per minute.

Properties: `context_window` 128,000 tokens; `input` text, image; `output` text; `thinking` always; `temperature` 0.7; `released` 2025-02-28; `open_weights` yes; `family` a\|b \*c\*.*/
        #[doc(alias = "chat-2")]
        Chat2,
        /**`chat-2-2025-01-25`, alias `chat-2-0125`: 60 queries and 100,000 tokens per minute (text-generation, Chat).

Properties: `context_window` 64,000 tokens; `input` text; `output` (none); `thinking` none. An overlay sets `context_window`.*/
        #[doc(alias = "chat-2-0125")]
        #[doc(alias = "chat-2-2025-01-25")]
        Chat2_2025_01_25,
        /**`chat-1.5`, alias `chat-1`: 60 queries and 100,000 tokens per minute (text-generation, Chat). Replaced by [`chat-2`](Model::Chat2).

Properties: `input` text; `thinking` none.*/
        #[deprecated(note = "replaced by `Model::Chat2`; gone in spring")]
        #[doc(alias = "chat-1")]
        #[doc(alias = "chat-1.5")]
        Chat1_5,
        /**`video@turbo`: 2 submissions per second and 1 concurrent task (video-generation, Video).

Properties: `input` text; `thinking` none; `temperature` 1.*/
        #[doc(alias = "video@turbo")]
        Turbo,
    }
    impl Model {
        ///The alias `chat-2-0125` of [`chat-2-2025-01-25`](Model::Chat2_2025_01_25).
        pub const Chat2_0125: Self = Self::Chat2_2025_01_25;
        ///The alias `chat-1` of [`chat-1.5`](Model::Chat1_5).
        #[deprecated(note = "replaced by `Model::Chat2`; gone in spring")]
        pub const Chat1: Self = Self::Chat1_5;
        #[doc(hidden)]
        pub const __Allowed_Chat1_5: Self = Self::Chat1_5;
    }
    ::model_studio_limits::__private::choice! {
        own "A value of the properties `input` and `output`." "modality" Modality {
        "The value `text`." Text "text", "The value `image`." Image "image", }
    }
    ::model_studio_limits::__private::choice! {
        own "A value of the property `thinking`." "thinking" Thinking {
        "The value `none`." None "none", "The value `always`." Always "always", }
    }
    static PROPERTY_0_VALUES: [u64; 2] = [128000, 64000];
    static PROPERTY_0_POSITIONS: [u16; 2] = [1, 2];
    static PROPERTY_0: ::model_studio_limits::__private::Column<u64> = ::model_studio_limits::__private::Column {
        positions: &PROPERTY_0_POSITIONS,
        values: &PROPERTY_0_VALUES,
    };
    static PROPERTY_1_VALUES: [&'static [Modality]; 2] = [
        &[Modality::Text, Modality::Image],
        &[Modality::Text],
    ];
    static PROPERTY_1_POSITIONS: [u16; 4] = [1, 2, 2, 2];
    static PROPERTY_1: ::model_studio_limits::__private::Column<&'static [Modality]> = ::model_studio_limits::__private::Column {
        positions: &PROPERTY_1_POSITIONS,
        values: &PROPERTY_1_VALUES,
    };
    static PROPERTY_1_NAMES: [&[&str]; 2] = [&["text", "image"], &["text"]];
    static PROPERTY_2_VALUES: [&'static [Modality]; 2] = [&[Modality::Text], &[]];
    static PROPERTY_2_POSITIONS: [u16; 2] = [1, 2];
    static PROPERTY_2: ::model_studio_limits::__private::Column<&'static [Modality]> = ::model_studio_limits::__private::Column {
        positions: &PROPERTY_2_POSITIONS,
        values: &PROPERTY_2_VALUES,
    };
    static PROPERTY_2_NAMES: [&[&str]; 2] = [&["text"], &[]];
    static PROPERTY_3_VALUES: [Thinking; 2] = [Thinking::Always, Thinking::None];
    static PROPERTY_3_POSITIONS: [u16; 4] = [1, 2, 2, 2];
    static PROPERTY_3: ::model_studio_limits::__private::Column<Thinking> = ::model_studio_limits::__private::Column {
        positions: &PROPERTY_3_POSITIONS,
        values: &PROPERTY_3_VALUES,
    };
    static PROPERTY_3_NAMES: [&str; 2] = ["always", "none"];
    static PROPERTY_4_VALUES: [f64; 2] = [0.7, 1.0];
    static PROPERTY_4_POSITIONS: [u16; 4] = [1, 0, 0, 2];
    static PROPERTY_4: ::model_studio_limits::__private::Column<f64> = ::model_studio_limits::__private::Column {
        positions: &PROPERTY_4_POSITIONS,
        values: &PROPERTY_4_VALUES,
    };
    static PROPERTY_5_VALUES: [::model_studio_limits::Date; 1] = [
        ::model_studio_limits::__private::date(2025, 2, 28),
    ];
    static PROPERTY_5_POSITIONS: [u16; 1] = [1];
    static PROPERTY_5: ::model_studio_limits::__private::Column<
        ::model_studio_limits::Date,
    > = ::model_studio_limits::__private::Column {
        positions: &PROPERTY_5_POSITIONS,
        values: &PROPERTY_5_VALUES,
    };
    static PROPERTY_6_VALUES: [bool; 1] = [true];
    static PROPERTY_6_POSITIONS: [u16; 1] = [1];
    static PROPERTY_6: ::model_studio_limits::__private::Column<bool> = ::model_studio_limits::__private::Column {
        positions: &PROPERTY_6_POSITIONS,
        values: &PROPERTY_6_VALUES,
    };
    static PROPERTY_7_VALUES: [&'static str; 1] = ["a|b *c*"];
    static PROPERTY_7_POSITIONS: [u16; 1] = [1];
    static PROPERTY_7: ::model_studio_limits::__private::Column<&'static str> = ::model_studio_limits::__private::Column {
        positions: &PROPERTY_7_POSITIONS,
        values: &PROPERTY_7_VALUES,
    };
    static PROPERTIES: [::model_studio_limits::Property; 8] = [
        ::model_studio_limits::Property::new(
            "context_window",
            ::core::option::Option::Some("Input and output tokens that fit together."),
            ::core::option::Option::Some("tokens"),
            &[],
            ::model_studio_limits::__private::PropertyColumn::Integer(&PROPERTY_0),
        ),
        ::model_studio_limits::Property::new(
            "input",
            ::core::option::Option::None,
            ::core::option::Option::None,
            &["text", "image"],
            ::model_studio_limits::__private::PropertyColumn::Choices(
                &::model_studio_limits::__private::Column {
                    positions: &PROPERTY_1_POSITIONS,
                    values: &PROPERTY_1_NAMES,
                },
            ),
        ),
        ::model_studio_limits::Property::new(
            "output",
            ::core::option::Option::None,
            ::core::option::Option::None,
            &["text", "image"],
            ::model_studio_limits::__private::PropertyColumn::Choices(
                &::model_studio_limits::__private::Column {
                    positions: &PROPERTY_2_POSITIONS,
                    values: &PROPERTY_2_NAMES,
                },
            ),
        ),
        ::model_studio_limits::Property::new(
            "thinking",
            ::core::option::Option::None,
            ::core::option::Option::None,
            &["none", "always"],
            ::model_studio_limits::__private::PropertyColumn::Choice(
                &::model_studio_limits::__private::Column {
                    positions: &PROPERTY_3_POSITIONS,
                    values: &PROPERTY_3_NAMES,
                },
            ),
        ),
        ::model_studio_limits::Property::new(
            "temperature",
            ::core::option::Option::None,
            ::core::option::Option::None,
            &[],
            ::model_studio_limits::__private::PropertyColumn::Number(&PROPERTY_4),
        ),
        ::model_studio_limits::Property::new(
            "released",
            ::core::option::Option::None,
            ::core::option::Option::None,
            &[],
            ::model_studio_limits::__private::PropertyColumn::Date(&PROPERTY_5),
        ),
        ::model_studio_limits::Property::new(
            "open_weights",
            ::core::option::Option::None,
            ::core::option::Option::None,
            &[],
            ::model_studio_limits::__private::PropertyColumn::Boolean(&PROPERTY_6),
        ),
        ::model_studio_limits::Property::new(
            "family",
            ::core::option::Option::Some("The \"family\" of the model"),
            ::core::option::Option::None,
            &[],
            ::model_studio_limits::__private::PropertyColumn::Text(&PROPERTY_7),
        ),
    ];
    ::model_studio_limits::__private::accessors! {
        Model
        "Input and output tokens that fit together.\n\nReturns the property `context_window`, in tokens, or `None` if the table has no value for the model."
        context_window : ::core::option::Option < u64 > = PROPERTY_0.get;
        "Returns the property `input`." input : &'static [Modality] = PROPERTY_1.require;
        "Returns the property `output`, or `None` if the table has no value for the model."
        output : ::core::option::Option <&'static [Modality] > = PROPERTY_2.get;
        "Returns the property `thinking`. The default is none." thinking : Thinking =
        PROPERTY_3.require;
        "Returns the property `temperature`, or `None` if the table has no value for the model."
        temperature : ::core::option::Option < f64 > = PROPERTY_4.get;
        "Returns the property `released`, or `None` if the table has no value for the model."
        released : ::core::option::Option <::model_studio_limits::Date > = PROPERTY_5
        .get;
        "Returns the property `open_weights`, or `None` if the table has no value for the model."
        open_weights : ::core::option::Option < bool > = PROPERTY_6.get;
        "The \"family\" of the model.\n\nReturns the property `family`, or `None` if the table has no value for the model."
        family : ::core::option::Option <&'static str > = PROPERTY_7.get;
    }
    static NAMES: [&str; 6] = [
        "chat-2",
        "chat-2-2025-01-25",
        "chat-1.5",
        "video@turbo",
        "chat-2-0125",
        "chat-1",
    ];
    static MODELS_BY_NAME: [Model; 6] = [
        Model::Chat2,
        Model::Chat2_2025_01_25,
        Model::Chat1_5,
        Model::Turbo,
        Model::Chat2_2025_01_25,
        Model::Chat1_5,
    ];
    static ALIAS_ENDS: [u16; 4] = [0, 1, 2, 2];
    static IDENTIFIER_ENDS: [u32; 4] = [5, 21, 28, 33];
    static IDENTIFIERS: &str = "Chat2Chat2_2025_01_25Chat1_5Turbo";
    static LIMIT_ENDS: [u32; 3] = [2, 4, 6];
    static LIMIT_POSITIONS: [u16; 4] = [0, 1, 1, 2];
    static LIMITS: [::model_studio_limits::Limit; 6] = ::model_studio_limits::__private::limits(
        &[0, 1, 0, 1, 4, 9],
        &[1200, 1000000, 60, 100000, 2, 1],
        &[60, 60, 60, 60, 1, 0],
    );
    static GROUP_VALUES: [::model_studio_limits::__private::Group; 2] = [
        ::model_studio_limits::__private::Group {
            category: ::model_studio_limits::Category::TextGeneration,
            series: "Chat",
        },
        ::model_studio_limits::__private::Group {
            category: ::model_studio_limits::Category::VideoGeneration,
            series: "Video",
        },
    ];
    static GROUP_POSITIONS: [u16; 4] = [1, 1, 1, 2];
    static DYNAMIC_VALUES: [bool; 0] = [];
    static DYNAMIC_POSITIONS: [u16; 0] = [];
    static POOL_VALUES: [&str; 0] = [];
    static POOL_POSITIONS: [u16; 0] = [];
    static DEPRECATION_VALUES: [::model_studio_limits::Deprecation; 1] = [
        ::model_studio_limits::Deprecation::new(
            ::core::option::Option::None,
            ::core::option::Option::Some("gone in spring"),
            ::core::option::Option::None,
        ),
    ];
    static DEPRECATION_POSITIONS: [u16; 3] = [0, 0, 1];
    static REPLACEMENT_VALUES: [Model; 1] = [Model::Chat2];
    static REPLACEMENT_POSITIONS: [u16; 3] = [0, 0, 1];
    static RETIRED: [::model_studio_limits::Retired; 0] = [];
    static PILOTS: [u16; 0] = [];
    static INDEX: [u16; 16] = [0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 4, 0, 3, 5, 0];
    static KEYS: [[u64; 4]; 6] = [
        [1952540771, 0, 841839713, 6],
        [3615601246655834211, 3615600158835028528, 3833175922130629938, 17],
        [3832054404234700899, 3832054404234700899, 3832054404234700899, 8],
        [8463460446922631542, 8026103334714765157, 8026103334714765157, 11],
        [3471486058579978339, 3833180315832167796, 3833180315832167796, 11],
        [1952540771, 0, 825062497, 6],
    ];
    static COLUMNS: ::model_studio_limits::__private::Columns<Model> = ::model_studio_limits::__private::Columns {
        models: MODELS_BY_NAME.split_at(4).0,
        names: &NAMES,
        models_by_name: &MODELS_BY_NAME,
        identifiers: IDENTIFIERS,
        identifier_ends: &IDENTIFIER_ENDS,
        alias_ends: &ALIAS_ENDS,
        limits: ::model_studio_limits::__private::LimitColumn {
            positions: &LIMIT_POSITIONS,
            ends: &LIMIT_ENDS,
            limits: &LIMITS,
        },
        group: ::model_studio_limits::__private::Column {
            positions: &GROUP_POSITIONS,
            values: &GROUP_VALUES,
        },
        dynamic: ::model_studio_limits::__private::Column {
            positions: &DYNAMIC_POSITIONS,
            values: &DYNAMIC_VALUES,
        },
        pool: ::model_studio_limits::__private::Column {
            positions: &POOL_POSITIONS,
            values: &POOL_VALUES,
        },
        deprecation: ::model_studio_limits::__private::Column {
            positions: &DEPRECATION_POSITIONS,
            values: &DEPRECATION_VALUES,
        },
        replacement: ::model_studio_limits::__private::Column {
            positions: &REPLACEMENT_POSITIONS,
            values: &REPLACEMENT_VALUES,
        },
        properties: &PROPERTIES,
        retired: &RETIRED,
    };
    const LOOKUP: ::model_studio_limits::__private::Lookup<'static> = ::model_studio_limits::__private::Lookup {
        seeds: [
            16294208416658607535, 7960286522194355701, 487617019471545679,
            17909611376780542445,
        ],
        pilots: &PILOTS,
        index: &INDEX,
        keys: &KEYS,
        names: &NAMES,
        longest: 17,
    };
    ::model_studio_limits::__private::implement! {
        own
        Model(::model_studio_limits::Source::new(::core::option::Option::Some("A made-up provider"),
        ::core::option::Option::Some("https://example.com/limits"),
        ::core::option::Option::None, ::core::option::Option::Some("overlay.yaml")))
    }
}
/**Expands to the [`Model`] with the given model ID or alias, checked at compile time.

`model!("NAME")` can be used as an expression, in a constant, and as a pattern. An unknown name is a compile error with suggestions. A retired or deprecated name is a compile error that names the replacement, unless a deprecated one is written `model!(#[allow(deprecated)] "NAME")`.*/
#[allow(clippy::restriction, unused_macros)]
macro_rules! __model_macro {
    ($($input:tt)*) => {
        ::model_studio_limits::__private::expand! { [$crate::__model::Model]
        r"
chat-1 Chat1_5 !use `chat-2`; gone in spring
chat-1.5 Chat1_5 !use `chat-2`; gone in spring
chat-2 Chat2
chat-2-0125 Chat2_2025_01_25
chat-2-2025-01-25 Chat2_2025_01_25
video@turbo Turbo
"
        $($input)* }
    };
}
#[allow(clippy::restriction, unused_imports)]
pub(crate) use __model_macro as model;
