//! Lists of rules of one kind.

use std::time::{Duration, Instant, SystemTime};

use dockgate_api::{AccessRequest, ActionSet, Call, Identity, LabelValue, RequestId, Resource};
use dockgate_rules::{Acl, DoubleStar, Rule, RuleConfig};
use serde_json::{Value as Json, json};

/// Rules that differ by a number, and a request that matches one of them.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    rule: fn(usize) -> Json,
    account: fn(usize) -> String,
    resource: fn(usize) -> String,
    group: fn(usize) -> String,
}

const ANYBODY: fn(usize) -> String = |_| "alice".to_owned();
const ANYTHING: fn(usize) -> String = |_| "team/app".to_owned();
const NO_GROUP: fn(usize) -> String = |_| "staff".to_owned();
const OF_TEAM: fn(usize) -> String = |n| format!("team-{n}/app");

const BASE: Kind =
    Kind { name: "", rule: |_| json!({}), account: ANYBODY, resource: ANYTHING, group: NO_GROUP };

/// Every kind that is worth a line of its own.
pub(crate) const KINDS: [Kind; 11] = [
    Kind {
        name: "literal account",
        rule: |n| json!({"account": format!("user-{n}"), "name": "team/*"}),
        account: |n| format!("user-{n}"),
        ..BASE
    },
    Kind {
        name: "literal name",
        rule: |n| json!({"account": "/.+/", "name": format!("team-{n}/app")}),
        resource: OF_TEAM,
        ..BASE
    },
    Kind {
        name: "prefix",
        rule: |n| json!({"account": "alice", "name": format!("team-{n}/*")}),
        resource: OF_TEAM,
        ..BASE
    },
    Kind {
        name: "account and name",
        rule: |n| json!({"account": format!("user-{}", n / 300), "name": format!("team-{}/*", n % 300)}),
        account: |n| format!("user-{}", n / 300),
        resource: |n| format!("team-{}/app", n % 300),
        ..BASE
    },
    Kind {
        name: "template",
        rule: |n| json!({"name": format!("${{account}}/app-{n}")}),
        resource: |n| format!("alice/app-{n}"),
        ..BASE
    },
    Kind {
        name: "glob",
        rule: |n| json!({"name": format!("*/app-{n}")}),
        resource: |n| format!("team/app-{n}"),
        ..BASE
    },
    Kind {
        name: "anchored regex",
        rule: |n| json!({"name": format!("/^team-{n}\\/[a-z]+$/")}),
        resource: OF_TEAM,
        ..BASE
    },
    Kind {
        name: "searched regex",
        rule: |n| json!({"name": format!("/eam-{n}\\/[a-z]+/")}),
        resource: OF_TEAM,
        ..BASE
    },
    Kind {
        name: "label",
        rule: |n| json!({"labels": {"groups": format!("group-{n}")}}),
        group: |n| format!("group-{n}"),
        ..BASE
    },
    Kind {
        name: "label template",
        rule: |n| json!({"name": format!("${{labels:groups}}/app-{n}")}),
        resource: |n| format!("staff/app-{n}"),
        ..BASE
    },
    Kind {
        name: "capture",
        rule: |n| json!({"account": format!("/^(.+)@corp-{n}$/"), "name": "${account:1}/*"}),
        account: |n| format!("alice@corp-{n}"),
        resource: |_| "alice/app".to_owned(),
        ..BASE
    },
];

impl Kind {
    /// A list of so many rules.
    pub(crate) fn list(&self, rules: usize) -> Acl {
        Acl::new((0..rules).map(|number| compile(number, (self.rule)(number))).collect())
    }

    /// A request that only the rule of this number matches.
    pub(crate) fn asked(&self, number: usize) -> Asked {
        let mut identity = Identity::new((self.account)(number));
        identity.labels.add("groups", LabelValue::Literal((self.group)(number)));
        Asked { identity, resource: Resource::repository((self.resource)(number)) }
    }
}

/// Compiles a rule with these conditions.
pub(crate) fn compile(number: usize, conditions: Json) -> Rule {
    let rule = json!({"match": conditions, "actions": ["pull", "push"]});
    let config: RuleConfig = serde_json::from_value(rule).unwrap();
    Rule::compile(config, format!("auth_config.yml:{number}"), DoubleStar::CrossesSlash, &mut Vec::new())
        .unwrap()
}

/// Who asks for what.
pub(crate) struct Asked {
    pub(crate) identity: Identity,
    pub(crate) resource: Resource,
}

impl Asked {
    /// Decides, and says whether a rule matched.
    pub(crate) fn decide(&self, acl: &Acl, call: &Call, actions: &ActionSet) -> bool {
        let request = AccessRequest::new(&self.identity, "registry.example.com", &self.resource, actions);
        acl.decide(call, &request).unwrap().allowed().is_some()
    }
}

/// A call that has time.
pub(crate) fn call() -> Call {
    let deadline = Instant::now() + Duration::from_secs(3600);
    Call::new(SystemTime::UNIX_EPOCH, deadline, RequestId::from_bits(1))
}

/// Whether this is a bench: `cargo test` only wants to see that it runs.
pub(crate) fn is_bench() -> bool {
    std::env::args().any(|argument| argument == "--bench")
}
