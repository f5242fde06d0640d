//! Model categories.

use core::fmt;
use core::str::FromStr;

use crate::{Choices, ParseChoiceError};

/// Defines [`Category`] from a single list of its variants and their names.
macro_rules! categories {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// The category of a model: what it does, according to the provider's top-level headings.
        ///
        /// ```
        /// # use model_studio_limits_core as model_studio_limits;
        /// use model_studio_limits::Category;
        ///
        /// let category: Category = "video-generation".parse()?;
        /// assert_eq!(category, Category::VideoGeneration);
        /// # Ok::<(), model_studio_limits::ParseChoiceError>(())
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Category {
            $($(#[$doc])* $variant,)*
        }

        impl Category {
            /// Every category.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The names of all categories, in the order of [`ALL`](Self::ALL).
            #[doc(hidden)]
            pub const NAMES: &'static [&'static str] = &[$($name),*];
        }
    };
}

categories! {
    /// Generates text, from text, images, audio or video.
    TextGeneration = "text-generation",
    /// Generates text. The model is from another provider.
    TextGenerationThirdParty = "text-generation-third-party",
    /// Generates text. The model is open source.
    TextGenerationOpenSource = "text-generation-open-source",
    /// Generates or edits images.
    ImageGeneration = "image-generation",
    /// Generates or edits images. The model is from another provider.
    ImageGenerationThirdParty = "image-generation-third-party",
    /// Generates or edits videos.
    VideoGeneration = "video-generation",
    /// Generates or edits videos. The model is from another provider.
    VideoGenerationThirdParty = "video-generation-third-party",
    /// Turns text into speech.
    SpeechSynthesis = "speech-synthesis",
    /// Turns text into speech. The model is from another provider.
    SpeechSynthesisThirdParty = "speech-synthesis-third-party",
    /// Turns speech into text, or translates it.
    SpeechRecognitionAndTranslation = "speech-recognition-and-translation",
    /// Generates sounds.
    AudioGeneration = "audio-generation",
    /// Generates music.
    MusicGeneration = "music-generation",
    /// Generates 3D models. The model is from another provider.
    ThreeDGenerationThirdParty = "3d-generation-third-party",
    /// Holds a spoken conversation.
    VoiceConversation = "voice-conversation",
    /// Turns text, images or video into vectors.
    Embedding = "embedding",
    /// Sorts documents by their relevance to a query.
    Rerank = "rerank",
    /// Specializes in one industry, such as law.
    Industry = "industry",
}

impl Category {
    /// Returns the name used in tables, such as `text-generation`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// Writes the name used in tables.
impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Parses the name used in tables.
impl FromStr for Category {
    type Err = ParseChoiceError;

    fn from_str(name: &str) -> Result<Self, ParseChoiceError> {
        const CHOICES: &Choices = &Choices {
            what: "category",
            names: Category::NAMES,
        };
        CHOICES.find(name).map(|index| Self::ALL[index])
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Category {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Category {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::deserialize(deserializer, "a category")
    }
}

#[cfg(feature = "clap")]
impl clap::ValueEnum for Category {
    fn value_variants<'a>() -> &'a [Self] {
        Self::ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.as_str()))
    }
}

#[cfg(feature = "schemars")]
impl schemars::JsonSchema for Category {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Category".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "enum": Self::NAMES })
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    extern crate std;

    #[test]
    fn names_parse_to_their_categories() {
        for category in Category::ALL {
            assert_eq!(category.to_string().parse(), Ok(*category));
        }
    }

    #[test]
    fn an_unknown_name_is_an_error_with_a_suggestion() {
        let message = |name: &str| name.parse::<Category>().unwrap_err().to_string();
        assert_eq!(
            message("text-generatoin"),
            "unknown category `text-generatoin`, did you mean `text-generation`?"
        );
        assert_eq!(
            message("chat"),
            "unknown category `chat`, expected one of `text-generation`, \
             `text-generation-third-party`, `text-generation-open-source`, `image-generation`, `image-generation-third-party`, \
             `video-generation`, `video-generation-third-party`, `speech-synthesis`, \
             `speech-synthesis-third-party`, `speech-recognition-and-translation`, \
             `audio-generation`, `music-generation`, `3d-generation-third-party`, \
             `voice-conversation`, `embedding`, `rerank` or `industry`"
        );
    }
}
