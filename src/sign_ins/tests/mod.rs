//! Those who signed in, at a provider that does as a test says.

mod asking;
mod records;
mod renewing;
mod trouble;

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use dockgate_api::secrecy::{ExposeSecret as _, SecretString};
use dockgate_api::{
    Answer, Authenticator, AuthorizeRequest, BackendError, Call, Decision, FlowTerms, Identity, LabelValue,
    LabelValues, Labels, Login, LoginFlow, Owner, Reason, ReasonCode, Record, Redirect, Reloaded, Renewal,
    Revalidated, Shelf, SignIn, SignInAnswer, Store, async_trait,
};
use dockgate_testkit::fakes::{RepeatableRandom, call_at, noon};
use dockgate_testkit::store::MemoryStore;
use tokio::sync::Semaphore;

use super::{KeySource, SealKey, SignIns};
use crate::chain::{Chain, Link, LinkError};
use crate::config::links::OnError;

pub(crate) const HOUR: Duration = Duration::from_secs(3600);
const SECOND: Duration = Duration::from_secs(1);
/// What holds of the record that was read, if a test does not say.
const RECHECK: Duration = Duration::from_secs(10);

/// A provider whose refresh tokens rotate: each is good for one time.
pub(crate) struct Provider {
    terms: FlowTerms,
    mood: Mutex<Mood>,
    /// The tokens that it was asked with.
    asked: Mutex<Vec<String>>,
    /// Whoever asks waits for a place here.
    gate: Semaphore,
}

pub(crate) struct Mood {
    pub(crate) groups: Vec<&'static str>,
    pub(crate) account: &'static str,
    pub(crate) subject: &'static str,
    pub(crate) ends: Option<SystemTime>,
    pub(crate) trouble: Option<BackendError>,
    pub(crate) gone: bool,
    /// What follows after the token was used.
    then: Then,
    token: usize,
}

/// What becomes of a question once its token is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Answers,
    Fails,
    /// For longer than anybody waits.
    Hangs,
}

impl Provider {
    fn identity(mood: &Mood) -> Identity {
        let mut labels = Labels::new();
        for group in &mood.groups {
            labels.add("groups", LabelValue::Literal((*group).to_owned()));
        }
        Identity::new(mood.account).with_subject(mood.subject).with_labels(labels).with_expires_at(mood.ends)
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Mood)) {
        change(&mut self.mood.lock().unwrap());
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl Authenticator for Provider {
    async fn authenticate(&self, _: &Call, _: &Login) -> Answer<Identity> {
        Ok(Decision::NoMatch)
    }

    fn login_flow(&self) -> Option<&dyn LoginFlow> {
        Some(self)
    }
}

#[async_trait]
impl LoginFlow for Provider {
    fn terms(&self) -> &FlowTerms {
        &self.terms
    }

    async fn redirect(&self, _: &Call, _: &AuthorizeRequest) -> Result<Redirect, BackendError> {
        Ok(Redirect::to("https://provider.example"))
    }

    async fn complete(&self, _: &Call, _: &SignInAnswer) -> Answer<SignIn> {
        let mut mood = self.mood.lock().unwrap();
        mood.token += 1;
        Ok(Decision::Allow(SignIn::new(Self::identity(&mood), format!("r{}", mood.token).into())))
    }

    async fn revalidate(
        &self,
        _: &Call,
        keep: &SecretString,
        renewal: &dyn Renewal,
    ) -> Result<Revalidated, BackendError> {
        self.asked.lock().unwrap().push(keep.expose_secret().to_owned());
        let _place = self.gate.acquire().await.unwrap();
        let keep = {
            let mut mood = self.mood.lock().unwrap();
            if let Some(trouble) = &mood.trouble {
                return Err(trouble.clone());
            }
            if mood.gone || keep.expose_secret() != format!("r{}", mood.token) {
                return Ok(Revalidated::Gone(Reason::new(ReasonCode::NotMember, "no member of the team")));
            }
            mood.token += 1;
            SecretString::from(format!("r{}", mood.token))
        };
        renewal.renewed(keep.clone()).await;
        let then = self.mood.lock().unwrap().then;
        match then {
            Then::Answers => {}
            Then::Fails => return Err(BackendError::Unavailable("no groups".to_owned())),
            Then::Hangs => std::future::pending().await,
        }
        Ok(Revalidated::Current(SignIn::new(Self::identity(&self.mood.lock().unwrap()), keep)))
    }
}

/// Somebody who knows nobody, and where nobody signs in.
struct Nobody;

#[async_trait]
impl Authenticator for Nobody {
    async fn authenticate(&self, _: &Call, _: &Login) -> Answer<Identity> {
        Ok(Decision::NoMatch)
    }
}

/// A provider, a store and a server.
pub(crate) struct Site {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) provider: Arc<Provider>,
    pub(crate) chain: Arc<Chain<dyn Authenticator>>,
    pub(crate) sign_ins: Arc<SignIns>,
}

fn link(name: &str, backend: Arc<dyn Authenticator>) -> Link<dyn Authenticator> {
    let (on_error, values) = (OnError::Fail, LabelValues::Literal);
    Link { name: name.into(), backend, on_error, timeout: None, accounts: None, values }
}

fn key(current: u8, before: &[u8]) -> KeySource {
    KeySource::known(SealKey::new([current; 32], before.iter().map(|byte| [*byte; 32]).collect()))
}

impl Site {
    /// Asks after an hour, and goes on for two more.
    pub(crate) fn new() -> Self {
        let mut terms = FlowTerms::new("GitHub");
        (terms.revalidate_after, terms.revalidate_grace) = (HOUR, 2 * HOUR);
        let mood = Mood {
            groups: vec!["ops"],
            account: "alice",
            subject: "42",
            ends: None,
            trouble: None,
            gone: false,
            then: Then::Answers,
            token: 0,
        };
        let provider = Arc::new(Provider {
            terms,
            mood: Mutex::new(mood),
            asked: Mutex::default(),
            gate: Semaphore::new(1000),
        });
        let store = Arc::new(MemoryStore::new());
        let chain = Arc::new(Chain::new(vec![link("corp", Arc::clone(&provider) as _)]));
        let sign_ins = Arc::new(server(&store, key(1, &[]), RECHECK));
        Self { store, provider, chain, sign_ins }
    }

    /// Another server with the same store.
    fn replica(&self) -> Self {
        let sign_ins = Arc::new(server(&self.store, key(1, &[]), RECHECK));
        Self {
            store: Arc::clone(&self.store),
            provider: Arc::clone(&self.provider),
            chain: Arc::clone(&self.chain),
            sign_ins,
        }
    }

    pub(crate) async fn sign_in(&self, now: SystemTime) -> Owner {
        let nothing = || SecretString::from(String::new());
        let answer = SignInAnswer::new(nothing(), nothing(), String::new(), String::new());
        let cx = call_at(now);
        let Decision::Allow(sign_in) = self.chain.complete(&cx, "corp", &answer).await.unwrap() else {
            panic!("not signed in")
        };
        self.sign_ins.remember(&cx, &sign_in.identity, &sign_in.keep).await.unwrap();
        Owner::of(&sign_in.identity)
    }

    async fn today(&self, now: SystemTime) -> Result<Reloaded, LinkError> {
        self.sign_ins.today(&call_at(now), &self.chain, &alice()).await
    }

    /// In a word: the groups, why not, or which error.
    async fn said(&self, now: SystemTime) -> String {
        said(self.today(now).await)
    }

    fn person(&self) -> Record {
        let records = self.store.records(Shelf::SignIns);
        records.into_iter().find(|record| record.key.starts_with("person:")).expect("a person")
    }

    /// An app password and a session of somebody's.
    async fn hang_on(&self, owner: &Owner) {
        for (shelf, key) in [(Shelf::AppPasswords, "a"), (Shelf::SignIns, "session:s")] {
            let key = format!("{key}{}", owner.subject);
            let record = Record::new(key, noon(), Vec::new()).owned_by(owner.clone());
            self.store.put(&call_at(noon()), shelf, record).await.unwrap();
        }
    }

    fn keys(&self, shelf: Shelf) -> Vec<String> {
        self.store.records(shelf).into_iter().map(|record| record.key).collect()
    }
}

fn server(store: &Arc<MemoryStore>, key: KeySource, recheck: Duration) -> SignIns {
    let random = Arc::new(RepeatableRandom::seeded(1));
    SignIns::new(Arc::clone(store) as _, random, key, (recheck, 365 * 24 * HOUR))
}

fn alice() -> Owner {
    Owner::new("corp", "42", "alice")
}

fn said(today: Result<Reloaded, LinkError>) -> String {
    match today {
        Ok(Reloaded::Current(identity)) => {
            let groups = identity.labels.values("groups").iter().map(LabelValue::as_str).collect::<Vec<_>>();
            format!("{}: {}", identity.account, groups.join(" "))
        }
        Ok(Reloaded::Gone(reason)) => reason.to_string(),
        Ok(other) => format!("{other:?}"),
        Err(failed) => format!("{} failed: {}", failed.link, failed.error.kind()),
    }
}

/// Waits for something that happens beside the test.
async fn until(mut happened: impl FnMut() -> bool) {
    for _ in 0..3000 {
        if happened() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never happened");
}
