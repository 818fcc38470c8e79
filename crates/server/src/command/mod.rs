//! The commands of the binary.

pub mod sandbox;
pub mod serve;

pub use crate::demo::{DemoArguments, run_demo};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGTERM and Ctrl-C. Made before a command says that it is up, so that none is missed after that.
pub(crate) struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    pub(crate) fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for the next one and names it.
    pub(crate) async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
