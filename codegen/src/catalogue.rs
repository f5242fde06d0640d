//! What a catalogue holds, and how it is read from its file.

use model_studio_limits_core::nearest;

use crate::report::{Place, Problem};
use crate::shape::{Checker, Fields};
use crate::yaml::{Node, Value};

/// A catalogue. It is valid once [`meaning::check`](crate::meaning::check) found no problem.
#[derive(Debug, Default)]
pub(crate) struct Catalogue {
    pub(crate) title: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) groups: Vec<Group>,
    pub(crate) models: Vec<Model>,
}

/// What the models of a group share.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) category: &'static Category,
    pub(crate) series: String,
}

/// A row of the catalogue.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) name: Name,
    pub(crate) aliases: Vec<Name>,
    /// The position of its group.
    pub(crate) group: usize,
    pub(crate) limits: Limits,
    /// The limits before an overlay changed them.
    pub(crate) baseline: Option<Limits>,
    pub(crate) deprecation: Option<Deprecation>,
}

/// A name that goes over the wire, and its identifier.
#[derive(Debug)]
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) place: Place,
    /// Empty if the name was refused.
    pub(crate) identifier: String,
    /// Where the identifier comes from: the name, or `variant:`.
    pub(crate) identifier_place: Place,
}

#[derive(Debug)]
pub(crate) struct Deprecation {
    /// The name of the replacement, as it is written.
    pub(crate) written: Option<(String, Place)>,
    /// The position of the model at the end of the chain of replacements.
    pub(crate) replacement: Option<usize>,
    pub(crate) note: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Category {
    /// As it is spelled in YAML.
    pub(crate) name: &'static str,
    /// The variant of the runtime's `Category`.
    pub(crate) variant: &'static str,
}

pub(crate) static CATEGORIES: [Category; 4] = [
    Category {
        name: "text-generation",
        variant: "TextGeneration",
    },
    Category {
        name: "image-generation",
        variant: "ImageGeneration",
    },
    Category {
        name: "video-generation",
        variant: "VideoGeneration",
    },
    Category {
        name: "embedding",
        variant: "Embedding",
    },
];

/// Limits in the order of [`LIMIT_KINDS`], zero where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Limits(pub(crate) [u64; 4]);

/// The keys of `limits`, and the most that each can be.
pub(crate) const LIMIT_KINDS: [(&str, u64); 4] = [
    ("qpm", u32::MAX as u64),
    ("tpm", u64::MAX),
    ("submissions_per_second", u32::MAX as u64),
    ("concurrent_tasks", u32::MAX as u64),
];

impl Limits {
    /// The keys of the limits that there are.
    pub(crate) fn keys(&self) -> Vec<&'static str> {
        let kinds = LIMIT_KINDS.iter().zip(self.0);
        kinds
            .filter_map(|((key, _), limit)| (limit > 0).then_some(*key))
            .collect()
    }

    /// Reads the mapping of `limits`, here or in an overlay, with the place of each key.
    pub(crate) fn read(check: &mut Checker, node: &Node) -> Option<(Self, [Place; 4])> {
        let fields = check.fields(node, "`limits`", &LIMIT_KINDS.map(|(key, _)| key))?;
        let mut limits = Self::default();
        let mut places = [Place::UNKNOWN; 4];
        let kinds = LIMIT_KINDS.iter().enumerate();
        for (at, (key, most)) in kinds {
            if let Some((place, value)) = fields.entry(key) {
                places[at] = place;
                let limit = check.positive(value, &format!("`{key}`"), *most);
                limits.0[at] = limit.unwrap_or_default();
            }
        }
        Some((limits, places))
    }
}

impl Catalogue {
    /// Reads a catalogue, noting what is not of the right shape. What can be read of it is
    /// returned all the same, for problems of meaning to be found in the same run.
    pub(crate) fn read(check: &mut Checker, root: &Node) -> Self {
        let mut catalogue = Self::default();
        let Some(fields) = check.fields(root, "a catalogue", &["source", "groups"]) else {
            return catalogue;
        };
        let source = fields.get("source");
        if let Some(source) =
            source.and_then(|node| check.fields(node, "`source`", &["title", "url"]))
        {
            catalogue.title = optional_string(check, &source, "title");
            catalogue.url = optional_string(check, &source, "url");
        }
        let groups = check.required(&fields, "the catalogue", "groups");
        for node in groups
            .and_then(|groups| check.items(groups, "`groups`"))
            .unwrap_or_default()
        {
            catalogue.read_group(check, node);
        }
        catalogue
    }

    fn read_group(&mut self, check: &mut Checker, node: &Node) {
        let Some(fields) = check.fields(node, "a group", &["category", "series", "models"]) else {
            return;
        };
        let category = check.required(&fields, "the group", "category");
        let category = category.and_then(|node| read_category(check, node));
        let series = check.required(&fields, "the group", "series");
        let series = series.and_then(|node| check.string(node, "`series`"));
        self.groups.push(Group {
            category: category.unwrap_or(&CATEGORIES[0]),
            series: series.unwrap_or_default().to_owned(),
        });
        let models = check.required(&fields, "the group", "models");
        for node in models
            .and_then(|models| check.items(models, "`models`"))
            .unwrap_or_default()
        {
            let model = read_model(check, node, self.groups.len() - 1);
            self.models.extend(model);
        }
    }
}

fn read_category(check: &mut Checker, node: &Node) -> Option<&'static Category> {
    let text = check.string(node, "`category`")?;
    let found = CATEGORIES.iter().find(|category| category.name == text);
    if found.is_none() {
        let names = CATEGORIES.each_ref().map(|category| category.name);
        let near = nearest(text, names);
        check.note(
            Problem::new(node.place, format!("unknown category `{text}`")).help(
                if near.names().is_empty() {
                    format!("the categories are {}", crate::shape::listed(&names))
                } else {
                    format!("did you mean {near}?")
                },
            ),
        );
    }
    found
}

/// Reads a row. A row without a usable name is left out; what else is wrong in it is noted.
fn read_model(check: &mut Checker, node: &Node, group: usize) -> Option<Model> {
    let known = ["name", "aliases", "variant", "deprecated", "limits"];
    let fields = check.fields(node, "a model", &known)?;
    let name = check.required(&fields, "the model", "name");
    let name = name.and_then(|name| read_name(check, name, fields.get("variant"), "`name`"));
    let aliases = match fields.get("aliases").map(|node| (&node.value, node)) {
        // An empty list of aliases says what no list says.
        Some((Value::Sequence(items), _)) => items.as_slice(),
        Some((_, node)) => check.items(node, "`aliases`").unwrap_or_default(),
        None => &[],
    };
    let aliases = aliases.iter().filter_map(|alias| read_alias(check, alias));
    let aliases = aliases.collect();
    let deprecation = fields.get("deprecated");
    let deprecation = deprecation.and_then(|node| read_deprecation(check, node));
    let limits = check.required(&fields, "the model", "limits");
    let limits = limits.and_then(|node| Limits::read(check, node));
    let (limits, _) = limits.unwrap_or((Limits::default(), [Place::UNKNOWN; 4]));
    Some(Model {
        name: name?,
        aliases,
        group,
        limits,
        baseline: None,
        deprecation,
    })
}

/// An alias is a name or, to give its constant another identifier, a mapping.
fn read_alias(check: &mut Checker, node: &Node) -> Option<Name> {
    if !matches!(node.value, Value::Mapping(_)) {
        return read_name(check, node, None, "an alias");
    }
    let fields = check.fields(node, "an alias", &["name", "variant"])?;
    let name = check.required(&fields, "the alias", "name")?;
    read_name(check, name, fields.get("variant"), "`name`")
}

fn read_name(check: &mut Checker, node: &Node, variant: Option<&Node>, what: &str) -> Option<Name> {
    let given = variant.and_then(|node| Some((check.string(node, "`variant`")?, node.place)));
    if let Some((given, place)) = given.filter(|(given, _)| !crate::identifier::is_valid(given)) {
        check.note(
            Problem::new(place, format!("`{given}` cannot be a Rust identifier"))
                .help("use ASCII letters, digits and `_`, no digit first, and no keyword"),
        );
    }
    let text = check.string(node, what)?;
    let bad = |c: char| c.is_whitespace() || c.is_control() || crate::report::is_invisible(c);
    let (identifier, identifier_place) = match given {
        Some((given, place)) => (given.to_owned(), place),
        None => (
            crate::identifier::variant(text).unwrap_or_default(),
            node.place,
        ),
    };
    let problem = if let Some(bad) = text.chars().find(|c| bad(*c)) {
        format!(
            "the name {text:?} holds {}",
            match bad {
                ' ' => "a space".to_owned(),
                _ => format!("the character U+{:04X}", u32::from(bad)),
            }
        )
    } else if identifier.is_empty() {
        format!("the name `{text}` has no ASCII letter or digit to make an identifier of")
    } else {
        return Some(Name {
            text: text.to_owned(),
            place: node.place,
            identifier,
            identifier_place,
        });
    };
    check.note(Problem::new(node.place, problem));
    None
}

fn read_deprecation(check: &mut Checker, node: &Node) -> Option<Deprecation> {
    let nothing = Deprecation {
        written: None,
        replacement: None,
        note: None,
    };
    match &node.value {
        Value::Bool(deprecated) => return deprecated.then_some(nothing),
        Value::Mapping(_) => {}
        _ => {
            check.wrong_type(node, "`deprecated`", "`true`, `false` or a mapping");
            return None;
        }
    }
    let fields = check.fields(node, "`deprecated`", &["replacement", "note"])?;
    let written = fields.get("replacement").and_then(|node| {
        let text = check.string(node, "`replacement`")?;
        Some((text.to_owned(), node.place))
    });
    Some(Deprecation {
        written,
        note: optional_string(check, &fields, "note"),
        ..nothing
    })
}

fn optional_string(check: &mut Checker, fields: &Fields<'_>, key: &str) -> Option<String> {
    let text = check.string(fields.get(key)?, &format!("`{key}`"))?;
    Some(text.to_owned())
}
