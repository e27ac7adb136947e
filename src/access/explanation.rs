//! Why a request is answered as it is, for the administrator. An [`Explanation`] is words: nothing in it can be signed,
//! and it holds no secret.
//!
//! Its JSON is a promise to scripts: keys and words stay as they are, new ones may come (docs/explain.md). Text that
//! others wrote is cut and written with escapes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::SystemTime;

use dockgate_api::config::{Moment, Standing};
use dockgate_api::{ActionSet, Actions, ConditionNote, RuleNote, RuleRole};
use serde::{Deserialize, Serialize};

use crate::scope::is_unprintable;

/// Longer texts are cut, in characters.
const LONGEST: usize = 300;

/// What came of a question, and why.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Explanation {
    /// Of this form: 1.
    pub version: u32,
    /// What was asked.
    pub asked: Asked,
    /// Whether everything that was asked is granted.
    pub outcome: Outcome,
    /// The HTTP status that the server answers; none if that cannot be known.
    pub status: Option<u16>,
    /// Why no token is given, if none is.
    pub refused: Option<Refused>,
    /// Who it is.
    pub identity: Identified,
    /// What came of each scope, in the order in which they were asked; none if there is no identity.
    pub scopes: Vec<ExplainedScope>,
    /// The token, if one would be given.
    pub token: Option<Token>,
}

/// Whether everything that was asked is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is.
    Granted,
    /// Something is not, or nothing.
    Refused,
    /// It cannot be known who the account is.
    Unknown,
}

/// What was asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Asked {
    /// The account; empty for nobody in particular.
    pub account: String,
    /// The registry.
    pub service: String,
    /// Where the client is, if that was said.
    pub ip: Option<String>,
    /// When (RFC 3339).
    pub at: String,
    /// The scopes, each resource once.
    pub scopes: Vec<String>,
}

/// Why there is no token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Refused {
    /// Which link refused or failed, if it was one.
    pub link: Option<String>,
    /// `malformed`, `unknown_service`, `unknown_account`, a reason such as `bad_credentials` or `expired`, or `unavailable`.
    pub code: String,
    /// In words.
    pub detail: String,
}

/// Who it is, and how that was found out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Identified {
    /// `assumed`: the right proof was taken for granted. `shown`: it logged in, or is nobody in particular. `given`: the
    /// question says who it is.
    pub proof: Cow<'static, str>,
    /// The links of `authn` in order.
    pub links: Vec<AskedLink>,
    /// Who it is, if somebody.
    pub known: Option<Known>,
}

/// A link, and what became of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AskedLink {
    /// Its name.
    pub link: String,
    /// `asked`, `skipped`, `not_reached` because an earlier one decided, or `taken` to have answered as the question says.
    pub turn: Cow<'static, str>,
    /// Why it was skipped.
    pub why: Option<String>,
    /// What it said, in its own words.
    pub notes: Vec<String>,
}

/// An identity.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Known {
    /// The account in its canonical spelling.
    pub account: String,
    /// The link that knows it.
    pub link: String,
    /// Label names and their values.
    pub labels: BTreeMap<String, Vec<String>>,
    /// `pattern` if label values act as patterns in rules, `literal` if they stand for themselves.
    pub label_values: Cow<'static, str>,
    /// When it ends (RFC 3339), if it does.
    pub until: Option<String>,
    /// What it can never exceed: scopes, for each restriction.
    pub restrictions: Vec<Vec<String>>,
}

/// What came of one scope.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExplainedScope {
    /// `TYPE:NAME`, or `TYPE(CLASS):NAME`.
    pub resource: String,
    /// The actions that were asked; `*` is replaced by what it stands for.
    pub asked: Vec<String>,
    /// The actions that are granted.
    pub granted: Vec<String>,
    /// The actions that are not.
    pub missing: Vec<String>,
    /// Of the missing, those that a restriction takes away.
    pub restricted: Vec<String>,
    /// Until when (RFC 3339), if it ends.
    pub until: Option<String>,
    /// Who decided.
    pub decided: Decision,
    /// The links of `authz` in order.
    pub links: Vec<AskedLink>,
    /// The rule that decides, those that came close (the nearest first), those that it leaves without effect.
    pub rules: Vec<ExplainedRule>,
}

/// Who decided a scope.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Decision {
    /// `rule`, `refusal` or `nobody`.
    pub by: Cow<'static, str>,
    /// The link.
    pub link: Option<String>,
    /// Where the rule stands, `FILE:LINE`; or why the link refuses.
    pub because: Option<String>,
    /// The rule's comment.
    pub comment: Option<String>,
}

/// What a rule is to the request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExplainedRule {
    /// `decides`, `close` or `shadowed`.
    pub role: Cow<'static, str>,
    /// The link it belongs to.
    pub link: String,
    /// Where it stands, `FILE:LINE`.
    pub place: String,
    /// Its comment.
    pub comment: Option<String>,
    /// What it grants; `["*"]` is all that is asked.
    pub actions: Vec<String>,
    /// `counts`, `not_yet`, `over` or `disabled`, at the time of the question.
    pub standing: Cow<'static, str>,
    /// When it begins, if that is ahead.
    pub from: Option<String>,
    /// When it ends or has ended.
    pub until: Option<String>,
    /// Its conditions.
    pub conditions: Vec<Condition>,
}

/// A condition of a rule.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Condition {
    /// `account`, `type`, `name`, `service`, `backend`, `ip`, `labels.KEY`.
    pub key: String,
    /// The pattern as it is written.
    pub pattern: String,
    /// What the request has there; null if nothing.
    pub value: Option<String>,
    /// What the pattern's variables stand for; null if for nothing.
    pub variables: BTreeMap<String, Option<String>>,
    /// Whether it holds; null if that cannot be told.
    pub holds: Option<bool>,
}

/// What the token would be.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Token {
    /// `iss`.
    pub issuer: String,
    /// `sub`.
    pub subject: String,
    /// `aud`.
    pub audience: String,
    /// Its life, in seconds.
    pub expires_in: u64,
    /// When it ends (RFC 3339).
    pub expires: String,
    /// `alg`.
    pub algorithm: Cow<'static, str>,
    /// `kid`.
    pub key_id: Option<String>,
    /// Whether the certificate travels along.
    pub x5c: bool,
}

impl ExplainedRule {
    pub(super) fn of(link: &str, rule: &RuleNote) -> Self {
        let (standing, from, over) = match rule.standing {
            Standing::Valid => ("counts", None, None),
            Standing::Ahead(from) => ("not_yet", Some(from), None),
            Standing::Over(until) => ("over", None, Some(until)),
            Standing::Disabled => ("disabled", None, None),
        };
        Self {
            role: match rule.role {
                RuleRole::Decides => "decides",
                RuleRole::Shadowed => "shadowed",
                _ => "close",
            }
            .into(),
            link: shown(link),
            place: shown(&rule.because.place),
            comment: rule.because.comment.as_deref().map(shown),
            actions: match &rule.actions {
                Actions::All => vec!["*".to_owned()],
                Actions::Only(actions) => listed(actions),
            },
            standing: standing.into(),
            from: from.map(rfc3339),
            until: rule.until.or(over).map(rfc3339),
            conditions: rule.conditions.iter().map(Condition::of).collect(),
        }
    }
}

impl Condition {
    fn of(note: &ConditionNote) -> Self {
        let variable = |(name, value): &(String, Option<String>)| (shown(name), value.as_deref().map(shown));
        Self {
            key: shown(&note.key),
            pattern: shown(&note.pattern),
            value: note.value.as_deref().map(shown),
            variables: note.variables.iter().map(variable).collect(),
            holds: note.holds,
        }
    }
}

/// The actions as they are shown.
pub(super) fn listed(actions: &ActionSet) -> Vec<String> {
    actions.iter().map(shown).collect()
}

/// Always with its time of day.
pub(crate) fn rfc3339(time: SystemTime) -> String {
    let text = Moment(time).to_string();
    if text.len() == "2026-12-31".len() { text + "T00:00:00Z" } else { text }
}

/// A text without what could write on a terminal or turn it, and not longer than anybody reads.
pub fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len().min(LONGEST));
    for (count, c) in text.chars().enumerate() {
        if count == LONGEST {
            let _ = write!(shown, "… ({} characters)", text.chars().count());
            break;
        }
        if is_unprintable(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    shown
}
