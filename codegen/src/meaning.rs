//! Problems that no row has by itself: names and identifiers that clash, replacements that lead
//! nowhere.

use std::collections::HashMap;

use model_studio_limits_core::MAX_NAMES;

use crate::catalogue::{Catalogue, Name};
use crate::report::{Place, Problem};
use crate::shape::Checker;

/// Notes what is wrong between the rows, and resolves the replacements.
pub(crate) fn check(check: &mut Checker, catalogue: &mut Catalogue) {
    check_names(check, catalogue);
    check_identifiers(check, catalogue);
    let replacements = replacements(check, catalogue);
    resolve(check, catalogue, &replacements);
}

/// By name or alias, the position of its model.
pub(crate) fn names(catalogue: &Catalogue) -> HashMap<&str, usize> {
    let names = all_names(catalogue).map(|(at, name)| (name.text.as_str(), at));
    names.collect()
}

fn check_names(check: &mut Checker, catalogue: &Catalogue) {
    let mut first = HashMap::<&str, &Name>::new();
    for (_, name) in all_names(catalogue) {
        if let Some(earlier) = first.get(name.text.as_str()) {
            let message = format!(
                "the name `{}` is here a second time, after line {}",
                name.text, earlier.place.line
            );
            check.note(Problem::new(name.place, message));
            continue;
        }
        first.insert(&name.text, name);
        if first.len() == MAX_NAMES + 1 {
            let message = format!("this is one name too many: a catalogue holds {MAX_NAMES}");
            check.note(Problem::new(name.place, message));
        }
    }
}

/// Every name and alias, with the position of its model, in the order of the file.
fn all_names(catalogue: &Catalogue) -> impl Iterator<Item = (usize, &Name)> {
    let models = catalogue.models.iter().enumerate();
    models.flat_map(|(at, model)| {
        let names = std::iter::once(&model.name).chain(&model.aliases);
        names.map(move |name| (at, name))
    })
}

/// What every enum has already: its methods, its constants, and the constants of its traits.
const TAKEN: [&str; 15] = [
    "ALL",
    "COUNT",
    "VARIANTS",
    "name",
    "aliases",
    "series",
    "category",
    "limits",
    "is_deprecated",
    "parse_active",
    "deserialize_active",
    "replacement",
    "from_name",
    "iter",
    "fmt",
];

fn check_identifiers(check: &mut Checker, catalogue: &Catalogue) {
    let mut first = HashMap::<&str, (usize, &Name)>::new();
    for (at, name) in all_names(catalogue) {
        let identifier = name.identifier.as_str();
        let of = if identifier == name.text {
            format!("`{identifier}`")
        } else {
            format!("`{identifier}`, the identifier of `{}`,", name.text)
        };
        let problem = if TAKEN.contains(&identifier) || identifier.starts_with("__") {
            format!("{of} is used by the enum itself")
        } else if let Some((earlier_at, earlier)) = first.get(identifier) {
            // Names of one model that differ in punctuation only can share an identifier.
            if *earlier_at == at || earlier.text == name.text {
                continue;
            }
            format!(
                "{of} is also that of `{}` on line {}",
                earlier.text, earlier.place.line
            )
        } else {
            first.insert(identifier, (at, name));
            continue;
        };
        let row = &catalogue.models[at].name;
        let help = if row.text == name.text {
            "give the model another identifier, as in `variant: AnotherName`".to_owned()
        } else {
            format!(
                "give the alias another identifier, as in `{{ name: {}, variant: AnotherName }}`",
                name.text
            )
        };
        check.note(Problem::new(name.identifier_place, problem).help(help));
    }
}

/// By model, the position of the replacement that is written in its row.
fn replacements(check: &mut Checker, catalogue: &Catalogue) -> Vec<Option<(usize, Place)>> {
    let names = names(catalogue);
    let mut find = |at: usize| {
        let deprecation = catalogue.models[at].deprecation.as_ref()?;
        let (written, place) = deprecation.written.as_ref()?;
        match names.get(written.as_str()) {
            Some(replacement) if *replacement == at => {
                let message = format!("`{written}` is given as its own replacement");
                check.note(Problem::new(*place, message));
                None
            }
            Some(replacement) => Some((*replacement, *place)),
            None => {
                unknown(check, written, *place, catalogue);
                None
            }
        }
    };
    (0..catalogue.models.len()).map(&mut find).collect()
}

/// Follows every replacement that is itself replaced to the end.
fn resolve(
    check: &mut Checker,
    catalogue: &mut Catalogue,
    replacements: &[Option<(usize, Place)>],
) {
    const UNDER_WAY: usize = usize::MAX;
    // By model, the end of its chain; a model that has no replacement is its own end.
    let mut ends: Vec<Option<usize>> = vec![None; replacements.len()];
    for start in 0..replacements.len() {
        let mut chain = Vec::new();
        let mut at = start;
        let mut came_by = Place::UNKNOWN;
        let end = loop {
            match ends[at] {
                Some(UNDER_WAY) => {
                    check.note(circle(catalogue, &chain, at, came_by));
                    break at;
                }
                Some(end) => break end,
                None => {}
            }
            ends[at] = Some(UNDER_WAY);
            chain.push(at);
            match replacements[at] {
                Some((next, place)) => (at, came_by) = (next, place),
                None => break at,
            }
        };
        for model in chain {
            ends[model] = Some(end);
        }
    }
    for (at, model) in catalogue.models.iter_mut().enumerate() {
        if let Some(deprecation) = &mut model.deprecation {
            deprecation.replacement = ends[at].filter(|end| *end != at);
        }
    }
}

/// The problem that the replacements in `chain` lead back to the model at `to`.
fn circle(catalogue: &Catalogue, chain: &[usize], to: usize, place: Place) -> Problem {
    let around = chain.iter().skip_while(|model| **model != to).chain([&to]);
    let names: Vec<String> = around
        .map(|model| format!("`{}`", catalogue.models[*model].name.text))
        .collect();
    let names = names.join(" → ");
    Problem::new(place, format!("the replacements go in a circle: {names}"))
}

/// Notes that `written`, at `place`, is no name of the catalogue.
pub(crate) fn unknown(check: &mut Checker, written: &str, place: Place, catalogue: &Catalogue) {
    let names = all_names(catalogue).map(|(_, name)| name.text.as_str());
    check.unknown(written, place, names);
}
