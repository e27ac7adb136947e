//! Values in parts, from a server that does not do as it should.

use std::sync::Mutex;

use dockgate_api::{BackendError, Call, async_trait};
use dockgate_testkit::fakes::call;

use super::super::complete;
use crate::directory::Searcher;
use crate::entry::Entry;
use crate::wire::{Found, Scope, Search};

/// Answers what it is told, and keeps what it is asked.
struct Told {
    answer: Box<dyn Fn(u64) -> Option<(String, usize)> + Send + Sync>,
    asked: Mutex<Vec<String>>,
}

impl Told {
    /// For the range from a number: its description and how many values it has; none for no such entry.
    fn new(answer: impl Fn(u64) -> Option<(String, usize)> + Send + Sync + 'static) -> Self {
        Self { answer: Box::new(answer), asked: Mutex::default() }
    }
}

#[async_trait]
impl Searcher for Told {
    async fn search(&self, _cx: &Call, search: &Search) -> Result<Found, BackendError> {
        assert_eq!((search.base.as_str(), search.scope), ("cn=alice", Scope::Base));
        let [asked] = &*search.attributes else { panic!("one part is asked for: {search:?}") };
        self.asked.lock().unwrap().push(asked.clone());
        let range = asked.strip_prefix("memberOf;range=").and_then(|range| range.strip_suffix("-*")).unwrap();
        let from: u64 = range.parse().unwrap();
        let entries = (self.answer)(from).map(|(description, count)| entry(&description, from, count));
        Ok(Found { entries: entries.into_iter().collect(), ..Found::default() })
    }
}

fn entry(description: &str, from: u64, count: usize) -> Entry {
    let mut entry = Entry::new("cn=alice");
    entry.add(description, (from..).take(count).map(|number| format!("cn={number}").into_bytes()));
    entry
}

async fn completed(first: &str, count: usize, told: &Told) -> Result<Entry, String> {
    let mut alice = entry(first, 0, count);
    alice.add("cn", [b"alice".to_vec()]);
    let attributes = ["cn".to_owned(), "memberOf".to_owned()];
    complete(&call(), told, &mut alice, &attributes).await.map_err(|error| error.to_string())?;
    Ok(alice)
}

#[tokio::test]
async fn all_parts_come_to_one_attribute() {
    let told = Told::new(|from| match from {
        3 => Some(("MemberOf;Range=3-4".to_owned(), 2)),
        5 => Some(("memberOf;range=5-*".to_owned(), 1)),
        _ => None,
    });
    let alice = completed("memberOf;range=0-2", 3, &told).await.unwrap();
    let values: Vec<_> = alice.texts("memberOf").collect();
    assert_eq!(values, ["cn=0", "cn=1", "cn=2", "cn=3", "cn=4", "cn=5"]);
    assert_eq!(alice.iter().map(|(description, _)| description).collect::<Vec<_>>(), ["cn", "memberOf"]);
    assert_eq!(*told.asked.lock().unwrap(), ["memberOf;range=3-*", "memberOf;range=5-*"]);
}

#[tokio::test]
async fn what_is_whole_is_left_alone() {
    let told = Told::new(|_| panic!("nothing is to be asked"));
    let whole = completed("memberOf", 3, &told).await.unwrap();
    assert_eq!(whole.values("memberOf").len(), 3);
    let one_part = completed("memberOf;range=0-*", 3, &told).await.unwrap();
    assert_eq!(one_part.values("memberOf").len(), 3);
}

#[tokio::test]
async fn parts_that_do_not_come_to_an_end_are_an_error() {
    let range = |from: u64, to: &str| Some((format!("memberOf;range={from}-{to}"), 1));
    for (told, why) in [
        (Told::new(move |_| range(0, "1")), "0 was the first of the one from 3"),
        (Told::new(move |from| range(from + 1, "*")), "4 was the first of the one from 3"),
        (Told::new(move |from| range(from, "0")), "is empty"),
        (Told::new(move |from| Some((format!("memberOf;range={from}-{from}"), 0))), "is empty"),
        (Told::new(move |from| range(from, &from.to_string())), "in more than 1000"),
        (Told::new(move |from| range(from, &u64::MAX.to_string())), "without end"),
        (Told::new(move |_| range(3, "x")), "no range"),
        (Told::new(|_| Some(("memberOf".to_owned(), 1))), "there is none from 3"),
        (Told::new(|_| Some(("memberOf;range=".to_owned(), 1))), "no range"),
        (Told::new(|_| None), "the entry was gone"),
        (
            Told::new(|from| Some((format!("memberOf;range={from}-{}", from + 60_000), 60_001))),
            "more than 100000",
        ),
    ] {
        let error = completed("memberOf;range=0-2", 3, &told).await.unwrap_err();
        assert!(error.contains(why) && error.contains("cn=alice"), "{why}: {error}");
        assert!(told.asked.lock().unwrap().len() <= 1_000);
    }
}
