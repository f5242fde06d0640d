#[doc(inline)]
#[allow(clippy::restriction, unused_imports, unreachable_pub)]
pub use self::__model::Model;
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

Generated from `limits.yaml`: 4 models and 2 aliases. Source: A made-up provider, <https://example.com/limits>. The overlay `overlay.yaml` sets the limits of 1 model.

The order and the discriminants of the variants follow the table, and may change between releases.*/
    #[derive(PartialEq, Eq)]
    #[non_exhaustive]
    pub enum Model {
        ///`chat-2`: 1,200 queries and 1,000,000 tokens per minute (text-generation, Chat). Limits changed by an overlay; the table's limits are 600 queries and 1,000,000 tokens per minute.
        #[doc(alias = "chat-2")]
        Chat2,
        ///`chat-2-2025-01-25`, alias `chat-2-0125`: 60 queries and 100,000 tokens per minute (text-generation, Chat).
        #[doc(alias = "chat-2-0125")]
        #[doc(alias = "chat-2-2025-01-25")]
        Chat2_2025_01_25,
        ///`chat-1.5`, alias `chat-1`: 60 queries and 100,000 tokens per minute (text-generation, Chat). Replaced by [`chat-2`](Model::Chat2).
        #[deprecated(note = "replaced by `Model::Chat2`; gone in spring")]
        #[doc(alias = "chat-1")]
        #[doc(alias = "chat-1.5")]
        Chat1_5,
        ///`video@turbo`: 2 submissions per second and 1 concurrent task (video-generation, Video).
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
    static CLASS_OF: [u16; 4] = [0, 1, 2, 3];
    static CLASSES: [::model_studio_limits::__private::Class<Model>; 4] = [
        ::model_studio_limits::__private::Class {
            category: ::model_studio_limits::Category::TextGeneration,
            series: "Chat",
            limits: ::model_studio_limits::Limits::new(
                &[
                    ::model_studio_limits::__private::limit(
                        ::model_studio_limits::LimitKind::Requests,
                        1200,
                        60000,
                    ),
                    ::model_studio_limits::__private::limit(
                        ::model_studio_limits::LimitKind::Tokens,
                        1000000,
                        60000,
                    ),
                ],
            ),
            dynamic: false,
            pool: ::core::option::Option::None,
            deprecation: ::core::option::Option::None,
            replacement: ::core::option::Option::None,
        },
        ::model_studio_limits::__private::Class {
            category: ::model_studio_limits::Category::TextGeneration,
            series: "Chat",
            limits: ::model_studio_limits::Limits::new(
                &[
                    ::model_studio_limits::__private::limit(
                        ::model_studio_limits::LimitKind::Requests,
                        60,
                        60000,
                    ),
                    ::model_studio_limits::__private::limit(
                        ::model_studio_limits::LimitKind::Tokens,
                        100000,
                        60000,
                    ),
                ],
            ),
            dynamic: false,
            pool: ::core::option::Option::None,
            deprecation: ::core::option::Option::None,
            replacement: ::core::option::Option::None,
        },
        ::model_studio_limits::__private::Class {
            category: ::model_studio_limits::Category::TextGeneration,
            series: "Chat",
            limits: ::model_studio_limits::Limits::new(
                &[
                    ::model_studio_limits::__private::limit(
                        ::model_studio_limits::LimitKind::Requests,
                        60,
                        60000,
                    ),
                    ::model_studio_limits::__private::limit(
                        ::model_studio_limits::LimitKind::Tokens,
                        100000,
                        60000,
                    ),
                ],
            ),
            dynamic: false,
            pool: ::core::option::Option::None,
            deprecation: ::core::option::Option::Some(
                ::model_studio_limits::Deprecation::new(
                    ::core::option::Option::None,
                    ::core::option::Option::Some("gone in spring"),
                    ::core::option::Option::None,
                ),
            ),
            replacement: ::core::option::Option::Some(Model::Chat2),
        },
        ::model_studio_limits::__private::Class {
            category: ::model_studio_limits::Category::VideoGeneration,
            series: "Video",
            limits: ::model_studio_limits::Limits::new(
                &[
                    ::model_studio_limits::__private::limit(
                        ::model_studio_limits::LimitKind::Submissions,
                        2,
                        1000,
                    ),
                    ::model_studio_limits::__private::limit(
                        ::model_studio_limits::LimitKind::ConcurrentTasks,
                        1,
                        0,
                    ),
                ],
            ),
            dynamic: false,
            pool: ::core::option::Option::None,
            deprecation: ::core::option::Option::None,
            replacement: ::core::option::Option::None,
        },
    ];
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
        class_of: &CLASS_OF,
        classes: &CLASSES,
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
