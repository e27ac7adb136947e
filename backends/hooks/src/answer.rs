//! The document that a program or web hook answers.

use std::collections::BTreeMap;
use std::fmt;
use std::time::SystemTime;

use dockgate_api::config::Moment;
use dockgate_api::{
    AccessRequest, ActionSet, Actions, Because, Decision, Granted, Identity, LabelValue, Labels, Login,
    Reason, ReasonCode,
};
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::{Object, VERSION};

/// A decision, and for how long it may be remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply<T> {
    /// What was decided.
    pub decision: Decision<T>,
    /// Whether the answer may be given again to the same question.
    pub cacheable: bool,
    /// When the answer ends by its own words.
    pub expires_at: Option<SystemTime>,
}

impl<T> Reply<T> {
    /// A decision without more ado.
    pub fn new(decision: Decision<T>) -> Self {
        Self { decision, cacheable: true, expires_at: None }
    }

    /// The same with the reason of a refusal made fit for log and audit: whoever answers may repeat what it was asked.
    #[must_use]
    pub fn with_clean_reason(mut self, clean: impl Fn(&str) -> String) -> Self {
        if let Decision::Deny(reason) = &mut self.decision {
            reason.detail = clean(&reason.detail);
        }
        self
    }
}

impl Reply<Granted> {
    /// The same with the comment on a consent made fit, too.
    #[must_use]
    pub fn with_clean_texts(mut self, clean: impl Fn(&str) -> String) -> Self {
        if let Decision::Allow(granted) = &mut self.decision {
            granted.because.comment = granted.because.comment.take().map(|comment| clean(&comment).into());
        }
        self.with_clean_reason(clean)
    }
}

/// What is wrong with an answer, for the log. May repeat what was answered: whoever logs it takes the password out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerError(String);

impl fmt::Display for AnswerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for AnswerError {}

fn error(message: impl Into<String>) -> AnswerError {
    AnswerError(message.into())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    Allow,
    Deny,
    NoMatch,
}

/// What both kinds of answer have.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LoginAnswer {
    version: Option<u32>,
    decision: Word,
    #[serde(default, deserialize_with = "each_once")]
    labels: BTreeMap<String, Vec<String>>,
    expires_at: Option<Moment>,
    reason: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    cache: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccessAnswer {
    version: Option<u32>,
    #[serde(default, deserialize_with = "not_null")]
    decision: Option<Word>,
    #[serde(default, deserialize_with = "not_null")]
    actions: Option<Vec<String>>,
    expires_at: Option<Moment>,
    reason: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    cache: Option<bool>,
}

/// Null is not the same as nothing where nothing says more than null: many languages write it for a list that was never
/// filled, which must not allow all that was asked.
fn not_null<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// As everywhere in an answer, no key stands twice.
fn each_once<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Vec<String>>, D::Error> {
    struct EachOnce;
    impl<'de> Visitor<'de> for EachOnce {
        type Value = BTreeMap<String, Vec<String>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object of lists of texts")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
            let mut labels = BTreeMap::new();
            while let Some((name, values)) = entries.next_entry()? {
                if labels.insert(name, values).is_some() {
                    return Err(A::Error::custom("a label stands twice: write one list of its values"));
                }
            }
            Ok(labels)
        }
    }
    deserializer.deserialize_map(EachOnce)
}

/// Reads an answer to [`Question::who`](crate::Question::who). What has expired denies.
///
/// # Errors
/// If it is no such document, or contradicts itself.
pub fn read_identity(answer: &[u8], login: &Login, now: SystemTime) -> Result<Reply<Identity>, AnswerError> {
    let read: LoginAnswer = read(answer)?;
    same_version(read.version)?;
    if read.decision != Word::Allow && !(read.labels.is_empty() && read.expires_at.is_none()) {
        return Err(error("`labels` and `expires_at` are for `allow`: leave them out, or allow"));
    }
    let expires_at = read.expires_at.map(|moment| moment.0);
    let decision = match read.decision {
        Word::NoMatch => Decision::NoMatch,
        Word::Deny => Decision::Deny(Reason::bad_credentials(read.reason.unwrap_or_default())),
        Word::Allow if ended(expires_at, now) => {
            Decision::Deny(Reason::new(ReasonCode::Expired, "the answer itself says that it has expired"))
        }
        Word::Allow => Decision::Allow(
            Identity::new(&login.account).with_labels(literals(read.labels)).with_expires_at(expires_at),
        ),
    };
    Ok(Reply { decision, cacheable: read.cache.unwrap_or(true), expires_at })
}

/// Reads an answer to [`Question::what`](crate::Question::what). `place` names whoever answered, for log and audit.
///
/// # Errors
/// If it is no such document, contradicts itself, or allows what was not asked.
pub fn read_granted(
    answer: &[u8],
    request: &AccessRequest<'_>,
    now: SystemTime,
    place: &str,
) -> Result<Reply<Granted>, AnswerError> {
    let read: AccessAnswer = read(answer)?;
    same_version(read.version)?;
    let word = match (read.decision, &read.actions) {
        (Some(word), _) => word,
        (None, Some(_)) => Word::Allow,
        (None, None) => return Err(error("neither `decision` nor `actions`: answer at least one of them")),
    };
    let named: Option<ActionSet> = read.actions.map(|actions| actions.into_iter().collect());
    let nothing_more = named.as_ref().is_none_or(ActionSet::is_empty) && read.expires_at.is_none();
    if word != Word::Allow && !nothing_more {
        return Err(error("`actions` and `expires_at` are for `allow`: leave them out, or allow"));
    }
    let unasked = named.iter().flat_map(ActionSet::iter).find(|action| !request.actions.contains(action));
    if let Some(unasked) = unasked {
        return Err(error(format!(
            "it allows `{unasked}`, which was not asked: answer some of the `actions`"
        )));
    }
    let expires_at = read.expires_at.map(|moment| moment.0);
    let decision = match word {
        Word::NoMatch => Decision::NoMatch,
        Word::Deny => Decision::Deny(Reason::new(ReasonCode::Forbidden, read.reason.unwrap_or_default())),
        Word::Allow if ended(expires_at, now) => {
            Decision::Deny(Reason::new(ReasonCode::Expired, "the answer itself says that it has expired"))
        }
        Word::Allow => {
            let because = Because::at(place).with_comment(read.reason.map(Into::into));
            let actions = named.unwrap_or_else(|| request.actions.clone());
            Decision::Allow(Granted::new(Actions::Only(actions), because).with_valid_until(expires_at))
        }
    };
    Ok(Reply { decision, cacheable: read.cache.unwrap_or(true), expires_at })
}

fn read<'a, T: Deserialize<'a>>(answer: &'a [u8]) -> Result<T, AnswerError> {
    if answer.iter().all(u8::is_ascii_whitespace) {
        return Err(error("an empty answer: write a document such as {\"decision\": \"deny\"}"));
    }
    let read: Result<Object<T>, _> = serde_json::from_slice(answer);
    read.map(|object| object.0).map_err(|found| error(format!("not the document that is expected: {found}")))
}

fn same_version(version: Option<u32>) -> Result<(), AnswerError> {
    match version {
        None | Some(VERSION) => Ok(()),
        Some(other) => Err(error(format!("version {other} is not known here: answer version {VERSION}"))),
    }
}

fn ended(expires_at: Option<SystemTime>, now: SystemTime) -> bool {
    expires_at.is_some_and(|expires_at| expires_at <= now)
}

/// Whether they act as patterns is for the link to say.
pub(crate) fn literals(labels: BTreeMap<String, Vec<String>>) -> Labels {
    let mut literals = Labels::new();
    for (name, values) in labels {
        for value in values {
            literals.add(name.clone(), LabelValue::Literal(value));
        }
    }
    literals
}

#[cfg(test)]
mod tests;
