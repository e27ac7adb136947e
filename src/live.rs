//! A value that is exchanged while it is in use.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;

/// A value that many read and now and then somebody replaces: a signing key, a configuration.
///
/// Nobody waits for anybody. Who has loaded a value keeps it, whole and unchanged, for as long as it likes; who loads
/// after a swap gets the new one. So load once per request, and use that one to its end.
pub struct Live<T>(ArcSwap<T>);

impl<T> Live<T> {
    /// Starts with a first value.
    pub fn new(first: T) -> Self {
        Self(ArcSwap::from_pointee(first))
    }

    /// The value of this moment. Costs a reference count, takes no lock, and may be held across an `await`.
    pub fn load(&self) -> Arc<T> {
        self.0.load_full()
    }

    /// Puts a new value in its place and returns the old one, which its readers may still be using.
    pub fn swap(&self, new: T) -> Arc<T> {
        self.0.swap(Arc::new(new))
    }
}

impl<T: fmt::Debug> fmt::Debug for Live<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Live").field(&self.load()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn readers_keep_what_they_loaded() {
        let live = Live::new("old".to_owned());
        let held = live.load();
        let old = live.swap("new".to_owned());
        assert_eq!((held.as_str(), old.as_str(), live.load().as_str()), ("old", "old", "new"));
        assert!(Arc::ptr_eq(&held, &old));
        drop(held);
        assert_eq!(Arc::strong_count(&old), 1, "nothing but its readers keeps an old value");
    }

    #[test]
    fn no_reader_sees_half_a_value_or_an_older_one() {
        let live = Live::new((0_u64, 0_u64));
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    let mut last = 0;
                    while !done.load(Ordering::Acquire) {
                        let value = live.load();
                        assert_eq!(value.0, value.1);
                        assert!(value.0 >= last);
                        last = value.0;
                    }
                });
            }
            for number in 1..=20_000 {
                live.swap((number, number));
            }
            done.store(true, Ordering::Release);
        });
        assert_eq!(*live.load(), (20_000, 20_000));
    }
}
