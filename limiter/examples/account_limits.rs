//! Follows the limits of an account without a build: reads the file that `model-studio-limits quotas`
//! writes when the program starts, and again every few minutes.
//!
//! ```sh
//! cargo run -p model-studio-limiter --example account_limits
//! ```
//!
//! Replace the file in one step, so that no half of it is read:
//! `model-studio-limits quotas > new.yaml && mv new.yaml account.yaml`

use std::collections::HashMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{env, fs, thread};

use model_studio_limiter::Account;
use model_studio_limits::{Limits, Model};
use serde::Deserialize;

/// The file, as YAML or JSON. Names of models that the table does not have are errors.
#[derive(Deserialize)]
struct Overlay {
    limits: HashMap<Model, Limits>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/account.yaml");
    let path = PathBuf::from(env::args().nth(1).unwrap_or_else(|| example.to_owned()));

    // Models that the file does not name keep the limits of the table.
    let mut builder = Account::builder();
    for (model, limits) in read(&path)? {
        builder = builder.limits(model, limits);
    }
    let account = Arc::new(builder.build());

    let followed = Arc::clone(&account);
    thread::spawn(move || {
        loop {
            thread::sleep(Duration::from_secs(300));
            if let Err(error) = update(&followed, &path) {
                eprintln!("cannot update the limits, the old ones stay: {error}");
            }
        }
    });

    for _ in 0..3 {
        let permit = account.limiter(Model::QwenPlus).blocking_acquire(1_200)?;
        // Send the request, and settle what it cost.
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

/// Replaces the limits while requests wait or run. What was used of them is still counted.
fn update(account: &Account<Model>, path: &Path) -> Result<(), Box<dyn Error>> {
    for (model, limits) in read(path)? {
        account.set_limits(model, limits);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_has_the_limits_of_the_file() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/account.yaml");
        let account = Account::new();
        let most = |model| {
            let limits = account.limiter(model).usage().limits;
            limits
                .iter()
                .map(|limit| limit.available)
                .collect::<Vec<_>>()
        };
        assert_eq!(most(Model::QwenPlus), [600, 1_000_000]);
        update(&account, &path).unwrap();
        assert_eq!(most(Model::QwenPlus), [1_000, 60_000, 500_000, 5_000_000]);
        assert_eq!(most(Model::Wan2_1T2vPlus), [5, 5]);
        assert_eq!(most(Model::QwenTurbo), [600, 5_000_000]);
    }
}
