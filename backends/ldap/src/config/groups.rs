//! The section `groups`, and `required_groups`.

mod reader;

use dockgate_api::config::{GoDuration, Located, bounds};
use dockgate_api::{BuildContext, BuildError};
use schemars::JsonSchema;
use serde::Deserialize;

use self::reader::Reader;
use crate::groups::{Groups, Required};

/// The section `groups`: which groups count, and what label they become.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub(super) struct GroupsConfig {
    /// The label that the groups' names become; `groups` if not given.
    #[schemars(with = "Option<String>")]
    label: Option<Located<String>>,
    /// The attribute of the user's entry whose values are the groups' DNs; `memberOf` if neither this nor `search.filter` is
    /// given.
    #[schemars(with = "Option<String>")]
    member_of: Option<Located<String>>,
    /// Groups are searched for.
    #[schemars(with = "Option<SearchConfig>")]
    search: Option<Located<SearchConfig>>,
    /// What a group is called: `cn` (the default: the value that its DN begins with), `dn`, or an attribute of the group.
    #[schemars(with = "Option<String>")]
    name: Option<Located<String>>,
    /// Only groups at or below this DN count.
    #[schemars(with = "Option<String>")]
    below: Option<Located<String>>,
    /// Whether groups count that the user's groups are in: `none` (the default), `matching_rule` (Active Directory and Samba),
    /// or `recursive` (every directory).
    #[serde(default)]
    nested: NestedWord,
    /// For `recursive`: levels of groups; deeper ones are an error. 10 if not given.
    #[schemars(with = "Option<u32>", range(min = 1, max = 100))]
    max_depth: Option<Located<u32>>,
    /// Whether the primary group of Active Directory counts (`Domain Users`, mostly).
    #[serde(default)]
    primary: bool,
    /// Whether names become lower case.
    #[serde(default)]
    lower_case: bool,
    /// A regular expression with one group: names that it fits become what the group captures, others no label.
    #[schemars(with = "Option<String>")]
    capture: Option<Located<String>>,
    /// For how long groups are remembered that were searched for; not at all if not given. A group that is taken away counts
    /// for so long.
    #[schemars(with = "Option<GoDuration>")]
    cache: Option<Located<Ttl>>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(transparent)]
struct Ttl(#[serde(deserialize_with = "bounds::time")] GoDuration);

/// The section `search` below `groups`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
struct SearchConfig {
    /// Below which DN groups are; the first of the users' bases if not given.
    #[schemars(with = "Option<String>")]
    base: Option<Located<String>>,
    /// What fits the groups of a user: `(member=${dn})`. Beside `${dn}` it knows `${account}` and `${entry:NAME}`, an
    /// attribute of the user's entry.
    #[schemars(with = "Option<String>")]
    filter: Option<Located<String>>,
}

/// The words for `nested`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum NestedWord {
    #[default]
    None,
    MatchingRule,
    Recursive,
}

impl GroupsConfig {
    /// The groups, and which of them are required; nothing if there is neither key, or if something is wrong. Without the
    /// section they are those that `memberOf` names, for `required_groups` alone: no label is made. `base` is the first of
    /// the users' bases.
    pub(super) fn build(
        section: Option<Self>,
        required: Option<Located<Vec<String>>>,
        base: &str,
        cx: &BuildContext,
        errors: &mut BuildError,
    ) -> Option<(Groups, Required)> {
        if section.is_none() && required.is_none() {
            return None;
        }
        let mut reader = Reader::new(errors);
        let label = section.as_ref().map(|section| reader.label(section.label.as_ref()));
        let groups = reader.groups(section.unwrap_or_default(), label, base, cx);
        let required = reader.required(required, groups.as_ref().and_then(|groups| groups.below.as_ref()));
        groups.filter(|_| reader.is_whole()).map(|groups| (groups, required))
    }
}

#[cfg(test)]
mod tests;
