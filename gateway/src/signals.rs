//! Handles signals.

use std::io;

use model_studio_gateway::Handle;
use model_studio_gateway::config::{Config, Source};
use tokio::signal;
use tracing::{error, info, warn};

/// The signals that were received since this was created.
pub(crate) struct Signals {
    #[cfg(unix)]
    hangup: signal::unix::Signal,
    #[cfg(unix)]
    interrupt: signal::unix::Signal,
    #[cfg(unix)]
    terminate: signal::unix::Signal,
}

impl Signals {
    /// Receives signals from now on, instead of being ended by them.
    #[cfg(unix)]
    pub(crate) fn new() -> io::Result<Self> {
        use signal::unix::{SignalKind, signal};

        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits until the gateway is to stop: for SIGINT, as after Ctrl+C, or SIGTERM. Until then, reads the
    /// configuration again after each SIGHUP. If it has an error, nothing changes.
    #[cfg(unix)]
    pub(crate) async fn stop(mut self, source: Source, mut running: Config, handle: Handle) {
        loop {
            tokio::select! {
                _ = self.interrupt.recv() => return info!("stopping after SIGINT"),
                _ = self.terminate.recv() => return info!("stopping after SIGTERM"),
                _ = self.hangup.recv() => reload(&source, &mut running, &handle),
            }
        }
    }

    #[cfg(not(unix))]
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {})
    }

    /// Waits until the gateway is to stop: for Ctrl+C.
    #[cfg(not(unix))]
    pub(crate) async fn stop(self, _: Source, _: Config, _: Handle) {
        _ = signal::ctrl_c().await;
        info!("stopping after Ctrl+C");
    }
}

#[cfg(unix)]
fn reload(source: &Source, running: &mut Config, handle: &Handle) {
    let reloaded = match source.reload(running) {
        Ok(reloaded) => reloaded,
        Err(error) => {
            return error!("the configuration is invalid, so it stays as it was: {error}");
        }
    };
    for key in reloaded.unchanged {
        warn!("the new value of `{key}` takes effect after a restart");
    }
    match handle.reload(reloaded.config.clone()) {
        Ok(()) => {
            *running = reloaded.config;
            info!("the configuration was read again");
        }
        Err(error) => error!("the configuration stays as it was: {error}"),
    }
}
