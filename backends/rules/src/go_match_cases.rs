//! The recorded answers of Go's `path.Match` and `regexp`: ours must be the same, all of them.

use std::{fs, path::Path};

use crate::pattern::Nothing;
use crate::{DoubleStar, Glob, Regexes, Scope, Template, go_regex};
use regex::Regex;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct Case {
    kind: String,
    pattern: String,
    text: String,
    #[serde(rename = "match")]
    matches: bool,
    #[serde(default)]
    error: bool,
}

fn cases(kind: &str) -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/go_match_cases.jsonl");
    let text = fs::read_to_string(path).unwrap();
    let cases: Vec<Case> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(cases.len(), 8000);
    cases.into_iter().filter(|case| case.kind == kind).collect()
}

fn by_template(pattern: &str, text: &str) -> Option<bool> {
    let parsed = Template::parse(pattern, Scope::Field, DoubleStar::PlainStar).ok()?;
    let matched = parsed.template.is_match(text, &Nothing, &Regexes::default()).unwrap();
    assert!(!matched || parsed.template.may_match(text, |_| ""), "{pattern} {text}");
    Some(matched)
}

/// The first cases that went wrong, to be read.
fn assert_all(wrong: &[(&Case, Option<bool>)], cases: &[Case]) {
    let few: Vec<_> = wrong.iter().take(20).collect();
    assert!(wrong.is_empty(), "{} of {} differ: {few:#?}", wrong.len(), cases.len());
}

#[test]
fn globs_agree_with_go() {
    let cases = cases("glob");
    assert_eq!(cases.len(), 4000);
    let mut wrong = Vec::new();
    for case in &cases {
        let expected = (!case.error).then_some(case.matches);
        let glob = Glob::parse(&case.pattern, DoubleStar::PlainStar).ok();
        let ours = glob.map(|glob| glob.is_match(&case.text));
        let template =
            if case.pattern.contains("${") || case.pattern.len() > 2 && case.pattern.starts_with('/') {
                ours
            } else {
                by_template(&case.pattern, &case.text)
            };
        if ours != expected || template != expected {
            wrong.push((case, ours));
        }
    }
    assert_all(&wrong, &cases);
}

#[test]
fn regexes_agree_with_go() {
    let cases = cases("regex");
    assert_eq!(cases.len(), 4000);
    let mut wrong = Vec::new();
    for case in &cases {
        let expected = (!case.error).then_some(case.matches);
        let source = go_regex::translate(&case.pattern).ok();
        let ours = source.map(|source| Regex::new(&source).unwrap().is_match(&case.text));
        let template = if case.pattern.contains("${") || case.pattern.is_empty() {
            ours
        } else {
            by_template(&format!("/{}/", case.pattern), &case.text)
        };
        if ours != expected || template != expected {
            wrong.push((case, ours));
        }
    }
    assert_all(&wrong, &cases);
}
