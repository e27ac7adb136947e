//! What all connections of a directory share.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::ServerConfig;
use tokio::sync::watch;

use super::entries::Entries;
use super::moods::Moods;
use super::record::Record;
use super::settings::Settings;

/// How connections are protected.
#[derive(Clone, Debug)]
pub(super) enum Protection {
    None,
    StartTls(Arc<ServerConfig>),
    Ldaps(Arc<ServerConfig>),
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) entries: Mutex<Entries>,
    pub(super) settings: Mutex<Settings>,
    pub(super) moods: Mutex<Moods>,
    pub(super) record: Mutex<Record>,
    pub(super) protection: Mutex<Protection>,
    pub(super) open: AtomicUsize,
    pub(super) made: AtomicU64,
    /// Every change closes the connections of before.
    pub(super) closing: watch::Sender<u64>,
}

impl State {
    pub(super) fn close_connections(&self) {
        self.closing.send_modify(|times| *times += 1);
    }
}

/// What a test that failed left behind is as good as before: nothing is changed in two steps.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An open connection, and its number.
pub(super) struct Open {
    pub(super) number: u64,
    state: Arc<State>,
}

impl Open {
    pub(super) fn count(state: &Arc<State>) -> Self {
        state.open.fetch_add(1, Ordering::SeqCst);
        let number = state.made.fetch_add(1, Ordering::SeqCst) + 1;
        Self { number, state: state.clone() }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.state.open.fetch_sub(1, Ordering::SeqCst);
    }
}
