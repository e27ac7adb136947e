use std::{collections::HashMap, time::Instant};

use Value::{Literal, Pattern};
use dockgate_api::LabelValue;
use proptest::prelude::*;

use super::*;
use crate::bindings::{Bindings, MatchError, Value};
use crate::regexes::Regexes;

mod product;

/// What outside values may look like at their worst.
const HOSTILE: [&str; 22] = [
    "*",
    "**",
    "?",
    "[",
    "]",
    "[a]",
    "[^a]",
    "\\",
    ".",
    ".*",
    "a|b",
    "(",
    ")",
    "^",
    "$",
    "-",
    "a-z",
    "${account}",
    "\\E",
    "{2}",
    "\n",
    "\0",
];

#[derive(Default)]
struct Request<'a> {
    fields: HashMap<Field, &'a str>,
    captures: HashMap<(Field, u32), &'a str>,
    labels: HashMap<String, Vec<LabelValue>>,
}

impl Bindings for Request<'_> {
    fn field(&self, field: Field) -> Option<&str> {
        self.fields.get(&field).copied()
    }
    fn capture(&self, field: Field, group: u32) -> Option<&str> {
        self.captures.get(&(field, group)).copied()
    }
    fn label(&self, key: &str) -> &[LabelValue] {
        self.labels.get(key).map_or(&[], Vec::as_slice)
    }
}

impl<'a> Request<'a> {
    fn account(account: &'a str) -> Self {
        Self { fields: HashMap::from([(Field::Account, account)]), ..Self::default() }
    }

    fn label(mut self, key: &str, values: &[Value<'_>]) -> Self {
        let owned = |value: &Value<'_>| match value {
            Literal(text) => LabelValue::Literal((*text).to_owned()),
            Pattern(text) => LabelValue::Pattern((*text).to_owned()),
        };
        self.labels.insert(key.to_owned(), values.iter().map(owned).collect());
        self
    }
}

fn parse(source: &str) -> Template {
    Template::parse(source, Scope::Field, DoubleStar::PlainStar).unwrap().template
}

fn decide(source: &str, text: &str, request: &Request<'_>) -> Result<bool, MatchError> {
    parse(source).is_match(text, request, &Regexes::default())
}

fn matches(source: &str, text: &str, request: &Request<'_>) -> bool {
    decide(source, text, request).unwrap()
}

#[test]
fn values_from_outside_are_literal_wherever_they_stand() {
    let others = HOSTILE.into_iter().chain(["a", "b", "ab", "aa", "abc", "x", ""]);
    for value in HOSTILE {
        let request = Request::account(value).label("l", &[Literal(value)]);
        let request = Request { captures: HashMap::from([((Field::Name, 1), value)]), ..request };
        for other in others.clone() {
            for variable in ["${account}", "${labels:l}", "${name:1}"] {
                for template in ["V", "x/V/*", "/^V$/", "/^(?:V)$/", "/^\\QV\\E$/", "*V"] {
                    let text = if template == "x/V/*" { format!("x/{other}/y") } else { other.to_owned() };
                    let same = if template == "*V" {
                        other.strip_suffix(value).is_some_and(|rest| !rest.contains('/'))
                    } else {
                        other == value
                    };
                    let template = template.replace('V', variable);
                    assert_eq!(matches(&template, &text, &request), same, "{template} {value:?} {text:?}");
                }
                let one = other.chars().count() == 1;
                for (template, negated) in
                    [("[V]", false), ("/^[V]$/", false), ("[^V]", true), ("/^[^V]$/", true)]
                {
                    let template = template.replace('V', variable);
                    let expected = one && value.contains(other) != negated;
                    assert_eq!(
                        matches(&template, other, &request),
                        expected,
                        "{template} {value:?} {other:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_variable_without_value_fails_only_what_needs_it() {
    for request in [Request::default(), Request::account(""), Request::account("").label("l", &[Pattern("")])]
    {
        for variable in ["${account}", "${account:1}", "${labels:l}"] {
            for template in ["V", "V*", "*V*", "[V]", "[^V]", "/V/", "/^V/", "/[V]/", "/[^V]/", "/^x[^aV]$/"]
            {
                let template = template.replace('V', variable);
                for text in ["", "x", "xx", "a"] {
                    assert!(!matches(&template, text, &request), "{template} {text}");
                }
            }
            assert!(matches(&format!("/^{variable}$|^public\\//"), "public/x", &request));
            assert!(matches(&format!("/^(?:{variable}\\/)?x$/"), "x", &request));
        }
    }
}

/// The fixed start of a regex is taken off before the rest is searched; what looks back must not notice.
#[test]
fn a_regex_behind_its_start_still_sees_the_start() {
    let values = [Literal("ab"), Literal("a"), Literal("a-b")];
    let request = Request::account("a").label("l", &values).label("m", &[Literal("-"), Literal("b")]);
    for (template, text, expected) in [
        ("/^a\\bb/", "ab", false),
        ("/^a\\Bb/", "ab", true),
        ("/^a(?m:^)b/", "ab", false),
        ("/^a^b/", "ab", false),
        ("/^${account}\\b-x$/", "a-x", true),
        ("/^${account}\\bx$/", "ax", false),
        ("/^${account}^/", "a", false),
        ("/^${labels:l}\\bx$/", "abx", false),
        ("/^${labels:l}b?$/", "ab", true),
        ("/^${labels:l}-b$/", "a-b", true),
        ("/^${labels:l}-b-b$/", "a-b-b", true),
        ("/^${labels:l}${labels:m}+$/", "a-bb", true),
        ("/^${labels:l}${labels:m}$/", "ab-", true),
        ("/^${labels:l}${labels:m}$/", "a--", false),
        ("/^${labels:l}+$/", "aab", true),
        ("/^(${labels:l})x$/", "a-bx", true),
        ("/^(?:${labels:l}x)?$/", "", true),
    ] {
        assert_eq!(matches(template, text, &request), expected, "{template} {text}");
    }
    let groups = parse("/^${labels:l}(.*)-(.+)$/");
    let groups = groups.captures("a-b-c", &request, &Regexes::default()).unwrap().unwrap();
    assert_eq!((groups.get(1), groups.get(2)), (Some("-b"), Some("c")));
}

#[test]
fn labels_of_an_administrator_act_as_patterns() {
    let request = Request::account("bob")
        .label("full", &[Pattern("test/*"), Pattern("socke*"), Pattern("ba[d"), Pattern("")])
        .label("outside", &[Literal("test/*")])
        .label("re", &[Pattern("a|b"), Pattern("c("), Pattern("(d)e*")])
        .label("one", &[Pattern("/^t(est|oast)\\//")]);
    for (template, text, expected) in [
        ("${labels:full}", "test/x", true),
        ("${labels:full}", "test/x/y", false),
        ("${labels:full}", "socket", true),
        ("${labels:full}", "ba[d", false),
        ("${labels:outside}", "test/x", false),
        ("${labels:outside}", "test/*", true),
        ("x/${labels:full}-${account}", "x/test/1-bob", true),
        ("/^${labels:re}$/", "a", true),
        ("/^${labels:re}$/", "ab", false),
        ("/^${labels:re}$/", "dee", true),
        ("/^${labels:re}$/", "c(", false),
        ("/^(?i)${labels:re}$/", "DEE", true),
        ("${labels:one}", "toast/x", true),
        ("${labels:one}", "coast/x", false),
        ("${labels:none}", "${labels:none}", false),
        ("[${labels:full}]", "*", true),
        ("/^[${labels:re}]$/", "|", true),
    ] {
        assert_eq!(matches(template, text, &request), expected, "{template} {text}");
    }
}

#[test]
fn a_repeated_label_takes_one_value() {
    let request = Request::default().label("t", &[Pattern("a"), Pattern("b?")]).label("u", &[Literal("x")]);
    for (template, text, expected) in [
        ("${labels:t}/${labels:t}", "a/a", true),
        ("${labels:t}/${labels:t}", "a/bb", false),
        ("${labels:t}/${labels:t}", "bb/bc", true),
        ("${labels:t}${labels:u}${labels:t}${labels:u}", "axax", true),
        ("${labels:t}${labels:u}${labels:t}${labels:u}", "axbbx", false),
        ("/^${labels:t}\\/${labels:t}$/", "a/a", true),
        ("/^${labels:t}\\/${labels:t}$/", "a/b", false),
        ("/^${labels:t}[${labels:t}]$/", "aa", true),
        ("/^${labels:t}[${labels:t}]$/", "ab", false),
        ("${labels:t}[${labels:t}]", "ab", false),
    ] {
        assert_eq!(matches(template, text, &request), expected, "{template} {text}");
    }
}

/// Each combination is one glob of Go's, which never looks back after a class that takes `/`.
#[test]
fn combinations_mean_what_go_would_make_of_them() {
    let request =
        Request::default().label("l", &[Pattern("*[^a]*")]).label("b", &[Literal("b"), Literal("c")]);
    for (template, text, expected) in [
        ("${labels:l}b", "x/b", false),
        ("*[^a]*${labels:b}", "x/b", false),
        ("*[^a]*${labels:b}", "xb", true),
        ("*/*[^a]*${labels:b}", "x/yyc", true),
    ] {
        assert_eq!(matches(template, text, &request), expected, "{template} {text}");
    }
}

#[test]
fn several_repeated_labels_are_tried_independently() {
    let two = [Literal("1"), Literal("2")];
    let request = Request::default().label("x", &two).label("y", &two);
    for text in ["1111", "1212", "2121", "2222"] {
        assert!(matches("/^${labels:x}${labels:y}${labels:x}${labels:y}$/", text, &request), "{text}");
        assert!(matches("${labels:x}${labels:y}${labels:x}${labels:y}", text, &request), "{text}");
    }
    // With x = 1 the second alternative looks possible and is not; y must then be open again for x = 2.
    let regex = "/^(?:${labels:x}-${labels:y}-${labels:y}-${labels:x}|${labels:y}-${labels:y}-.-.)$/";
    assert!(matches(regex, "2-1-1-2", &request));
    assert!(!matches(regex, "2-1-2-2", &request));
}

#[test]
fn captures_give_groups_of_the_rule_only() {
    let request = Request::account("bob").label("p", &[Pattern("(x)(y)")]);
    let template = parse("/^${labels:p}-(?P<user>.*)-(z)?(${account})$/");
    assert_eq!(template.group_count(), Some(3));
    let groups = template.captures("xy-me-bob", &request, &Regexes::default()).unwrap().unwrap();
    assert_eq!([0, 1, 2, 3, 4].map(|n| groups.get(n)), [None, Some("me"), None, Some("bob"), None]);
    assert_eq!(template.captures("nothing", &request, &Regexes::default()), Ok(None));
    assert_eq!(parse("a*").captures("a", &request, &Regexes::default()), Ok(None));
    assert_eq!(parse("/^a$/").captures("a", &request, &Regexes::default()), Ok(Some(Groups::default())));
}

#[test]
fn what_cannot_be_decided_is_an_error() {
    let values: Vec<String> = (0..100).map(|i| format!("*{i}*")).collect();
    let values: Vec<_> = values.iter().map(|value| Pattern(value)).collect();
    let request = (0..6).fold(Request::default(), |request, i| request.label(&format!("k{i}"), &values));
    let keys = (0..6).map(|i| format!("${{labels:k{i}}}")).collect::<Vec<_>>().concat();
    let text: String = (0..100).map(|i| i.to_string()).collect();
    let text = text.repeat(3);
    assert_eq!(decide(&format!("{keys}{keys}#"), &text, &request), Err(MatchError::TooManyCombinations));

    let values: Vec<String> = (0..100).map(|i| format!(".*{i}")).collect();
    let values: Vec<_> = values.iter().map(|value| Pattern(value)).collect();
    let request =
        (0..6).fold(Request::default(), |request, i| request.label(&format!("k{i}"), &values[..30]));
    let regex = "/^(?:${labels:k0}x${labels:k0}|${labels:k1}${labels:k2}.*,${labels:k2}${labels:k1})$/";
    let text = "0123456789".repeat(3) + "," + &"9876543210".repeat(2) + "29";
    assert!(decide(regex, &text, &request).is_ok());
    let large = Request::default().label("l", &[Pattern("\\pL{1000}")]);
    assert_eq!(decide("/^${labels:l}$/", "x", &large), Err(MatchError::TooLarge));
    let large = Request::default().label("l", &[Pattern("/\\pL{1000}/")]);
    assert_eq!(decide("${labels:l}", "x", &large), Err(MatchError::TooLarge));
}

/// A hundred thousand values in one pattern: as many combinations as there are atoms, and then some.
#[test]
fn a_thousand_labels_stay_fast() {
    let values: Vec<String> = (0..100).map(|i| format!("v{i}*")).collect();
    let values: Vec<_> = values.iter().map(|value| Pattern(value)).collect();
    let request = (0..1000).fold(Request::default(), |request, i| request.label(&format!("k{i}"), &values));
    let template = (0..1000).map(|i| format!("${{labels:k{i}}}")).collect::<Vec<_>>().concat();
    let started = Instant::now();
    assert!(!matches(&template, &("v7".repeat(99) + "!x"), &request));
    assert!(matches("${labels:k1}/${labels:k2}/${labels:k3}", "v1/v22x/v99", &request));
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

/// 200 to the power of 4 combinations lead to fewer than a thousand places.
#[test]
fn labels_side_by_side_at_a_start_stay_fast() {
    let values: Vec<String> = (1..=200).map(|length| "a".repeat(length)).collect();
    let values: Vec<Value<'_>> = values.iter().map(|value| Literal(value)).collect();
    let request = ["w", "x", "y", "z"].iter().fold(Request::default(), |all, key| all.label(key, &values));
    let started = Instant::now();
    let pattern = "/^${labels:w}${labels:x}${labels:y}${labels:z}[0-9]$/";
    assert!(!matches(pattern, &"a".repeat(800), &request));
    assert!(matches(pattern, &format!("{}7", "a".repeat(800)), &request));
    assert!(matches(pattern, "aaaa7", &request));
    assert!(!matches(pattern, "aaa7", &request));
    assert!(!matches(pattern, &format!("{}7", "a".repeat(801)), &request));
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

#[test]
fn literals_and_prefixes_are_told() {
    for (source, literal, prefix) in [
        ("abc", Some("abc"), "abc"),
        ("", Some(""), ""),
        (r"a\*b", Some("a*b"), "a*b"),
        ("/^a\\/b$/", Some("a/b"), "a/b"),
        ("/^a\\/.*$/", None, "a/"),
        ("a/*", None, "a/"),
        ("a/${account}", None, "a/"),
        ("/^a${account}/", None, "a"),
        ("${account}/a", None, ""),
        ("*", None, ""),
        ("//", Some("//"), "//"),
        ("/a", Some("/a"), "/a"),
    ] {
        let template = parse(source);
        assert_eq!((template.literal(), template.literal_prefix()), (literal, prefix), "{source}");
        assert_eq!(template.as_str(), source);
    }
    assert!(parse("/a/").is_regex() && !parse("//").is_regex());
    assert_eq!(parse("/(${labels:a})${name:2}/").captures_needed().collect::<Vec<_>>(), [(Field::Name, 2)]);
}

#[test]
fn lints_say_what_to_write() {
    let lints = |source, double_star| {
        let parsed = Template::parse(source, Scope::Field, double_star).unwrap();
        parsed.lints.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    for (source, hint) in [
        ("/trainee|dev/", "also matches `former-devs`"),
        ("team/**", "only a plain `*`"),
        ("{labels:tier}/*", "did you mean `${labels:tier}`"),
        ("/^{labels:tier}$/", "did you mean `${labels:tier}`"),
    ] {
        let text = lints(source, DoubleStar::PlainStar);
        assert!(text.contains(hint), "{source}: {text}");
    }
    for source in ["team/*", "[**]", r"\**", "/^(a|b)$/"] {
        assert_eq!(lints(source, DoubleStar::PlainStar), "", "{source}");
    }
    assert_eq!(lints("team/**", DoubleStar::CrossesSlash), "");
}

#[test]
fn refusals_at_load() {
    let parse =
        |source, scope| Template::parse(source, scope, DoubleStar::PlainStar).map(|parsed| parsed.template);
    for (source, hint) in [
        ("${group}/*", "known are ${account}"),
        ("${labels:}", "names no label"),
        ("a[", "at character 2"),
        ("/a(/", "at character 3"),
        ("/a(?=b)/", "at character 3"),
        ("[a-${account}]", "cannot be an end of a range"),
        ("[${account}-z]", "cannot be an end of a range"),
        ("/[a-${account}]/", "cannot be an end of a range"),
        ("/[${account}-z]/", "cannot be an end of a range"),
        ("/\\pL{1000}/", "the regex is too large"),
        ("/x\\${account}{a/", ""),
    ] {
        match parse(source, Scope::Field) {
            Ok(_) => assert!(hint.is_empty(), "{source}"),
            Err(error) => assert!(error.to_string().contains(hint), "{source}: {error}"),
        }
    }
    for source in ["/${2}x/", "/a${,3}/", "/[${account}-]/", "/[-${account}]/", "/a$/"] {
        assert!(parse(source, Scope::Field).is_ok(), "{source}");
    }
    assert!(parse("${labels:a}", Scope::Label).is_err() && parse("/${name:1}/", Scope::Label).is_err());
    assert!(parse("${account}-*", Scope::Label).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn parsing_and_matching_never_panic(
        source in "(\\$\\{|\\}|account|labels:l|:1|/|\\[|\\]|\\*|-|\\^|\\\\|a|\\(|\\)|\\||\\{|é){0,12}|/.{0,12}/|.{0,12}",
        value in ".{0,6}",
        text in ".{0,8}",
    ) {
        let request = Request::account(&value).label("l", &[Pattern(&value), Literal(&value)]);
        for scope in [Scope::Field, Scope::Label] {
            if let Ok(parsed) = Template::parse(&source, scope, DoubleStar::CrossesSlash) {
                let _ = parsed.template.is_match(&text, &request, &Regexes::default());
                let _ = parsed.template.captures(&text, &request, &Regexes::default());
            }
        }
    }

    #[test]
    fn a_literal_value_matches_itself_alone(value in "[a*?\\[\\]\\\\^.|(){}$/-]{1,6}|.{1,6}", text in "[a*/.]{0,6}") {
        let request = Request::account(&value);
        for source in ["${account}", "/^${account}$/", "/^(?:x|${account})$/"] {
            prop_assert!(matches(source, &value, &request));
            prop_assert_eq!(matches(source, &text, &request), text == value);
        }
    }
}
