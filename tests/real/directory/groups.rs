//! Groups of a real `OpenLDAP`, by every way in which they can be found.

use dockgate_api::{BackendError, Decision, ReasonCode};
use serde_json::{Value, json};

use super::authority::Authority;
use super::backend::{Backend, with};
use super::crowd;
use super::slapd::{GROUPS, Options, PEOPLE, Slapd};

fn start(options: Options) -> Option<Slapd> {
    Slapd::start(&Authority::new(), options)
}

/// The groups that become of a section `groups`.
async fn groups(slapd: &Slapd, section: Value, account: &str, password: &str) -> Vec<String> {
    let section = with(&slapd.section(), json!({"groups": section}));
    Backend::of(&section).label(account, password, "groups").await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_to_find_them() {
    let Some(slapd) = start(Options::default()) else { return };
    let by = |filter: &str| json!({"search": {"base": GROUPS, "filter": filter}});
    let nested = |section: Value| with(&section, json!({"nested": "recursive"}));
    let member = by("(member=${dn})");
    for (section, account, expected) in [
        (json!({}), "carol", &["interns"][..]),
        (json!({}), "erin", &[]),
        (nested(json!({})), "carol", &["developers", "engineering", "interns"]),
        (nested(json!({})), "erin", &[]),
        (nested(json!({})), "dave", &["loop-a", "loop-b", "loop-c"]),
        (member.clone(), "carol", &["interns"]),
        (nested(member.clone()), "carol", &["developers", "engineering", "interns"]),
        (nested(member.clone()), "dave", &["loop-a", "loop-b", "loop-c"]),
        (by("(uniqueMember=${dn})"), "alice", &["unique-developers"]),
        (by("(&(objectClass=posixGroup)(memberUid=${entry:uid}))"), "alice", &["posix-developers"]),
        (by("(&(objectClass=posixGroup)(memberUid=${account}))"), "bob", &[]),
        (
            by("(|(member=${dn})(uniqueMember=${dn})(memberUid=${account}))"),
            "alice",
            &["developers", "posix-developers", "unique-developers"],
        ),
        // By the attribute and in any place; then only where they count.
        (json!({}), "alice", &["developers", "stray"]),
        (json!({"below": GROUPS}), "alice", &["developers"]),
        (json!({"below": "OU=Groups, DC=Example,DC=Test"}), "alice", &["developers"]),
        (json!({"lower_case": true}), "bob", &["testers"]),
        (json!({}), "bob", &["Testers"]),
        (json!({"name": "description"}), "alice", &["registry-dev"]),
        (json!({"name": "description", "capture": "^registry-(.+)$"}), "alice", &["dev"]),
        (json!({"capture": "^dev(.+)$"}), "alice", &["elopers"]),
        (json!({"capture": "^nothing$"}), "alice", &[]),
    ] {
        let found = groups(&slapd, section.clone(), account, &format!("{account}-pass")).await;
        assert_eq!(found, expected, "{account} {section}");
    }
    let by_dn = groups(&slapd, json!({"name": "dn", "below": GROUPS}), "alice", "alice-pass").await;
    assert_eq!(by_dn, [format!("cn=developers,{GROUPS}")]);
    let by_uid = by("(memberUid=${entry:uid})");
    for (account, password) in
        [("a*b", "star-pass"), ("(paren)", "paren-pass"), (r"back\slash", "backslash-pass")]
    {
        assert_eq!(
            groups(&slapd, by_uid.clone(), account, password).await,
            ["posix-developers"],
            "{account}"
        );
    }
    assert_eq!(groups(&slapd, by_uid, "axb", "decoy-pass").await, [""; 0]);

    // Labels of attributes, docker_auth's and ours.
    let labels = json!({"labels": {
        "groups": {"attribute": "memberOf", "parse_cn": true, "lower_case": true},
        "title": {"attribute": "title"},
        "project": {"attribute": "title", "capture": "^registry-(.+)$", "lower_case": true},
        "mail": {"attribute": "mail", "lower_case": true},
        "none": {"attribute": "telephoneNumber"},
    }});
    let backend = Backend::of(&with(&slapd.section(), labels));
    for (label, expected) in [
        ("groups", &["developers", "stray"][..]),
        ("title", &["registry-Wonderland"]),
        ("project", &["wonderland"]),
        ("mail", &["alice@example.test"]),
        ("none", &[]),
    ] {
        assert_eq!(backend.label("alice", "alice-pass", label).await, expected, "{label}");
    }
}

/// A part of the groups is none: what cannot be had in full is an error.
#[tokio::test(flavor = "multi_thread")]
async fn too_deep_and_unknown_rules() {
    let Some(slapd) = start(Options::default()) else { return };
    let of = |groups: Value| Backend::of(&with(&slapd.section(), json!({"groups": groups})));
    let deep = of(json!({"nested": "recursive", "max_depth": 2}));
    let error = deep.error("carol", "carol-pass").await;
    assert!(
        matches!(&error, BackendError::Protocol(detail) if detail.contains("groups.max_depth")),
        "{error}"
    );
    assert_eq!(
        of(json!({"nested": "recursive", "max_depth": 3})).label("carol", "carol-pass", "groups").await.len(),
        3
    );
    let rule = of(json!({"nested": "matching_rule", "search": {"base": GROUPS}}));
    let error = rule.error("carol", "carol-pass").await;
    assert!(
        matches!(&error, BackendError::Protocol(detail) if detail.contains("nested: recursive")),
        "{error}"
    );
    // Who is in no group at all is none of that rule's victims.
    assert_eq!(rule.label("erin", "erin-pass", "groups").await, [""; 0]);
    let elsewhere =
        of(json!({"search": {"base": "ou=nowhere,dc=example,dc=test", "filter": "(member=${dn})"}}));
    let error = elsewhere.error("alice", "alice-pass").await.to_string();
    assert!(error.contains("`ou=nowhere,dc=example,dc=test`"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn required_groups() {
    let Some(slapd) = start(Options::default()) else { return };
    for (required, nested, carol, alice, erin) in [
        (json!(["engineering"]), true, true, true, false),
        (json!(["engineering"]), false, false, false, false),
        (json!(["DEVELOPERS"]), false, false, true, false),
        (json!([format!("CN=Interns, {GROUPS}"), "Testers"]), false, true, false, false),
        (json!(["developer", "interns*", "*"]), true, false, false, false),
    ] {
        let groups = if nested { json!({"nested": "recursive"}) } else { json!({}) };
        let section = with(&slapd.section(), json!({"groups": groups, "required_groups": required}));
        let backend = Backend::of(&section);
        for (account, is_in) in [("carol", carol), ("alice", alice), ("erin", erin)] {
            let answer = backend.log_in(account, &format!("{account}-pass")).await;
            match &answer {
                Ok(Decision::Allow(_)) => assert!(is_in, "{account} {required}"),
                Ok(Decision::Deny(reason)) => {
                    assert!(!is_in && reason.code == ReasonCode::NotMember, "{account} {required} {reason}");
                }
                other => panic!("{account} {required}: {other:?}"),
            }
            let wrong = backend.log_in(account, "wrong").await;
            let code = |reason: &dockgate_api::Reason| reason.code == ReasonCode::BadCredentials;
            assert!(matches!(&wrong, Ok(Decision::Deny(reason)) if code(reason)), "{wrong:?}");
        }
    }
    // Without a section they are no label.
    let section = with(&slapd.section(), json!({"required_groups": ["developers"]}));
    assert_eq!(Backend::of(&section).label("alice", "alice-pass", "groups").await, [""; 0]);
}

/// Ten thousand people in a thousand groups, three levels deep: everybody has theirs, and nobody another's.
#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_and_its_groups() {
    let Some(slapd) = start(Options { crowd: true, ..Options::default() }) else { return };
    let sample: Vec<usize> = (0..crowd::USERS).step_by(crowd::USERS / 40).chain([crowd::USERS - 1]).collect();
    let member_of = json!({"nested": "recursive"});
    let search = json!({"nested": "recursive", "search": {"base": GROUPS, "filter": "(member=${dn})"}});
    for section in [member_of, search] {
        let backend = Backend::of(&with(&slapd.section(), json!({"groups": section})));
        for &number in &sample {
            let mut expected = crowd::groups_of(number).to_vec();
            expected.sort();
            let found = backend.label(&crowd::account(number), &crowd::password(number), "groups").await;
            assert_eq!(found, expected, "{number} {section}");
        }
    }
    // Everybody at once, over one pool.
    let backend = std::sync::Arc::new(Backend::of(&with(
        &slapd.section(),
        json!({"groups": {"nested": "recursive"}, "pool": {"max_connections": 4}}),
    )));
    let tasks: Vec<_> = (0..100)
        .map(|number| {
            let backend = backend.clone();
            tokio::spawn(async move {
                let number = number * 97;
                let found = backend.label(&crowd::account(number), &crowd::password(number), "groups").await;
                let mut expected = crowd::groups_of(number).to_vec();
                expected.sort();
                assert_eq!(found, expected);
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    // Whoever is in more groups than the server hands out at once gets all of them: they come in pages.
    let everywhere: String = (0..crowd::TEAMS)
        .map(|team| {
            format!(
                "dn: cn=team{team:03},{GROUPS}\nchangetype: modify\nadd: member\nmember: uid=alice,{PEOPLE}\n\n"
            )
        })
        .collect();
    slapd.change(&everywhere);
    let search = json!({"groups": {"search": {"base": GROUPS, "filter": "(member=${dn})"}}});
    let found = Backend::of(&with(&slapd.section(), search)).label("alice", "alice-pass", "groups").await;
    assert_eq!(found.len(), crowd::TEAMS + 1);
    // A server that ends the search before its end is not believed.
    let of_herself = json!({
        "initial_bind_as_user": true,
        "bind_dn": format!("uid=${{account}},{PEOPLE}"),
        "bind_password": null,
        "groups": {"search": {"base": GROUPS, "filter": "(member=${dn})"}},
    });
    let error = Backend::of(&with(&slapd.section(), of_herself)).error("alice", "alice-pass").await;
    assert!(
        matches!(&error, BackendError::Protocol(detail) if detail.contains("raise its limit")),
        "{error}"
    );
}

/// What is remembered is what was, until its time is over.
#[tokio::test(flavor = "multi_thread")]
async fn remembered_groups() {
    let Some(slapd) = start(Options::default()) else { return };
    let groups = json!({"cache": "30s", "search": {"base": GROUPS, "filter": "(member=${dn})"}});
    let backend = Backend::of(&with(&slapd.section(), json!({"groups": groups})));
    assert_eq!(backend.label("bob", "bob-pass", "groups").await, ["Testers"]);
    slapd.change(&format!(
        "dn: cn=developers,{GROUPS}\nchangetype: modify\nadd: member\nmember: uid=bob,{PEOPLE}\n"
    ));
    assert_eq!(backend.label("bob", "bob-pass", "groups").await, ["Testers"]);
    backend.world.clock.turn(std::time::Duration::from_secs(31));
    assert_eq!(backend.label("bob", "bob-pass", "groups").await, ["Testers", "developers"]);
}
