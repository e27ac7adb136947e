use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::*;

fn at(line: u32) -> Location {
    Location::new("test.yml", line, 1)
}

fn plain(line: u32, text: &str) -> Node {
    Node { location: at(line), value: Value::Scalar { text: text.into(), quoted: false } }
}

fn quoted(line: u32, text: &str) -> Node {
    Node::text(at(line), text)
}

fn list(line: u32, items: Vec<Node>) -> Node {
    Node { location: at(line), value: Value::Sequence(items) }
}

fn map(line: u32, entries: Vec<(&str, Node)>) -> Node {
    let entries = entries
        .into_iter()
        .map(|(key, value)| Entry { key: Key { text: key.into(), location: value.location.clone() }, value })
        .collect();
    Node { location: at(line), value: Value::Mapping(entries) }
}

fn problems<T: serde::de::DeserializeOwned + std::fmt::Debug>(node: &Node) -> Vec<String> {
    let problems = node.decode::<T>(&KeyPath::root().key("top")).unwrap_err();
    problems.iter().map(ToString::to_string).collect()
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Section {
    issuer: String,
    expiration: u32,
    #[serde(default)]
    hsts: bool,
    timeout: Option<GoDuration>,
    #[serde(default)]
    rules: Vec<Located<Rule>>,
    #[serde(default)]
    mode: Mode,
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Rule {
    actions: Vec<String>,
}

#[derive(Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Mode {
    #[default]
    Basic,
    Bearer,
}

fn valid() -> Vec<(&'static str, Node)> {
    vec![
        ("issuer", plain(1, "0123")),
        ("expiration", plain(2, "0x10")),
        ("hsts", plain(3, "yes")),
        ("timeout", plain(4, "1m30s")),
        ("rules", list(5, vec![map(6, vec![("actions", list(6, vec![plain(6, "no")]))])])),
        ("mode", plain(7, "bearer")),
    ]
}

#[test]
fn a_scalar_means_what_is_wanted_of_it() {
    let section: Section = map(1, valid()).decode(&KeyPath::root()).unwrap();
    assert_eq!(section.issuer, "0123");
    assert_eq!(section.expiration, 16);
    assert!(section.hsts);
    assert_eq!(section.timeout, Some("90s".parse().unwrap()));
    assert_eq!(section.rules[0].location, at(6));
    assert_eq!(section.rules[0].actions, ["no"]);
    assert_eq!(section.mode, Mode::Bearer);
}

#[test]
fn all_problems_are_found_at_once_in_the_order_of_the_file() {
    let section = map(
        1,
        vec![
            ("isuer", plain(2, "x")),
            ("expiration", plain(3, "soon")),
            ("hsts", quoted(4, "true")),
            ("timeout", plain(5, "10")),
            (
                "rules",
                list(
                    6,
                    vec![
                        map(7, vec![]),
                        map(8, vec![("actions", plain(8, "pull"))]),
                        map(9, vec![("a", plain(9, ""))]),
                    ],
                ),
            ),
            ("mode", plain(10, "barer")),
        ],
    );
    assert_eq!(
        problems::<Section>(&section),
        [
            "test.yml:1:1: top: the key `issuer` is missing",
            "test.yml:2:1: top.isuer: unknown key `isuer`: did you mean `issuer`?",
            "test.yml:3:1: top.expiration: expected a whole number, found `soon`",
            "test.yml:4:1: top.hsts: expected true or false, found text in quotes",
            "test.yml:5:1: top.timeout: not a duration: write a number and a unit, such as `10s`, `1m30s`, `1h` or `500ms`",
            "test.yml:7:1: top.rules[0]: the key `actions` is missing",
            "test.yml:8:1: top.rules[1].actions: expected a list, found a single value",
            "test.yml:9:1: top.rules[2].a: unknown key `a`: known here: `actions`",
            "test.yml:9:1: top.rules[2]: the key `actions` is missing",
            "test.yml:10:1: top.mode: `barer` is not one of `basic`, `bearer`: did you mean `bearer`?",
        ]
    );
}

#[test]
fn a_key_that_is_there_but_wrong_is_not_missing_too() {
    let mut entries = valid();
    entries[0] = ("issuer", list(1, vec![]));
    assert_eq!(
        problems::<Section>(&map(1, entries)),
        ["test.yml:1:1: top.issuer: expected text, found a list"]
    );
}

#[test]
fn nothing_is_not_text() {
    let mut entries = valid();
    entries[0] = ("issuer", plain(1, ""));
    assert_eq!(
        problems::<Section>(&map(1, entries)),
        ["test.yml:1:1: top.issuer: expected text (`\"\"` if it is meant to be empty), found nothing"]
    );
}

#[test]
fn numbers_have_a_range() {
    for (number, message) in [
        ("-1", "-1 is out of range: write a number from 0 to 4294967295"),
        ("4294967296", "4294967296 is out of range: write a number from 0 to 4294967295"),
        ("99999999999999999999", "a smaller number"),
    ] {
        let mut entries = valid();
        entries[1] = ("expiration", plain(2, number));
        let found = problems::<Section>(&map(1, entries));
        assert!(found[0].contains(message), "{found:?}");
    }
}

#[test]
fn keys_keep_their_spelling_and_odd_ones_are_quoted_in_paths() {
    let users = map(1, vec![("no", plain(1, "1")), ("007", plain(2, "2")), ("", plain(3, "3"))]);
    let decoded: BTreeMap<String, String> = users.decode(&KeyPath::root()).unwrap();
    assert_eq!(decoded.keys().collect::<Vec<_>>(), ["", "007", "no"]);
    let path = KeyPath::root().key("users").key("").item(3).key("a.b");
    assert_eq!(path.as_str(), "users.\"\"[3].\"a.b\"");
}

#[test]
fn many_problems_are_cut_short() {
    let rules = (0..200).map(|line| map(line + 1, vec![])).collect();
    let mut entries = valid();
    entries[4] = ("rules", list(5, rules));
    assert_eq!(problems::<Section>(&map(1, entries)).len(), 50);
}

#[test]
fn a_located_value_is_just_the_value_in_the_schema() {
    let schema = schemars::schema_for!(Section).to_value();
    assert_eq!(schema["properties"]["rules"]["items"]["$ref"], "#/$defs/Rule");
}
