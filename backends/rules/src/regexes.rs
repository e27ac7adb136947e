//! Compiled regexes that rules share.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use quick_cache::sync::Cache;
use regex::{Regex, RegexBuilder};

use crate::bindings::MatchError;

/// The largest automaton, in bytes. Go's limits are in the same range.
const SIZE_LIMIT: usize = 4 << 20;
/// Above what the translation nests by itself; see the depth limit there.
const NEST_LIMIT: u32 = 1000;

/// The compiled regexes of one set of rules: one per set, shared by all its templates.
///
/// Regexes compile at their first use. A bounded number of those without variables stays for good; the others, and all
/// that hold a request's values, live in a bounded cache.
#[derive(Debug)]
pub struct Regexes {
    cache: Cache<String, Option<Arc<Regex>>>,
    pins: AtomicUsize,
}

impl Default for Regexes {
    /// Room for 1,024 cached regexes besides 10,000 that stay.
    fn default() -> Self {
        Self::new(1024, 10_000)
    }
}

impl Regexes {
    /// Room for `cached` regexes, and for `pinned` ones without variables that stay once compiled.
    pub fn new(cached: usize, pinned: usize) -> Self {
        Self { cache: Cache::new(cached), pins: AtomicUsize::new(pinned) }
    }

    /// Takes one of the places for regexes that stay.
    pub(crate) fn pin(&self) -> bool {
        self.pins.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }

    pub(crate) fn compiled(&self, source: &str) -> Result<Arc<Regex>, MatchError> {
        let made = self.cache.get_or_insert_with(source, || Ok::<_, MatchError>(compile(source).ok()));
        made?.ok_or(MatchError::TooLarge)
    }
}

/// Compiles a translated source. It can only fail by its size.
pub(crate) fn compile(source: &str) -> Result<Arc<Regex>, MatchError> {
    let built = RegexBuilder::new(source).size_limit(SIZE_LIMIT).nest_limit(NEST_LIMIT).build();
    built.map(Arc::new).map_err(|_| MatchError::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_is_bounded() {
        let regexes = Regexes::new(10, 0);
        for i in 0..1000 {
            regexes.compiled(&format!("a{i}")).unwrap();
        }
        assert!(regexes.cache.len() <= 10, "{}", regexes.cache.len());
    }

    #[test]
    fn pins_run_out() {
        let regexes = Regexes::new(10, 2);
        assert_eq!([regexes.pin(), regexes.pin(), regexes.pin()], [true, true, false]);
    }

    #[test]
    fn too_large_is_an_error_each_time() {
        let regexes = Regexes::default();
        for _ in 0..2 {
            assert_eq!(regexes.compiled(r"(?:\p{L}{100}){10}").unwrap_err(), MatchError::TooLarge);
        }
    }
}
