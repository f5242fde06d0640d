//! Compares the tables of the regions with the provider's data, row by row and in both directions.
//!
//! The data is read without the tool that generates the tables, so that errors in that tool are
//! found.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use model_studio_limits::{
    __private, Active, Catalogue, Date, Limit, LimitKind, Limits, Retired, beijing, singapore,
};

/// The date and the rows of the rate limit page.
static PAGE: LazyLock<[String; 2]> = LazyLock::new(|| data("models-"));
static LIFE_CYCLE: LazyLock<[String; 2]> = LazyLock::new(|| data("lifecycle-"));
static WINDOWS: LazyLock<[String; 2]> = LazyLock::new(|| data("windows-"));
static PROPERTIES: LazyLock<[String; 2]> = LazyLock::new(|| data("properties-"));

/// Returns the date and the rows of a file. The date is in its name, and changes with each import.
fn data(prefix: &str) -> [String; 2] {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../xtask/data");
    let files = directory.read_dir().unwrap().map(|file| file.unwrap());
    let mut files = files.filter_map(|file| {
        let name = file.file_name().into_string().unwrap();
        let date = name.strip_prefix(prefix)?.strip_suffix(".tsv")?;
        let rows = std::fs::read_to_string(file.path()).unwrap();
        Some([date.to_owned(), rows])
    });
    files.next().unwrap()
}

/// Returns the rows of a file by column name.
fn rows(text: &'static str) -> Vec<HashMap<&'static str, &'static str>> {
    let mut lines = text.lines();
    let columns: Vec<&str> = lines.next().unwrap().split('\t').collect();
    lines
        .map(|line| columns.iter().copied().zip(line.split('\t')).collect())
        .collect()
}

/// The rows of a region and scope, without one that names a series instead of a model.
fn page(region: &str, scope: &str) -> Vec<HashMap<&'static str, &'static str>> {
    let mut rows = rows(&PAGE[1]);
    rows.retain(|row| (row["region"], row["scope"]) == (region, scope) && row["name"].is_ascii());
    rows
}

/// The limits of a row that are numbers on the page, by kind, window in seconds and count.
fn page_limits(row: &HashMap<&str, &'static str>) -> BTreeSet<(LimitKind, u64, u64)> {
    let columns = [
        ("rpm", LimitKind::Requests, 60),
        ("rps", LimitKind::Requests, 1),
        ("tpm", LimitKind::Tokens, 60),
        ("submissions_per_second", LimitKind::Submissions, 1),
        ("submissions_per_minute", LimitKind::Submissions, 60),
        ("concurrent_tasks", LimitKind::ConcurrentTasks, 0),
    ];
    let mut limits: BTreeSet<_> = columns
        .into_iter()
        .filter_map(|(column, kind, seconds)| Some((kind, seconds, row[column].parse().ok()?)))
        .collect();
    // The lowest tier of a limit that depends on what an account spends.
    if let Some((floor, _)) = row["tpm_by_monthly_spend"].split_once('/') {
        limits.insert((LimitKind::Tokens, 60, floor.parse().unwrap()));
    }
    // The page has no column for characters.
    if let Some((_, rest)) = row["note"].split_once("chars_per_minute=") {
        let digits = rest.split(|c: char| !c.is_ascii_digit()).next();
        let count = digits.unwrap().parse().unwrap();
        limits.insert((LimitKind::Characters, 60, count));
    }
    limits
}

/// The lowest limits of a row and of those of the same model in a scope that has no table.
fn lowest_limits(
    region: &str,
    row: &HashMap<&str, &'static str>,
) -> BTreeSet<(LimitKind, u64, u64)> {
    let mut limits = page_limits(row);
    if (region, row["scope"]) == ("virginia", "global") {
        let others = page(region, "international").into_iter();
        let others = others.filter(|other| other["name"] == row["name"]);
        limits.extend(others.flat_map(|other| page_limits(&other)));
    }
    let all = limits.clone();
    limits.retain(|(kind, window, count)| {
        let mut others = all
            .iter()
            .filter(|other| (other.0, other.1) == (*kind, *window));
        others.all(|other| count <= &other.2)
    });
    limits
}

fn seconds(limit: &Limit) -> u64 {
    limit.per.map_or(0, |per| per.as_secs())
}

/// Checks the table in a module. The region and the scope are in words.
fn check_region<M: Catalogue>(module: &str, region: &str, scope: &str) {
    let in_data = |words: &str| words.to_lowercase().replace(' ', "");
    let (region, scope) = (&*in_data(region), &*in_data(scope));
    let name = module.replace('_', "");
    assert!(name == region || name == format!("{region}{scope}"));
    let rows = page(region, scope);
    let names: BTreeSet<&str> = rows.iter().map(|row| row["name"]).collect();
    let models: BTreeSet<&str> = M::ALL.iter().map(|model| model.name()).collect();
    assert_eq!(models, names, "{region} {scope}");
    assert_eq!(M::SOURCE.date, PAGE[0].parse().ok());
    for row in &rows {
        check_row::<M>(region, row);
    }
    check_properties::<M>(region, scope);
    check_life_cycle::<M>(region, &rows);
}

fn check_row<M: Catalogue>(region: &str, row: &HashMap<&str, &'static str>) {
    let name = row["name"];
    let model = M::from_name(name).unwrap();
    let aliases: Vec<&str> = row["aliases"]
        .split([',', ' '])
        .filter(|a| !a.is_empty())
        .collect();
    assert_eq!(model.aliases(), aliases, "{name}");
    assert_eq!(model.is_dynamic(), !row["dynamic"].is_empty(), "{name}");
    let shares = !row["shared_by"].is_empty();
    assert_eq!(model.pool().is_some(), shares, "{name}");

    // Each number of the page is a limit, exactly or with another window of the same rate.
    let page = lowest_limits(region, row);
    let limits = model.limits();
    for (kind, window, count) in &page {
        let is_equal = |limit: &&Limit| {
            let seconds = seconds(limit);
            limit.kind == *kind
                && (seconds == 0) == (*window == 0)
                && u128::from(limit.count.get()) * u128::from(*window)
                    == u128::from(*count) * u128::from(seconds)
        };
        assert!(
            limits.iter().any(|limit| is_equal(&limit)),
            "{region} {name}: {limits}"
        );
    }
    assert_eq!(
        limits.as_slice().len(),
        page.len(),
        "{region} {name}: {limits}"
    );
    // Windows other than those of the page are those of the quota endpoint.
    for limit in limits {
        let found = (limit.kind, seconds(limit), limit.count.get());
        if !page.contains(&found) {
            let windows = rows(&WINDOWS[1]).into_iter();
            let mut windows = windows.filter(|row| row["region"] == region);
            let window =
                windows.find(|row| row["model"] == name || model.aliases().contains(&row["model"]));
            let window = window.unwrap_or_else(|| panic!("{name}: {limit} is not in the data"));
            let [count, period] = match limit.kind {
                LimitKind::Tokens | LimitKind::Characters => {
                    ["usage_limit", "usage_limit_period_s"]
                }
                _ => ["count_limit", "count_limit_period_s"],
            };
            assert_eq!(window[count], limit.count.to_string(), "{name}");
            assert_eq!(window[period], seconds(limit).to_string(), "{name}");
        }
    }
}

/// Each property is a cell of the data, except where cells contradict each other.
fn check_properties<M: Catalogue>(region: &str, scope: &str) {
    let rows = rows(&PROPERTIES[1]).into_iter();
    let rows = rows.filter(|row| (row["region"], row["scope"]) == (region, scope));
    let rows: HashMap<_, _> = rows.map(|row| (row["name"], row)).collect();
    assert_eq!(M::PROPERTIES.len(), 9);
    for model in M::ALL {
        for property in M::PROPERTIES {
            let name = property.name;
            let expected = rows
                .get(model.name())
                .and_then(|row| property_cell(row, name));
            let found = model.property(name).map(|value| value.to_string());
            assert_eq!(found, expected, "{region} {scope} {model} {name}");
        }
    }
}

/// Returns the value of a property as text, or `None` if it is empty or contradicts other cells.
fn property_cell(row: &HashMap<&str, &str>, property: &str) -> Option<String> {
    let number = |column: &str| row[column].parse::<u64>().ok();
    let mut items: Vec<&str> = match property {
        "input" => row["input_modalities"].split(',').collect(),
        "output" => row["output_modalities"].split(',').collect(),
        _ => vec![row[property]],
    };
    let order = ["text", "image", "audio", "video"];
    items.sort_by_key(|item| {
        order
            .iter()
            .position(|other| other == item)
            .unwrap_or(order.len())
    });
    let text = items.join(", ");
    let is_left_out = match property {
        "context_window" | "max_input" => {
            let window = number("context_window");
            window.is_some() && number("max_input") > window
        }
        "max_reasoning" => !row["output_modalities"].contains("text"),
        "thinking" => row["thinking"] == "none" && number("max_input_thinking").is_some(),
        _ => text == "0",
    };
    (!text.is_empty() && !is_left_out).then_some(text)
}

/// Deprecated models are those on the page with a notice. Retired ones have a notice with a date
/// that has passed, and are on no page of the site.
fn check_life_cycle<M: Catalogue>(region: &str, page: &[HashMap<&str, &'static str>]) {
    let site = if region == "beijing" {
        "mainland"
    } else {
        "international"
    };
    // The date of each name's latest notice, and where the notice was published.
    let mut ends = BTreeMap::<&str, (Date, String)>::new();
    for notice in rows(&LIFE_CYCLE[1])
        .iter()
        .filter(|notice| notice["site"] == site)
    {
        let date: Date = notice["date"].parse().unwrap();
        let source = match notice["notice"] {
            "" => notice["source"].to_owned(),
            number => format!("notice {number}"),
        };
        let names = [notice["name"]]
            .into_iter()
            .chain(notice["aliases"].split([',', ' ']));
        for name in names.filter(|name| !name.is_empty()) {
            let latest = ends.entry(name).or_insert((date, source.clone()));
            if latest.0 < date {
                *latest = (date, source.clone());
            }
        }
    }
    for row in page {
        let model = M::from_name(row["name"]).unwrap();
        let names = [model.name()]
            .into_iter()
            .chain(model.aliases().iter().copied());
        let end = names.filter_map(|name| ends.get(name)).max();
        let deprecation = model.deprecation();
        if let (Some((_, date)), None) = (row["note"].split_once("gone since "), end) {
            let source = format!("rate limit page of {date}");
            assert_eq!(deprecation.unwrap().source, Some(&*source), "{model}");
            continue;
        }
        let found = deprecation.map(|it| (it.retires.unwrap(), it.source.unwrap().to_owned()));
        assert_eq!(found.as_ref(), end, "{region} {model}");
        assert_eq!(model.retires(), end.map(|(date, _)| *date));
        assert_eq!(model.is_deprecated(), end.is_some());
    }
    let published = M::SOURCE.date.unwrap();
    let listed = listed_names(site);
    ends.retain(|name, (date, _)| *date <= published && !listed.contains(name));
    let retired = M::RETIRED.iter();
    let retired = retired.map(|it| (it.name, (it.on, it.source.unwrap().to_owned())));
    assert!(retired.eq(ends), "{region}");
    for retired in M::RETIRED {
        let Retired { name, on, .. } = retired;
        let error = name.parse::<M>().unwrap_err();
        assert_eq!(error.retired(), Some(retired));
        let prefix = format!("model `{name}` was retired on {on}");
        assert!(error.to_string().starts_with(&prefix), "{error}");
        if let Some(replacement) = retired.replacement {
            assert!(M::from_name(replacement).is_some(), "{region} {name}");
        }
    }
}

/// Returns the names and aliases on the pages of all regions of a site.
fn listed_names(site: &str) -> BTreeSet<&'static str> {
    let is_mainland = site == "mainland";
    let rows = rows(&PAGE[1]).into_iter();
    let rows = rows.filter(|row| (row["region"] == "beijing") == is_mainland);
    rows.flat_map(|row| {
        [row["name"]]
            .into_iter()
            .chain(row["aliases"].split([',', ' ']))
    })
    .collect()
}

#[test]
fn the_tables_are_the_rows_of_the_page() {
    macro_rules! check_regions {
        ($($module:ident {
            $variant:ident, $feature:literal, region: $region:literal, scope: $scope:literal, $($rest:tt)*
        })*) => {
            $(check_region::<model_studio_limits::$module::Model>($feature, $region, $scope);)*
        };
    }
    __private::regions!(check_regions);
}

#[test]
fn a_model_with_an_exact_window_has_no_limit_per_minute() {
    let per_second = |limits: Limits| {
        let mut requests = limits
            .into_iter()
            .filter(|it| it.kind == LimitKind::Requests);
        requests.any(|limit| limit.per == Some(Duration::from_secs(1)))
    };
    let mut exact = beijing::Model::ALL
        .iter()
        .filter(|it| per_second(it.limits()));
    assert!(exact.clone().count() > 0);
    assert!(exact.all(|it| it.limits().queries_per_minute().is_none()));
    let mut all = singapore::Model::ALL.iter();
    assert!(all.any(|it| it.limits().queries_per_minute().is_some()));
}

#[test]
fn properties_have_types() {
    use singapore::{Modality, Model, Thinking};

    const FIRST: Model = Model::ALL[0];
    const WINDOW: Option<u64> = FIRST.context_window();
    const INPUT: Option<&[Modality]> = FIRST.input();
    const THINKING: Option<Thinking> = FIRST.thinking();
    // The other test compares the values that are found by name with the data.
    let text = |name: &str| FIRST.property(name).map(|value| value.to_string());
    assert_eq!(WINDOW.map(|it| it.to_string()), text("context_window"));
    let input = INPUT.map(|it| it.iter().map(|it| it.as_str()).collect::<Vec<_>>());
    assert_eq!(input.map(|it| it.join(", ")), text("input"));
    assert_eq!(THINKING.map(|it| it.to_string()), text("thinking"));
    assert!(Model::ALL.iter().any(|it| it.thinking().is_some()));
}

#[test]
fn the_macro_of_a_region_can_be_used_by_its_path() {
    use beijing::model;

    const MODEL: beijing::Model = model!("qwen3.7-plus");
    assert!(matches!(MODEL, beijing::model!("qwen3.7-plus")));
}

#[test]
fn retired_and_deprecated_models_are_rejected_when_they_are_parsed() {
    let error = "qwen-max-latest".parse::<beijing::Model>().unwrap_err();
    assert_eq!(error.retired().unwrap().on, Date::new(2026, 5, 13).unwrap());
    assert_eq!(error.nearest(), None);
    let message = error.to_string();
    let expected = "model `qwen-max-latest` was retired on 2026-05-13";
    assert!(message.starts_with(expected), "{message}");
    for model in beijing::Model::ALL {
        let Some(deprecation) = model.deprecation() else {
            continue;
        };
        // The provider has postponed earlier dates.
        let is_announced = |date: &Date| Some(*date) > beijing::Model::SOURCE.date;
        let retires = deprecation.retires.filter(is_announced);
        let parts = [
            Some(format!("model `{model}` is deprecated")),
            retires.map(|date| format!(" and retires on {date}")),
            model.replacement().map(|it| format!(", use `{it}`")),
            deprecation.note.map(|note| format!("; {note}")),
        ];
        let expected: String = parts.into_iter().flatten().collect();
        let error = model.name().parse::<Active<beijing::Model>>().unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}
