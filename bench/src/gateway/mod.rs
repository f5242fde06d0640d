//! Measures the gateway, and compares it with other proxies.

mod estimates;
mod http;
mod hyper_proxy;
mod install;
mod load;
mod overhead;
mod peers;
mod process;
mod provider;
mod replay;
mod saturating_calls;
mod saturation;
mod trace;

use std::io;
use std::process::exit;

use tokio::runtime;
use tokio::task::LocalSet;

/// Compares what proxies add to calls.
pub(crate) fn overhead(quick: bool) {
    block_on(overhead::run(quick));
}

/// Sends more calls than the limits allow.
pub(crate) fn saturation(quick: bool) {
    block_on(saturation::run(quick));
}

/// Simulates more calls than the limits allow.
pub(crate) fn estimates(quick: bool) {
    estimates::run(quick);
}

/// Sends recorded calls.
pub(crate) fn trace(quick: bool) {
    block_on(trace::run(quick));
}

/// Runs the process that stands in for the provider.
pub(crate) fn provide() {
    block_on(provider::serve());
}

/// Runs the proxy that only passes calls on to the provider with this address.
pub(crate) fn pass_on(provider: &str) {
    let runtime = runtime::Builder::new_multi_thread().enable_all().build();
    let provider = provider.parse().map_err(io::Error::other);
    let served = runtime.and_then(|runtime| runtime.block_on(hyper_proxy::serve(provider?)));
    exit_on_error(served);
}

fn block_on(program: impl Future<Output = io::Result<()>>) {
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let result = runtime.and_then(|runtime| LocalSet::new().block_on(&runtime, program));
    exit_on_error(result);
}

fn exit_on_error(result: io::Result<()>) {
    if let Err(error) = result {
        eprintln!("error: {error}");
        exit(1);
    }
}
