//! What the system tells the process.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Counts signals from the moment it is made.
#[derive(Clone)]
pub(crate) struct Signals {
    stop: watch::Receiver<u32>,
    hang_up: watch::Receiver<u32>,
}

impl Signals {
    /// Begins to listen for SIGTERM, SIGINT and SIGHUP. Made before anything is started, so that no signal is lost, and
    /// that one to reload does not end a server that is starting.
    pub(crate) fn listen() -> Self {
        Self {
            stop: counted(&[SignalKind::terminate(), SignalKind::interrupt()]),
            hang_up: counted(&[SignalKind::hangup()]),
        }
    }

    /// Ready after the process was told so often to stop.
    pub(crate) async fn stop(&self, times: u32) {
        let mut stop = self.stop.clone();
        if stop.wait_for(|count| *count >= times).await.is_err() {
            // Nobody can tell any more.
            std::future::pending::<()>().await;
        }
    }

    /// Ready when somebody asked for a reload since the last time.
    pub(crate) async fn hang_up(&mut self) {
        if self.hang_up.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

fn counted(kinds: &[SignalKind]) -> watch::Receiver<u32> {
    let (count, counted) = watch::channel(0);
    for kind in kinds {
        match signal(*kind) {
            Err(error) => tracing::error!(%error, "cannot listen for a signal"),
            Ok(mut stream) => {
                let count = count.clone();
                tokio::spawn(async move {
                    while stream.recv().await.is_some() {
                        count.send_modify(|count| *count += 1);
                    }
                });
            }
        }
    }
    counted
}
