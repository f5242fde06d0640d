//! Follows the limits of an account without building again. The program reads the file that
//! `model-studio-limits quotas` writes, when it starts and then every five minutes.
//!
//! ```sh
//! cargo run -p model-studio-limiter --example account_limits
//! ```
//!
//! To update the file, replace it in one step, so that the program never reads an incomplete one:
//! `model-studio-limits quotas > new.yaml && mv new.yaml account.yaml`

use std::collections::HashMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{env, fs, mem, thread};

use model_studio_limiter::Account;
use model_studio_limits::{Limits, Model};
use serde::Deserialize;

/// The content of the file, as YAML or JSON. An unknown model name is an error.
#[derive(Deserialize)]
struct Overlay {
    limits: HashMap<Model, Limits>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/account.yaml");
    let path = PathBuf::from(env::args().nth(1).unwrap_or_else(|| example.to_owned()));

    let account = Arc::new(Account::new());
    let mut current = HashMap::new();
    update(&account, &mut current, read(&path)?);

    let followed = Arc::clone(&account);
    thread::spawn(move || {
        loop {
            thread::sleep(Duration::from_secs(300));
            match read(&path) {
                Ok(overlay) => update(&followed, &mut current, overlay),
                Err(error) => eprintln!("cannot update the limits, the old ones stay: {error}"),
            }
        }
    });

    for _ in 0..3 {
        let permit = account.limiter(Model::QwenPlus).blocking_acquire(1_200)?;
        // Send the request here, and settle its actual cost.
        permit.settle(950);
    }
    for limit in account.limiter(Model::QwenPlus).usage().limits {
        println!("{} used of {}", limit.used, limit.limit);
    }
    Ok(())
}

fn read(path: &Path) -> Result<HashMap<Model, Limits>, Box<dyn Error>> {
    let overlay: Overlay = serde_yaml::from_str(&fs::read_to_string(path)?)?;
    Ok(overlay.limits)
}

/// Replaces the limits while requests wait or run. Earlier usage still counts.
///
/// `current` is the overlay that the account followed until now. Models that are only in that overlay
/// get the limits of the table back.
fn update(
    account: &Account<Model>,
    current: &mut HashMap<Model, Limits>,
    overlay: HashMap<Model, Limits>,
) {
    let old = mem::replace(current, overlay);
    for model in old.keys().chain(current.keys()) {
        account.set_limits(*model, limits(*model, current));
    }
}

/// Returns the limits of the table with those of the overlay, as if the table was generated with it.
fn limits(model: Model, overlay: &HashMap<Model, Limits>) -> Limits {
    // A pool has one entry, for any of its models.
    let is_same_pool = |other: Model| model.pool().is_some() && other.pool() == model.pool();
    let entry = overlay
        .iter()
        .find(|(other, _)| **other == model || is_same_pool(**other));
    match entry {
        Some((_, limits)) => model.limits().with_overlay(*limits),
        None => model.limits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the counts of the limits of a model.
    fn counts(account: &Account<Model>, model: Model) -> Vec<u64> {
        let limits = account.limiter(model).usage().limits;
        limits.iter().map(|limit| limit.limit.count.get()).collect()
    }

    fn overlay(yaml: &str) -> HashMap<Model, Limits> {
        serde_yaml::from_str::<Overlay>(yaml).unwrap().limits
    }

    #[test]
    fn the_account_has_the_limits_of_the_file() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/account.yaml");
        let account = Account::new();
        assert_eq!(counts(&account, Model::QwenPlus), [600, 1_000_000]);
        update(&account, &mut HashMap::new(), read(&path).unwrap());
        assert_eq!(
            counts(&account, Model::QwenPlus),
            [1_000, 60_000, 500_000, 5_000_000]
        );
        assert_eq!(counts(&account, Model::Wan2_1T2vPlus), [5, 5]);
        assert_eq!(counts(&account, Model::QwenTurbo), [600, 5_000_000]);
    }

    #[test]
    fn limits_that_the_file_does_not_name_stay_those_of_the_table() {
        let account = Account::new();
        let overlay = overlay("limits: { qwen-plus: { qpm: 7 }, qwen-max: none }");
        update(&account, &mut HashMap::new(), overlay);
        assert_eq!(counts(&account, Model::QwenPlus), [7, 1_000_000]);
        assert!(counts(&account, Model::QwenMax).is_empty());
    }

    #[test]
    fn a_model_that_is_removed_from_the_file_has_the_limits_of_the_table_again() {
        let account = Account::new();
        let mut current = HashMap::new();
        update(
            &account,
            &mut current,
            overlay("limits: { qwen-plus: { qpm: 7, tpm: 8 }, qwen-max: { qpm: 7 } }"),
        );
        update(
            &account,
            &mut current,
            overlay("limits: { qwen-max: { tpm: 9 } }"),
        );
        assert_eq!(counts(&account, Model::QwenPlus), [600, 1_000_000]);
        assert_eq!(counts(&account, Model::QwenMax), [600, 9]);
    }
}
