//! `repository:team/app:pull,push` (distribution, `docs/content/spec/auth/scope.md`); pure.

use std::collections::HashMap;

use dockgate_api::{ActionSet, Resource};

/// The type whose `*` is a name and not a wildcard: registries ask `registry:catalog:*`.
const REGISTRY: &str = "registry";

/// What `*` stands for everywhere else.
const ALL: [&str; 3] = ["delete", "pull", "push"];

/// What a request asks of one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestedScope {
    /// The resource.
    pub resource: Resource,
    /// Everything that was asked of it.
    pub actions: ActionSet,
    /// The different sets as they were asked, where the resource was named more than once and none otherwise: an
    /// authorizer that decides on all or nothing is then asked again for each.
    pub asked_as: Vec<ActionSet>,
}

/// The scopes of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestedScopes {
    /// Each resource once, in the order in which it was first named.
    pub scopes: Vec<RequestedScope>,
    /// What could not be read. It is left out and the rest is served: BuildKit gives up on anything else.
    pub malformed: Vec<String>,
}

/// Longer than any repository's name with its host and every action there is.
const LONGEST: usize = 1024;

/// All scopes of a request together, in bytes: the token repeats them, the answer repeats the token, and clients take
/// no answer above 64 KiB.
const LONGEST_TOGETHER: usize = 16 * 1024;

/// More scopes than a request may hold, or longer ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyScopes;

impl RequestedScopes {
    /// Reads every `scope` value of a request; each may hold several scopes with spaces between them, empty ones are
    /// skipped.
    ///
    /// # Errors
    /// If there are more than `most`, or they are longer together than an answer can be.
    pub fn parse<'a>(values: impl IntoIterator<Item = &'a str>, most: usize) -> Result<Self, TooManyScopes> {
        let mut scopes = Scopes::default();
        let mut malformed = Vec::new();
        let mut bytes = 0;
        let texts = values.into_iter().flat_map(|value| value.split(' ')).filter(|text| !text.is_empty());
        for (count, text) in texts.enumerate() {
            bytes += text.len();
            if count >= most || bytes > LONGEST_TOGETHER {
                return Err(TooManyScopes);
            }
            let Some((resource, actions)) = parse_one(text) else {
                malformed.push(text.to_owned());
                continue;
            };
            scopes.add(resource, actions);
        }
        Ok(Self { scopes: scopes.list, malformed })
    }
}

/// So many are found by looking at each: nearly every request asks for one or two.
const FEW: usize = 8;

/// Scopes by their resource.
#[derive(Default)]
struct Scopes {
    list: Vec<RequestedScope>,
    /// Where each resource is, once there are many.
    places: HashMap<Resource, usize>,
}

impl Scopes {
    fn add(&mut self, resource: Resource, actions: ActionSet) {
        let place = if self.places.is_empty() {
            self.list.iter().position(|scope| scope.resource == resource)
        } else {
            self.places.get(&resource).copied()
        };
        if let Some(scope) = place.and_then(|place| self.list.get_mut(place)) {
            if scope.asked_as.is_empty() {
                scope.asked_as.push(scope.actions.clone());
            }
            scope.actions.extend(actions.iter().map(str::to_owned));
            if !scope.asked_as.contains(&actions) {
                scope.asked_as.push(actions);
            }
            return;
        }
        if self.list.len() == FEW {
            self.places =
                self.list.iter().enumerate().map(|(at, scope)| (scope.resource.clone(), at)).collect();
        }
        if self.list.len() >= FEW {
            self.places.insert(resource.clone(), self.list.len());
        }
        self.list.push(RequestedScope { resource, actions, asked_as: Vec::new() });
    }
}

/// Characters that move the cursor, end a line, or turn the direction of what follows: in no name, since names are shown
/// to people and written to logs.
pub(crate) fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The type ends at the first `:`, the actions begin behind the last; a registry's port may stand between.
fn parse_one(text: &str) -> Option<(Resource, ActionSet)> {
    if text.len() > LONGEST || text.chars().any(is_unprintable) {
        return None;
    }
    let (kind, rest) = text.split_once(':')?;
    let (name, actions) = rest.rsplit_once(':')?;
    let (kind, class) = match kind.split_once('(') {
        Some((kind, class)) => (kind, Some(class.strip_suffix(')')?)),
        None => (kind, None),
    };
    let is_word =
        |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    if !is_word(kind) || !class.is_none_or(is_word) {
        return None;
    }
    let mut resource = Resource::new(kind, name);
    resource.class = class.map(str::to_owned);
    Some((resource, expand(kind, actions)))
}

/// An asked `*` becomes what it stands for before any authorizer sees it.
fn expand(kind: &str, actions: &str) -> ActionSet {
    let mut actions: ActionSet = actions.split(',').filter(|action| !action.is_empty()).collect();
    if kind != REGISTRY && actions.remove("*") {
        actions.extend(ALL);
    }
    actions
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(values: &[&str]) -> RequestedScopes {
        RequestedScopes::parse(values.iter().copied(), 100).unwrap()
    }

    fn written(values: &[&str]) -> Vec<String> {
        parse(values).scopes.iter().map(|scope| format!("{}:{}", scope.resource, scope.actions)).collect()
    }

    #[test]
    fn scopes_as_clients_send_them() {
        let table: &[(&[&str], &[&str])] = &[
            (&["repository:team/app:push,pull"], &["repository:team/app:pull,push"]),
            (&["repository:localhost:5000/app:pull"], &["repository:localhost:5000/app:pull"]),
            (&["repository(plugin):a/b:pull"], &["repository(plugin):a/b:pull"]),
            (&["registry:catalog:*"], &["registry:catalog:*"]),
            (&["repository:app:*"], &["repository:app:delete,pull,push"]),
            (&["repository:app:pull,*"], &["repository:app:delete,pull,push"]),
            (&["repository:app:"], &["repository:app:"]),
            (&["repository::pull"], &["repository::pull"]),
            (
                &["", "  ", "repository:a:pull  repository:b:push "],
                &["repository:a:pull", "repository:b:push"],
            ),
            (
                &["repository:a:pull", "repository:b:pull", "repository:a:push"],
                &["repository:a:pull,push", "repository:b:pull"],
            ),
            (&["repository:a:pull repository:a:pull,push"], &["repository:a:pull,push"]),
        ];
        for (values, scopes) in table {
            assert_eq!(written(values), *scopes, "{values:?}");
        }
    }

    #[test]
    fn a_malformed_scope_costs_only_itself() {
        for bad in [
            "repository",
            "repository:app",
            ":a:pull",
            "repository(:a:pull",
            "repository(x:a:pull",
            "a b:c:d\u{7}",
            "rep\u{0}o:a:pull",
        ] {
            let parsed = parse(&[bad, "repository:a:pull"]);
            assert_eq!(parsed.scopes.last().unwrap().resource, Resource::repository("a"), "{bad:?}");
            assert!(!parsed.malformed.is_empty(), "{bad:?}");
        }
    }

    /// All that Unicode calls `Bidi_Control`, and what ends a line.
    #[test]
    fn what_turns_text_or_ends_a_line_is_in_no_name() {
        let turning = ['\u{61c}', '\u{200e}', '\u{200f}'];
        let all = turning.into_iter().chain('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}');
        for c in all.chain("\n\r\t\0\u{1b}\u{7f}\u{85}\u{9b}\u{2028}\u{2029}".chars()) {
            assert!(is_unprintable(c), "{c:?}");
            assert_eq!(parse(&[&format!("repository:a{c}b:pull")]).scopes, [], "{c:?}");
        }
        assert!(!"a \u{e9}\u{5d0}\u{645}\u{1f600}".chars().any(is_unprintable));
    }

    #[test]
    fn the_sets_as_asked_are_kept() {
        let parsed = parse(&["repository:a:pull", "repository:a:pull,push"]);
        let asked: Vec<String> = parsed.scopes[0].asked_as.iter().map(ToString::to_string).collect();
        assert_eq!(asked, ["pull", "pull,push"]);
    }

    #[test]
    fn there_is_a_bound() {
        let many = "repository:a:pull ".repeat(101);
        assert_eq!(RequestedScopes::parse([many.as_str()], 100), Err(TooManyScopes));
        let long = format!("repository:{}:pull ", "a".repeat(1000));
        assert_eq!(RequestedScopes::parse([long.repeat(17).as_str()], 100), Err(TooManyScopes));
        assert_eq!(RequestedScopes::parse(["repository:", &"a".repeat(2000)], 100).unwrap().scopes, []);
    }

    proptest! {
        #[test]
        fn never_panics_and_asks_each_resource_once(values in prop::collection::vec("[a-c:(),* \u{0}\u{e9}]{0,30}|[a-c]:[a-f]:[x-z]", 0..40)) {
            let parsed = RequestedScopes::parse(values.iter().map(String::as_str), 1000).unwrap();
            let mut resources: Vec<_> = parsed.scopes.iter().map(|scope| &scope.resource).collect();
            resources.sort();
            resources.dedup();
            prop_assert_eq!(resources.len(), parsed.scopes.len());
        }
    }
}
