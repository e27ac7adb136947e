//! What stands before the authentication chain.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use dockgate_api::secrecy::ExposeSecret as _;
use dockgate_api::{Call, Clock, Credential, Login, Store};

use super::attempt::Attempt;
use super::memo::Print;
use super::place::folded;
use super::{Book, Place, Settings, Standing};

/// What a client is told to wait where more waits than we take on.
const BUSY: Duration = Duration::from_secs(1);

/// Lock-out under one configuration. A clone is the same.
#[derive(Clone)]
pub struct Guard {
    pub(super) book: Arc<Book>,
    pub(super) settings: Arc<Settings>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) store: Option<Arc<dyn Store>>,
    /// What was wrong under another configuration may be right under this one.
    number: u64,
}

/// A login that could be a guess.
#[derive(Clone, Copy)]
pub struct Claim<'l> {
    account: &'l str,
    password: &'l str,
    service: &'l str,
    place: Option<Place>,
    standing: Standing,
}

/// Why nobody is asked about a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// A ban holds for so long.
    Banned {
        /// The time that is left.
        left: Duration,
        /// Whether every account is refused from there.
        whole_place: bool,
    },
    /// Too many wait to be let on.
    Busy {
        /// When another try makes sense.
        retry_after: Duration,
    },
    /// The same was wrong a moment ago.
    Repeated,
}

impl<'l> Claim<'l> {
    /// What a login claims, if it shows a password, and a name with it.
    pub fn of(login: &'l Login, standing: Standing) -> Option<Self> {
        let Credential::Password(password) = &login.credential else { return None };
        let password = password.expose_secret();
        let place = login.client_ip.map(Place::of);
        let (account, service) = (login.account.as_str(), login.service.as_str());
        let claim = Self { account, password, service, place, standing };
        (!account.is_empty() && !password.is_empty()).then_some(claim)
    }

    /// A sign-in through a browser, from an address: whose it is nobody knows before, so that nothing but the address
    /// counts. `once` is never the same twice.
    pub fn of_sign_in(once: &'l str, address: IpAddr, standing: Standing) -> Self {
        Self { account: "", password: once, service: "", place: Some(Place::of(address)), standing }
    }
}

/// The names under which a login is counted.
pub(super) struct Names {
    pub(super) account: String,
    pub(super) place: Option<Place>,
    pub(super) of_pair: u64,
    pub(super) of_place: u64,
    pub(super) of_account: u64,
    /// Whether the account can be banned from there, and whether the place can.
    pub(super) bans_pair: bool,
    pub(super) bans_place: bool,
}

impl Guard {
    /// Lock-out with what is known already. With a store it is shared with others who have the same.
    pub fn new(
        book: Arc<Book>,
        settings: Settings,
        clock: Arc<dyn Clock>,
        store: Option<Arc<dyn Store>>,
    ) -> Self {
        let number = book.next_use();
        Self { book, settings: Arc::new(settings), clock, store, number }
    }

    /// Lets a login on to the chain, perhaps after a while. What came of it is told to the attempt; one of which nothing
    /// was told was given up.
    ///
    /// # Errors
    /// Why nobody is to be asked.
    pub async fn enter<'g>(&'g self, cx: &'g Call, claim: Claim<'g>) -> Result<Attempt<'g>, Stopped> {
        let book = &*self.book;
        let proof = book.proof(claim.account, claim.password);
        let known = book.right.knows(proof);
        if known && book.bans.is_empty() {
            return Ok(Attempt::known(self, cx, claim, proof));
        }
        let names = self.names(&claim);
        self.refuse_banned(&names, cx.now())?;
        if known {
            return Ok(Attempt::known(self, cx, claim, proof));
        }
        let print = self.print(&claim);
        self.refuse_repeated(&print, cx.now())?;
        self.slow_down(cx, &names).await?;
        let most = self.settings.pair.failures;
        let waited = tokio::time::timeout(cx.remaining(), book.checked.enter(names.of_pair, most)).await;
        let Ok(Ok(inside)) = waited else { return Err(self.busy(BUSY)) };
        // Meanwhile others may have failed.
        let now = self.clock.now();
        self.refuse_banned(&names, now)?;
        self.refuse_repeated(&print, now)?;
        Ok(Attempt::new(self, cx, claim, proof, inside))
    }

    pub(super) fn names(&self, claim: &Claim<'_>) -> Names {
        let (book, place, account) = (&self.book, claim.place, folded(claim.account));
        let held = place.is_some_and(|place| !self.settings.allows(place));
        Names {
            of_pair: book.name(Some(&account), place),
            of_place: book.name(None, place),
            of_account: book.name(Some(&account), None),
            // Who comes from nowhere may be anybody: their ban would be the account's.
            bans_pair: held && !account.is_empty(),
            bans_place: held && claim.standing == Standing::Own,
            account,
            place,
        }
    }

    pub(super) fn print(&self, claim: &Claim<'_>) -> Print {
        let place = claim.place.map(|place| place.to_string()).unwrap_or_default();
        self.book.printer.print([
            &self.number.to_be_bytes(),
            claim.account.as_bytes(),
            claim.password.as_bytes(),
            claim.service.as_bytes(),
            place.as_bytes(),
        ])
    }

    fn refuse_banned(&self, names: &Names, now: SystemTime) -> Result<(), Stopped> {
        let bans = &self.book.bans;
        if bans.is_empty() {
            return Ok(());
        }
        let left = |of: u64, may: bool| if may { bans.left(of, now) } else { None };
        let (place, pair) = (left(names.of_place, names.bans_place), left(names.of_pair, names.bans_pair));
        let whole_place = place.is_some();
        let Some(left) = place.max(pair) else { return Ok(()) };
        let meter = &self.book.meter;
        if whole_place { &meter.refused_address } else { &meter.refused_pair }.add(1);
        Err(Stopped::Banned { left, whole_place })
    }

    fn refuse_repeated(&self, print: &Print, now: SystemTime) -> Result<(), Stopped> {
        if self.book.wrong.was_refused(print, now) {
            self.book.meter.repeated.add(1);
            return Err(Stopped::Repeated);
        }
        Ok(())
    }

    async fn slow_down(&self, cx: &Call, names: &Names) -> Result<(), Stopped> {
        if names.account.is_empty() {
            return Ok(());
        }
        let failures = self.book.accounts.count(names.of_account, cx.now());
        let delay = self.settings.account.delay_after(failures);
        if delay.is_zero() {
            return Ok(());
        }
        let Some(_slowed) = self.book.slow(names.place) else { return Err(self.busy(delay.max(BUSY))) };
        self.book.meter.slowed.add(1);
        // Half of the time belongs to those who have to be asked.
        tokio::time::sleep(delay.min(cx.remaining() / 2)).await;
        Ok(())
    }

    fn busy(&self, retry_after: Duration) -> Stopped {
        self.book.meter.refused_busy.add(1);
        Stopped::Busy { retry_after }
    }
}
