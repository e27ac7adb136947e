use proptest::prelude::*;

use super::*;

fn tree(text: &str) -> Node {
    let mut problems = Vec::new();
    let root = parse("test.yml", text, &mut problems).unwrap_or_else(|problem| panic!("{problem}"));
    assert!(problems.is_empty(), "{problems:?}");
    root
}

fn refusal(text: &str) -> String {
    let mut problems = Vec::new();
    let fatal = parse("test.yml", text, &mut problems).err();
    problems.extend(fatal);
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn text<'a>(node: &'a Node, path: &[&str]) -> &'a str {
    let node = path.iter().fold(node, |node, key| &node.get(key).unwrap_or_else(|| panic!("{key}")).value);
    node.as_text().unwrap()
}

#[test]
fn every_node_knows_its_place_and_spelling() {
    let root = tree("server:\n  addr: ':5001'\nusers:\n  no: {password: 0123}\n");
    let addr = root.get("server").unwrap().value.get("addr").unwrap();
    assert_eq!(addr.key.location.to_string(), "test.yml:2:3");
    assert_eq!(addr.value.location.to_string(), "test.yml:2:9");
    assert_eq!(text(&root, &["users", "no", "password"]), "0123");
}

#[test]
fn anchors_aliases_and_merge_keys() {
    let root = tree(
        "x-base: &base {a: 1, b: 2}\nx-more: &more {b: 3, c: 4}\none: *base\ntwo: {<<: *base, b: 9}\nthree: {<<: [*more, *base], d: 5}\n",
    );
    assert_eq!(text(&root, &["one", "b"]), "2");
    assert_eq!(text(&root, &["two", "a"]), "1");
    assert_eq!(text(&root, &["two", "b"]), "9");
    assert_eq!(text(&root, &["three", "b"]), "3");
    assert_eq!(text(&root, &["three", "a"]), "1");
    assert_eq!(root.get("one").unwrap().value.location.to_string(), "test.yml:3:6");
}

#[test]
fn an_anchor_may_be_used_often() {
    let users: String = (0..500).map(|n| format!("  u{n}: *same\n")).collect();
    let root = tree(&format!("x-same: &same {{labels: {{group: [a, b, c]}}}}\nusers:\n{users}"));
    assert_eq!(root.get("users").unwrap().value.entries().unwrap().len(), 500);
}

#[test]
fn a_bomb_is_refused() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..10 {
        let previous = n - 1;
        bomb += &format!("a{n}: &a{n} [{}]\n", vec![format!("*a{previous}"); 9].join(", "));
    }
    assert!(refusal(&bomb).contains("aliases multiply"));
}

#[test]
fn refusals_name_place_and_cure() {
    for (text, message) in [
        ("", "test.yml:1:1: the file is empty"),
        ("# nothing\n", "test.yml:1:1: the file is empty"),
        ("a: 1\nb: 2\na: 3\n", "test.yml:3:1: the key `a` stands twice, first in line 1"),
        ("server:\n\taddr: x\n", "test.yml:2:2: YAML is not indented with tabs: use spaces"),
        ("a: [1, 2\n", "this is not valid YAML: "),
        ("a: b: c\n", "test.yml:1:"),
        ("a: 1\n---\nb: 2\n", "test.yml:2:1: only one document"),
        ("? [a]\n: 1\n", "a key must be a single word"),
        ("a: !!binary aGk=\n", "tags"),
        ("a: !secret x\n", "tags"),
        ("a: *nowhere\n", "test.yml:1:4"),
        ("a: {<<: 3}\n", "`<<` takes a mapping"),
    ] {
        let refused = refusal(text);
        assert!(refused.contains(message), "{text:?}: {refused}");
        assert!(refused.starts_with("test.yml:"), "{refused}");
        assert!(!refused.trim_end().ends_with(':'), "says nothing: {refused}");
    }
    assert!(refusal(&"[".repeat(10_000)).starts_with("test.yml:1:"));
    assert!(refusal(&"a:\n".repeat(3)).contains("stands twice"));
}

#[test]
fn a_key_that_stands_twice_with_one_value_has_that_value() {
    for text in
        ["a:\nb: 2\na: 1\n", "a: 1\nb: 2\na:\n", "a: ~\nb: 2\na: 1\n", "m: &m {a: 3}\n<<: *m\na: 1\na:\n"]
    {
        let root = tree(text);
        assert_eq!(root.get("a").unwrap().value.as_text(), Some("1"), "{text}");
    }
    for text in ["a:\na:\n", "a: 1\na: 1\n", "a: 1\na:\na: 2\n", "a: ''\na: 1\n"] {
        assert!(refusal(text).contains("`a` stands twice"), "{text}");
    }
}

#[test]
fn a_value_that_is_not_there_stands_at_its_key() {
    let root = tree("users:\n  bob:\n\nacl: []\n");
    let bob = root.get("users").unwrap().value.get("bob").unwrap();
    assert!(bob.value.is_null());
    assert_eq!(bob.value.location.line, 2);
}

proptest! {
    #[test]
    fn never_panics(text in r"[a-c:\-\[\]{}&*<#'\x22!|>\n\t ]{0,60}") {
        let _ = parse("test.yml", &text, &mut Vec::new());
    }
}
