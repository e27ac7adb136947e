//! How much strangers can have written, and how often somebody can guess.

use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use dockgate_api::{BackendError, Call, Owner, Shelf, Store};

use crate::lockout::Place;

/// What is counted begins anew after so long.
const WINDOW: Duration = Duration::from_mins(10);
/// Codes that one network asks for in a window: an office behind one address logs in on many machines at once.
const ASKED_BY_ONE: u64 = 30;
/// Codes in a window in all.
const ASKED_BY_ALL: u64 = 10_000;
/// Codes that somebody sends in a window: ten, once typed and once confirmed. With as many pending as there can be, one of
/// two million guesses hits.
const TYPED_BY_ONE: u64 = 20;
/// Codes from one network in a window.
const TYPED_FROM_ONE: u64 = 100;

/// Too many; nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany {
    /// When it begins anew.
    pub retry_after: Duration,
}

/// What is counted.
#[derive(Clone, Copy)]
pub(super) enum Counted<'a> {
    AskedFrom(Option<IpAddr>),
    Asked,
    TypedBy(&'a Owner),
    TypedFrom(Option<IpAddr>),
}

impl Counted<'_> {
    fn most(self) -> u64 {
        match self {
            Self::AskedFrom(_) => ASKED_BY_ONE,
            Self::Asked => ASKED_BY_ALL,
            Self::TypedBy(_) => TYPED_BY_ONE,
            Self::TypedFrom(_) => TYPED_FROM_ONE,
        }
    }

    fn key(self, window: u64) -> String {
        let name = match self {
            Self::AskedFrom(from) => format!("asked:{}", bucket(from)),
            Self::Asked => "asked".to_owned(),
            Self::TypedBy(owner) => format!("typed:{}", hashed(&[&owner.link, &owner.subject])),
            Self::TypedFrom(from) => format!("typed-from:{}", bucket(from)),
        };
        format!("device:{window}:{name}")
    }
}

/// Counts one more.
///
/// # Errors
/// If it is one too many, or the store cannot be asked.
pub(super) async fn count(
    store: &dyn Store,
    cx: &Call,
    counted: Counted<'_>,
) -> Result<Result<(), TooMany>, BackendError> {
    let since = cx.now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let window = since / WINDOW.as_secs();
    let ends = (window + 1) * WINDOW.as_secs();
    let until = UNIX_EPOCH.checked_add(Duration::from_secs(ends)).unwrap_or(SystemTime::UNIX_EPOCH);
    let number = store.add(cx, Shelf::SignIns, &counted.key(window), 1, until).await?;
    Ok(if number > counted.most() {
        Err(TooMany { retry_after: Duration::from_secs(ends - since) })
    } else {
        Ok(())
    })
}

/// One of 65,536: whoever has any number of addresses makes no more counters than that.
fn bucket(from: Option<IpAddr>) -> String {
    let Some(from) = from else { return "socket".to_owned() };
    hashed(&[&Place::of(from).to_string()]).chars().take(4).collect()
}

/// A name of its own for every list of texts.
pub(super) fn hashed(texts: &[&str]) -> String {
    let whole: Vec<u8> = texts.iter().flat_map(|text| text.bytes().chain([0])).collect();
    HEXLOWER.encode(digest(&SHA256, &whole).as_ref())
}
