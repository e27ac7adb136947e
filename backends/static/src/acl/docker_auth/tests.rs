use super::*;

/// The notes on a rule, each with its key and the beginning of its message.
fn notes(rule: &str) -> Vec<String> {
    let config: RuleConfig = serde_json::from_str(rule).unwrap();
    let mut differences = Differences::default();
    differences.look(&config, &Location::new("a.yml", 3, 5), &KeyPath::root().item(0));
    differences.told().iter().map(|remark| format!("{}: {}", remark.key.as_str(), remark.message)).collect()
}

#[test]
fn each_line_that_means_something_else_is_named_with_what_to_do() {
    for (conditions, key, words) in [
        (
            r#""account": "/^(.+)-ci$/", "name": "${account:1}/*""#,
            "[0].match.name",
            "`${account:1}` found stands for itself",
        ),
        (
            r#""account": "a", "name": "\\${account}/*""#,
            "[0].match.name",
            "`\\${account}` is plain text here",
        ),
        (r#""account": "a", "name": "/^${account}+$/""#, "[0].match.name", "repeats its whole value"),
        (r#""name": "/^${labels:team}\\/x$/""#, "[0].match.name", "`${labels:team}` is a group of its own"),
        (r#""account": "a", "name": "/^[${account}]$/""#, "[0].match.name", "never a range"),
        (r#""name": "${account}*""#, "[0].match.name", "who does not log in has no `${account}`"),
        (r#""account": "*", "service": "/^${account}.*$/""#, "[0].match.service", "who does not log in"),
        (r#""labels": {"team": "/^${account}?$/"}"#, "[0].match.labels.team", "repeats its whole value"),
    ] {
        let found = notes(&format!(r#"{{"match": {{{conditions}}}, "actions": ["*"]}}"#));
        assert!(
            found.len() == 1 && found[0].starts_with(&format!("{key}: ")) && found[0].contains(words),
            "{conditions}: {found:#?}"
        );
    }
}

#[test]
fn what_means_the_same_is_passed_over() {
    for conditions in [
        "",
        r#""account": "/.+/", "name": "${account}/*""#,
        r#""name": "${account}/*""#,
        r#""account": "/.+/", "name": "${account}*""#,
        r#""name": "${labels:team}/*""#,
        r#""account": "", "name": "public/*""#,
        r#""name": "/^team-[0-9]+\\//""#,
        r#""account": "a", "name": "${unknown:1}""#,
    ] {
        assert_eq!(
            notes(&format!(r#"{{"match": {{{conditions}}}, "actions": ["*"]}}"#)),
            Vec::<String>::new(),
            "{conditions}"
        );
    }
}

#[test]
fn an_asked_asterisk_is_told_once_with_the_number_of_rules() {
    let rule = |text: &str| serde_json::from_str::<RuleConfig>(text).unwrap();
    let mut differences = Differences::default();
    let at = |line| Location::new("a.yml", line, 5);
    for (line, text) in [
        (1, r#"{"match": {}, "actions": ["*"]}"#),
        (2, r#"{"match": {}, "actions": []}"#),
        (3, r#"{"match": {"type": "registry"}, "actions": ["pull"]}"#),
        (4, r#"{"match": {}, "actions": ["pull"]}"#),
        (5, r#"{"match": {}, "actions": ["pull", "push"]}"#),
    ] {
        differences.look(&rule(text), &at(line), &KeyPath::root().item(0));
    }
    let told = differences.told();
    assert_eq!((told.len(), &told[0].location), (1, &Some(at(4))));
    assert!(told[0].message.ends_with("(and 1 more rules)"), "{}", told[0].message);
}

#[test]
fn very_many_lines_are_counted() {
    let config: RuleConfig = serde_json::from_str(
        r#"{"match": {"account": "/^(.+)$/", "name": "${account:1}"}, "actions": ["*"]}"#,
    )
    .unwrap();
    let mut differences = Differences::default();
    for place in 0..25 {
        differences.look(&config, &Location::new("a.yml", 3, 5), &KeyPath::root().item(place));
    }
    let told = differences.told();
    assert_eq!(told.len(), 10);
    assert!(told[9].message.ends_with("(and in 15 more places)"), "{}", told[9].message);
}
