//! From the section to the groups, with everything that is wrong.

use dockgate_api::config::{KeyPath, Located, Location, Remark};
use dockgate_api::{BuildContext, BuildError};

use super::{GroupsConfig, NestedWord, SearchConfig};
use crate::concealed::{self, is_secret};
use crate::config::labels::regex;
use crate::dn::Dn;
use crate::filter::{Place, Template, is_description};
use crate::groups::{Cache, Groups, MEMBER_OF, Naming, Nesting, Required, Way};
use crate::labels::Shape;

const LABEL: &str = "groups";
const MAX_DEPTH: u32 = 10;

/// Reads the section and keeps what is wrong with it.
pub(super) struct Reader<'a> {
    errors: &'a mut BuildError,
    is_whole: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(errors: &'a mut BuildError) -> Self {
        Self { errors, is_whole: true }
    }

    /// Whether nothing was wrong.
    pub(super) fn is_whole(&self) -> bool {
        self.is_whole
    }

    fn wrong(&mut self, at: &Location, key: &str, message: impl Into<String>) {
        self.errors.add(Remark::new(at.clone(), path(key), message));
        self.is_whole = false;
    }

    pub(super) fn label(&mut self, label: Option<&Located<String>>) -> String {
        match label {
            Some(label) if label.is_empty() => {
                self.wrong(
                    &label.location,
                    "groups.label",
                    "a label has a name: write one, such as `groups`",
                );
                String::new()
            }
            Some(label) => label.value.clone(),
            None => LABEL.to_owned(),
        }
    }

    pub(super) fn groups(
        &mut self,
        section: GroupsConfig,
        label: Option<String>,
        base: &str,
        cx: &BuildContext,
    ) -> Option<Groups> {
        let search_at = section.search.as_ref().map(|search| search.location.clone());
        let search = section.search.map(|search| search.value).unwrap_or_default();
        self.useless_keys(
            &search,
            search_at.as_ref(),
            section.nested,
            section.primary,
            section.max_depth.as_ref(),
        );
        let way = self.way(section.member_of, search.filter, section.nested);
        let nesting = self.nesting(section.nested, section.max_depth);
        let base = search.base.map_or_else(
            || base.to_owned(),
            |base| {
                self.dn(&base, "groups.search.base");
                base.value
            },
        );
        let naming = section.name.map_or(Naming::Leaf, |name| self.naming(name));
        let below = section.below.and_then(|below| self.dn(&below, "groups.below"));
        let shape = self.shape(section.lower_case, section.capture);
        let cache = section.cache.as_ref().map(|ttl| Cache::new(ttl.value.0.0, cx.clock()));
        let groups = Groups {
            label,
            way: way?,
            base,
            naming,
            below,
            nesting,
            primary: section.primary,
            shape: shape?,
            cache,
        };
        if let Some(ttl) = section.cache.filter(|_| !groups.searches()) {
            let message = "this saves nothing: all that is asked for is the user's entry, and that is read at every login";
            cx.warn(Remark::new(ttl.location, path("groups.cache"), message));
        }
        Some(groups)
    }

    /// What stands there and does nothing was meant for something.
    fn useless_keys(
        &mut self,
        search: &SearchConfig,
        at: Option<&Location>,
        nested: NestedWord,
        primary: bool,
        max_depth: Option<&Located<u32>>,
    ) {
        if let (Some(filter), NestedWord::MatchingRule) = (&search.filter, nested) {
            let message = "`nested: matching_rule` has a filter of its own: take this one away, or write `nested: recursive`";
            self.wrong(&filter.location, "groups.search.filter", message);
        }
        if let (Some(at), None, false) = (at, &search.filter, primary || nested == NestedWord::MatchingRule) {
            let message =
                "`filter` is missing: write what fits the groups of a user, such as `(member=${dn})`";
            self.wrong(at, "groups.search.filter", message);
        }
        if let (Some(depth), true) = (max_depth, nested != NestedWord::Recursive) {
            let message = "`max_depth` is for `nested: recursive`: write that, or take it away";
            self.wrong(&depth.location, "groups.max_depth", message);
        }
    }

    fn way(
        &mut self,
        member_of: Option<Located<String>>,
        filter: Option<Located<String>>,
        nested: NestedWord,
    ) -> Option<Way> {
        if let (Some(attribute), Some(_)) = (&member_of, &filter) {
            let message = "`search.filter` stands there too: keep one of them";
            self.wrong(&attribute.location, "groups.member_of", message);
        }
        let Some(filter) = filter else {
            let attribute = member_of.map(|attribute| {
                self.attribute(&attribute, "groups.member_of");
                attribute.value
            });
            return Some(Way::MemberOf(attribute.unwrap_or_else(|| MEMBER_OF.to_owned())));
        };
        match Template::parse(&filter, Place::OfEntry) {
            Ok(read) if nested == NestedWord::Recursive && !read.uses_dn() => {
                let message = "without `${dn}` this cannot be asked for a group: use it, or leave `nested: recursive` out";
                self.wrong(&filter.location, "groups.search.filter", message);
                None
            }
            Ok(read) => Some(Way::Search(read)),
            Err(error) => {
                self.wrong(&filter.location, "groups.search.filter", error.to_string());
                None
            }
        }
    }

    fn nesting(&mut self, nested: NestedWord, max_depth: Option<Located<u32>>) -> Nesting {
        if let Some(depth) = max_depth.as_ref().filter(|depth| !(1..=100).contains(&depth.value)) {
            let message = format!("{} is out of range: write a number from 1 to 100", depth.value);
            self.wrong(&depth.location, "groups.max_depth", message);
        }
        match nested {
            NestedWord::None => Nesting::None,
            NestedWord::MatchingRule => Nesting::MatchingRule,
            NestedWord::Recursive => {
                Nesting::Recursive { max_depth: max_depth.map_or(MAX_DEPTH, |depth| depth.value) }
            }
        }
    }

    fn naming(&mut self, name: Located<String>) -> Naming {
        match name.to_ascii_lowercase().as_str() {
            "cn" => Naming::Leaf,
            "dn" => Naming::Dn,
            _ => {
                self.attribute(&name, "groups.name");
                Naming::Attribute(name.value)
            }
        }
    }

    fn attribute(&mut self, name: &Located<String>, key: &str) {
        if !is_description(name) {
            let message = "this is no attribute's name: those are letters, digits and hyphens";
            self.wrong(&name.location, key, message);
        }
        if is_secret(name) {
            self.wrong(&name.location, key, concealed::WHY);
        }
    }

    fn dn(&mut self, text: &Located<String>, key: &str) -> Option<Dn> {
        Dn::parse(text).map_err(|error| self.wrong(&text.location, key, format!("this is {error}"))).ok()
    }

    fn shape(&mut self, lower_case: bool, capture: Option<Located<String>>) -> Option<Shape> {
        let capture = match capture.map(|capture| (regex(&capture), capture)) {
            None => None,
            Some((Ok(regex), _)) => Some(regex),
            Some((Err(message), capture)) => {
                self.wrong(&capture.location, "groups.capture", message);
                return None;
            }
        };
        Some(Shape { parse_cn: false, capture, lower_case })
    }

    pub(super) fn required(&mut self, written: Option<Located<Vec<String>>>, below: Option<&Dn>) -> Required {
        let Some(Located { location, value, .. }) = written else { return Required::new([]) };
        if value.is_empty() || value.iter().any(String::is_empty) {
            let message = "write the groups of which one will do, by name or by DN; without any, take `required_groups` away";
            self.wrong(&location, "required_groups", message);
        }
        let required = Required::new(value);
        let outside = below.and_then(|below| required.dns().find(|(_, dn)| !dn.is_within(below)));
        if let Some((written, _)) = outside {
            let message = format!(
                "`{written}` is not below `groups.below`, so that it never counts: correct one of them"
            );
            self.wrong(&location, "required_groups", message);
        }
        required
    }
}

fn path(keys: &str) -> KeyPath {
    keys.split('.').fold(KeyPath::root(), |path, key| path.key(key))
}
