//! Child processes, external commands and plain HTTP, every wait bounded.

pub(crate) mod command;
pub(crate) mod http;
pub(crate) mod logs;
pub(crate) mod process;
pub(crate) mod table;

use std::thread;
use std::time::{Duration, Instant};

/// Asks `ready` until it has an answer; `None` after `bound`.
pub(crate) fn poll<T>(bound: Duration, mut ready: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        if let Some(answer) = ready() {
            return Some(answer);
        }
        if start.elapsed() > bound {
            return None;
        }
        thread::sleep(Duration::from_millis(10));
    }
}
