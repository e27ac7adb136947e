//! Each condition of a rule against a request, for `explain`: all of them are looked at, also behind one that fails.

use dockgate_api::{AccessRequest, ConditionNote, LabelValue};

use super::bound::Bound;
use super::{Rule, any, field_text};
use crate::bindings::Bindings as _;
use crate::pattern::Nothing;
use crate::regexes::Regexes;
use crate::template::Template;
use crate::variable::{Field, Variable};

/// Values of one label that are shown.
const MOST_VALUES: usize = 10;

impl Rule {
    /// What each condition is to the request, in the order of the documentation.
    pub(crate) fn conditions(&self, request: &AccessRequest<'_>, regexes: &Regexes) -> Vec<ConditionNote> {
        let mut bound = Bound::of(request);
        let mut fields = Vec::with_capacity(self.fields.len());
        for (field, template) in &self.fields {
            let text = field_text(request, *field);
            let holds = if !can_be_told(template, &bound) {
                None
            } else if self.captured.get(*field as usize).is_some_and(|captured| *captured) {
                let groups = template.captures(text, &bound, regexes).ok();
                groups.map(|groups| groups.map(|groups| bound.captured(*field, groups)).is_some())
            } else {
                template.is_match(text, &bound, regexes).ok()
            };
            let note = ConditionNote::new(field.name(), template.as_str(), Some(text.to_owned()), holds);
            fields.push((*field, note.with_variables(variables(template, &bound))));
        }
        fields.sort_by_key(|(field, _)| *field);
        let mut notes: Vec<ConditionNote> = fields.into_iter().map(|(_, note)| note).collect();
        if let Some(backend) = &self.backend {
            let link = request.identity.link.as_ref();
            let holds = backend.is_match(link, &Nothing, regexes).ok();
            notes.push(ConditionNote::new("backend", backend.as_str(), Some(link.to_owned()), holds));
        }
        if let Some(network) = &self.network {
            let holds = request.client_ip.is_some_and(|ip| network.contains(ip));
            let ip = request.client_ip.map(|ip| ip.to_string());
            notes.push(ConditionNote::new("ip", network.to_string(), ip, Some(holds)));
        }
        for (label, template) in &self.labels {
            let values = request.identity.labels.values(label);
            let holds = any(values, |value| template.is_match(value.as_str(), &bound, regexes)).ok();
            let note =
                ConditionNote::new(format!("labels.{label}"), template.as_str(), listed(values), holds);
            notes.push(note.with_variables(variables(template, &bound)));
        }
        notes
    }
}

/// A capture of a field that did not match is no value: what needs it was never tried.
fn can_be_told(template: &Template, bound: &Bound<'_, '_>) -> bool {
    template.captures_needed().all(|(source, _)| bound.has_captured(source))
}

fn variables(template: &Template, bound: &Bound<'_, '_>) -> Vec<(String, Option<String>)> {
    let value = |variable: &Variable| match variable {
        Variable::Field(field) => bound.field(*field).map(str::to_owned),
        Variable::Capture { field, group } => bound.capture(*field, *group).map(str::to_owned),
        Variable::Label(key) => listed(bound.label(key)),
    };
    let some = |variable: &Variable| value(variable).filter(|text| !text.is_empty());
    template.variables().map(|variable| (variable.to_string(), some(variable))).collect()
}

fn listed(values: &[LabelValue]) -> Option<String> {
    let shown: Vec<&str> = values.iter().take(MOST_VALUES).map(LabelValue::as_str).collect();
    let more = values.len() - shown.len();
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    (!values.is_empty()).then(|| shown.join(", ") + &more)
}

/// Whether a condition says much about a request: nearly every rule is about repositories.
pub(crate) fn is_telling(note: &ConditionNote) -> bool {
    note.key != Field::Type.name()
}
