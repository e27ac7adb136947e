//! Failures and bans in a store, so that several servers count together and a restart forgets no ban.
//!
//! Nothing rests on it: while the store does not answer, each server goes on with what it knows.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use dockgate_api::{BackendError, Call, Filter, Record, RequestId, Shelf, Store};
use serde::{Deserialize, Serialize};

use super::attempt::Tally;
use super::guard::Names;
use super::table::milliseconds;
use super::{Ban, Book, Guard, Place, bans};

/// How long a request waits for the store, and a look at it.
const ANSWERED_WITHIN: Duration = Duration::from_millis(500);
const LOOKED_WITHIN: Duration = Duration::from_secs(10);
/// For how long a store that did not answer is left alone.
const LEFT_ALONE: Duration = Duration::from_secs(5);
/// Records a page.
const PAGE: usize = 1000;

/// The store as lock-out uses it.
pub(super) struct Shared<'g> {
    guard: &'g Guard,
    store: &'g Arc<dyn Store>,
}

/// What is counted, by the name that all servers give it.
pub(super) struct Counted(String);

/// A ban as it is written; what it does not know is none of its business.
#[derive(Serialize, Deserialize)]
struct Written {
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    address: String,
    /// Milliseconds since 1970.
    since: u64,
    until: u64,
    failures: u32,
}

impl Counted {
    /// An account and an address are no secrets, but a store has rules for keys: a hash fits all of them.
    fn of(account: Option<&str>, place: Option<Place>) -> Self {
        let place = place.map(|place| place.to_string()).unwrap_or_default();
        let kind = match (account.is_some(), place.is_empty()) {
            (true, false) => "pair",
            (false, _) => "address",
            (true, true) => "account",
        };
        let text = format!("dockgate lock-out 1\0{kind}\0{}\0{place}", account.unwrap_or_default());
        Self(HEXLOWER.encode(digest(&SHA256, text.as_bytes()).as_ref()))
    }

    fn of_ban(ban: &Ban) -> Self {
        Self::of(ban.account.as_deref(), Some(ban.place))
    }
}

impl Names {
    pub(super) fn pair(&self) -> Counted {
        Counted::of(Some(&self.account), self.place)
    }
}

impl Guard {
    /// The store, if there is one and it is not left alone.
    pub(super) fn shared(&self) -> Option<Shared<'_>> {
        let shared = Shared { guard: self, store: self.store.as_ref()? };
        let away = self.book.store_away.load(Ordering::Relaxed);
        let now = milliseconds(self.clock.now());
        // A clock that went back is no reason to wait until then.
        let is_away = now < away && away - now <= u64::try_from(LEFT_ALONE.as_millis()).unwrap_or(u64::MAX);
        (!is_away).then_some(shared)
    }
}

impl Shared<'_> {
    fn book(&self) -> &Book {
        &self.guard.book
    }

    fn call(&self, within: Duration) -> Call {
        Call::new(self.guard.clock.now(), Instant::now() + within, RequestId::from_bits(0))
    }

    /// Waits for the store no longer than for so long, and notes how it is doing.
    async fn asked<T>(
        &self,
        within: Duration,
        answer: impl Future<Output = Result<T, BackendError>>,
    ) -> Option<T> {
        let late = || BackendError::Timeout("the store did not answer in time".to_owned());
        let answer = tokio::time::timeout(within, answer).await.unwrap_or_else(|_| Err(late()));
        let away = &self.book().store_away;
        match answer {
            Ok(value) => {
                if away.swap(0, Ordering::Relaxed) != 0 {
                    tracing::info!("the store answers again: failed logins and bans are shared");
                }
                Some(value)
            }
            Err(error) => {
                self.book().meter.store_errors.add(1);
                let until = milliseconds(self.guard.clock.now() + LEFT_ALONE);
                if away.swap(until, Ordering::Relaxed) == 0 {
                    tracing::warn!(
                        %error,
                        "the store does not answer: failed logins and bans are this server's own until it does"
                    );
                }
                None
            }
        }
    }

    /// Counts a failure for all servers, and takes up what the others have counted.
    pub(super) async fn count(&self, tally: &mut Tally<'_>) {
        let (now, settings, cx) = (tally.now, &self.guard.settings, self.call(ANSWERED_WITHIN));
        let names = &tally.names;
        let add = async |wanted: bool, account: Option<&str>, place: Option<Place>, within: Duration| {
            if !wanted {
                return Ok(0);
            }
            let Counted(key) = Counted::of(account, place);
            self.store.add(&cx, Shelf::Lockouts, &key, 1, now + within).await
        };
        let account = Some(names.account.as_str());
        let all = async {
            tokio::try_join!(
                add(names.bans_pair, account, names.place, settings.pair.within),
                add(names.bans_place, None, names.place, settings.address.within),
                add(!names.account.is_empty(), account, None, settings.account.within),
            )
        };
        let Some((pair, place, account)) = self.asked(ANSWERED_WITHIN, all).await else { return };
        let [pair, place, account] =
            [pair, place, account].map(|count| u32::try_from(count).unwrap_or(u32::MAX));
        let book = self.book();
        book.accounts.set(names.of_account, now, settings.account.within, account);
        if names.bans_pair {
            book.pairs.set(names.of_pair, now, settings.pair.within, pair);
        }
        if names.bans_place {
            book.places.set(names.of_place, now, settings.address.within, place);
        }
        (tally.pair, tally.place) = (pair, place);
    }

    /// What is counted starts at zero again.
    pub(super) async fn forget(&self, Counted(key): Counted) {
        let cx = self.call(ANSWERED_WITHIN);
        self.asked(ANSWERED_WITHIN, self.store.reset(&cx, Shelf::Lockouts, &key)).await;
    }

    /// Writes bans for the other servers, who see them at their next look.
    pub(super) async fn begin(&self, bans: Vec<(u64, Ban)>) {
        for (name, ban) in bans {
            let Counted(key) = Counted::of_ban(&ban);
            let Ok(value) = serde_json::to_vec(&Written::of(&ban)) else { continue };
            let record = Record::new(key.as_str(), ban.since, value).with_expires_at(ban.until);
            let cx = self.call(ANSWERED_WITHIN);
            let write = async {
                self.store.put(&cx, Shelf::Lockouts, record).await?;
                self.store.reset(&cx, Shelf::Lockouts, &key).await
            };
            if self.asked(ANSWERED_WITHIN, write).await.is_none() {
                return;
            }
            self.book().bans.note_stored(name, self.book().looks.load(Ordering::SeqCst));
        }
    }

    /// Takes up the bans of other servers, ends those that somebody lifted there, and writes those that are missing.
    pub(super) async fn look(&self) {
        let look = self.book().looks.fetch_add(1, Ordering::SeqCst) + 1;
        let lifts = self.book().lifts.load(Ordering::SeqCst);
        let Some(seen) = self.asked(LOOKED_WITHIN, self.list()).await else { return };
        // What was lifted meanwhile may still stand on this list; it will not on the next.
        if self.book().lifts.load(Ordering::SeqCst) != lifts {
            return;
        }
        let bans = &self.book().bans;
        for (name, ban) in &seen {
            if bans.begin(*name, ban.clone(), Some(look)) {
                let (account, address) = (ban.account.as_deref(), ban.place.to_string());
                tracing::debug!(?account, address, "refused for a while, as another server says");
            }
        }
        // What is not on an incomplete list may be there all the same.
        if seen.len() < bans::MOST {
            let now = self.guard.clock.now();
            for ban in bans.end_unseen(&seen, look) {
                let is_over = ban.left(now).is_none();
                ban.log_ended(if is_over { "a ban has ended" } else { "a ban was lifted on another server" });
            }
        }
        self.begin(bans.not_stored()).await;
    }

    async fn list(&self) -> Result<HashMap<u64, Ban>, BackendError> {
        let (cx, now) = (self.call(LOOKED_WITHIN), self.guard.clock.now());
        let (mut seen, mut cursor) = (HashMap::new(), None);
        loop {
            let all = Filter::default();
            let page = self.store.list(&cx, Shelf::Lockouts, &all, cursor.as_ref(), PAGE).await?;
            let bans = page.records.iter().filter_map(|record| read(&record.value));
            for ban in bans.filter(|ban| ban.left(now).is_some()) {
                seen.insert(self.book().name(ban.account.as_deref(), Some(ban.place)), ban);
            }
            match page.next {
                Some(next) if seen.len() < bans::MOST => cursor = Some(next),
                _ => return Ok(seen),
            }
        }
    }

    /// Takes a ban away for all servers; whether that is certain.
    pub(super) async fn lift(&self, ban: &Ban) -> bool {
        let (Counted(key), cx) = (Counted::of_ban(ban), self.call(ANSWERED_WITHIN));
        self.asked(ANSWERED_WITHIN, self.store.take(&cx, Shelf::Lockouts, &key)).await.is_some()
    }

    /// What slows an account is forgotten by all servers at its next failure; whether that is certain.
    pub(super) async fn forget_account(&self, account: &str) -> bool {
        let (Counted(key), cx) = (Counted::of(Some(account), None), self.call(ANSWERED_WITHIN));
        self.asked(ANSWERED_WITHIN, self.store.reset(&cx, Shelf::Lockouts, &key)).await.is_some()
    }
}

impl Written {
    fn of(ban: &Ban) -> Self {
        Self {
            account: ban.account.clone(),
            address: ban.place.to_string(),
            since: milliseconds(ban.since),
            until: milliseconds(ban.until),
            failures: ban.failures,
        }
    }
}

/// A ban as another server wrote it. What cannot be read is no ban.
fn read(value: &[u8]) -> Option<Ban> {
    let written: Written = serde_json::from_slice(value).ok()?;
    let time =
        |milliseconds| -> Option<SystemTime> { UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds)) };
    Some(Ban {
        account: written.account,
        place: Place::parse(&written.address)?,
        since: time(written.since)?,
        until: time(written.until)?,
        failures: written.failures,
    })
}
