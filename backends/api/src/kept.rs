//! What backends keep beyond one configuration.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

type Known = HashMap<(TypeId, String), Weak<dyn Any + Send + Sync>>;

/// Things that outlive a configuration for as long as a backend of the next one asks for them while it is built beside
/// the old one: breakers, what runs now. What no backend holds any more is gone.
#[derive(Default)]
pub struct Kept(Mutex<Known>);

impl Kept {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The thing of this type and name, made if nobody holds one.
    pub fn get<T: Any + Send + Sync>(&self, name: &str, make: impl FnOnce() -> T) -> Arc<T> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, held| held.strong_count() > 0);
        let key = (TypeId::of::<T>(), name.to_owned());
        let held = known.get(&key).and_then(Weak::upgrade);
        if let Some(thing) = held.and_then(|held| held.downcast::<T>().ok()) {
            return thing;
        }
        let made = Arc::new(make());
        let held: Arc<dyn Any + Send + Sync> = Arc::clone(&made) as _;
        known.insert(key, Arc::downgrade(&held));
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_holds_is_the_same_and_what_nobody_holds_is_gone() {
        let kept = Kept::new();
        let first = kept.get("corp", || 1_u32);
        assert!(Arc::ptr_eq(&first, &kept.get("corp", || 2)));
        assert_eq!(*kept.get("lab", || 3_u32), 3, "another name");
        assert_eq!(*kept.get("corp", || 4_u64), 4, "another type");
        drop(first);
        assert_eq!(*kept.get("corp", || 5_u32), 5);
        assert_eq!(kept.0.lock().unwrap().len(), 1);
    }
}
