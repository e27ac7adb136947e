//! One broken store for every rule: a suite that finds nothing proves nothing.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use dockgate_api::{Owner, async_trait};

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn the_store_in_memory_keeps_the_contract() {
    let store = Arc::new(MemoryStore::new());
    let report = conformance(store.clone()).await;
    for rule in rules::ALL {
        assert!(report.ran(&rule), "{} was not tried", rule.name);
    }
    let left: usize = Shelf::ALL.into_iter().map(|shelf| store.records(shelf).len()).sum();
    assert_eq!(left, 0, "the suite takes away what it wrote");
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    PanicsOnLongValues,
    Hangs,
    Fails,
    ForgetsPut,
    FindsOtherCase,
    TrimsKeys,
    CutsValues,
    CutsTimes,
    ReplacesNothing,
    DeniesReplacing,
    TakesAndKeeps,
    TakesForMany,
    ReturnsByReplace,
    NeverExpires,
    ExpiresByItsClock,
    ExpiresLate,
    ListsOver,
    ListsAnyAccount,
    JoinsOwners,
    CountsBeforeAsUntil,
    KeepsOldOwners,
    SkipsAtPageEnds,
    NeverEnds,
    TooLongPages,
    OverflowsLimit,
    OrdersByTime,
    OffsetCursors,
    UnfilteredAfterCursors,
    PanicsOnCursors,
    AddReturnsOld,
    AddMovesEnd,
    CountersNeverEnd,
    LosesAdds,
    ResetsNothing,
    ResetKeepsEnd,
    CountersAreRecords,
    OneShelf,
    LateAnswersLie,
    MixesUpUnderLoad,
    SaysItIsDown,
}

/// Each flaw, and a rule that it breaks.
const FLAWS: [(Flaw, Rule); 41] = [
    (Flaw::PanicsOnLongValues, rules::NO_PANIC),
    (Flaw::Hangs, rules::PROMPT),
    (Flaw::Fails, rules::NO_ERROR),
    (Flaw::ForgetsPut, rules::PUT),
    (Flaw::FindsOtherCase, rules::ABSENT),
    (Flaw::TrimsKeys, rules::ABSENT),
    (Flaw::CutsValues, rules::FIELDS),
    (Flaw::CutsTimes, rules::FIELDS),
    (Flaw::ReplacesNothing, rules::REPLACE),
    (Flaw::DeniesReplacing, rules::REPLACE),
    (Flaw::TakesAndKeeps, rules::TAKE),
    (Flaw::TakesForMany, rules::TAKE_ONCE),
    (Flaw::ReturnsByReplace, rules::NO_RETURN),
    (Flaw::NeverExpires, rules::EXPIRES),
    (Flaw::ExpiresByItsClock, rules::EXPIRES),
    (Flaw::ExpiresLate, rules::EXPIRES),
    (Flaw::ListsOver, rules::EXPIRES),
    (Flaw::ListsAnyAccount, rules::FILTERS),
    (Flaw::JoinsOwners, rules::FILTERS),
    (Flaw::CountsBeforeAsUntil, rules::CREATED_BEFORE),
    (Flaw::KeepsOldOwners, rules::OWNERS),
    (Flaw::SkipsAtPageEnds, rules::PAGES),
    (Flaw::NeverEnds, rules::PAGES),
    (Flaw::TooLongPages, rules::PAGES),
    (Flaw::TooLongPages, rules::LIMITS),
    (Flaw::OverflowsLimit, rules::LIMITS),
    (Flaw::OrdersByTime, rules::PAGES_APART),
    (Flaw::OffsetCursors, rules::PAGES_APART),
    (Flaw::UnfilteredAfterCursors, rules::CURSORS),
    (Flaw::PanicsOnCursors, rules::NO_PANIC),
    (Flaw::AddReturnsOld, rules::ADD_UP),
    (Flaw::AddMovesEnd, rules::ADD_END),
    (Flaw::CountersNeverEnd, rules::ADD_END),
    (Flaw::LosesAdds, rules::ADD_ALL),
    (Flaw::ResetsNothing, rules::RESET),
    (Flaw::ResetKeepsEnd, rules::RESET),
    (Flaw::CountersAreRecords, rules::COUNTERS_APART),
    (Flaw::OneShelf, rules::SHELVES),
    (Flaw::LateAnswersLie, rules::LATE),
    (Flaw::MixesUpUnderLoad, rules::CONCURRENT),
    (Flaw::SaysItIsDown, rules::HEALTH),
];

/// On a clock that leaps over waiting, so that a hang is found at once.
#[tokio::test(start_paused = true)]
async fn every_rule_can_be_broken() {
    let mut unnoticed = Vec::new();
    for (flaw, rule) in FLAWS {
        let model = Model {
            flaw,
            inner: MemoryStore::new(),
            over: Mutex::default(),
            owners: Mutex::default(),
            busy: AtomicBool::default(),
        };
        let report = check(Arc::new(model)).await;
        if !report.is_broken(&rule) {
            let mut broken: Vec<_> = report.broken.iter().map(|broken| broken.rule.name).collect();
            broken.dedup();
            unnoticed.push(format!("{flaw:?} does not break {}, but {broken:?}", rule.name));
        }
    }
    assert!(unnoticed.is_empty(), "{}", unnoticed.join("\n"));
    for rule in rules::ALL {
        assert!(FLAWS.iter().any(|(_, broken)| *broken == rule), "no flaw breaks {}", rule.name);
    }
}

struct Model {
    flaw: Flaw,
    inner: MemoryStore,
    over: Mutex<BTreeMap<String, SystemTime>>,
    owners: Mutex<BTreeMap<String, Owner>>,
    busy: AtomicBool,
}

impl Model {
    fn is(&self, flaw: Flaw) -> bool {
        self.flaw == flaw
    }

    fn shelf(&self, shelf: Shelf) -> Shelf {
        if self.is(Flaw::OneShelf) { Shelf::Backend } else { shelf }
    }

    fn key(&self, key: &str) -> String {
        match self.flaw {
            Flaw::FindsOtherCase => key.to_lowercase(),
            Flaw::TrimsKeys => key.trim().to_owned(),
            _ => key.to_owned(),
        }
    }

    /// The call as the flaw sees it.
    fn call(&self, cx: &Call) -> Call {
        match self.flaw {
            Flaw::NeverExpires => call_at(SystemTime::UNIX_EPOCH),
            Flaw::ExpiresByItsClock => call_at(noon() + HOUR + HOUR),
            Flaw::ExpiresLate => call_at(cx.now() - TICK),
            _ => cx.clone(),
        }
    }

    fn changed(&self, mut record: Record) -> Record {
        record.key = self.key(&record.key);
        match self.flaw {
            Flaw::CutsValues => record.value.truncate(65_535),
            Flaw::CutsTimes => {
                let seconds = record.created_at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
                record.created_at = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            }
            Flaw::KeepsOldOwners => {
                let mut owners = self.owners.lock().unwrap();
                if let Some(owner) = &record.owner {
                    owners.entry(record.key.clone()).or_insert_with(|| owner.clone());
                }
            }
            Flaw::PanicsOnLongValues => assert!(record.value.len() < 60_000, "too long"),
            _ => {}
        }
        record
    }

    async fn yields(&self) {
        tokio::task::yield_now().await;
        tokio::time::sleep(TICK).await;
    }
}

#[async_trait]
impl Store for Model {
    async fn put(&self, cx: &Call, shelf: Shelf, record: Record) -> Result<(), BackendError> {
        if cx.remaining().is_zero() && self.is(Flaw::LateAnswersLie) {
            return Ok(());
        }
        if self.is(Flaw::Hangs) && record.value.is_empty() {
            std::future::pending::<()>().await;
        }
        if self.is(Flaw::Fails) && record.value.is_empty() {
            return Err(BackendError::Unavailable("no empty values".to_owned()));
        }
        if self.is(Flaw::ForgetsPut) && self.inner.get(cx, shelf, &record.key).await?.is_some() {
            return Ok(());
        }
        let record = self.changed(record);
        self.inner.put(cx, self.shelf(shelf), record).await
    }

    async fn replace(&self, cx: &Call, shelf: Shelf, record: Record) -> Result<bool, BackendError> {
        let cx = &self.call(cx);
        match self.flaw {
            Flaw::ReplacesNothing => {
                self.inner.put(cx, shelf, record).await?;
                return Ok(true);
            }
            Flaw::DeniesReplacing => {
                self.inner.replace(cx, shelf, record).await?;
                return Ok(false);
            }
            Flaw::ReturnsByReplace => {
                let there = self.inner.get(cx, shelf, &record.key).await?.is_some();
                self.yields().await;
                if there {
                    self.inner.put(cx, shelf, record).await?;
                }
                return Ok(there);
            }
            _ => {}
        }
        let record = self.changed(record);
        self.inner.replace(cx, self.shelf(shelf), record).await
    }

    async fn get(&self, cx: &Call, shelf: Shelf, key: &str) -> Result<Option<Record>, BackendError> {
        if cx.remaining().is_zero() && self.is(Flaw::LateAnswersLie) {
            return Ok(None);
        }
        if self.is(Flaw::MixesUpUnderLoad) {
            if self.busy.swap(true, Ordering::SeqCst) {
                return Ok(None);
            }
            self.yields().await;
            self.busy.store(false, Ordering::SeqCst);
        }
        let cx = &self.call(cx);
        let found = self.inner.get(cx, self.shelf(shelf), &self.key(key)).await?;
        if found.is_none() && self.is(Flaw::CountersAreRecords) {
            let counted = self.over.lock().unwrap().contains_key(key);
            return Ok(counted.then(|| Record::new(key, cx.now(), Vec::new())));
        }
        Ok(found)
    }

    async fn take(&self, cx: &Call, shelf: Shelf, key: &str) -> Result<Option<Record>, BackendError> {
        let cx = &self.call(cx);
        let (shelf, key) = (self.shelf(shelf), &*self.key(key));
        match self.flaw {
            Flaw::TakesAndKeeps => self.inner.get(cx, shelf, key).await,
            Flaw::TakesForMany => {
                let found = self.inner.get(cx, shelf, key).await;
                self.yields().await;
                self.inner.take(cx, shelf, key).await?;
                found
            }
            _ => self.inner.take(cx, shelf, key).await,
        }
    }

    async fn list(
        &self,
        cx: &Call,
        shelf: Shelf,
        filter: &Filter,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, BackendError> {
        let shelf = self.shelf(shelf);
        let mut wanted = filter.clone();
        let cx = &if self.is(Flaw::ListsOver) { call_at(SystemTime::UNIX_EPOCH) } else { self.call(cx) };
        let all = |filter: Filter| async move {
            self.inner.list(cx, shelf, &filter, None, usize::MAX).await.map(|page| page.records)
        };
        match self.flaw {
            Flaw::ListsAnyAccount => wanted.account = None,
            Flaw::JoinsOwners if wanted.subject.is_some() => {
                let joined = |link: &str, subject: &str| format!("{link}:{subject}");
                let (Some(link), Some(subject)) = (&wanted.link, &wanted.subject) else {
                    return self.inner.list(cx, shelf, &wanted, after, limit).await;
                };
                let mut found = all(Filter::default()).await?;
                found.retain(|record| {
                    record
                        .owner
                        .as_ref()
                        .is_some_and(|owner| joined(&owner.link, &owner.subject) == joined(link, subject))
                });
                return Ok(Page::new(found, None));
            }
            Flaw::CountsBeforeAsUntil => wanted.created_before = wanted.created_before.map(|it| it + TICK),
            Flaw::SkipsAtPageEnds => {
                let mut page = self.inner.list(cx, shelf, &wanted, after, limit.saturating_add(1)).await?;
                page.records.truncate(limit);
                return Ok(page);
            }
            Flaw::TooLongPages => {
                return self.inner.list(cx, shelf, &wanted, after, limit.saturating_add(1)).await;
            }
            Flaw::NeverEnds if wanted.created_before == Some(SystemTime::UNIX_EPOCH) => {
                let mut page = self.inner.list(cx, shelf, &wanted, after, limit).await?;
                page.next = page.next.or_else(|| Some(after.cloned().unwrap_or(Cursor(String::new()))));
                return Ok(page);
            }
            Flaw::OverflowsLimit if limit == usize::MAX => return Ok(Page::new(Vec::new(), None)),
            Flaw::OrdersByTime => {
                let mut found = all(wanted).await?;
                let place = |record: &Record| {
                    let since = record.created_at.duration_since(SystemTime::UNIX_EPOCH).unwrap();
                    format!("{:020} {}", since.as_millis(), record.key)
                };
                found.sort_by_key(place);
                found.retain(|record| after.is_none_or(|after| place(record) > after.0));
                let more = found.len() > limit;
                found.truncate(limit);
                let next = found.last().filter(|_| more).map(|last| Cursor(place(last)));
                return Ok(Page::new(found, next));
            }
            Flaw::OffsetCursors => {
                let offset = after.and_then(|after| after.0.parse::<usize>().ok()).unwrap_or(0);
                let found = all(wanted).await?;
                let records: Vec<_> = found.iter().skip(offset).take(limit).cloned().collect();
                let end = offset.saturating_add(records.len());
                let next = (!records.is_empty() && end < found.len()).then(|| Cursor(end.to_string()));
                return Ok(Page::new(records, next));
            }
            Flaw::UnfilteredAfterCursors if after.is_some_and(|after| !after.0.contains('-')) => {
                wanted = Filter::default();
            }
            Flaw::PanicsOnCursors => assert!(after.is_none_or(|after| !after.0.is_empty()), "empty"),
            _ => {}
        }
        if self.is(Flaw::KeepsOldOwners) {
            let owners = self.owners.lock().unwrap().clone();
            let mut found = all(Filter::default()).await?;
            found.retain(|record| {
                let mut old = record.clone();
                old.owner = owners.get(&record.key).cloned().or(old.owner);
                filter.fits(record) || filter.fits(&old)
            });
            return Ok(Page::new(found, None));
        }
        self.inner.list(cx, shelf, &wanted, after, limit).await
    }

    async fn add(
        &self,
        cx: &Call,
        shelf: Shelf,
        key: &str,
        amount: u64,
        expires_at: SystemTime,
    ) -> Result<u64, BackendError> {
        let shelf = self.shelf(shelf);
        self.over.lock().unwrap().entry(key.to_owned()).or_insert(expires_at);
        match self.flaw {
            Flaw::AddReturnsOld => {
                self.inner.add(cx, shelf, key, amount, expires_at).await.map(|value| value - amount)
            }
            Flaw::CountersNeverEnd => self.inner.add(cx, shelf, key, amount, noon() + 9 * DECADES).await,
            Flaw::AddMovesEnd => {
                let value = self.inner.add(cx, shelf, key, 0, expires_at).await?;
                self.inner.reset(cx, shelf, key).await?;
                self.inner.add(cx, shelf, key, value + amount, expires_at).await
            }
            Flaw::LosesAdds => {
                let value = self.inner.add(cx, shelf, key, 0, expires_at).await?;
                self.yields().await;
                self.inner.reset(cx, shelf, key).await?;
                self.inner.add(cx, shelf, key, value + amount, expires_at).await
            }
            Flaw::ResetKeepsEnd => {
                let end = self.over.lock().unwrap().get(key).copied().filter(|end| *end > cx.now());
                self.inner.add(cx, shelf, key, amount, end.unwrap_or(expires_at)).await
            }
            _ => self.inner.add(cx, shelf, key, amount, expires_at).await,
        }
    }

    async fn reset(&self, cx: &Call, shelf: Shelf, key: &str) -> Result<(), BackendError> {
        if self.is(Flaw::ResetsNothing) {
            return Ok(());
        }
        self.inner.reset(cx, self.shelf(shelf), key).await
    }

    async fn health(&self, _cx: &Call) -> Health {
        if self.is(Flaw::SaysItIsDown) { Health::Down("always".to_owned()) } else { Health::Up }
    }
}
