use std::time::Duration;

use dockgate_api::config::{KeyPath, Location, Node};
use dockgate_api::{BuildContext, BuildError};
use dockgate_testkit::fakes::{World, build_context};
use serde_json::{Value, json};

use super::GroupsConfig;
use crate::groups::{Groups, Naming, Nesting, Required, Way};

const BASE: &str = "ou=people,dc=example,dc=com";

fn built(
    section: Option<Value>,
    required: Option<Value>,
    cx: &BuildContext,
) -> (Option<(Groups, Required)>, BuildError) {
    let section = section.map(|section| serde_json::from_value(section).unwrap());
    let required = required.map(|required| serde_json::from_value(required).unwrap());
    let mut errors = BuildError::none();
    let groups = GroupsConfig::build(section, required, BASE, cx, &mut errors);
    (groups, errors)
}

fn read(section: Value) -> Groups {
    let (groups, errors) = built(Some(section), None, &build_context());
    assert!(errors.is_empty(), "{errors}");
    groups.unwrap().0
}

fn refused(section: Value) -> String {
    let (groups, errors) = built(Some(section), None, &build_context());
    assert!(groups.is_none());
    errors.to_string()
}

#[test]
fn defaults() {
    let groups = read(json!({}));
    assert_eq!(groups.label.as_deref(), Some("groups"));
    assert!(matches!(&groups.way, Way::MemberOf(attribute) if attribute == "memberOf"));
    assert_eq!((groups.base.as_str(), groups.nesting, &groups.naming), (BASE, Nesting::None, &Naming::Leaf));
    assert!(groups.below.is_none() && !groups.primary && groups.cache.is_none() && !groups.shape.lower_case);
    assert_eq!(groups.attributes(), ["memberOf"]);
}

#[test]
fn everything_that_can_be_said() {
    let groups = read(json!({
        "label": "teams",
        "search": {"base": "ou=groups,dc=example,dc=com", "filter": "(|(member=${dn})(memberUid=${entry:uid}))"},
        "name": "description",
        "below": "ou=registry,ou=groups,dc=example,dc=com",
        "nested": "recursive",
        "max_depth": 3,
        "primary": true,
        "lower_case": true,
        "capture": "^registry-(.+)$",
        "cache": "30s",
    }));
    assert_eq!(groups.label.as_deref(), Some("teams"));
    assert!(matches!(groups.way, Way::Search(_)));
    assert_eq!(groups.base, "ou=groups,dc=example,dc=com");
    assert_eq!(groups.nesting, Nesting::Recursive { max_depth: 3 });
    assert_eq!(groups.naming, Naming::Attribute("description".to_owned()));
    assert!(groups.below.is_some() && groups.primary && groups.cache.is_some());
    assert_eq!(groups.shape.apply("registry-PUSH").as_deref(), Some("push"));
    assert_eq!(groups.attributes(), ["uid", "primaryGroupID", "objectSid"]);
    assert_eq!(read(json!({"nested": "recursive"})).nesting, Nesting::Recursive { max_depth: 10 });
    let by_rule = read(json!({"nested": "matching_rule", "search": {"base": "dc=example,dc=com"}}));
    assert_eq!((by_rule.nesting, by_rule.base.as_str()), (Nesting::MatchingRule, "dc=example,dc=com"));
    assert_eq!(by_rule.attributes(), ["memberOf"]);
    assert_eq!(read(json!({"name": "DN"})).naming, Naming::Dn);
    assert_eq!(read(json!({"name": "CN"})).naming, Naming::Leaf);
}

#[test]
fn what_is_wrong_is_said_with_its_key_and_its_cure() {
    for (section, key, cure) in [
        (json!({"label": ""}), "groups.label", "write one"),
        (json!({"member_of": "member of"}), "groups.member_of", "letters, digits and hyphens"),
        (
            json!({"member_of": "memberOf", "search": {"filter": "(member=${dn})"}}),
            "groups.member_of",
            "keep one",
        ),
        (json!({"search": {}}), "groups.search.filter", "`filter` is missing"),
        (json!({"search": {"base": "dc=example"}}), "groups.search.filter", "`filter` is missing"),
        (json!({"search": {"filter": "(member=${dn"}}), "groups.search.filter", "`}` is missing"),
        (json!({"search": {"filter": "(member=${group})"}}), "groups.search.filter", "unknown variable"),
        (
            json!({"search": {"base": "example.com", "filter": "(member=${dn})"}}),
            "groups.search.base",
            "no distinguished name",
        ),
        (
            json!({"nested": "recursive", "search": {"filter": "(memberUid=${account})"}}),
            "groups.search.filter",
            "without `${dn}`",
        ),
        (
            json!({"nested": "matching_rule", "search": {"filter": "(member=${dn})"}}),
            "groups.search.filter",
            "has a filter of its own",
        ),
        (json!({"max_depth": 3}), "groups.max_depth", "is for `nested: recursive`"),
        (
            json!({"nested": "matching_rule", "max_depth": 3}),
            "groups.max_depth",
            "is for `nested: recursive`",
        ),
        (json!({"nested": "recursive", "max_depth": 0}), "groups.max_depth", "from 1 to 100"),
        (json!({"nested": "recursive", "max_depth": 101}), "groups.max_depth", "from 1 to 100"),
        (json!({"name": ""}), "groups.name", "no attribute's name"),
        (json!({"name": "cn,dc"}), "groups.name", "no attribute's name"),
        (json!({"below": "groups"}), "groups.below", "no distinguished name"),
        (json!({"capture": "("}), "groups.capture", "unclosed group"),
    ] {
        let error = refused(section.clone());
        let (at, message) = error.split_once(": ").unwrap();
        assert_eq!(at, key, "{section}: {error}");
        assert!(message.contains(cure) && !message.contains('\n'), "{section}: {error}");
    }
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let (_, errors) = built(
        Some(json!({"label": "", "below": "x", "capture": "(", "max_depth": 0, "search": {"filter": ""}})),
        Some(json!([])),
        &build_context(),
    );
    let errors = errors.to_string();
    for key in ["label", "below", "capture", "max_depth", "search.filter"] {
        assert!(errors.contains(&format!("groups.{key}: ")), "{key}: {errors}");
    }
    assert!(errors.contains("required_groups: "), "{errors}");
}

#[test]
fn words_and_times_have_bounds() {
    for (section, cure) in [
        (json!({"nested": "yes"}), "matching_rule"),
        (json!({"cache": "0"}), "`1ms` to `24h`"),
        (json!({"cache": "25h"}), "`1ms` to `24h`"),
    ] {
        let error = serde_json::from_value::<GroupsConfig>(section).unwrap_err().to_string();
        assert!(error.contains(cure), "{error}");
    }
    let config: GroupsConfig = serde_json::from_value(json!({"cache": "24h"})).unwrap();
    assert_eq!(config.cache.unwrap().0.0, Duration::from_hours(24));
}

#[test]
fn required_groups_need_no_section_and_make_no_label() {
    let (groups, errors) = built(None, Some(json!(["admins", "cn=ops,dc=example,dc=com"])), &build_context());
    let (groups, required) = groups.unwrap_or_else(|| panic!("{errors}"));
    assert_eq!(groups.label, None);
    assert_eq!(required.dns().map(|(written, _)| written).collect::<Vec<_>>(), ["cn=ops,dc=example,dc=com"]);
    assert!(built(None, None, &build_context()).0.is_none());
    let (with_section, _) = built(Some(json!({})), Some(json!(["admins"])), &build_context());
    assert_eq!(with_section.unwrap().0.label.as_deref(), Some("groups"));
}

#[test]
fn required_groups_that_nobody_can_be_in_are_an_error() {
    for (section, required, cure) in [
        (json!({}), json!([]), "without any"),
        (json!({}), json!(["a", ""]), "without any"),
        (json!({"below": "ou=a,dc=x"}), json!(["cn=ops,ou=b,dc=x"]), "`cn=ops,ou=b,dc=x` is not below"),
    ] {
        let (groups, errors) = built(Some(section), Some(required), &build_context());
        assert!(groups.is_none());
        let errors = errors.to_string();
        assert!(errors.starts_with("required_groups: ") && errors.contains(cure), "{errors}");
    }
    let below = json!({"below": "ou=a,dc=x"});
    assert!(built(Some(below), Some(json!(["cn=ops, OU=A,DC=x", "admins"])), &build_context()).0.is_some());
}

#[test]
fn a_cache_that_saves_nothing_is_warned_of() {
    for (section, is_warned_of) in [
        (json!({"cache": "30s"}), true),
        (json!({"cache": "30s", "name": "dn"}), true),
        (json!({"cache": "30s", "name": "description"}), false),
        (json!({"cache": "30s", "primary": true}), false),
        (json!({"cache": "30s", "nested": "recursive"}), false),
        (json!({"cache": "30s", "search": {"filter": "(member=${dn})"}}), false),
        (json!({}), false),
    ] {
        let cx = World::new().build_context();
        assert!(built(Some(section.clone()), None, &cx).0.is_some());
        let node = Node::text(Location::unknown(), "");
        let warnings = cx.take_warnings(&node, &KeyPath::root());
        assert_eq!(!warnings.is_empty(), is_warned_of, "{section}: {warnings:?}");
        assert!(warnings.iter().all(|warning| warning.path.as_str() == "groups.cache"), "{warnings:?}");
    }
}
