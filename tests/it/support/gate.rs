//! Something that a backend waits at: a test learns when a request is in flight, and says when it goes on.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use tokio::sync::watch;

use super::raw::PATIENCE;

/// A gate of a name. A configuration names it (`gate: NAME`); every test takes a name of its own.
pub(crate) struct Gate {
    open: watch::Sender<bool>,
    waiting: watch::Sender<usize>,
}

impl Gate {
    /// The gate of that name, closed at first.
    pub(crate) fn named(name: &str) -> Arc<Self> {
        static GATES: LazyLock<Mutex<HashMap<String, Arc<Gate>>>> = LazyLock::new(Mutex::default);
        let mut gates = GATES.lock().unwrap_or_else(PoisonError::into_inner);
        let gate = gates.entry(name.to_owned()).or_insert_with(|| {
            Arc::new(Self { open: watch::Sender::new(false), waiting: watch::Sender::new(0) })
        });
        Arc::clone(gate)
    }

    /// Lets everybody through from now on.
    pub(crate) fn open(&self) {
        self.open.send_replace(true);
    }

    /// Waits until somebody stands at the gate.
    pub(crate) fn somebody_waits(&self) {
        self.wait_for(1);
    }

    /// Waits until so many stand there.
    pub(crate) fn wait_for(&self, number: usize) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let mut waiting = self.waiting.subscribe();
        runtime.block_on(async {
            let arrived =
                tokio::time::timeout(PATIENCE, waiting.wait_for(|waiting| *waiting >= number)).await;
            arrived.expect("nobody came to the gate").unwrap();
        });
    }

    pub(super) async fn pass(&self) {
        self.waiting.send_modify(|waiting| *waiting += 1);
        self.open.subscribe().wait_for(|open| *open).await.unwrap();
    }
}
