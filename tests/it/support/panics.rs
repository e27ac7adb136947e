//! Panics on the threads of a server, which its clients may never see.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, Once, PoisonError};

static SEEN: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);

/// A new name for a server's threads; from now on a panic on one of them is remembered.
pub(super) fn watched_threads() -> String {
    static HOOK: Once = Once::new();
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if let Some(name) = std::thread::current().name() {
                SEEN.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned());
            }
            before(panic);
        }));
    });
    format!("server-{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// Whether there was a panic on a thread of that name.
pub(super) fn happened_on(name: &str) -> bool {
    SEEN.lock().unwrap_or_else(PoisonError::into_inner).contains(name)
}
