//! A thread that only talks to other servers.
//!
//! What a server sends is parsed as fast as it comes: one that sends without end would keep a thread from the clients'
//! requests, and their deadlines from being seen.

use std::io;
use std::sync::{Arc, OnceLock};

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Runs exchanges beside everything else. The thread begins with the first of them, and ends when nobody holds this any
/// more. A clone is the same.
#[derive(Clone, Default)]
pub(super) struct Apart(Arc<OnceLock<Thread>>);

struct Thread {
    runtime: Handle,
    /// Dropped with this: then the thread ends.
    _end: oneshot::Sender<()>,
}

/// An exchange that nobody waits for any more is given up.
pub(super) struct Exchange<T>(JoinHandle<T>);

impl Apart {
    /// Starts an exchange.
    ///
    /// # Errors
    /// If there can be no thread for it.
    pub(super) fn start<T: Send + 'static>(
        &self,
        exchange: impl Future<Output = T> + Send + 'static,
    ) -> io::Result<Exchange<T>> {
        let thread = if let Some(thread) = self.0.get() {
            thread
        } else {
            let begun = Thread::begin()?;
            // Of two that begin at once one goes again.
            self.0.get_or_init(|| begun)
        };
        Ok(Exchange(thread.runtime.spawn(exchange)))
    }
}

impl Thread {
    fn begin() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (end, ended) = oneshot::channel::<()>();
        let handle = runtime.handle().clone();
        let work = move || {
            let _ = runtime.block_on(ended);
            // A name that is being looked up is not waited for.
            runtime.shutdown_background();
        };
        std::thread::Builder::new().name("outbound".to_owned()).spawn(work)?;
        Ok(Self { runtime: handle, _end: end })
    }
}

impl<T> Exchange<T> {
    /// What it came to; nothing if the thread ended before.
    pub(super) async fn result(mut self) -> Option<T> {
        (&mut self.0).await.ok()
    }
}

impl<T> Drop for Exchange<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
