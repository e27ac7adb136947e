//! The start of a regex that is text and values, taken off before anything is searched.

use std::collections::BTreeSet;

use super::resolved::Resolved;
use crate::bindings::{Bound, MatchError, Value};
use crate::go_regex::{Lead, PrefixPart};

/// One regex's start in one request.
pub(super) struct Walk<'m> {
    pub(super) prefix: &'m [PrefixPart],
    pub(super) lead: Lead,
    pub(super) values: Resolved<'m>,
}

impl Walk<'_> {
    /// The first outcome of what is tried with the rest of the text, for each way in which the lead fits: with a
    /// label there may be several, in the order of its values.
    pub(super) fn try_each<'t, T>(
        &self,
        text: &'t str,
        tried: &mut impl FnMut(&'t str) -> Result<Option<T>, MatchError>,
    ) -> Result<Option<T>, MatchError> {
        self.from(0, text, tried, &mut BTreeSet::new())
    }

    /// `seen` are the parts from which a rest of some length was tried: values of several labels that can stand for each
    /// other's text (`a`, `aa`, `aaa`) reach the same place in more ways than there is time for.
    fn from<'t, T>(
        &self,
        part: usize,
        mut rest: &'t str,
        tried: &mut impl FnMut(&'t str) -> Result<Option<T>, MatchError>,
        seen: &mut BTreeSet<(usize, usize)>,
    ) -> Result<Option<T>, MatchError> {
        for part in part..self.lead.parts {
            let after = match self.prefix.get(part) {
                Some(PrefixPart::Text(text)) => rest.strip_prefix(&**text),
                Some(PrefixPart::Variable(index)) => match self.values.get(*index) {
                    Some(Bound::Text(value)) => rest.strip_prefix(value),
                    Some(Bound::Label { values, .. }) => {
                        let values = values.iter().map(Value::from).map(Value::text);
                        for value in values.filter(|value| !value.is_empty()) {
                            if let Some(after) = rest.strip_prefix(value)
                                && (self.lead.variables < 2 || seen.insert((part, after.len())))
                                && let Some(outcome) = self.from(part + 1, after, tried, seen)?
                            {
                                return Ok(Some(outcome));
                            }
                        }
                        return Ok(None);
                    }
                    None => None,
                },
                None => None,
            };
            let Some(after) = after else { return Ok(None) };
            rest = after;
        }
        let behind = match self.prefix.get(self.lead.parts) {
            Some(PrefixPart::Text(text)) => text.get(..self.lead.bytes),
            _ => Some(""),
        };
        match behind.and_then(|behind| rest.strip_prefix(behind)) {
            Some(rest) => tried(rest),
            None => Ok(None),
        }
    }
}
