mod app_passwords;
mod life;
mod management;
mod owner;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use dockgate_api::secrecy::{ExposeSecret, SecretString};
use dockgate_api::{
    Answer, Authenticator, BackendError, Call, Credential, Decision, Identity, KnownIdentity, LabelValues,
    Login, Reason, Record, Reloaded, RequestId, Shelf, async_trait,
};
use dockgate_testkit::fakes::{World, call_at, noon};
use dockgate_testkit::store::MemoryStore;

use super::*;
use crate::chain::{Chain, Link};
use crate::config::links::OnError;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const TERMS: RefreshTerms =
    RefreshTerms { lifetime: Duration::from_secs(90 * 86_400), idle: Duration::from_secs(14 * 86_400) };

/// A directory whose one account a test changes; counts how often it is asked.
struct Directory {
    answer: Mutex<Option<Result<Reloaded, BackendError>>>,
    asked: Mutex<usize>,
}

#[async_trait]
impl Authenticator for Directory {
    async fn authenticate(&self, _: &Call, _: &Login) -> Answer<Identity> {
        panic!("a credential of ours reached a backend")
    }

    fn can_reload(&self) -> bool {
        true
    }

    async fn reload(&self, _: &Call, known: &KnownIdentity) -> Result<Reloaded, BackendError> {
        *self.asked.lock().unwrap() += 1;
        self.answer.lock().unwrap().clone().unwrap_or_else(|| {
            let mut identity = Identity::new(&known.account).with_subject(&known.subject);
            identity.epoch.clone_from(&known.epoch);
            Ok(Reloaded::Current(identity))
        })
    }

    async fn preview(&self, _: &Call, account: &str) -> Option<Answer<Identity>> {
        Some(Ok(Decision::Allow(Identity::new(account))))
    }
}

/// Everything around a store in memory.
struct Site {
    store: Arc<MemoryStore>,
    directory: Arc<Directory>,
    chain: Arc<Chain<dyn Authenticator>>,
    credentials: Credentials,
}

impl Site {
    fn new() -> Self {
        Self::with(Duration::ZERO, Some(TERMS))
    }

    fn with(recheck: Duration, terms: Option<RefreshTerms>) -> Self {
        let store = Arc::new(MemoryStore::new());
        let directory = Arc::new(Directory { answer: Mutex::default(), asked: Mutex::default() });
        let chain = Arc::new(Chain::new(vec![Link {
            name: "corp".into(),
            backend: Arc::clone(&directory) as Arc<dyn Authenticator>,
            on_error: OnError::Fail,
            timeout: None,
            accounts: None,
            values: LabelValues::Literal,
        }]));
        let credentials = Credentials::new(store.clone(), World::new().random, recheck, terms);
        Self { store, directory, chain, credentials }
    }

    fn directory_says(&self, answer: Result<Reloaded, BackendError>) {
        *self.directory.answer.lock().unwrap() = Some(answer);
    }

    async fn mint_at(&self, now: SystemTime) -> SecretString {
        let minted = self
            .credentials
            .refresh_token(&call_at(now), &self.chain, &alice(), "registry", Some("docker"))
            .await;
        minted.unwrap().expect("one is issued").secret
    }

    async fn mint(&self) -> SecretString {
        self.mint_at(noon()).await
    }

    async fn show(
        &self,
        now: SystemTime,
        account: &str,
        service: &str,
        secret: &SecretString,
    ) -> Result<Identity, NotUsable> {
        let login = Login::new(account, Credential::Password(secret.clone())).for_service(service);
        let presented = recognise(secret).expect("one of ours");
        let owners = Owners { chain: &self.chain, sign_ins: None };
        self.credentials.identify(&call_at(now), owners, &login, &presented).await
    }

    async fn use_at(&self, now: SystemTime, secret: &SecretString) -> Result<Identity, NotUsable> {
        self.show(now, "", "registry", secret).await
    }

    fn records(&self) -> Vec<Record> {
        self.store.records(Shelf::RefreshTokens)
    }
}

fn alice() -> Identity {
    let mut identity = Identity::new("alice").with_subject("1-2-3").with_epoch("first");
    identity.link = "corp".into();
    identity
}

/// How many were taken away by a store that answers.
async fn revoked(site: &Site, cx: &Call, which: &Which) -> usize {
    let mut revoked = 0;
    site.credentials.revoke(cx, which, &mut revoked).await.unwrap();
    revoked
}

fn why(used: Result<Identity, NotUsable>) -> String {
    match used {
        Ok(identity) => format!("let in as {}", identity.account),
        Err(NotUsable::Denied(_, reason)) => reason.to_string(),
        Err(NotUsable::Failed(failed)) => format!("{} failed: {}", failed.link, failed.error),
    }
}
