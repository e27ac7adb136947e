//! One rule, compiled: its conditions, and what it grants.

mod cover;
mod explained;
mod needs;
#[cfg(test)]
mod tests;

mod bound;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::SystemTime;

use dockgate_api::config::{KeyPath, Located, Remark, Standing, Validity};
use dockgate_api::{AccessRequest, Actions, Because};

use self::bound::Bound;
use crate::bindings::MatchError;
use crate::captures::{CaptureError, capture_order};
use crate::glob::DoubleStar;
use crate::network::Network;
use crate::pattern::{self, Nothing, PatternError};
use crate::regexes::Regexes;
use crate::rule_config::{MatchConfig, RuleConfig};
use crate::template::{Parsed, Template};
use crate::variable::{Field, Scope};

pub(crate) use cover::Comparisons;
pub(crate) use explained::is_telling;

/// A rule, checked and ready to match.
#[derive(Debug)]
pub struct Rule {
    /// In an order in which every capture is there when it is needed.
    fields: Box<[(Field, Arc<Template>)]>,
    /// Whether others use the capture groups of a field, in the order of [`Field::ALL`].
    captured: [bool; 4],
    network: Option<Network>,
    labels: Box<[(Box<str>, Arc<Template>)]>,
    /// Without variables; few rules have it.
    backend: Option<Arc<Template>>,
    actions: Actions,
    /// None if the rule always counts.
    validity: Option<Box<Validity>>,
    because: Because,
}

impl Rule {
    /// Checks and compiles a rule. `place` names it for log and audit. Remarks that are no errors go to `warnings`.
    ///
    /// # Errors
    /// Everything that is wrong with the rule.
    pub fn compile(
        config: RuleConfig,
        place: impl Into<Arc<str>>,
        double_star: DoubleStar,
        warnings: &mut Vec<Remark>,
    ) -> Result<Self, Vec<Remark>> {
        let mut errors = Vec::new();
        warnings
            .extend(config.conditions.empty_keys().map(|empty| empty.below(&KeyPath::root().key("match"))));
        let mut take =
            |part: &Located<String>, key: KeyPath, parsed: Result<Parsed, PatternError>| match parsed {
                Ok(parsed) => {
                    warnings.extend(parsed.lints.iter().map(|lint| remark(part, key.clone(), lint)));
                    Some(parsed.template)
                }
                Err(error) => {
                    errors.push(remark(part, key, error));
                    None
                }
            };
        let backend = config
            .conditions
            .backend
            .as_ref()
            .and_then(|part| take(part, key("backend"), pattern::parse(part, double_star)));
        let mut compile = |part: &Located<String>, key: KeyPath, scope| {
            take(part, key, Template::parse(part, scope, double_star).map_err(PatternError::from))
        };
        let parts = parts(&config.conditions);
        let mut templates = HashMap::new();
        for (&field, part) in &parts {
            if let Some(template) = compile(part, key(field.name()), Scope::Field) {
                templates.insert(field, template);
            }
        }
        let mut labels = Vec::new();
        for (label, part) in config.conditions.labels.as_ref().into_iter().flatten() {
            if let Some(template) = compile(part, key("labels").key(label), Scope::Label) {
                labels.push((label.as_str().into(), Arc::new(template)));
            }
        }
        let network = config.conditions.ip.as_ref().and_then(|ip| {
            Network::parse(ip).map_err(|error| errors.push(remark(ip, key("ip"), error))).ok()
        });
        let order = match capture_order(|field| templates.get(&field)) {
            Ok(order) => order,
            // A field that was refused above is not missing too.
            Err(_) if templates.len() < parts.len() => Vec::new(),
            Err(error) => {
                let user = user(&error);
                errors.extend(parts.get(&user).map(|part| remark(part, key(user.name()), error)));
                Vec::new()
            }
        };
        if !errors.is_empty() {
            return Err(errors);
        }
        let captured = Field::ALL.map(|source| {
            templates.values().any(|user| user.captures_needed().any(|(field, _)| field == source))
        });
        let fields = order
            .into_iter()
            .filter_map(|field| Some((field, Arc::new(templates.remove(&field)?))))
            .collect();
        let because = Because::at(place).with_comment(config.comment.map(Arc::from));
        let validity = Validity { window: config.valid, disabled: config.disabled };
        let validity = (validity != Validity::default()).then(|| Box::new(validity));
        let actions = Actions::from_rule(config.actions);
        let (labels, backend) = (labels.into(), backend.map(Arc::new));
        Ok(Self { fields, captured, network, labels, backend, actions, validity, because })
    }

    /// What the rule grants.
    pub fn actions(&self) -> &Actions {
        &self.actions
    }

    /// Where the rule stands.
    pub fn because(&self) -> &Because {
        &self.because
    }

    /// When the rule counts.
    pub fn validity(&self) -> Validity {
        self.validity.as_deref().copied().unwrap_or_default()
    }

    /// Whether the link of this name can have made an identity that the rule is about.
    pub fn fits_backend(&self, link: &str, regexes: &Regexes) -> bool {
        let fits = |backend: &Template| backend.is_match(link, &Nothing, regexes);
        // What cannot be decided is not ruled out.
        self.backend.as_deref().is_none_or(|backend| fits(backend).unwrap_or(true))
    }

    /// What the rule does to this request at a time.
    ///
    /// # Errors
    /// As [`is_match`](Self::is_match); a rule that does not count yet cannot fail.
    pub fn effect(
        &self,
        now: SystemTime,
        request: &AccessRequest<'_>,
        regexes: &Regexes,
    ) -> Result<Effect, MatchError> {
        let matched = match self.validity().at(now) {
            Standing::Valid => self.is_match(request, regexes)?.then_some(Effect::Decides),
            // What cannot be decided may well match when it begins.
            Standing::Ahead(from) => {
                self.is_match(request, regexes).unwrap_or(true).then_some(Effect::From(from))
            }
            Standing::Over(_) | Standing::Disabled => None,
        };
        Ok(matched.unwrap_or(Effect::None))
    }

    /// Whether the rule is about this request, whenever it counts.
    ///
    /// # Errors
    /// If that cannot be decided within bounds; it must not be taken for "no".
    pub fn is_match(&self, request: &AccessRequest<'_>, regexes: &Regexes) -> Result<bool, MatchError> {
        Ok(self.may_match(request) && self.matches_in_full(request, regexes)?)
    }

    /// The same without a quick look first.
    pub(crate) fn matches_in_full(
        &self,
        request: &AccessRequest<'_>,
        regexes: &Regexes,
    ) -> Result<bool, MatchError> {
        let in_network = |network: &Network| request.client_ip.is_some_and(|ip| network.contains(ip));
        if !self.network.as_ref().is_none_or(in_network) {
            return Ok(false);
        }
        if let Some(backend) = &self.backend
            && !backend.is_match(&request.identity.link, &Nothing, regexes)?
        {
            return Ok(false);
        }
        let mut bound = Bound::of(request);
        for (field, template) in &self.fields {
            let text = field_text(request, *field);
            if self.captured.get(*field as usize).is_some_and(|captured| *captured) {
                let Some(groups) = template.captures(text, &bound, regexes)? else { return Ok(false) };
                bound.captured(*field, groups);
            } else if !template.is_match(text, &bound, regexes)? {
                return Ok(false);
            }
        }
        for (label, template) in &self.labels {
            let values = request.identity.labels.values(label);
            if !any(values, |value| template.is_match(value.as_str(), &bound, regexes))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What may be equal in many rules.
    pub(crate) fn shareable(
        &mut self,
    ) -> (impl Iterator<Item = &mut Arc<Template>>, &mut Actions, &mut Because) {
        let fields = self.fields.iter_mut().map(|(_, template)| template);
        let labels = self.labels.iter_mut().map(|(_, template)| template);
        (fields.chain(labels).chain(&mut self.backend), &mut self.actions, &mut self.because)
    }
}

/// What a rule does to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It does not match, or does not count any more.
    None,
    /// It matches and decides.
    Decides,
    /// It matches, and will count from this time on: what a later rule says holds only until then.
    From(SystemTime),
}

fn any<T>(items: &[T], holds: impl Fn(&T) -> Result<bool, MatchError>) -> Result<bool, MatchError> {
    for item in items {
        if holds(item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn key(condition: &str) -> KeyPath {
    KeyPath::root().key("match").key(condition)
}

fn parts(config: &MatchConfig) -> BTreeMap<Field, &Located<String>> {
    let given = [
        (Field::Account, &config.account),
        (Field::Type, &config.kind),
        (Field::Name, &config.name),
        (Field::Service, &config.service),
    ];
    given.into_iter().filter_map(|(field, part)| Some((field, part.as_ref()?))).collect()
}

/// The field with the capture that cannot be had.
fn user(error: &CaptureError) -> Field {
    match error {
        CaptureError::Absent { user, .. }
        | CaptureError::NotARegex { user, .. }
        | CaptureError::NoSuchGroup { user, .. }
        | CaptureError::Circular { user, .. } => *user,
    }
}

pub(crate) fn field_text<'r>(request: &AccessRequest<'r>, field: Field) -> &'r str {
    match field {
        Field::Account => &request.identity.account,
        Field::Type => &request.resource.kind,
        Field::Name => &request.resource.name,
        Field::Service => request.service,
    }
}

fn remark(part: &Located<String>, key: KeyPath, message: impl ToString) -> Remark {
    Remark::new(part.location.clone(), key, message.to_string())
}
