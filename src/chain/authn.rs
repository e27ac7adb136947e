//! Who is this? Link after link, until one knows.

use std::sync::Arc;
use std::time::Instant;

use dockgate_api::{
    Answer, Authenticator, BackendError, Call, Decision, Health, Identity, KnownIdentity, LabelValues, Login,
    Reason, ReasonCode, Reloaded, async_trait,
};

use super::pending::Pending;
use super::{Chain, Link, LinkError, Verdict, count, left, outcome, together};
use crate::metrics::LinkMeter;

impl Chain<dyn Authenticator> {
    /// Asks link after link until one decides.
    ///
    /// An error under `on_error: next` lets the next link be asked, but only that link's consent counts: where
    /// nobody allows, the error stands, so that a directory that is down never looks like a wrong password.
    ///
    /// # Errors
    /// The first error that ended the chain or that nobody's consent made up for.
    pub async fn identify(&self, cx: &Call, login: &Login) -> Result<Verdict<Identity>, LinkError> {
        let mut pending = Pending::default();
        for (link, meter) in self.asked_for(login.claims_account().then_some(login.account.as_str())) {
            if !login.has_proof() && !link.backend.answers_without_proof(&login.account) {
                cx.note(|| format!("{} is not asked without a proof", link.name));
                continue;
            }
            if let Some(decided) = pending.take(link, link.authenticate(cx, login, meter).await) {
                return Ok(Verdict::of(link, self.refuse_foreign(link, decided?)));
            }
        }
        pending.end()
    }

    /// A link may find out that the client is somebody whose account another link owns: under another spelling, or
    /// where the client claimed no account.
    pub(super) fn refuse_foreign(
        &self,
        link: &Link<dyn Authenticator>,
        decision: Decision<Identity>,
    ) -> Decision<Identity> {
        match decision {
            Decision::Allow(identity)
                if self.is_owned(&identity.account) && !link.owns(&identity.account) =>
            {
                let detail = format!("{} is an account of another link", identity.account);
                Decision::Deny(Reason::new(ReasonCode::NotMember, detail))
            }
            decision => decision,
        }
    }

    /// Asks the one link that made an identity for it again.
    ///
    /// # Errors
    /// The link's error.
    pub async fn reload_identity(
        &self,
        cx: &Call,
        link: &str,
        known: &KnownIdentity,
    ) -> Result<Reloaded, LinkError> {
        let Some(link) = self.links.iter().find(|candidate| candidate.name.as_ref() == link) else {
            let detail = format!("there is no link `{link}` any more");
            return Ok(Reloaded::Gone(Reason::new(ReasonCode::Removed, detail)));
        };
        let reloaded = link.reload(cx, known).await.map_err(|error| link.failed(error))?;
        let Reloaded::Current(identity) = reloaded else { return Ok(reloaded) };
        // The account may have become another link's since.
        Ok(match self.refuse_foreign(link, Decision::Allow(identity)) {
            Decision::Allow(identity) => Reloaded::Current(identity),
            Decision::Deny(reason) => Reloaded::Gone(reason),
            Decision::NoMatch => Reloaded::Unsupported,
        })
    }

    /// Whether a link can say later, without a password, who somebody is.
    pub fn can_reload(&self, link: &str) -> bool {
        let link = self.links.iter().find(|candidate| candidate.name.as_ref() == link);
        link.is_some_and(|link| link.backend.can_reload())
    }
}

impl Link<dyn Authenticator> {
    async fn authenticate(&self, cx: &Call, login: &Login, meter: &LinkMeter) -> Answer<Identity> {
        let (cx, asked) = (self.call(cx), Instant::now());
        let answer = tokio::time::timeout(left(&cx, asked), self.backend.authenticate(&cx, login)).await;
        let answer = answer.unwrap_or_else(|_| Err(self.timed_out(asked)));
        let took = asked.elapsed();
        count(&cx, meter, &answer, took);
        cx.note(|| format!("{} answered {} after {took:?}", self.name, outcome(&answer)));
        Ok(match answer? {
            Decision::Allow(identity) => Decision::Allow(self.stamp(identity)),
            other => other,
        })
    }

    async fn reload(&self, cx: &Call, known: &KnownIdentity) -> Result<Reloaded, BackendError> {
        let (cx, asked) = (self.call(cx), Instant::now());
        let answer = tokio::time::timeout(cx.remaining(), self.backend.reload(&cx, known)).await;
        Ok(match answer.unwrap_or_else(|_| Err(self.timed_out(asked)))? {
            Reloaded::Current(identity) => Reloaded::Current(self.stamp(identity)),
            other => other,
        })
    }

    pub(super) fn stamp(&self, mut identity: Identity) -> Identity {
        identity.link = Arc::clone(&self.name);
        identity.labels = match self.values {
            LabelValues::Literal => identity.labels.into_literals(),
            LabelValues::Pattern => identity.labels.into_patterns(),
        };
        identity
    }
}

#[async_trait]
impl Authenticator for Chain<dyn Authenticator> {
    async fn authenticate(&self, cx: &Call, login: &Login) -> Answer<Identity> {
        self.identify(cx, login).await.map(|verdict| verdict.decision).map_err(|failed| failed.error)
    }

    fn answers_without_proof(&self, account: &str) -> bool {
        self.links.iter().any(|link| link.backend.answers_without_proof(account))
    }

    async fn health(&self, cx: &Call) -> Health {
        let mut all = Vec::with_capacity(self.links.len());
        for link in &self.links {
            all.push((&*link.name, link.backend.health(&link.call(cx)).await));
        }
        together(all)
    }
}
