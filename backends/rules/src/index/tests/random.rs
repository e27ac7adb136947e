//! Rules and requests from a small vocabulary, in which they often meet.

use std::net::IpAddr;
use std::time::Duration;

use dockgate_api::{Identity, LabelValue, Resource};
use serde_json::{Map, Value as Json, json};

/// The time of every request, since 1970.
pub(super) const NOW: Duration = Duration::from_secs(1_000_000_000);

const WORDS: [&str; 9] = ["a", "b", "ab", "ba", "x", "a-1", "b-1", "ab-1", "é"];
const FIELDS: [&str; 4] = ["account", "type", "name", "service"];
const LABELS: [&str; 3] = ["g", "h", "i"];

/// The same numbers for the same seed and place: taking rules away at the end changes no other rule.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64, place: usize) -> Self {
        Self(seed ^ (place as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        (super::super::hash::mix(self.0) >> 16) as usize % end
    }

    fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    fn of<'t>(&mut self, all: &[&'t str]) -> &'t str {
        all[self.below(all.len())]
    }

    /// One to three words.
    fn text(&mut self) -> String {
        let mut text = self.of(&WORDS).to_owned();
        for _ in 0..self.below(3) {
            text.push_str(self.of(&["/", "-", ""]));
            text.push_str(self.of(&WORDS));
        }
        text
    }

    fn variable(&mut self) -> String {
        match self.below(3) {
            0 => format!("${{{}}}", self.of(&FIELDS)),
            1 => format!("${{labels:{}}}", self.of(&LABELS)),
            _ => "${account}".to_owned(),
        }
    }

    fn glob(&mut self, variables: bool) -> String {
        (0..=self.below(4))
            .map(|_| match self.below(9) {
                0 | 1 => "*".to_owned(),
                2 => self.of(&["?", "**", "[ab]", "[^a]", "[a-z]", "\\a", "/*"]).to_owned(),
                3 | 4 if variables => self.variable(),
                5 => "/".to_owned(),
                _ => self.of(&WORDS).to_owned(),
            })
            .collect()
    }

    fn regex(&mut self, variables: bool) -> String {
        let mut regex = String::from("/");
        regex.push_str(if self.one_in(4) { "" } else { "^" });
        for _ in 0..=self.below(3) {
            let piece = match self.below(10) {
                0 => "(.*)".to_owned(),
                1 => self
                    .of(&[
                        "[^\\/]+",
                        "(a|b)",
                        "(ab-1|b)",
                        "a?",
                        "b+",
                        "(?i:A)",
                        "(a)?",
                        "x{0,1}",
                        "(?:ab-1)?",
                        "(ab){2}",
                        "(a-1)*",
                    ])
                    .to_owned(),
                2 => "\\/".to_owned(),
                3 | 4 if variables => self.variable(),
                5 => self.of(&["|", ".*", "$", "\\b", "^"]).to_owned(),
                _ => self.of(&WORDS).replace('-', "\\-"),
            };
            regex.push_str(&piece);
        }
        regex.push_str(if self.one_in(3) { "" } else { "$" });
        regex + "/"
    }

    fn pattern(&mut self, variables: bool) -> String {
        match self.below(8) {
            0 => self
                .of(&["", "*", "/.+/", "${account}", "${account}/*", "/^${labels:g}$/", "/^a${labels:h}/"])
                .to_owned(),
            1 | 2 => self.text(),
            3 | 4 => self.regex(variables),
            5 => format!("{}*", self.text()),
            _ => self.glob(variables),
        }
    }
}

pub(super) fn rule(random: &mut Random) -> Json {
    let mut conditions = Map::new();
    for field in FIELDS {
        let seldom = if matches!(field, "account" | "name") { 2 } else { 8 };
        if random.one_in(seldom) {
            conditions.insert(field.to_owned(), random.pattern(true).into());
        }
    }
    if random.one_in(8) {
        let prefix = random.of(&["", "a", "ab-"]);
        conditions.insert("account".to_owned(), format!("/^{prefix}(.+)$/").into());
        let end = random.of(&["", "/*", "/x"]);
        conditions.insert("name".to_owned(), format!("${{account:1}}{end}").into());
    }
    if random.one_in(5) {
        let labels: Map<String, Json> = (0..=random.below(2))
            .map(|_| {
                let mut pattern = random.pattern(false);
                if random.one_in(4) {
                    pattern.push_str("${account}");
                }
                (random.of(&LABELS).to_owned(), pattern.into())
            })
            .collect();
        conditions.insert("labels".to_owned(), labels.into());
    }
    if random.one_in(12) {
        conditions.insert("ip".to_owned(), random.of(&["10.0.0.0/8", "10.0.0.1", "::1"]).into());
    }
    if random.one_in(12) {
        conditions.insert("backend".to_owned(), random.of(&["users", "l*"]).into());
    }
    let mut rule = json!({"match": conditions, "actions": ["pull"]});
    if random.one_in(10) {
        rule["valid"] = random.of(&["until-past", "until", "from", "from-later"]).into();
        rule["valid"] = match rule["valid"].as_str().unwrap() {
            "until-past" => json!({"until": "2001-01-01"}),
            "until" => json!({"until": "2002-01-01"}),
            "from" => json!({"from": "2003-01-01"}),
            _ => json!({"from": "2004-01-01", "until": "2005-01-01"}),
        };
    }
    if random.one_in(30) {
        rule["disabled"] = true.into();
    }
    rule
}

#[derive(Debug)]
pub(super) struct Asked {
    pub(super) identity: Identity,
    pub(super) resource: Resource,
    pub(super) service: String,
    pub(super) ip: Option<IpAddr>,
}

pub(super) fn request(random: &mut Random) -> Asked {
    let account = if random.one_in(10) { String::new() } else { random.text() };
    let mut identity = Identity::new(account);
    identity.link = (*random.of(&["users", "ldap"])).into();
    for label in LABELS {
        for _ in 0..random.below(4) {
            identity.labels.add(label, value(random));
        }
    }
    let name = match random.below(3) {
        0 => format!("{}/{}", identity.account, random.text()),
        _ => random.text(),
    };
    let kind = random.of(&["repository", "a", "ab/x", ""]);
    let ip = [None, Some("10.0.0.1"), Some("10.1.1.1"), Some("::1")][random.below(4)];
    Asked {
        identity,
        resource: Resource::new(kind, name),
        service: random.text(),
        ip: ip.map(|ip| ip.parse().unwrap()),
    }
}

fn value(random: &mut Random) -> LabelValue {
    match random.below(7) {
        0 => LabelValue::Pattern(random.glob(false)),
        6 if random.one_in(6) => LabelValue::Pattern("\\pL{1000}".to_owned()),
        1 => LabelValue::Pattern(random.of(&["a|b", "(x)", "a.*", "/^a/", "[", "a+b*", "/ab$/"]).to_owned()),
        2 => LabelValue::Literal(random.of(&["*", "", "a|b"]).to_owned()),
        _ => LabelValue::Literal(random.text()),
    }
}
