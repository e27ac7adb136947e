//! The same way as a request's, for the administrator: the functions that decide are those of [`Access::answer`], and
//! what comes out is an [`Explanation`]. Nobody is logged in: there is no decision line, and no [`Grant`](super::Grant)
//! leaves here.

mod notes;
mod words;

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use dockgate_api::{Call, Credential, Identity, LabelValue, Labels, RequestId};

use super::authorize::earliest;
use super::explanation::{ExplainedScope, Explanation, Outcome, Refused, listed, rfc3339, shown};
use super::refusal::NotIdentified;
use super::{Access, Question, Refusal, admitted};
use crate::chain::{LinkError, Preview, Turn, Verdict};
use crate::scope::RequestedScope;
use notes::Notes;
use words::{decision, known, links, not_identified, status, unanswered, unavailable, untold};

/// A question to be explained.
#[derive(Debug)]
pub struct Inquiry {
    /// What is asked.
    pub question: Question,
    /// How it is known who asks.
    pub proof: Proof,
}

/// How it is known who asks.
#[derive(Clone, Debug)]
pub enum Proof {
    /// By the login itself, as in a request.
    Shown,
    /// The right proof is taken for granted.
    Assumed,
    /// The account is known to this link, with these labels. Without a name it is the one link that is asked.
    Given {
        /// The link of `authn`.
        link: Option<String>,
        /// Labels and their values.
        labels: Vec<(String, String)>,
    },
}

/// The time of a question, how long its answer is waited for, and its id.
#[derive(Clone, Copy, Debug)]
pub struct Occasion {
    /// When it is asked.
    pub now: SystemTime,
    /// When the answer is no longer wanted.
    pub deadline: Instant,
    /// Its id.
    pub request_id: RequestId,
}

/// An explanation, and until when what it says is granted holds.
pub struct Explained {
    /// What is told.
    pub explanation: Explanation,
    /// When the permission ends, if it does.
    pub valid_until: Option<SystemTime>,
}

/// Who it is, or why that is not known.
enum Found {
    Identity(Identity),
    Refused(NotIdentified),
    Untold(Arc<str>),
}

impl Access {
    /// Says what [`answer`](Self::answer) would say, and why. What the token would be is left open.
    ///
    /// # Errors
    /// What is wrong with the question.
    pub async fn explain(&self, occasion: Occasion, inquiry: &Inquiry) -> Result<Explained, String> {
        let question = &inquiry.question;
        let mut explanation = unanswered(occasion.now, inquiry);
        let mut valid_until = None;
        if let Some(refused) = self.turned_away(question) {
            explanation.status = Some(400);
            explanation.refused = Some(refused);
            return Ok(Explained { explanation, valid_until });
        }
        let notes = Notes::default();
        let cx = notes.call(occasion);
        let found = self.find_out(&cx, inquiry).await?;
        let last = match &found {
            Found::Identity(identity) => Some(identity.link.as_ref()),
            Found::Untold(link) => Some(link.as_ref()),
            Found::Refused(NotIdentified::Denied(link, _)) => link.as_deref(),
            Found::Refused(NotIdentified::Failed(failed)) => Some(failed.link.as_ref()),
            Found::Refused(
                NotIdentified::Unknown | NotIdentified::Differs | NotIdentified::Locked { .. },
            ) => None,
        };
        let (authn, _) = self.chains();
        let login = &question.login;
        explanation.identity.links =
            links(authn, claimed(question), last, &notes, |link| match inquiry.proof {
                Proof::Given { .. } if last != Some(&link.name) => Some("the question says who it is"),
                Proof::Given { .. } => None,
                Proof::Assumed if !login.account.is_empty() => None,
                _ if login.has_proof() || link.backend.answers_without_proof(&login.account) => None,
                _ => Some("nobody is known to it without a proof"),
            });
        if matches!(inquiry.proof, Proof::Given { .. }) {
            let asked = explanation.identity.links.iter_mut().filter(|link| link.turn == "asked");
            asked.for_each(|link| link.turn = "taken".into());
        }
        let identity = match found {
            Found::Identity(identity) => identity,
            Found::Untold(link) => {
                explanation.outcome = Outcome::Unknown;
                explanation.refused = Some(untold(&link));
                return Ok(Explained { explanation, valid_until });
            }
            Found::Refused(refused) => {
                explanation.status = Some(status(&refused));
                explanation.refused = Some(not_identified(refused));
                return Ok(Explained { explanation, valid_until });
            }
        };
        explanation.identity.known = Some(known(&identity));
        valid_until = identity.expires_at;
        explanation.outcome = Outcome::Granted;
        for scope in &question.scopes.scopes {
            match self.explain_scope(occasion, &identity, question, scope).await {
                Ok((explained, until)) => {
                    if !explained.granted.is_empty() {
                        valid_until = earliest(valid_until, until);
                    }
                    if !explained.missing.is_empty() {
                        explanation.outcome = Outcome::Refused;
                    }
                    explanation.scopes.push(explained);
                }
                // One scope that cannot be decided fails the request.
                Err(failed) => {
                    explanation.outcome = Outcome::Refused;
                    explanation.status = Some(503);
                    explanation.refused = Some(unavailable(&failed));
                    return Ok(Explained { explanation, valid_until });
                }
            }
        }
        explanation.status = Some(200);
        Ok(Explained { explanation, valid_until })
    }

    fn turned_away(&self, question: &Question) -> Option<Refused> {
        let (code, detail) = match self.refuse_impossible_names(&question.login) {
            Err(Refusal::Malformed(detail)) => ("malformed", detail.to_owned()),
            _ if !self.serves(&question.login.service) => {
                let mut services: Vec<&str> = self.services.iter().flatten().map(String::as_str).collect();
                services.sort_unstable();
                let detail = "the service is not listed under token.services or token.keys, and others get no tokens; listed";
                ("unknown_service", shown(&format!("{detail}: {}", services.join(", "))))
            }
            _ => return None,
        };
        Some(Refused { link: None, code: code.to_owned(), detail })
    }

    async fn find_out(&self, cx: &Call, inquiry: &Inquiry) -> Result<Found, String> {
        let login = &inquiry.question.login;
        let nobody = login.account.is_empty() && matches!(login.credential, Credential::None);
        let identified = match &inquiry.proof {
            Proof::Given { link, labels } => {
                let verdict = self.given(login.account.as_str(), link.as_deref(), labels)?;
                admitted(cx, verdict)
            }
            Proof::Assumed if !nobody => match self.authn.preview(cx, &login.account).await {
                Ok(Preview::Untold(link)) => return Ok(Found::Untold(link)),
                Ok(Preview::Told(verdict)) => admitted(cx, verdict),
                Err(failed) => Err(failed.into()),
            },
            Proof::Shown | Proof::Assumed => self.identify(cx, login).await,
        };
        Ok(identified.map_or_else(Found::Refused, Found::Identity))
    }

    fn given(
        &self,
        account: &str,
        link: Option<&str>,
        labels: &[(String, String)],
    ) -> Result<Verdict<Identity>, String> {
        let asked = || self.authn.turns(Some(account)).filter(|(_, turn)| *turn == Turn::Asked);
        let link = match (link, asked().map(|(link, _)| link.name.as_ref()).collect::<Vec<_>>().as_slice()) {
            (Some(link), _) => link.to_owned(),
            (None, [only]) => (*only).to_owned(),
            (None, several) => {
                let several = several.join(", ");
                return Err(format!(
                    "several links are asked: say with `--as-link` which one knows the account: {several}"
                ));
            }
        };
        let mut given = Labels::new();
        for (key, value) in labels {
            given.add(key.clone(), LabelValue::Literal(value.clone()));
        }
        let identity = Identity::new(account).with_labels(given);
        self.authn.as_link(&link, identity).ok_or_else(|| {
            let known: Vec<&str> = self.authn.links().iter().map(|link| link.name.as_ref()).collect();
            format!("no link of `authn` is called `{}`: there are {}", shown(&link), known.join(", "))
        })
    }

    async fn explain_scope(
        &self,
        occasion: Occasion,
        identity: &Identity,
        question: &Question,
        scope: &RequestedScope,
    ) -> Result<(ExplainedScope, Option<SystemTime>), LinkError> {
        let notes = Notes::default();
        let cx = notes.call(occasion);
        let (granted, until) = self.authorize_in_full(&cx, identity, question, scope).await?;
        let missing: Vec<&str> =
            scope.actions.iter().filter(|action| !granted.actions().contains(action)).collect();
        let restricted = if identity.restrictions.is_empty() {
            Vec::new()
        } else {
            let quiet = Call::new(occasion.now, occasion.deadline, occasion.request_id);
            let (before, _) = self.authorize_scope(&quiet, identity, question, scope).await?;
            missing
                .iter()
                .filter(|action| before.actions().contains(action))
                .map(|action| shown(action))
                .collect()
        };
        let (link, decided) = decision(&granted);
        let (_, authz) = self.chains();
        let explained = ExplainedScope {
            resource: shown(&scope.resource.to_string()),
            asked: listed(&scope.actions),
            granted: listed(granted.actions()),
            missing: missing.into_iter().map(shown).collect(),
            restricted,
            until: until.filter(|_| !granted.actions().is_empty()).map(rfc3339),
            decided,
            links: links(authz, Some(&identity.account), link.as_deref(), &notes, |_| None),
            rules: notes.rules(),
        };
        Ok((explained, until))
    }
}

fn claimed(question: &Question) -> Option<&str> {
    let login = &question.login;
    login.claims_account().then_some(login.account.as_str())
}

#[cfg(test)]
mod tests;
