use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use dockgate_api::{FlowTerms, Identity, Login, Reason, Renewal, async_trait};

use super::*;

/// What a flow does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    LosesState,
    PlainChallenge,
    FailsOnWrongCodes,
    AnyVerifier,
    TakesCodesTwice,
    NobodysSubject,
    NamesItsLink,
    BelievesAnyKeep,
    EndsForeignKeeps,
    FailsForThoseWhoAreGone,
    ShowsTheCode,
    Panics,
}

/// A flow, with its provider inside.
struct Flow {
    fault: Fault,
    terms: FlowTerms,
    challenge: Mutex<String>,
    codes: Mutex<Vec<String>>,
    given: AtomicUsize,
    ended: Arc<AtomicBool>,
}

impl Flow {
    fn new(fault: Fault, ended: &Arc<AtomicBool>) -> Self {
        Self {
            fault,
            terms: FlowTerms::new("Test"),
            challenge: Mutex::default(),
            codes: Mutex::default(),
            given: AtomicUsize::new(0),
            ended: Arc::clone(ended),
        }
    }

    fn signed_in(&self) -> SignIn {
        let subject = if self.fault == Fault::NobodysSubject { "" } else { "subject-1" };
        let mut identity = Identity::new("alice").with_subject(subject);
        if self.fault == Fault::NamesItsLink {
            identity.link = "here".into();
        }
        SignIn::new(identity, "kept-for-alice".into())
    }
}

#[async_trait]
impl Authenticator for Flow {
    async fn authenticate(&self, _cx: &Call, _login: &Login) -> Answer<Identity> {
        Ok(Decision::NoMatch)
    }

    fn login_flow(&self) -> Option<&dyn LoginFlow> {
        Some(self)
    }
}

#[async_trait]
impl LoginFlow for Flow {
    fn terms(&self) -> &FlowTerms {
        &self.terms
    }

    async fn redirect(&self, _cx: &Call, request: &AuthorizeRequest) -> Result<Redirect, BackendError> {
        self.challenge.lock().unwrap().clone_from(&request.code_challenge);
        let code = format!("the-code-{}", self.given.fetch_add(1, Ordering::Relaxed));
        self.codes.lock().unwrap().push(code.clone());
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("response_type", "code").append_pair("nonce", &request.nonce);
        query.append_pair("redirect_uri", &request.redirect_uri).append_pair("code_for_tests", &code);
        query.append_pair("code_challenge", &request.code_challenge);
        let plain = self.fault == Fault::PlainChallenge;
        query.append_pair("code_challenge_method", if plain { "plain" } else { "S256" });
        if self.fault != Fault::LosesState {
            query.append_pair("state", &request.state);
        }
        Ok(Redirect::to(format!("https://provider.example.com/?{}", query.finish())))
    }

    async fn complete(&self, _cx: &Call, answer: &SignInAnswer) -> Answer<SignIn> {
        assert!(self.fault != Fault::Panics, "as it was told");
        let code = answer.code.expose_secret();
        let mut codes = self.codes.lock().unwrap();
        let Some(place) = codes.iter().position(|known| known == code) else {
            return match self.fault {
                Fault::FailsOnWrongCodes => Err(BackendError::Protocol("what is that?".to_owned())),
                Fault::ShowsTheCode => Ok(Decision::Deny(Reason::bad_credentials(format!("no {code}")))),
                _ => Ok(Decision::Deny(Reason::bad_credentials("no such code"))),
            };
        };
        if self.fault != Fault::TakesCodesTwice {
            codes.remove(place);
        }
        let hashed = URL_SAFE_NO_PAD.encode(digest(&SHA256, answer.code_verifier.expose_secret().as_bytes()));
        if hashed != *self.challenge.lock().unwrap() && self.fault != Fault::AnyVerifier {
            return Ok(Decision::Deny(Reason::bad_credentials("another browser")));
        }
        Ok(Decision::Allow(self.signed_in()))
    }

    async fn revalidate(
        &self,
        _cx: &Call,
        keep: &SecretString,
        _renewal: &dyn Renewal,
    ) -> Result<Revalidated, BackendError> {
        let gone = || Ok(Revalidated::Gone(Reason::bad_credentials("gone")));
        if keep.expose_secret() != "kept-for-alice" {
            return match self.fault {
                Fault::BelievesAnyKeep => Ok(Revalidated::Current(self.signed_in())),
                Fault::EndsForeignKeeps => gone(),
                _ => Err(BackendError::Protocol("not kept here".to_owned())),
            };
        }
        match (self.ended.load(Ordering::Relaxed), self.fault) {
            (false, _) => Ok(Revalidated::Current(self.signed_in())),
            (true, Fault::FailsForThoseWhoAreGone) => Err(BackendError::Protocol("who?".to_owned())),
            (true, _) => gone(),
        }
    }
}

async fn checked(fault: Fault) -> Report {
    let (world, ended) = (World::new(), Arc::new(AtomicBool::new(false)));
    let code = |url: &str| {
        let query = url.split_once('?').unwrap().1;
        let mut fields = form_urlencoded::parse(query.as_bytes());
        let code = fields.find(|(name, _)| name == "code_for_tests").unwrap().1;
        format!("https://auth.example.com/login/test?code={code}&state=s")
    };
    let fixture = Fixture {
        world: &world,
        redirect_uri: "https://auth.example.com/login/test",
        nonce: Nonce::Sent,
        sign_in: &code,
        end: &|| ended.store(true, Ordering::Relaxed),
    };
    check(Arc::new(Flow::new(fault, &ended)), fixture).await
}

#[tokio::test]
async fn a_flow_that_does_everything_right_passes_every_rule() {
    let report = checked(Fault::None).await;
    assert!(report.broken.is_empty(), "{:?}", report.broken);
    for rule in [
        rules::REDIRECT,
        rules::RIGHT,
        rules::WRONG_CODE,
        rules::WRONG_VERIFIER,
        rules::CURRENT,
        rules::FOREIGN_KEEP,
        rules::GONE,
        rules::LINK,
        rules::NO_LEAK,
        rules::ANSWERS,
    ] {
        assert!(report.ran(&rule), "{rule}");
    }
}

#[tokio::test]
async fn each_fault_is_found() {
    for (fault, rule) in [
        (Fault::LosesState, rules::REDIRECT),
        (Fault::PlainChallenge, rules::REDIRECT),
        (Fault::FailsOnWrongCodes, rules::WRONG_CODE),
        (Fault::AnyVerifier, rules::WRONG_VERIFIER),
        (Fault::TakesCodesTwice, rules::WRONG_CODE),
        (Fault::NobodysSubject, rules::RIGHT),
        (Fault::NamesItsLink, rules::LINK),
        (Fault::BelievesAnyKeep, rules::FOREIGN_KEEP),
        (Fault::EndsForeignKeeps, rules::FOREIGN_KEEP),
        (Fault::FailsForThoseWhoAreGone, rules::GONE),
        (Fault::ShowsTheCode, rules::NO_LEAK),
        (Fault::Panics, rules::ANSWERS),
    ] {
        assert!(checked(fault).await.is_broken(&rule), "{fault:?} goes unnoticed");
    }
}
