use core::fmt;

/// What a model does: the first heading of the provider's table.
///
/// ```
/// # #[cfg(feature = "built-in")] {
/// use model_studio_limits::{Category, Model};
///
/// let of_videos = |model: &&Model| model.category() == Category::VideoGeneration;
/// let first = Model::ALL.iter().find(of_videos).unwrap();
/// assert_eq!(first.name(), "wan2.1-t2v-turbo");
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Category {
    /// Text from text, images, audio or video.
    TextGeneration,
    /// Images.
    ImageGeneration,
    /// Videos.
    VideoGeneration,
    /// Vectors that stand for texts.
    Embedding,
}

impl Category {
    /// The spelling in a catalogue's YAML, such as `text-generation`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TextGeneration => "text-generation",
            Self::ImageGeneration => "image-generation",
            Self::VideoGeneration => "video-generation",
            Self::Embedding => "embedding",
        }
    }
}

/// The spelling in a catalogue's YAML.
impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
