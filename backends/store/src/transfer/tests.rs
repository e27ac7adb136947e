use std::time::{Duration, SystemTime};

use dockgate_api::{Owner, Record};
use dockgate_testkit::fakes::{call, noon};
use dockgate_testkit::store::MemoryStore;

use super::*;

async fn exported(store: &Arc<MemoryStore>) -> String {
    let mut export = Export::new(store.clone());
    let mut text = String::new();
    while let Some(more) = export.more(&call()).await.unwrap() {
        text.push_str(&more);
    }
    text
}

async fn imported(store: &Arc<MemoryStore>, text: &str, at_once: usize) -> Result<Imported, ImportError> {
    let mut import = Import::new(store.clone());
    for piece in text.as_bytes().chunks(at_once) {
        import.feed(&call(), piece).await?;
    }
    import.finish(&call()).await
}

fn later(seconds: u64) -> SystemTime {
    noon() + Duration::from_secs(seconds)
}

/// More than a page on one shelf, and what is strange about a record on others.
async fn filled() -> Arc<MemoryStore> {
    let store = Arc::new(MemoryStore::new());
    for number in 0..=PAGE {
        let record = Record::new(format!("key-{number}"), noon(), vec![0, 255, 10]);
        store.put(&call(), Shelf::ApiTokens, record.owned_by(Owner::new("l", "s\n\"", "ä"))).await.unwrap();
    }
    let ending = Record::new("line\nfeed", noon(), Vec::new()).with_expires_at(later(60));
    store.put(&call(), Shelf::RefreshTokens, ending).await.unwrap();
    store.put(&call(), Shelf::Backend, Record::new("corp/x", noon(), b"x".to_vec())).await.unwrap();
    store.put(&call(), Shelf::Lockouts, Record::new("ban", noon(), b"x".to_vec())).await.unwrap();
    store.put(&call(), Shelf::SignIns, Record::new("under-way", noon(), b"x".to_vec())).await.unwrap();
    store
}

#[tokio::test]
async fn what_is_exported_is_imported_whatever_the_pieces_and_however_often() {
    let from = filled().await;
    let text = exported(&from).await;
    assert!(text.starts_with("{\"format\":\"dockgate-store\",\"version\":1}\n"), "{text}");
    assert!(text.ends_with(&format!("{{\"end\":true,\"records\":{}}}\n", PAGE + 3)));
    let to = Arc::new(MemoryStore::new());
    for at_once in [1, 7, 4096, usize::MAX] {
        let done = imported(&to, &text, at_once).await.unwrap();
        assert_eq!(done, Imported { written: PAGE as u64 + 3, expired: 0 });
        for shelf in SHELVES {
            assert_eq!(to.records(shelf), from.records(shelf), "{}", shelf.name());
        }
        assert_eq!((to.records(Shelf::Lockouts), to.records(Shelf::SignIns)), (Vec::new(), Vec::new()));
    }
}

/// What a store takes comes back from an export.
#[tokio::test]
async fn the_largest_record_is_taken_along() {
    let (from, to) = (Arc::new(MemoryStore::new()), Arc::new(MemoryStore::new()));
    let record = Record::new("large", noon(), vec![255; 1024 * 1024 - 100]);
    from.put(&call(), Shelf::Backend, record).await.unwrap();
    let text = exported(&from).await;
    assert_eq!(imported(&to, &text, 64 * 1024).await.unwrap().written, 1);
    assert_eq!(to.records(Shelf::Backend), from.records(Shelf::Backend));
}

#[tokio::test]
async fn every_shelf_is_taken_along_or_left_behind_on_purpose() {
    let left = Shelf::ALL.into_iter().filter(|shelf| !SHELVES.contains(shelf));
    assert_eq!(left.collect::<Vec<_>>(), [Shelf::Lockouts, Shelf::SignIns]);
}

#[tokio::test]
async fn a_line_that_is_wrong_is_named_and_nothing_behind_it_is_written() {
    const HEAD: &str = "{\"format\":\"dockgate-store\",\"version\":1}";
    const GOOD: &str = "{\"shelf\":\"api-tokens\",\"key\":\"a\",\"created\":1,\"value\":\"eA\"}";
    let cases = [
        (format!("{GOOD}\n"), 1, "first line"),
        ("{\"format\":\"tar\",\"version\":1}\n".to_owned(), 1, "no export"),
        ("{\"format\":\"dockgate-store\",\"version\":2}\n".to_owned(), 1, "version 2"),
        (format!("{HEAD}\n{GOOD}\nnonsense\n{GOOD}\n"), 3, "no JSON"),
        (
            format!("{HEAD}\n\n{{\"shelf\":\"attic\",\"key\":\"a\",\"created\":1,\"value\":\"\"}}\n"),
            3,
            "shelf",
        ),
        (
            format!("{HEAD}\n{{\"shelf\":\"lockouts\",\"key\":\"a\",\"created\":1,\"value\":\"\"}}\n"),
            2,
            "lockouts",
        ),
        (
            format!("{HEAD}\n{{\"shelf\":\"api-tokens\",\"key\":\"\",\"created\":1,\"value\":\"\"}}\n"),
            2,
            "`key`",
        ),
        (
            format!("{HEAD}\n{{\"shelf\":\"api-tokens\",\"key\":\"a\",\"created\":1,\"value\":\"?\"}}\n"),
            2,
            "base64",
        ),
        (
            format!(
                "{HEAD}\n{{\"shelf\":\"api-tokens\",\"key\":\"a\",\"created\":1,\"value\":\"\",\"only\":1}}\n"
            ),
            2,
            "only",
        ),
        (format!("{HEAD}\n{GOOD}\n"), 3, "cut off"),
        (format!("{HEAD}\n{GOOD}\n{{\"end\":true,\"records\":2}}\n"), 3, "2 records"),
        (format!("{HEAD}\n{HEAD}\n"), 2, "middle"),
        (format!("{HEAD}\n{{\"end\":true,\"records\":0}}\n{GOOD}\n"), 3, "behind the end"),
        (format!("{HEAD}\n{}\n", "x".repeat(LONGEST_LINE)), 2, "longer"),
        (String::new(), 1, "cut off"),
    ];
    for (text, line, words) in cases {
        let store = Arc::new(MemoryStore::new());
        let error = imported(&store, &text, 1000).await.unwrap_err();
        assert_eq!(error.line, line, "{error}");
        assert!(error.to_string().contains(words), "{error}: not {words:?}");
        assert!(store.records(Shelf::ApiTokens).len() <= 1);
    }
}

#[tokio::test]
async fn what_is_over_by_now_is_counted_and_left_out() {
    let text = "{\"format\":\"dockgate-store\",\"version\":1}\n\
                {\"shelf\":\"api-tokens\",\"key\":\"a\",\"created\":1,\"expires\":2,\"value\":\"\"}\n\
                {\"end\":true,\"records\":1}";
    let store = Arc::new(MemoryStore::new());
    assert_eq!(imported(&store, text, 5).await.unwrap(), Imported { written: 0, expired: 1 });
    assert_eq!(store.records(Shelf::ApiTokens), Vec::new());
}
