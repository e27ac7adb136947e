//! The system's events, boiled down to two facts: something happened, and whether it named one of the files.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use notify::event::{EventKind, ModifyKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;

use super::look::DirectoryId;

/// Events of some directories. However many come, they take no more room than one.
pub(super) struct Events {
    system: Option<RecommendedWatcher>,
    shared: Arc<Shared>,
    refused: bool,
}

#[derive(Debug, Default)]
struct Shared {
    happened: Notify,
    named: AtomicBool,
    /// A watched directory went away: the system forgets its watch, even if another takes its name at once.
    lost: AtomicBool,
    file_names: BTreeSet<OsString>,
    watched: Mutex<BTreeMap<PathBuf, DirectoryId>>,
}

impl Shared {
    fn take(&self, event: notify::Result<Event>) {
        match event {
            // Reading a file is such an event, so that each look would lead to the next.
            Ok(Event { kind: EventKind::Access(_), .. }) => return,
            Ok(event) => {
                // By name alone: the same directory may be watched under two paths and is reported under one.
                let named = event.paths.iter().filter_map(|path| path.file_name());
                if named.into_iter().any(|name| self.file_names.contains(name)) {
                    self.named.store(true, Ordering::Release);
                }
                let leaves =
                    matches!(event.kind, EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)));
                let watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
                if leaves && event.paths.iter().any(|path| watched.contains_key(path)) {
                    self.lost.store(true, Ordering::Release);
                }
            }
            // Events were lost, perhaps: worth a look.
            Err(_) => self.named.store(true, Ordering::Release),
        }
        self.happened.notify_one();
    }
}

impl Events {
    /// Events that can name these files.
    pub(super) fn of_the_system(paths: &[PathBuf]) -> Self {
        let file_names = paths.iter().filter_map(|path| path.file_name()).map(OsString::from).collect();
        let shared = Arc::new(Shared { file_names, ..Shared::default() });
        let sink = Arc::clone(&shared);
        let mut events = Self { system: None, shared, refused: false };
        match notify::recommended_watcher(move |event| sink.take(event)) {
            Ok(system) => events.system = Some(system),
            Err(error) => events.say_refused(&error),
        }
        events
    }

    /// No events at all.
    #[cfg(test)]
    pub(super) fn none() -> Self {
        Self { system: None, shared: Arc::new(Shared::default()), refused: false }
    }

    /// Tells whether anybody still waits for events, the thread that the system's come through too.
    #[cfg(test)]
    pub(super) fn held(&self) -> impl Fn() -> bool + 'static {
        let shared = Arc::downgrade(&self.shared);
        move || shared.strong_count() > 0
    }

    /// Ready when something happened since the last call.
    pub(super) async fn happened(&self) {
        self.shared.happened.notified().await;
    }

    /// Whether an event named one of the files since [`Events::forget_named`].
    pub(super) fn named_a_file(&self) -> bool {
        self.shared.named.load(Ordering::Acquire)
    }

    pub(super) fn forget_named(&self) {
        self.shared.named.store(false, Ordering::Release);
    }

    /// Watches these directories and no others. Returns whether one came in.
    pub(super) fn watch(&mut self, wanted: &BTreeMap<PathBuf, Option<DirectoryId>>) -> bool {
        let Some(system) = &mut self.system else { return false };
        let lost = self.shared.lost.swap(false, Ordering::AcqRel);
        let before = self.shared.watched.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut now = BTreeMap::new();
        for (directory, id) in &before {
            if !lost && wanted.get(directory) == Some(&Some(*id)) {
                now.insert(directory.clone(), *id);
            } else {
                // An error says that the system has forgotten it already.
                let _ = system.unwatch(directory);
            }
        }
        let (mut added, mut refusal) = (false, None);
        for (directory, id) in wanted {
            let Some(id) = *id else { continue };
            if now.contains_key(directory) {
                continue;
            }
            match system.watch(directory, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    added = true;
                    now.insert(directory.clone(), id);
                }
                Err(error) => refusal = Some(error),
            }
        }
        *self.shared.watched.lock().unwrap_or_else(PoisonError::into_inner) = now;
        if let Some(error) = refusal {
            self.say_refused(&error);
        }
        added
    }

    fn say_refused(&mut self, error: &notify::Error) {
        if !self.refused {
            self.refused = true;
            tracing::warn!(
                %error,
                "the system does not watch files for us: changes are seen later, by looking now and then; on Linux \
                 fs.inotify.max_user_instances and max_user_watches set the limits"
            );
        }
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events")
            .field("shared", &self.shared)
            .field("refused", &self.refused)
            .finish_non_exhaustive()
    }
}
