//! Codes from the question to the answer.

use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use dockgate_api::secrecy::{ExposeSecret as _, SecretString};
use dockgate_api::{BackendError, Call, Owner, Random, RandomError, Record, Shelf, Store};

use super::bounds::{Counted, TooMany, count, hashed};
use super::kept::{Kept, State};
use super::user_code::UserCode;
use super::{INTERVAL, LIFETIME};
use crate::credentials::Limit;

/// A request stays so much longer than it can be confirmed: a program that comes late hears that it is over, and not that
/// nobody knows it.
const REMEMBERED: Duration = Duration::from_mins(5);
/// Less than the interval: a program whose clock runs a little fast is not in haste.
const TOO_FAST: Duration = INTERVAL.saturating_sub(Duration::from_secs(1));
/// With as many codes pending as there can be, one in a million draws meets one of them.
const MOST_DRAWS: usize = 4;

/// What a program asks for.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// What kind of program it is; proves nothing.
    pub client_id: String,
    /// What it calls itself, such as the machine that it runs on; proves nothing.
    pub client_name: Option<String>,
    /// What the credential can never exceed; empty for what its owner may do.
    pub scopes: Vec<Limit>,
    /// From where it asks.
    pub from: Option<IpAddr>,
}

/// Both codes: shown once, and stored as hashes.
#[derive(Debug)]
pub struct Issued {
    /// For the program.
    pub device_code: SecretString,
    /// For whoever confirms.
    pub user_code: UserCode,
}

/// Why there is no code.
#[derive(Debug)]
pub enum NotIssued {
    /// Too many were asked for.
    TooMany(TooMany),
    /// The store cannot be asked.
    Failed(BackendError),
}

/// A request that waits for somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What kind of program asks; proves nothing.
    pub client_id: String,
    /// What it calls itself; proves nothing.
    pub client_name: Option<String>,
    /// What the credential can never exceed; empty for what its owner may do.
    pub scopes: Vec<Limit>,
    /// From where it was asked.
    pub from: Option<String>,
    /// When.
    pub asked: SystemTime,
}

impl Request {
    /// What the program calls itself, by name if it has one.
    pub fn name(&self) -> &str {
        self.client_name.as_deref().unwrap_or(&self.client_id)
    }
}

/// A request that somebody has confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmed {
    /// Who has.
    pub owner: Owner,
    /// What they have confirmed.
    pub request: Request,
    record: Record,
}

/// What a program hears that asks whether somebody has confirmed.
#[derive(Debug)]
pub enum Polled {
    /// Nobody yet.
    Pending,
    /// It asks too often.
    TooFast,
    /// It is too late.
    Expired,
    /// Somebody has refused.
    Refused,
    /// There is no such code, or it has been used.
    Unknown,
    /// Somebody has. Nobody hears it a second time.
    Confirmed(Box<Confirmed>),
}

/// The codes in a store.
#[derive(Clone, Copy)]
pub struct Codes<'a> {
    store: &'a dyn Store,
    random: &'a dyn Random,
}

impl From<BackendError> for NotIssued {
    fn from(error: BackendError) -> Self {
        Self::Failed(error)
    }
}

impl<'a> Codes<'a> {
    /// The codes of a store.
    pub fn new(store: &'a dyn Store, random: &'a dyn Random) -> Self {
        Self { store, random }
    }

    /// Takes a request down.
    ///
    /// # Errors
    /// If too many were taken down, or the store cannot be asked.
    pub async fn issue(self, cx: &Call, asked: Asked) -> Result<Issued, NotIssued> {
        for counted in [Counted::AskedFrom(asked.from), Counted::Asked] {
            count(self.store, cx, counted).await?.map_err(NotIssued::TooMany)?;
        }
        let ends = cx.now().checked_add(LIFETIME).unwrap_or(cx.now());
        let user_code = self.unused(cx, ends).await?;
        let mut bytes = [0; 32];
        self.random.fill(&mut bytes).map_err(no_randomness)?;
        let device_code = SecretString::from(BASE64URL_NOPAD.encode(&bytes));
        let kept = Kept {
            client_id: asked.client_id,
            client_name: asked.client_name,
            scopes: asked.scopes,
            from: asked.from.map(|from| from.to_string()),
            ends: seconds(ends),
            state: State::Pending,
        };
        let key = device_key(&device_code);
        let remembered = ends.checked_add(REMEMBERED).unwrap_or(ends);
        let record = Record::new(&key, cx.now(), kept.value()?).with_expires_at(remembered);
        self.store.put(cx, Shelf::SignIns, record).await?;
        let typed = Record::new(user_key(&user_code), cx.now(), key.into_bytes()).with_expires_at(ends);
        self.store.put(cx, Shelf::SignIns, typed).await?;
        Ok(Issued { device_code, user_code })
    }

    /// A code that no other request has.
    async fn unused(self, cx: &Call, ends: SystemTime) -> Result<UserCode, BackendError> {
        for _ in 0..MOST_DRAWS {
            let code = UserCode::draw(self.random).map_err(no_randomness)?;
            // Of two that draw the same at once, one counts to two.
            if self.store.add(cx, Shelf::SignIns, &user_key(&code), 1, ends).await? == 1 {
                return Ok(code);
            }
        }
        Err(BackendError::Unavailable("no code was free".to_owned()))
    }

    /// Answers a program.
    ///
    /// # Errors
    /// If the store cannot be asked.
    pub async fn poll(
        self,
        cx: &Call,
        device_code: &SecretString,
        client_id: &str,
    ) -> Result<Polled, BackendError> {
        let key = device_key(device_code);
        let Some(record) = self.store.get(cx, Shelf::SignIns, &key).await? else {
            return Ok(Polled::Unknown);
        };
        let kept = Kept::of(&record)?;
        if kept.client_id != client_id {
            return Ok(Polled::Unknown);
        }
        let again = cx.now().checked_add(TOO_FAST).unwrap_or(cx.now());
        if self.store.add(cx, Shelf::SignIns, &format!("{key}:polled"), 1, again).await? > 1 {
            return Ok(Polled::TooFast);
        }
        Ok(match kept.state {
            State::Refused => Polled::Refused,
            _ if kept.ends <= seconds(cx.now()) => Polled::Expired,
            State::Pending => Polled::Pending,
            State::Confirmed { .. } => {
                let Some(record) = self.store.take(cx, Shelf::SignIns, &key).await? else {
                    return Ok(Polled::Unknown);
                };
                let kept = Kept::of(&record)?;
                let State::Confirmed { link, subject, account } = kept.state.clone() else {
                    return Ok(Polled::Unknown);
                };
                let owner = Owner::new(link, subject, account);
                Polled::Confirmed(Box::new(Confirmed { owner, request: request(&record, kept), record }))
            }
        })
    }

    /// Puts a confirmed request back, for which there could be no credential now.
    ///
    /// # Errors
    /// If it is not known to be there again.
    pub async fn put_back(self, cx: &Call, confirmed: Confirmed) -> Result<(), BackendError> {
        self.store.put(cx, Shelf::SignIns, confirmed.record).await
    }

    /// Counts that somebody typed a code, right or wrong.
    ///
    /// # Errors
    /// If they have typed too many, or the store cannot be asked.
    pub async fn typed(self, cx: &Call, owner: &Owner, from: Option<IpAddr>) -> Result<(), NotIssued> {
        for counted in [Counted::TypedBy(owner), Counted::TypedFrom(from)] {
            count(self.store, cx, counted).await?.map_err(NotIssued::TooMany)?;
        }
        Ok(())
    }

    /// The request that waits under a code, if one does.
    ///
    /// # Errors
    /// If the store cannot be asked.
    pub async fn waiting(self, cx: &Call, code: &UserCode) -> Result<Option<Request>, BackendError> {
        let Some(typed) = self.store.get(cx, Shelf::SignIns, &user_key(code)).await? else { return Ok(None) };
        let Some(record) = self.store.get(cx, Shelf::SignIns, &device_key_of(&typed)?).await? else {
            return Ok(None);
        };
        let kept = Kept::of(&record)?;
        Ok((kept.state == State::Pending).then(|| request(&record, kept)))
    }

    /// Confirms the request under a code, for whoever does. None if none waits there (any more): of two who decide at once,
    /// one does.
    ///
    /// # Errors
    /// If the store cannot be asked.
    pub async fn confirm(
        self,
        cx: &Call,
        code: &UserCode,
        owner: &Owner,
    ) -> Result<Option<Request>, BackendError> {
        self.decide(cx, code, State::confirmed_by(owner)).await
    }

    /// Refuses it.
    ///
    /// # Errors
    /// If the store cannot be asked.
    pub async fn refuse(self, cx: &Call, code: &UserCode) -> Result<Option<Request>, BackendError> {
        self.decide(cx, code, State::Refused).await
    }

    async fn decide(self, cx: &Call, code: &UserCode, state: State) -> Result<Option<Request>, BackendError> {
        let Some(typed) = self.store.take(cx, Shelf::SignIns, &user_key(code)).await? else {
            return Ok(None);
        };
        let Some(mut record) = self.store.get(cx, Shelf::SignIns, &device_key_of(&typed)?).await? else {
            return Ok(None);
        };
        let mut kept = Kept::of(&record)?;
        kept.state = state;
        record.value = kept.value()?;
        let request = request(&record, kept);
        Ok(self.store.replace(cx, Shelf::SignIns, record).await?.then_some(request))
    }
}

fn request(record: &Record, kept: Kept) -> Request {
    let Kept { client_id, client_name, scopes, from, .. } = kept;
    Request { client_id, client_name, scopes, from, asked: record.created_at }
}

/// Nobody can choose a code by its hash: to look it up tells nothing by the time it takes.
fn device_key(code: &SecretString) -> String {
    format!("device:{}", HEXLOWER.encode(digest(&SHA256, code.expose_secret().as_bytes()).as_ref()))
}

fn user_key(code: &UserCode) -> String {
    format!("device-user:{}", hashed(&[code.letters()]))
}

fn device_key_of(typed: &Record) -> Result<String, BackendError> {
    String::from_utf8(typed.value.clone())
        .map_err(|_| BackendError::Protocol("the store holds a code that cannot be read".to_owned()))
}

fn no_randomness(error: RandomError) -> BackendError {
    BackendError::Unavailable(error.to_string())
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
