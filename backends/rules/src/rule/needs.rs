//! What a rule needs of a request, as far as that is seen at a glance: what the index files rules by.

use dockgate_api::AccessRequest;

use super::{Rule, field_text};
use crate::network::Network;
use crate::template::Template;
use crate::variable::Field;

impl Rule {
    /// Whether what is fixed in each condition fits the request. Where it does not, the rule does not match, whatever
    /// the rest of it holds, and cannot fail either. Cheap, and needs no allocation.
    pub fn may_match(&self, request: &AccessRequest<'_>) -> bool {
        let in_network = |network: &Network| request.client_ip.is_some_and(|ip| network.contains(ip));
        let value_of = |field| field_text(request, field);
        let labels = &request.identity.labels;
        self.network.as_ref().is_none_or(in_network)
            && self.fields.iter().all(|(field, template)| template.may_match(value_of(*field), value_of))
            && self.labels_needed().all(|label| !labels.values(label).is_empty())
            && self
                .values_needed()
                .all(|(label, wanted)| labels.values(label).iter().any(|value| value.as_str() == wanted))
    }

    /// The patterns of the request's fields.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (Field, &Template)> {
        self.fields.iter().map(|(field, template)| (*field, &**template))
    }

    /// Labels without which the rule cannot match.
    pub(crate) fn labels_needed(&self) -> impl Iterator<Item = &str> {
        let conditions = self.labels.iter().map(|(label, _)| &**label);
        conditions.chain(self.fields().flat_map(|(_, template)| template.labels_needed()))
    }

    /// Labels with a value of theirs without which the rule cannot match.
    pub(crate) fn values_needed(&self) -> impl Iterator<Item = (&str, &str)> {
        self.labels.iter().filter_map(|(label, template)| Some((&**label, template.literal()?)))
    }
}
