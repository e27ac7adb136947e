//! From claims to an identity.

use dockgate_api::{Identity, LabelValue, Labels, Reason, ReasonCode};
use serde_json::Value;

use super::claim_path::ClaimPath;
use super::claims::{Claims, Told};
use super::mail::{self, MailRules};
use super::trouble::Trouble;

/// In bytes; a subject is never longer (OpenID Connect Core 1.0, section 2).
const LONGEST_NAME: usize = 255;
/// In bytes; a distinguished name fits.
const LONGEST_VALUE: usize = 1024;
/// Of one label.
const MOST_VALUES: usize = 1000;

/// Which claims make an identity.
#[derive(Clone, Debug)]
pub(crate) struct PersonRules {
    pub(crate) user: ClaimPath,
    pub(crate) subject: ClaimPath,
    pub(crate) mail: MailRules,
    /// Labels and their claims.
    pub(crate) labels: Vec<(String, ClaimPath)>,
    pub(crate) groups: Option<GroupRule>,
    /// One of them will do; empty for none needed.
    pub(crate) required_groups: Vec<String>,
}

/// Where groups stand.
#[derive(Clone, Debug)]
pub(crate) struct GroupRule {
    pub(crate) claim: ClaimPath,
    /// Where alone they are believed.
    pub(crate) from: Option<Source>,
    pub(crate) label: String,
}

/// A document with claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Source {
    /// What the provider signs.
    IdToken,
    /// What its userinfo endpoint answers.
    Userinfo,
}

impl PersonRules {
    /// Whether the userinfo endpoint has something to say that the ID token does not.
    pub(crate) fn want_userinfo(&self, id_token: &Claims) -> bool {
        let lacks = |path: &ClaimPath| path.find(&id_token.0).is_none();
        let of_mail = self.user.is_top("email") && lacks(&ClaimPath::top("email_verified"));
        let groups = self.groups.as_ref().is_some_and(|groups| match groups.from {
            Some(Source::IdToken) => false,
            Some(Source::Userinfo) => true,
            None => lacks(&groups.claim),
        });
        of_mail || groups || lacks(&self.user) || self.labels.iter().any(|(_, path)| lacks(path))
    }

    /// Who somebody is.
    ///
    /// # Errors
    /// If the claims make no account here.
    pub(crate) fn identity(&self, issuer: &str, told: &Told<'_>) -> Result<Identity, Trouble> {
        let subject = self.subject(told)?;
        let identity = Identity::new(self.account(told)?).with_subject(format!("{issuer} {subject}"));
        Ok(identity.with_labels(self.labels(told)?))
    }

    fn subject(&self, told: &Told<'_>) -> Result<String, Reason> {
        let found = told.find_ever(&self.subject).and_then(|(value, _)| value.as_str());
        let subject = found.filter(|text| is_name(text));
        let subject = subject.map(str::to_owned);
        subject.ok_or_else(|| refused(format!("the claim `{}` names nobody", self.subject)))
    }

    fn account(&self, told: &Told<'_>) -> Result<String, Reason> {
        let path = &self.user;
        let Some((value, beside)) = told.find_ever(path) else {
            let hint = path.nearest_standard().map(|near| format!(", or did you mean `{near}`?"));
            let hint = hint.unwrap_or_default();
            return Err(refused(format!(
                "there is no claim `{path}`: have the provider send it (a scope, a mapper){hint}"
            )));
        };
        let account = match value.as_str() {
            Some(text) if is_name(text) => text,
            Some(text) if text.trim().is_empty() => {
                return Err(refused(format!("the claim `{path}` is empty")));
            }
            Some(_) => {
                return Err(refused(format!(
                    "the claim `{path}` makes no account: control characters, `:`, white space around it, or more than \
                     {LONGEST_NAME} bytes"
                )));
            }
            None => return Err(refused(format!("the claim `{path}` is no text"))),
        };
        if path.is_top("email") {
            return self.mail.account(account, beside, told);
        }
        self.mail.check(account)?;
        Ok(account.to_owned())
    }

    fn labels(&self, told: &Told<'_>) -> Result<Labels, Reason> {
        let mut labels = Labels::new();
        for (label, path) in &self.labels {
            if let Some((value, beside)) = told.find_today(path) {
                if let (true, Some(address)) = (path.is_top("email"), value.as_str()) {
                    mail::require_verified(address, beside, told)?;
                }
                add(&mut labels, label, path, value)?;
            }
        }
        if let Some(groups) = &self.groups {
            self.add_groups(&mut labels, groups, told)?;
        }
        Ok(labels)
    }

    fn add_groups(&self, labels: &mut Labels, groups: &GroupRule, told: &Told<'_>) -> Result<(), Reason> {
        let sources = match groups.from {
            Some(Source::IdToken) => [told.id_token, None],
            Some(Source::Userinfo) => [told.userinfo, None],
            None => [told.id_token, told.userinfo],
        };
        let sources = || sources.into_iter().flatten();
        if let Some(value) = sources().find_map(|claims| groups.claim.find(&claims.0)) {
            add(labels, &groups.label, &groups.claim, value)?;
        } else if sources().any(|claims| is_elsewhere(claims, groups.claim.first())) {
            let cure =
                "have it send only the groups that are assigned to this application, or roles in their place";
            return Err(refused(format!(
                "the provider names no groups, because there are too many (`_claim_names`): {cure}"
            )));
        }
        let has = |wanted: &String| {
            labels.values(&groups.label).iter().any(|value| value.as_str() == wanted.as_str())
        };
        if self.required_groups.is_empty() || self.required_groups.iter().any(has) {
            return Ok(());
        }
        let why = "in none of the groups of which one is needed (`required_groups`)";
        Err(Reason::new(ReasonCode::NotMember, why))
    }
}

/// Whether a claim is left out of a document with a word where else it is (OpenID Connect Core 1.0, section 5.6.2).
fn is_elsewhere(claims: &Claims, name: &str) -> bool {
    claims.0.get("_claim_names").and_then(Value::as_object).is_some_and(|names| names.contains_key(name))
}

/// A rule that takes something away because of a label must not miss one: what does not fit is refused as a whole.
fn add(labels: &mut Labels, label: &str, path: &ClaimPath, value: &Value) -> Result<(), Reason> {
    let values = match value {
        Value::Array(values) => values.as_slice(),
        Value::Null => &[],
        one => std::slice::from_ref(one),
    };
    if values.len() > MOST_VALUES {
        return Err(refused(format!(
            "the claim `{path}` has more than {MOST_VALUES} values: have the provider send fewer"
        )));
    }
    for value in values {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(said) => said.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => {
                return Err(refused(format!("the claim `{path}` is no text and no list of texts")));
            }
        };
        if text.len() > LONGEST_VALUE || text.contains(char::is_control) {
            return Err(refused(format!(
                "the claim `{path}` has a value of more than {LONGEST_VALUE} bytes, or with control characters"
            )));
        }
        labels.add(label, LabelValue::Literal(text));
    }
    Ok(())
}

/// What a client can send as a user name (RFC 7617, section 2).
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= LONGEST_NAME
        && text.trim() == text
        && !text.contains(|c: char| c.is_control() || c == ':')
}

fn refused(why: String) -> Reason {
    Reason::new(ReasonCode::Forbidden, why)
}
