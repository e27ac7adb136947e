//! Groups of Active Directory: nested, primary, with odd names, and more of them than come at once.

use dockgate_api::{Decision, ReasonCode};
use serde_json::{Value, json};

use super::authority::Authority;
use super::backend::{Backend, LdapTest, with};
use super::ldap::values;
use super::samba::{GROUPS, PEOPLE, SERVICE, SUFFIX, Samba};
use super::samba_link::section;

const ODD: [&str; 8] = [
    "#hash",
    "Smith, John's team",
    "back\\slash",
    "paren(",
    "plus+equals=",
    "star*",
    "the \"quoted\"",
    "Übersicht",
];
/// What everybody is in by their primary group.
const ALL: [&str; 2] = ["Domain Users", "Users"];

struct Domain {
    samba: Samba,
    section: Value,
}

impl Domain {
    fn start() -> Option<Self> {
        let samba = Samba::start(&Authority::new())?;
        let section = section(&samba);
        Some(Self { samba, section })
    }

    fn with(&self, changes: Value) -> Backend {
        Backend::of(&with(&self.section, changes))
    }
}

async fn groups(backend: &Backend, account: &str) -> Vec<String> {
    backend.label(account, &format!("{account}-pass"), "groups").await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_controller_and_we_find_the_same() {
    let Some(domain) = Domain::start() else { return };
    let direct = domain.with(json!({"groups": {}}));
    let by_search = json!({"base": GROUPS, "filter": "(member=${dn})"});
    let direct_by_search = domain.with(json!({"groups": {"search": by_search}}));
    let nested = [
        domain.with(json!({"groups": {"nested": "matching_rule"}})),
        domain.with(json!({"groups": {"nested": "recursive"}})),
        domain.with(json!({"groups": {"nested": "recursive", "search": by_search}})),
    ];
    for (account, directly, all) in [
        ("alice", vec!["developers"], vec!["developers", "engineering"]),
        ("bob", vec!["Testers"], vec!["Testers"]),
        ("carol", vec!["interns"], vec!["developers", "engineering", "interns"]),
        ("dave", vec!["loop-a"], vec!["loop-a", "loop-b", "loop-c"]),
        ("erin", vec![], vec![]),
        ("odd", ODD.to_vec(), ODD.to_vec()),
    ] {
        assert_eq!(groups(&direct, account).await, directly, "{account}");
        assert_eq!(groups(&direct_by_search, account).await, directly, "{account}");
        for (way, backend) in nested.iter().enumerate() {
            assert_eq!(groups(backend, account).await, all, "{account}, way {way}");
        }
    }

    // Petra is a developer by her primary group; others are in Domain Users, which is in the builtin Users.
    let with_primary = ["matching_rule", "recursive"]
        .map(|nested| domain.with(json!({"groups": {"nested": nested, "primary": true}})));
    for backend in &with_primary {
        assert_eq!(groups(backend, "erin").await, ALL);
        assert_eq!(groups(backend, "petra").await, ["Domain Users", "Users", "developers", "engineering"]);
        assert_eq!(groups(backend, "alice").await, ["Domain Users", "Users", "developers", "engineering"]);
    }
    assert_eq!(groups(&nested[0], "petra").await, ALL);
    let primary_alone = domain.with(json!({"groups": {"primary": true}}));
    assert_eq!(groups(&primary_alone, "alice").await, ["Domain Users", "developers"]);

    let below = domain.with(json!({"groups": {
        "nested": "matching_rule", "primary": true, "below": "ou=GROUPS, dc=ad,dc=example,dc=test", "lower_case": true,
    }}));
    assert_eq!(groups(&below, "petra").await, ["developers", "engineering"]);
    assert_eq!(groups(&below, "bob").await, ["testers"]);
    let by_attribute = domain.with(json!({"groups": {"name": "sAMAccountName"}}));
    assert_eq!(groups(&by_attribute, "odd").await, [1, 2, 3, 4, 5, 6, 7, 8].map(|n| format!("odd{n}")));
    let by_dn = domain.with(json!({"groups": {"name": "dn", "nested": "matching_rule"}}));
    assert_eq!(groups(&by_dn, "bob").await, [format!("CN=Testers,{GROUPS}")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_one_of_them_or_not_in() {
    let Some(domain) = Domain::start() else { return };
    for required in [
        "ENGINEERING".to_owned(),
        format!("cn=engineering,{GROUPS}"),
        "CN=Engineering, ou=groups, DC=AD, DC=example, DC=test".to_owned(),
    ] {
        let backend = domain.with(
            json!({"groups": {"nested": "matching_rule", "primary": true}, "required_groups": [required]}),
        );
        for account in ["alice", "carol", "petra"] {
            backend.identity(account, &format!("{account}-pass")).await;
        }
        let bob = backend.log_in("bob", "bob-pass").await;
        let Ok(Decision::Deny(reason)) = bob else { panic!("{bob:?}") };
        assert_eq!(reason.code, ReasonCode::NotMember);
        assert!(reason.detail.contains(&required), "{reason}");
    }

    // Groups are not where people are: nothing else would say why there are none.
    let section = with(&domain.section, json!({"base": PEOPLE, "groups": {"nested": "matching_rule"}}));
    let told = LdapTest::of(&section).about("alice", &[]).succeeds().stdout;
    let elsewhere = format!(
        "not below `{PEOPLE}` (`groups.search.base`), so that they do not count: CN=developers,{GROUPS}\n"
    );
    assert!(told.contains(&elsewhere), "{told}");

    // Samba gives parts of an attribute only to whoever asks for a part: that is how the rest is asked for.
    let client = domain.samba.client().bound(SERVICE.0, SERVICE.1);
    let rest = client.search(SUFFIX, "(sAMAccountName=odd)", &["memberOf;range=3-*"]).succeeds();
    assert_eq!(values(&rest, "memberOf;range=3-*").len(), ODD.len() - 3, "{rest}");

    // The schema has more entries than the 1,000 that come at once: here they stand for groups.
    let schema = format!("CN=Schema,CN=Configuration,{SUFFIX}");
    let paged = client.with(&["-E", "pr=500/noprompt"]);
    let all = values(&paged.search(&schema, "(objectClass=attributeSchema)", &["cn"]).succeeds(), "cn");
    assert!(all.len() > 1_000, "{}", all.len());
    let search = json!({"base": schema, "filter": "(|(member=${dn})(objectClass=attributeSchema))"});
    let many = domain.with(json!({"groups": {"search": search}}));
    let mut expected = all;
    expected.sort();
    assert_eq!(groups(&many, "alice").await, expected);
}
