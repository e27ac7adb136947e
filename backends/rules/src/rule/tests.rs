use std::net::IpAddr;

use dockgate_api::{ActionSet, Identity, LabelValue, Resource};
use serde_json::{Value as Json, json};

use super::*;

/// What no client may gain anything by.
const HOSTILE: [&str; 10] = ["*", "?", ".*", "[a-z]", "[", "\\", "${account}", "a|b", "**", "x\ny"];

fn config(conditions: &Json) -> RuleConfig {
    serde_json::from_value(json!({"match": conditions, "actions": ["pull"]})).unwrap()
}

fn compiled(conditions: &Json, double_star: DoubleStar) -> (Result<Rule, Vec<String>>, Vec<String>) {
    let texts = |remarks: Vec<Remark>| {
        remarks.into_iter().map(|remark| format!("{}: {}", remark.key, remark.message)).collect()
    };
    let mut warnings = Vec::new();
    let rule = Rule::compile(config(conditions), "acl.yml:7", double_star, &mut warnings);
    (rule.map_err(texts), texts(warnings))
}

fn errors(conditions: &Json) -> Vec<String> {
    compiled(conditions, DoubleStar::PlainStar).0.unwrap_err()
}

struct Asked {
    identity: Identity,
    resource: Resource,
    service: &'static str,
    ip: Option<IpAddr>,
}

fn asked(account: &str, name: &str) -> Asked {
    let resource = Resource::repository(name);
    Asked { identity: Identity::new(account), resource, service: "registry", ip: None }
}

impl Asked {
    fn of_kind(mut self, kind: &str) -> Self {
        self.resource.kind = kind.to_owned();
        self
    }

    fn from(mut self, ip: &str) -> Self {
        self.ip = Some(ip.parse().unwrap());
        self
    }

    fn labelled(mut self, label: &str, value: LabelValue) -> Self {
        self.identity.labels.add(label, value);
        self
    }

    fn fits_as(&self, conditions: &Json, double_star: DoubleStar) -> Result<bool, MatchError> {
        let rule = compiled(conditions, double_star).0.unwrap();
        let actions = ActionSet::EMPTY;
        let request =
            AccessRequest::new(&self.identity, self.service, &self.resource, &actions).from_ip(self.ip);
        rule.is_match(&request, &Regexes::default())
    }

    fn fits(&self, conditions: &Json) -> bool {
        self.fits_as(conditions, DoubleStar::PlainStar).unwrap()
    }
}

fn literal(value: &str) -> LabelValue {
    LabelValue::Literal(value.to_owned())
}

fn pattern(value: &str) -> LabelValue {
    LabelValue::Pattern(value.to_owned())
}

#[test]
fn every_condition_counts() {
    let asked = asked("alice", "alice/app").from("10.1.2.3").labelled("groups", literal("dev"));
    let right = json!({
        "account": "a*", "type": "repository", "name": "${account}/*", "service": "/^reg/",
        "ip": "10.0.0.0/8", "labels": {"groups": "dev"},
    });
    assert!(asked.fits(&right));
    assert!(asked.fits(&json!({})));
    for (key, wrong) in [
        ("account", json!("b*")),
        ("type", json!("registry")),
        ("name", json!("${account}/x*")),
        ("service", json!("/^x/")),
        ("ip", json!("11.0.0.0/8")),
        ("labels", json!({"groups": "ops"})),
        ("labels", json!({"groups": "dev", "title": "*"})),
    ] {
        let mut conditions = right.clone();
        conditions[key] = wrong;
        assert!(!asked.fits(&conditions), "{conditions}");
    }
}

#[test]
fn the_class_of_a_resource_is_no_part_of_its_type() {
    let mut asked = asked("alice", "plugin");
    asked.resource.class = Some("plugin".to_owned());
    assert!(asked.fits(&json!({"type": "repository"})));
    assert!(!asked.of_kind("registry").fits(&json!({"type": "repository"})));
}

#[test]
fn nothing_is_matched_by_nothing_and_by_stars() {
    for conditions in [json!({"account": ""}), json!({"account": "*"}), json!({"account": "/^$/"})] {
        assert!(asked("", "x").fits(&conditions), "{conditions}");
    }
    assert!(!asked("alice", "x").fits(&json!({"account": ""})));
    for name in ["${account}*", "${account}/*", "*${account}", "/^${account}/"] {
        for text in ["x", "/x", ""] {
            assert!(!asked("", text).fits(&json!({"name": name})), "{name} {text}");
        }
    }
}

#[test]
fn an_unknown_address_is_in_no_network() {
    for network in ["0.0.0.0/0", "::/0", "10.0.0.1"] {
        assert!(!asked("alice", "x").fits(&json!({"ip": network})), "{network}");
    }
    assert!(asked("alice", "x").from("::ffff:10.0.0.1").fits(&json!({"ip": "10.0.0.1"})));
}

#[test]
fn a_hostile_account_is_only_itself() {
    let templates = ["${account}/*", "/^${account}\\/[^\\/]*$/", "/^(?:${account})\\/.$/", "[${account}]/*"];
    for account in HOSTILE {
        for victim in HOSTILE.into_iter().chain(["alice", "a", "b", "ab", "x", ""]) {
            for template in templates {
                let one_of =
                    template.starts_with('[') && victim.chars().count() == 1 && account.contains(victim);
                let fits = asked(account, &format!("{victim}/y")).fits(&json!({"name": template}));
                assert_eq!(
                    fits,
                    victim == account && !template.starts_with('[') || one_of,
                    "{template} {account} {victim}"
                );
            }
            let captured = json!({"account": "/(?s)^(.+)@corp$/", "name": "${account:1}/*"});
            let fits = asked(&format!("{account}@corp"), &format!("{victim}/y")).fits(&captured);
            assert_eq!(fits, victim == account, "{account} {victim}");
        }
    }
}

#[test]
fn literal_labels_are_text_and_patterns_are_patterns() {
    for value in HOSTILE {
        let literally = |name: &str| asked("alice", name).labelled("groups", literal(value));
        for template in ["${labels:groups}/*", "/^${labels:groups}\\/./"] {
            assert!(literally(&format!("{value}/x")).fits(&json!({"name": template})), "{template} {value}");
            assert!(!literally("other/x").fits(&json!({"name": template})), "{template} {value}");
        }
        assert!(literally(value).fits(&json!({"name": "${labels:groups}"})), "{value}");
        for template in ["[${labels:groups}]", "/^[${labels:groups}]$/"] {
            let fits = literally("b").fits(&json!({"name": template}));
            assert_eq!(fits, value.contains('b'), "{template} {value}");
        }
    }
    for (value, name, fits) in [
        ("test/*", "test/x", true),
        ("test/*", "test/x/y", false),
        ("socke*", "socket", true),
        ("/^re.$/", "reg", true),
        ("/^re.$/", "regs", false),
        ("[", "[", false),
    ] {
        let asked = asked("alice", name).labelled("access", pattern(value));
        assert_eq!(asked.fits(&json!({"name": "${labels:access}"})), fits, "{value} {name}");
    }
}

#[test]
fn one_value_of_each_label_must_match() {
    let asked = asked("alice", "x")
        .labelled("groups", literal("dev"))
        .labelled("groups", pattern("op*"))
        .labelled("mail", literal("alice@corp"));
    for (labels, fits) in [
        (json!({"groups": "dev"}), true),
        (json!({"groups": "op?"}), true),
        (json!({"groups": "ops"}), false),
        (json!({"groups": "/^(dev|ops)$/", "mail": "${account}@*"}), true),
        (json!({"groups": "dev", "mail": "bob@*"}), false),
        (json!({"none": "*"}), false),
        (json!({}), true),
    ] {
        assert_eq!(asked.fits(&json!({"labels": labels})), fits, "{labels}");
    }
}

#[test]
fn two_stars_are_two_only_in_our_own_dialect() {
    let conditions = json!({"name": "team/**"});
    for (double_star, deep, warned) in
        [(DoubleStar::PlainStar, false, 1), (DoubleStar::CrossesSlash, true, 0)]
    {
        assert_eq!(asked("alice", "team/a").fits_as(&conditions, double_star), Ok(true));
        assert_eq!(asked("alice", "team/a/b").fits_as(&conditions, double_star), Ok(deep));
        let warnings = compiled(&conditions, double_star).1;
        assert_eq!(warnings.len(), warned, "{warnings:?}");
        assert!(warnings.iter().all(|warning| warning.starts_with("match.name: `**` is only a plain")));
    }
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let errors = errors(&json!({
        "account": "[", "type": "/(/", "name": "${acount}", "service": "${account:1}", "ip": "10.0.0.0/33",
        "labels": {"a": "${labels:b}", "b.c": "["},
    }));
    let keys: Vec<_> = errors.iter().filter_map(|error| error.split_once(": ")).map(|(key, _)| key).collect();
    let expected =
        ["account", "type", "name", "labels.a", "labels.\"b.c\"", "ip"].map(|key| format!("match.{key}"));
    assert_eq!(keys, expected, "{errors:#?}");
}

#[test]
fn a_capture_that_cannot_be_had_is_said_where_it_is_wanted() {
    for (conditions, expected) in [
        (json!({"name": "${account:1}"}), "match.name: `${account:1}` in `name` needs a regex in `account`"),
        (json!({"account": "a", "service": "${account:1}", "ip": "x"}), "match.service: `${account:1}` in"),
        (
            json!({"account": "/(a)/", "name": "${account:2}"}),
            "match.name: `${account:2}` in `name`: the regex",
        ),
        (
            json!({"account": "/(a)${account:1}/"}),
            "match.account: `${account:1}` in `account` needs captures",
        ),
    ] {
        let errors = errors(&conditions);
        assert!(errors.iter().any(|error| error.starts_with(expected)), "{errors:?}");
    }
    assert_eq!(errors(&json!({"account": "[", "name": "${account:1}"})).len(), 1);
}

#[test]
fn a_rule_says_where_it_stands_and_why() {
    let config: RuleConfig =
        serde_json::from_value(json!({"match": {}, "actions": ["*"], "comment": "everyone"})).unwrap();
    let rule = Rule::compile(config, "acl.yml:7", DoubleStar::PlainStar, &mut vec![]).unwrap();
    assert_eq!(rule.because().to_string(), "acl.yml:7 (everyone)");
    assert_eq!(rule.actions(), &Actions::All);
    for missing in [json!({"match": {}}), json!({"actions": []})] {
        assert!(serde_json::from_value::<RuleConfig>(missing).is_err());
    }
}

#[test]
fn a_rule_may_ask_who_vouched() {
    let mut asked = asked("alice", "x");
    for (link, backend, fits) in [
        ("github", json!({"backend": "github"}), true),
        ("ldap", json!({"backend": "github"}), false),
        ("corp-eu", json!({"backend": "corp-*"}), true),
        ("corp-eu", json!({"backend": "/^corp-(eu|us)$/"}), true),
        ("old-corp-eu", json!({"backend": "/^corp-(eu|us)$/"}), false),
        ("", json!({"backend": "?*"}), false),
    ] {
        asked.identity.link = (*link).into();
        assert_eq!(asked.fits(&backend), fits, "{backend} {link}");
        let rule = compiled(&backend, DoubleStar::PlainStar).0.unwrap();
        assert_eq!(rule.fits_backend(link, &Regexes::default()), fits, "{backend} {link}");
    }
    for (backend, message) in [
        ("${account}", "match.backend: `${account}` means nothing here: write a pattern without variables"),
        ("[", "match.backend: "),
    ] {
        let errors = errors(&json!({"backend": backend, "account": "["}));
        assert!(errors.len() == 2 && errors[0].starts_with(message), "{errors:?}");
    }
}

#[test]
fn nothing_behind_a_condition_is_none_and_warned_of() {
    let nothing = json!({
        "account": null, "type": null, "name": null, "service": null, "ip": null, "labels": null, "backend": null,
    });
    assert!(asked("alice", "x").fits(&nothing));
    let (_, warnings) = compiled(&nothing, DoubleStar::PlainStar);
    let expected = ["account", "type", "name", "service", "backend", "ip", "labels"];
    assert_eq!(warnings.len(), expected.len(), "{warnings:?}");
    for (warning, key) in warnings.iter().zip(expected) {
        let start = format!("match.{key}: nothing stands behind `{key}`, so that anything fits: ");
        assert!(warning.starts_with(&start), "{warning}");
        assert_eq!(warning.contains("for the anonymous account"), key == "account", "{warning}");
    }
    assert_eq!(compiled(&json!({"account": "", "labels": {}}), DoubleStar::PlainStar).1, [""; 0]);
}
