//! An explanation under one configuration, with the token that would be signed.

use std::net::IpAddr;
use std::time::{Duration, Instant, SystemTime};

use dockgate_api::config::Moment;
use dockgate_api::secrecy::SecretString;
use dockgate_api::{Credential, Login};
use serde::{Deserialize, Serialize};

use super::State;
use crate::access::explanation::{Explanation, Outcome, Refused, Token, rfc3339, shown};
use crate::access::{Explained, Inquiry, Occasion, Proof, Question};
use crate::lockout::Standing;
use crate::scope::RequestedScopes;

/// What somebody wants explained, as they write it.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExplainRequest {
    /// Who asks; empty for nobody in particular.
    pub account: String,
    /// `TYPE:NAME:ACTIONS`, as registries ask for them.
    pub scopes: Vec<String>,
    /// The registry.
    pub service: String,
    /// Where the client is, if that is known.
    pub ip: Option<IpAddr>,
    /// When it asks; now, if that is not said.
    pub at: Option<Moment>,
    /// A password to log in with. Without it the right one is taken for granted.
    #[serde(skip)]
    pub password: Option<SecretString>,
    /// The link that is taken to have let the account in.
    pub as_link: Option<String>,
    /// The labels that it is taken to have.
    pub labels: Vec<(String, String)>,
}

impl State {
    /// Says what a request would be answered, and why. Nobody is logged in and nothing is signed.
    ///
    /// # Errors
    /// What is wrong with the question, and the cure.
    pub async fn explain(&self, request: ExplainRequest) -> Result<Explanation, String> {
        let scopes = self.read_scopes(&request.scopes)?;
        let proof = match &request.password {
            Some(_) => Proof::Shown,
            None if request.as_link.is_none() && request.labels.is_empty() => Proof::Assumed,
            None => Proof::Given { link: request.as_link, labels: request.labels },
        };
        let credential = request.password.map_or(Credential::None, Credential::Password);
        let login = Login::new(request.account, credential).from_ip(request.ip).for_service(request.service);
        let locked = if request.at.is_none() { self.locked(&login) } else { None };
        let now = request.at.map_or_else(|| whole_seconds(self.now()), |at| at.0);
        let occasion = Occasion {
            now,
            deadline: Instant::now() + self.limits().request_timeout.0,
            request_id: self.next_request_id(),
        };
        let inquiry = Inquiry { question: Question { login, scopes, standing: Standing::default() }, proof };
        let Explained { mut explanation, valid_until } = self.access().explain(occasion, &inquiry).await?;
        if let (Some(200), Some(known)) = (explanation.status, &explanation.identity.known) {
            let (subject, service) = (known.account.clone(), &inquiry.question.login.service);
            match self.token(subject, service, valid_until, now) {
                Ok(token) => explanation.token = Some(token),
                Err(refused) => {
                    explanation.outcome = Outcome::Refused;
                    explanation.status = Some(503);
                    explanation.refused = Some(refused);
                }
            }
        }
        if let Some(refused) = locked {
            explanation.outcome = Outcome::Refused;
            explanation.status = Some(429);
            explanation.refused = Some(refused);
            explanation.token = None;
        }
        Ok(explanation)
    }

    /// Why a login with a password would be refused at this moment, whatever else holds: only a running server knows.
    fn locked(&self, login: &Login) -> Option<Refused> {
        let left = self.access().lockout()?.refuses(&login.account, login.client_ip?)?;
        let detail = format!(
            "too many failed logins: refused from there for {} more seconds; `dockgate bans lift` ends it",
            left.as_secs().max(1)
        );
        Some(Refused { link: None, code: "locked".to_owned(), detail }).filter(|_| !login.account.is_empty())
    }

    fn read_scopes(&self, texts: &[String]) -> Result<RequestedScopes, String> {
        let scopes =
            RequestedScopes::parse(texts.iter().map(String::as_str), self.limits().scopes).map_err(|_| {
                format!(
                    "too many scopes, or too long ones: at most {} (server.limits.scopes)",
                    self.limits().scopes
                )
            })?;
        match scopes.malformed.first() {
            None => Ok(scopes),
            Some(bad) => Err(format!(
                "`{}` is no scope: write TYPE:NAME:ACTIONS, such as `repository:team/app:pull,push`, or \
                 `registry:catalog:*`; a server leaves such a one out",
                shown(bad)
            )),
        }
    }

    fn token(
        &self,
        subject: String,
        service: &str,
        valid_until: Option<SystemTime>,
        now: SystemTime,
    ) -> Result<Token, Refused> {
        let signing = self.signing();
        // The keys are those of today, whatever time was asked about: what counts of it is the life that is left.
        let today = whole_seconds(self.now());
        let left = |until| whole_seconds(until).duration_since(whole_seconds(now)).unwrap_or_default();
        let valid_until = valid_until.map(|until| today + left(until));
        let unsigned = |detail: String| Refused { link: None, code: "not_signed".to_owned(), detail };
        let (expires_in, x5c) = signing
            .issuer
            .outlook(service, valid_until, today)
            .map_err(|error| unsigned(error.to_string()))?;
        let profile = signing.profile(service);
        let key = profile.and_then(|profile| signing.keys().get(profile.key()));
        let (Some(profile), Some(key)) = (profile, key) else {
            return Err(unsigned("no key signs for this service".to_owned()));
        };
        Ok(Token {
            issuer: shown(self.issuer()),
            subject,
            audience: shown(service),
            expires_in,
            expires: rfc3339(whole_seconds(now) + Duration::from_secs(expires_in)),
            algorithm: key.key.algorithm().name().into(),
            key_id: profile.header.kid.as_ref().map(|id| shown(&id.of(key.key.public_key()))),
            x5c,
        })
    }
}

/// Tokens count no less.
fn whole_seconds(time: SystemTime) -> SystemTime {
    let since_epoch = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_secs(since_epoch.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a request comes in over a socket: whoever asks there logs nobody in.
    #[test]
    fn a_question_can_be_read_and_holds_no_password() {
        let question = r#"{"account": "alice", "scopes": ["repository:a:pull"], "ip": "10.0.0.1", "at": "2026-02-01",
            "as_link": "corp", "labels": [["groups", "dev"]]}"#;
        let request: ExplainRequest = serde_json::from_str(question).unwrap();
        assert_eq!((request.account.as_str(), request.scopes.len(), request.labels.len()), ("alice", 1, 1));
        assert_eq!(request.at, Some("2026-02-01".parse().unwrap()));
        assert!(request.password.is_none());
        for bad in [r#"{"password": "x"}"#, r#"{"acount": "alice"}"#, r#"{"at": "tomorrow"}"#] {
            assert!(serde_json::from_str::<ExplainRequest>(bad).is_err(), "{bad}");
        }
    }
}
