//! What is looked up, and in which order.

use std::collections::HashSet;

use model_studio_limits_bench::random::Random;

/// How many names are drawn: more than a branch predictor can learn by heart.
const DRAWN: usize = 16_384;

/// What kind of name is looked up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Hit,
    Edited,
    Prefix,
    Extended,
    OtherCase,
}

impl Kind {
    pub const MISSES: [Self; 4] = [Self::Edited, Self::Prefix, Self::Extended, Self::OtherCase];

    /// The heading of a column.
    pub fn words(self) -> &'static str {
        match self {
            Self::Hit => "hit, ns",
            Self::Edited => "one edit, ns",
            Self::Prefix => "prefix, ns",
            Self::Extended => "extension, ns",
            Self::OtherCase => "other case, ns",
        }
    }

    fn from(self, name: &str, random: &mut Random) -> String {
        match self {
            Self::Hit => name.to_owned(),
            Self::Edited => {
                let (mut edited, at) = (name.to_owned(), random.below(name.len()));
                match random.below(3) {
                    0 => _ = edited.remove(at),
                    1 => edited.insert(at, 'z'),
                    _ => edited.replace_range(at..=at, "_"),
                }
                edited
            }
            Self::Prefix => name[..name.len() - 1 - random.below(4)].to_owned(),
            Self::Extended => format!("{name}-{}", random.pick(&["latest", "v2", "0125", "x"])),
            Self::OtherCase => {
                let upper = name.to_ascii_uppercase();
                if upper == name {
                    name.to_ascii_lowercase()
                } else {
                    upper
                }
            }
        }
    }
}

/// In which order names are looked up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// At random: no name tells the next, as in traffic.
    Drawn,
    /// Each once, shuffled, over and over: a short sequence, which a branch predictor can learn.
    Shuffled,
    /// One name all the time: every branch is foreseen.
    Hot,
}

impl Order {
    pub fn words(self) -> &'static str {
        match self {
            Self::Drawn => "drawn at random",
            Self::Shuffled => "each once, shuffled",
            Self::Hot => "one hot name",
        }
    }
}

/// A sequence of names to look up.
///
/// They are copies, so that no peer finds the very string that it holds.
#[derive(Clone)]
pub struct Queries {
    /// The name, and the one that a perfect guess would compare it with.
    pub pairs: Vec<(&'static str, &'static str)>,
}

impl Queries {
    pub fn new(names: &'static [&'static str], kind: Kind, order: Order) -> Self {
        let mut random = Random::new(7);
        let known: HashSet<&str> = names.iter().copied().collect();
        let pairs = names.iter().map(|name| {
            // Never freed: one program asks for few of them, and they outlive every peer.
            let query: &'static str = kind.from(name, &mut random).leak();
            (query, *name)
        });
        let is_wanted = |pair: &(&str, &str)| (kind == Kind::Hit) == known.contains(pair.0);
        let mut pairs: Vec<_> = pairs.filter(is_wanted).collect();
        match order {
            Order::Drawn => pairs = (0..DRAWN).map(|_| *random.pick(&pairs)).collect(),
            Order::Shuffled => random.shuffle(&mut pairs),
            Order::Hot => pairs = vec![*random.pick(&pairs); names.len()],
        }
        Self { pairs }
    }

    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// So many of them.
    pub fn first(&self, count: usize) -> Self {
        let pairs = self.pairs[..count].to_vec();
        Self { pairs }
    }
}
