//! Finds model IDs in the text of a file.

mod allow;
mod blocks;
mod ids;
mod places;
mod reader;
mod servers;
mod typo;

use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};
use model_studio_provider::{Region, Table};

use super::finding::Problem;
use super::life_cycle::LifeCycles;
use super::rules::{Dates, Subject};
use crate::table_arguments::Selection;
use places::Places;
use servers::{Provider, Servers};

/// Finds the model IDs that should be changed.
pub(super) struct Scanner {
    life_cycles: LifeCycles,
    dates: Dates,
    /// Finds the names of `life_cycles.ended`.
    ended: AhoCorasick,
    places: Places,
    provider: Provider,
}

impl Scanner {
    /// Creates a scanner for the selected tables.
    pub(super) fn new(selection: &Selection, tables: &[Table], dates: Dates) -> Self {
        let others: Vec<Table> = if matches!(selection, Selection::Own(..)) {
            Vec::new()
        } else {
            // A name of another region, or of an earlier table, is not a typo.
            let regions = Region::ALL.iter().chain(&[Region::BuiltIn]);
            regions.map(|region| region.table()).collect()
        };
        let life_cycles = LifeCycles::new(tables, &others, dates);
        let names = life_cycles.ended.iter().map(|(name, _)| name);
        let mut ended = AhoCorasick::builder();
        let ended = ended.match_kind(MatchKind::LeftmostLongest).build(names);
        Self {
            ended: ended.expect("the names are short"),
            life_cycles,
            dates,
            places: Places::new(),
            provider: Provider::new(selection),
        }
    }

    /// Returns the model IDs in the text that should be changed, in their order.
    pub(super) fn scan(&self, text: &[u8]) -> Vec<(Range<usize>, Problem)> {
        let ended = self.ended.find_iter(text);
        let prefixes = self.provider.prefixes();
        let ended = ended.filter(|found| ids::is_whole(text, &found.range(), prefixes));
        let ended: Vec<_> = ended
            .map(|found| (found.range(), found.pattern()))
            .collect();
        let places = self.places.find(text).into_iter();
        let places: Vec<_> = places
            .filter_map(|place| self.own_id(text, place))
            .collect();
        if ended.is_empty() && places.is_empty() {
            return Vec::new();
        }
        let servers = self.provider.servers(text);

        let mut found = Vec::new();
        for (bytes, pattern) in ended {
            let (name, problem) = &self.life_cycles.ended[pattern];
            let place = places.binary_search_by_key(&bytes.start, |place| place.start);
            if ids::has_prefix(text, bytes.start, prefixes)
                || servers.is_own_model(name, bytes.start, place.is_ok())
            {
                found.push((bytes, problem.clone()));
            }
        }
        for bytes in places {
            if let Some(problem) = self.misspelled(&text[bytes.clone()], bytes.start, &servers) {
                found.push((bytes, problem));
            }
        }
        found.sort_by_key(|(bytes, _)| bytes.start);
        let mut is_allowed = allow::by_comment(text);
        found.retain(|(bytes, _)| !is_allowed(bytes.start));
        found
    }

    /// Returns the part of a string that is an ID of the tables, without a prefix such as `dashscope/`.
    /// Returns `None` if another prefix selects another server.
    fn own_id(&self, text: &[u8], place: Range<usize>) -> Option<Range<usize>> {
        let is_known = |name| self.life_cycles.known.contains(name);
        if std::str::from_utf8(&text[place.clone()]).is_ok_and(is_known) {
            return Some(place);
        }
        match self.provider.prefixes() {
            [] => Some(place),
            prefixes => ids::without_prefix(text, place, prefixes),
        }
    }

    /// Returns the problem with a name where a model is named, if it is misspelled.
    fn misspelled(&self, name: &[u8], at: usize, servers: &Servers<'_>) -> Option<Problem> {
        let name = std::str::from_utf8(name).ok()?;
        let known = &self.life_cycles.known;
        if known.contains(name) {
            return None;
        }
        let mut similar = typo::similar(name, known.iter().copied());
        similar.retain(|known| servers.can_be_misspelled(known, at));
        if similar.is_empty() {
            return None;
        }
        Problem::new(name, Subject::Typo, self.dates, similar)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Scanner;
    use crate::check::rules::Dates;
    use crate::table_arguments::Selection;

    fn scanner() -> Scanner {
        let date = |date: &str| date.parse().unwrap();
        let dates = Dates {
            today: date("2026-10-10"),
            soon: date("2026-12-31"),
        };
        let selection = Selection::AllRegions;
        Scanner::new(&selection, &selection.tables().unwrap(), dates)
    }

    #[test]
    fn every_model_id_that_has_ended_is_found() {
        let scanner = scanner();
        for (name, _) in &scanner.life_cycles.ended {
            let text = format!("dashscope: '{name}'");
            let found = scanner.scan(text.as_bytes());
            assert_eq!(found.len(), 1, "{name}");
            assert_eq!(&text[found[0].0.clone()], *name);
        }
    }

    proptest! {
        /// Texts are made of model IDs, what can be around them, and arbitrary bytes.
        #[test]
        fn findings_are_in_order_and_within_the_text(
            parts in proptest::collection::vec(
                prop_oneof![
                    prop::sample::select(vec![
                        "qwen3-max", "qwen-max-latest", "qwen-pluss", "deepseek-r1", "dashscope/",
                        "model", "models", "=", ": ", "\"", "'", "[", "]", "(", ",", "- ", "\n", "\r\n", "--", "/", ".",
                    ]).prop_map(|part| part.as_bytes().to_vec()),
                    proptest::collection::vec(any::<u8>(), 0..4),
                ],
                0..40,
            )
        ) {
            let text = parts.concat();
            let mut end = 0;
            for (bytes, _) in scanner().scan(&text) {
                prop_assert!(bytes.start >= end && bytes.end <= text.len());
                end = bytes.end;
            }
        }
    }
}
