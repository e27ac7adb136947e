//! The suite for [`LoginFlow`]s.

pub mod rules;
#[cfg(test)]
mod tests;

use std::fmt::Debug;
use std::pin::Pin;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dockgate_api::secrecy::{ExposeSecret as _, SecretString};
use dockgate_api::{
    Answer, Authenticator, AuthorizeRequest, BackendError, Call, Decision, LoginFlow, Redirect, Revalidated,
    SignIn, SignInAnswer,
};

use crate::fakes::{Renewals, World};
use crate::run::{Outcome, run};
use crate::{Report, Rule};

const STATE: &str = "state-3b7d";
const NONCE: &str = "nonce-91ac";
const VERIFIER: &str = "verifier-canary-of-43-characters-at-the-very-least";
const OTHER_VERIFIER: &str = "verifier-canary-of-another-browser-that-never-asked";
const WRONG_CODE: &str = "code-canary-that-nobody-gave";
const FOREIGN_KEEPS: [&str; 4] = ["", "{}", "null", "keep-canary-of-another-backend"];

/// What the suite has to know of a flow's provider.
pub struct Fixture<'a> {
    /// Whose clock the provider goes by.
    pub world: &'a World,
    /// The callback that is registered at the provider.
    pub redirect_uri: &'a str,
    /// Whether the provider signs identities, and the nonce with them.
    pub nonce: Nonce,
    /// What somebody who may sign in does at the provider's page, whose URL is given: the callback that the browser is sent
    /// to, with its query.
    pub sign_in: &'a (dyn Fn(&str) -> String + Sync),
    /// Has the provider let them in no longer.
    pub end: &'a (dyn Fn() + Sync),
}

/// Whether a nonce goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nonce {
    /// And comes back inside an ID token.
    Sent,
    /// The provider signs nothing; why.
    NotSupported(&'static str),
}

/// Holds the login flow of a backend to the contract; needs a tokio runtime with time enabled.
///
/// # Panics
/// With every broken rule, or if the backend has no login flow.
pub async fn conformance(backend: Arc<dyn Authenticator>, fixture: Fixture<'_>) -> Report {
    check(backend, fixture).await.or_panic("the login flow")
}

/// The same without the panic: what is wrong stands in the report.
///
/// # Panics
/// If the backend has no login flow.
pub async fn check(backend: Arc<dyn Authenticator>, fixture: Fixture<'_>) -> Report {
    assert!(backend.login_flow().is_some(), "the backend has no login flow");
    let mut suite = Suite { backend, fixture, report: Report::default() };
    if let Nonce::NotSupported(why) = suite.fixture.nonce {
        suite.report.unsupported.push(format!("nonce: {why}"));
    }
    suite.wrong().await;
    if let Some(keep) = suite.right().await {
        suite.later(&keep).await;
    }
    suite.report
}

type Question<T> = Box<
    dyn for<'f> FnOnce(&'f dyn LoginFlow, &'f Call) -> Pin<Box<dyn Future<Output = T> + Send + 'f>> + Send,
>;

/// What came back from the provider.
#[derive(Clone)]
struct Code {
    code: String,
    issuer: Option<String>,
}

struct Suite<'a> {
    backend: Arc<dyn Authenticator>,
    fixture: Fixture<'a>,
    report: Report,
}

impl Suite<'_> {
    async fn wrong(&mut self) {
        if let Some(code) = self.code().await {
            let made_up = Code { code: WRONG_CODE.to_owned(), ..code.clone() };
            let answer = self.complete(&made_up, VERIFIER).await;
            self.denied(&rules::WRONG_CODE, "a made-up code", answer);
            let answer = self.complete(&code, OTHER_VERIFIER).await;
            self.denied(&rules::WRONG_VERIFIER, "another verifier", answer);
        }
    }

    async fn right(&mut self) -> Option<SecretString> {
        let code = self.code().await?;
        let answer = self.complete(&code, VERIFIER).await?;
        let Ok(Decision::Allow(SignIn { identity, keep, .. })) = answer else {
            self.report.demand(&rules::RIGHT, false, || format!("it was answered {answer:?}"));
            return None;
        };
        let is_whole = ![&identity.account, &identity.subject].into_iter().any(String::is_empty);
        self.report.demand(&rules::RIGHT, is_whole, || format!("{identity:?}"));
        self.report.demand(&rules::LINK, identity.link.is_empty(), || format!("{:?}", identity.link));
        let again = self.complete(&code, VERIFIER).await;
        self.denied(&rules::WRONG_CODE, "a code that was used", again);
        // Some providers end what a code that comes twice has given (RFC 6749, section 4.1.2): another sign-in goes on.
        let code = self.code().await?;
        let Some(Ok(Decision::Allow(SignIn { identity: second, keep: newer, .. }))) =
            self.complete(&code, VERIFIER).await
        else {
            self.report.demand(&rules::RIGHT, false, || "a second sign-in was refused".to_owned());
            return Some(keep);
        };
        let is_same = identity.subject == second.subject;
        self.report.demand(&rules::RIGHT, is_same, || "two sign-ins have two subjects".to_owned());
        self.still(&newer, &identity.subject).await
    }

    async fn still(&mut self, keep: &SecretString, subject: &str) -> Option<SecretString> {
        let answer = self.revalidate(keep).await?;
        let is_same = matches!(&answer, Ok(Revalidated::Current(now)) if now.identity.subject == subject);
        self.report.demand(&rules::CURRENT, is_same, || format!("it was answered {answer:?}"));
        match answer {
            Ok(Revalidated::Current(now)) => Some(now.keep),
            _ => None,
        }
    }

    async fn later(&mut self, keep: &SecretString) {
        for foreign in FOREIGN_KEEPS {
            let answer = self.revalidate(&foreign.into()).await;
            let is_error = matches!(answer, Some(Err(_)) | None);
            self.report.demand(&rules::FOREIGN_KEEP, is_error, || format!("{foreign:?}: {answer:?}"));
        }
        (self.fixture.end)();
        let answer = self.revalidate(keep).await;
        let is_gone = matches!(answer, Some(Ok(Revalidated::Gone(_))));
        self.report.demand(&rules::GONE, is_gone, || format!("it was answered {answer:?}"));
    }

    /// A code that somebody gets at the provider's page.
    async fn code(&mut self) -> Option<Code> {
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, VERIFIER.as_bytes()));
        let callback = self.fixture.redirect_uri.to_owned();
        let request =
            AuthorizeRequest::new(STATE.to_owned(), challenge.clone(), NONCE.to_owned(), callback.clone());
        let redirect = self
            .ask(Box::new(move |flow, cx| Box::pin(async move { flow.redirect(cx, &request).await })))
            .await?;
        let url = match redirect {
            Ok(Redirect { url, .. }) => url,
            Err(error) => {
                self.report.demand(&rules::REDIRECT, false, || error.to_string());
                return None;
            }
        };
        let query = url.split_once('?').map_or("", |(_, query)| query);
        let mut wanted = vec![
            ("response_type", "code"),
            ("state", STATE),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("redirect_uri", &callback),
        ];
        if self.fixture.nonce == Nonce::Sent {
            wanted.push(("nonce", NONCE));
        }
        for (name, value) in wanted {
            let sent: Vec<_> =
                form_urlencoded::parse(query.as_bytes()).filter(|(known, _)| known == name).collect();
            let is_right = matches!(sent.as_slice(), [(_, sent)] if sent == value);
            self.report.demand(&rules::REDIRECT, is_right, || format!("`{name}` in {url}"));
        }
        let back = (self.fixture.sign_in)(&url);
        let query = back.split_once('?').map_or("", |(_, query)| query);
        let brought = |name: &str| {
            let mut fields = form_urlencoded::parse(query.as_bytes());
            fields.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
        };
        let (code, issuer) = (brought("code"), brought("iss"));
        self.report.demand(&rules::REDIRECT, code.is_some(), || format!("no code came back with {back}"));
        Some(Code { code: code?, issuer })
    }

    async fn complete(&mut self, code: &Code, verifier: &str) -> Option<Answer<SignIn>> {
        let callback = self.fixture.redirect_uri.to_owned();
        let Code { code, issuer } = code;
        let mut answer = SignInAnswer::new(code.as_str().into(), verifier.into(), NONCE.to_owned(), callback);
        answer.issuer.clone_from(issuer);
        let answer = self
            .ask(Box::new(move |flow, cx| Box::pin(async move { flow.complete(cx, &answer).await })))
            .await?;
        let keep = match &answer {
            Ok(Decision::Allow(sign_in)) => sign_in.keep.expose_secret(),
            _ => "",
        };
        self.silent(&answer, &[code, verifier, keep]);
        Some(answer)
    }

    async fn revalidate(&mut self, keep: &SecretString) -> Option<Result<Revalidated, BackendError>> {
        let (given, renewals) = (keep.clone(), Arc::new(Renewals::default()));
        let handed_over = Arc::clone(&renewals);
        let answer = self
            .ask(Box::new(move |flow, cx| {
                Box::pin(async move { flow.revalidate(cx, &given, handed_over.as_ref()).await })
            }))
            .await?;
        // What was handed over last is what the server keeps, if the answer brings nothing else.
        if let Some(renewed) = renewals.take().pop() {
            self.silent(&answer, &[renewed.expose_secret()]);
        }
        let newer = match &answer {
            Ok(Revalidated::Current(sign_in)) => sign_in.keep.expose_secret(),
            _ => "",
        };
        self.silent(&answer, &[keep.expose_secret(), newer]);
        Some(answer)
    }

    async fn ask<T: Send + 'static>(&mut self, question: Question<T>) -> Option<T> {
        let (backend, cx) = (Arc::clone(&self.backend), self.fixture.world.call());
        let outcome = run(async move {
            match backend.login_flow() {
                Some(flow) => Some(question(flow, &cx).await),
                None => None,
            }
        })
        .await;
        self.report.demand(&rules::ANSWERS, matches!(outcome, Outcome::Answered(Some(_))), String::new);
        outcome.answered().flatten()
    }

    fn denied(&mut self, rule: &Rule, what: &str, answer: Option<Answer<SignIn>>) {
        let is_denied = matches!(answer, Some(Ok(Decision::Deny(_))));
        self.report.demand(rule, is_denied, || format!("{what} was answered {answer:?}"));
    }

    fn silent<T: Debug>(&mut self, answer: &Result<T, BackendError>, secrets: &[&str]) {
        let told = match answer {
            Ok(answer) => format!("{answer:?}"),
            Err(error) => format!("{error:?} {error}"),
        };
        // What is shorter may stand there by chance.
        let shown = secrets.iter().any(|secret| secret.len() >= 8 && told.contains(secret));
        self.report.demand(&rules::NO_LEAK, !shown, || "an answer shows a secret".to_owned());
    }
}
