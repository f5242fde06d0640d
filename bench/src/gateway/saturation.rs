//! Sends more calls than the limits allow.

use std::io;

use super::replay::Replay;
use super::saturating_calls::{LIMITS, MEASURED, SEED, WARM_UP, calls};

pub(crate) async fn run(quick: bool) -> io::Result<()> {
    let (warm_up, measured) = if quick {
        (WARM_UP / 6, MEASURED / 10)
    } else {
        (WARM_UP, MEASURED)
    };
    let replay = Replay::start(LIMITS, calls(warm_up + measured, SEED)).await?;
    tokio::time::sleep(warm_up).await;
    let used = replay.used(measured).await;
    replay.print(used, warm_up);
    Ok(())
}
