//! One rule, compiled: its conditions, and what it grants.

use std::collections::HashMap;
use std::sync::Arc;

use dockgate_api::config::{Located, Location};
use dockgate_api::{AccessRequest, Actions, Because};

use crate::bindings::{Bindings, MatchError, Value};
use crate::captures::capture_order;
use crate::glob::DoubleStar;
use crate::network::Network;
use crate::regexes::Regexes;
use crate::rule_config::{MatchConfig, RuleConfig};
use crate::template::{Groups, Template};
use crate::variable::{Field, Scope};

/// A rule, checked and ready to match.
#[derive(Debug)]
pub struct Rule {
    /// In an order in which every capture is there when it is needed.
    fields: Vec<(Field, Template)>,
    /// The fields whose capture groups others use.
    captured: Vec<Field>,
    network: Option<Network>,
    labels: Vec<(String, Template)>,
    actions: Actions,
    because: Because,
}

/// Something to say about a part of a rule: where it stands, its key, and what to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// Where the part stands, if that is known.
    pub location: Option<Location>,
    /// The way to the part from the rule, such as `match.name`.
    pub key: String,
    /// What to say, with the cure.
    pub message: String,
}

impl Remark {
    fn new(part: &Located<String>, key: &str, message: impl ToString) -> Self {
        Self { location: Some(part.location.clone()), key: format!("match.{key}"), message: message.to_string() }
    }
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
        let fields = fields(&config.conditions);
        let mut compile = |part: &Located<String>, key: &str, scope| {
            let parsed = Template::parse(part, scope, double_star);
            let parsed = parsed.map_err(|error| errors.push(Remark::new(part, key, error))).ok()?;
            warnings.extend(parsed.lints.iter().map(|lint| Remark::new(part, key, lint)));
            Some(parsed.template)
        };
        let mut templates: HashMap<Field, Template> = HashMap::new();
        for (field, part) in &fields {
            if let Some(template) = compile(part, field.name(), Scope::Field) {
                templates.insert(*field, template);
            }
        }
        let mut labels = Vec::new();
        for (label, part) in config.conditions.labels.iter().flatten() {
            if let Some(template) = compile(part, &format!("labels.{label}"), Scope::Label) {
                labels.push((label.clone(), template));
            }
        }
        let network = config.conditions.ip.as_ref().and_then(|ip| {
            Network::parse(ip).map_err(|error| errors.push(Remark::new(ip, "ip", error))).ok()
        });
        let order = match capture_order(|field| templates.get(&field)) {
            Ok(order) => order,
            // A field that was refused above is not missing too.
            Err(error) if errors.is_empty() => {
                errors.push(Remark { location: None, key: "match".to_owned(), message: error.to_string() });
                Vec::new()
            }
            Err(_) => Vec::new(),
        };
        if !errors.is_empty() {
            return Err(errors);
        }
        let captured = Field::ALL
            .into_iter()
            .filter(|source| templates.values().any(|user| user.captures_needed().any(|(field, _)| field == *source)))
            .collect();
        let fields = order.into_iter().filter_map(|field| Some((field, templates.remove(&field)?))).collect();
        let because = Because::at(place).with_comment(config.comment.map(Arc::from));
        Ok(Self { fields, captured, network, labels, actions: Actions::from_rule(config.actions), because })
    }

    /// What the rule grants.
    pub fn actions(&self) -> &Actions {
        &self.actions
    }

    /// Where the rule stands.
    pub fn because(&self) -> &Because {
        &self.because
    }

    /// Whether the rule is about this request.
    ///
    /// # Errors
    /// If that cannot be decided within bounds; it must not be taken for "no".
    pub fn is_match(
        &self,
        request: &AccessRequest<'_>,
        labels: &RequestLabels<'_>,
        regexes: &Regexes,
    ) -> Result<bool, MatchError> {
        let in_network = |network: &Network| request.client_ip.is_some_and(|ip| network.contains(ip));
        if !self.network.as_ref().is_none_or(in_network) {
            return Ok(false);
        }
        let mut bound = Bound { request, labels, captures: Vec::new() };
        for (field, template) in &self.fields {
            let text = field_text(request, *field);
            if self.captured.contains(field) {
                let Some(groups) = template.captures(text, &bound, regexes)? else { return Ok(false) };
                bound.captures.push((*field, groups));
            } else if !template.is_match(text, &bound, regexes)? {
                return Ok(false);
            }
        }
        for (label, template) in &self.labels {
            let mut matched = false;
            for value in labels.values(label) {
                matched = matched || template.is_match(value.text(), &bound, regexes)?;
            }
            if !matched {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn fields(config: &MatchConfig) -> Vec<(Field, &Located<String>)> {
    let given = [
        (Field::Account, &config.account),
        (Field::Type, &config.kind),
        (Field::Name, &config.name),
        (Field::Service, &config.service),
    ];
    given.into_iter().filter_map(|(field, part)| Some((field, part.as_ref()?))).collect()
}

fn field_text<'r>(request: &AccessRequest<'r>, field: Field) -> &'r str {
    match field {
        Field::Account => &request.identity.account,
        Field::Type => &request.resource.kind,
        Field::Name => &request.resource.name,
        Field::Service => request.service,
    }
}

/// The labels of one request's identity, as patterns take them. Made once a request.
#[derive(Debug)]
pub struct RequestLabels<'r>(HashMap<&'r str, Vec<Value<'r>>>);

impl<'r> RequestLabels<'r> {
    /// The labels of the identity that asks.
    pub fn of(request: &AccessRequest<'r>) -> Self {
        let values = |values: &'r [dockgate_api::LabelValue]| values.iter().map(Value::from).collect();
        Self(request.identity.labels.iter().map(|(name, all)| (name, values(all))).collect())
    }

    fn values(&self, label: &str) -> &[Value<'r>] {
        self.0.get(label).map_or(&[], Vec::as_slice)
    }
}

impl<'a> From<&'a dockgate_api::LabelValue> for Value<'a> {
    fn from(value: &'a dockgate_api::LabelValue) -> Self {
        match value {
            dockgate_api::LabelValue::Literal(text) => Self::Literal(text),
            dockgate_api::LabelValue::Pattern(text) => Self::Pattern(text),
        }
    }
}

/// What the variables of a rule stand for in one request.
struct Bound<'m, 'r> {
    request: &'m AccessRequest<'r>,
    labels: &'m RequestLabels<'r>,
    captures: Vec<(Field, Groups<'r>)>,
}

impl Bindings for Bound<'_, '_> {
    fn field(&self, field: Field) -> Option<&str> {
        Some(field_text(self.request, field))
    }

    fn capture(&self, field: Field, group: u32) -> Option<&str> {
        self.captures.iter().find(|(source, _)| *source == field)?.1.get(group)
    }

    fn label(&self, key: &str) -> &[Value<'_>] {
        self.labels.values(key)
    }
}
