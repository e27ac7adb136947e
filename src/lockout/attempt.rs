//! A login that was let on to the chain, and what comes of it.

use std::time::{Duration, Instant, SystemTime};

use dockgate_api::Call;

use super::gate::Inside;
use super::guard::{Claim, Guard, Names};
use super::{Ban, Limit};

/// Whoever goes away after that time had a reason: no backend that is well takes so long.
const PATIENCE: Duration = Duration::from_secs(5);

/// A login on its way. One that is given up before its answer was a guess as well: a directory was asked, and has
/// counted.
pub struct Attempt<'g> {
    guard: &'g Guard,
    cx: &'g Call,
    claim: Claim<'g>,
    proof: u64,
    /// When it began; none if it was right before: who then gives it up has not guessed.
    began: Option<Instant>,
    open: bool,
    _inside: Option<Inside<'g>>,
}

impl<'g> Attempt<'g> {
    pub(super) fn new(
        guard: &'g Guard,
        cx: &'g Call,
        claim: Claim<'g>,
        proof: u64,
        inside: Inside<'g>,
    ) -> Self {
        Self { guard, cx, claim, proof, began: Some(Instant::now()), open: true, _inside: Some(inside) }
    }

    pub(super) fn known(guard: &'g Guard, cx: &'g Call, claim: Claim<'g>, proof: u64) -> Self {
        Self { guard, cx, claim, proof, began: None, open: true, _inside: None }
    }

    /// It was let in. What is counted against this account from there is forgotten, and nothing else.
    pub async fn right(mut self) {
        self.open = false;
        let book = &*self.guard.book;
        book.right.remember(self.proof);
        if book.pairs.is_empty() {
            return;
        }
        let names = self.guard.names(&self.claim);
        if book.pairs.clear(names.of_pair)
            && let Some(shared) = self.guard.shared()
        {
            shared.forget(names.pair()).await;
        }
    }

    /// It was refused. The same password is refused for a moment without asking if `repeats`: if it was the password that
    /// was wrong, and not the time or the account, which may have become right since.
    pub async fn wrong(mut self, repeats: bool) {
        self.open = false;
        let guard = self.guard;
        guard.book.right.forget(self.proof);
        let Some(mut tally) = self.tally(repeats) else { return };
        let Some(shared) = guard.shared() else { return };
        shared.count(&mut tally).await;
        let begun = tally.conclude();
        drop(tally);
        shared.begin(begun).await;
    }

    /// Nobody could answer: that says nothing of the password.
    pub fn unanswered(mut self) {
        self.open = false;
    }

    /// Counts it, unless the same was counted a moment ago.
    fn tally(&self, repeats: bool) -> Option<Tally<'g>> {
        let (guard, now) = (self.guard, self.guard.clock.now());
        let print = guard.print(&self.claim);
        guard.book.wrong.note(print, now, guard.settings.repeat, repeats).then(|| {
            guard.book.meter.failures.add(1);
            Tally::new(guard, guard.names(&self.claim), now)
        })
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        // Who waited that long, or to the end of the time, has lost patience: the backend was too slow.
        let Some(began) = self.began.filter(|_| self.open) else { return };
        if began.elapsed() < PATIENCE && !self.cx.remaining().is_zero() {
            drop(self.tally(false));
        }
    }
}

/// What stands against somebody after one more failure. Bans that come of it begin when it goes at the latest.
pub(super) struct Tally<'g> {
    guard: &'g Guard,
    pub(super) names: Names,
    pub(super) now: SystemTime,
    pub(super) pair: u32,
    pub(super) place: u32,
    concluded: bool,
}

impl<'g> Tally<'g> {
    fn new(guard: &'g Guard, names: Names, now: SystemTime) -> Self {
        let (book, settings) = (&guard.book, &guard.settings);
        let pair = if names.bans_pair { book.pairs.add(names.of_pair, now, settings.pair.within) } else { 0 };
        let place =
            if names.bans_place { book.places.add(names.of_place, now, settings.address.within) } else { 0 };
        if !names.account.is_empty() {
            book.accounts.add(names.of_account, now, settings.account.within);
        }
        Self { guard, names, now, pair, place, concluded: false }
    }

    /// Begins the bans that are due, and answers them with their names.
    pub(super) fn conclude(&mut self) -> Vec<(u64, Ban)> {
        self.concluded = true;
        let (book, settings) = (&self.guard.book, &self.guard.settings);
        let mut begun = Vec::new();
        let mut due = |name: u64, account: Option<&str>, failures: u32, limit: Limit| {
            if failures < limit.failures {
                return;
            }
            let Some(place) = self.names.place else { return };
            let (account, until) = (account.map(str::to_owned), self.now + limit.ban);
            let ban = Ban { account, place, since: self.now, until, failures };
            if book.bans.begin(name, ban.clone(), None) {
                ban.log_began();
                begun.push((name, ban));
            }
        };
        due(self.names.of_pair, Some(&self.names.account), self.pair, settings.pair);
        due(self.names.of_place, None, self.place, settings.address);
        // What led to a ban does not lead to the next one.
        for (name, ban) in &begun {
            if ban.account.is_some() { &book.pairs } else { &book.places }.clear(*name);
        }
        begun
    }
}

impl Drop for Tally<'_> {
    fn drop(&mut self) {
        if !self.concluded {
            self.conclude();
        }
    }
}

impl Ban {
    /// Once, however often it refuses somebody.
    fn log_began(&self) {
        let seconds = self.until.duration_since(self.since).unwrap_or_default().as_secs();
        let (account, address, failures) = (self.account.as_deref(), self.place.to_string(), self.failures);
        if account.is_some() {
            tracing::warn!(
                account,
                address,
                failures,
                seconds,
                "too many failed logins: refused for a while"
            );
        } else {
            let message = "too many failed logins: every password from there is refused for a while";
            tracing::warn!(address, failures, seconds, "{message}");
        }
    }

    pub(super) fn log_ended(&self, how: &'static str) {
        let address = self.place.to_string();
        tracing::info!(account = self.account.as_deref(), address, "{how}");
    }
}
