//! A value that is swapped while others read it.

use std::sync::Arc;

use arc_swap::ArcSwap;

/// A value that is swapped atomically: who has loaded it keeps what it was, who loads it next gets what it is.
#[derive(Debug)]
pub struct Live<T>(ArcSwap<T>);

impl<T> Live<T> {
    /// Begins with a value.
    pub fn new(value: T) -> Self {
        Self(ArcSwap::from_pointee(value))
    }

    /// What it is now.
    pub fn load(&self) -> Arc<T> {
        self.0.load_full()
    }

    /// From now on it is this.
    pub fn swap(&self, value: T) {
        self.0.store(Arc::new(value));
    }
}
