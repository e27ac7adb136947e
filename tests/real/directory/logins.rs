//! Who somebody is, however they write it.

use dockgate_api::{BackendError, Decision};
use dockgate_testkit::fakes::call;
use serde_json::{Value, json};

use super::authority::Authority;
use super::backend::{Backend, Gate, link, with};
use super::slapd::{GROUPS, Options, PARTNERS, PEOPLE, SUFFIX, Slapd, Strangers};
use crate::api::open;
use crate::harness::http::Response;

fn start() -> Option<Slapd> {
    Slapd::start(&Authority::new(), Options::default())
}

/// Who a token is for.
#[track_caller]
fn subject(answer: &Response) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    let [_, claims] = open(answer.json()["token"].as_str().unwrap());
    claims["sub"].as_str().unwrap().to_owned()
}

#[test]
fn an_account_has_one_spelling() {
    let Some(slapd) = start() else { return };
    let by_either = json!({
        "filter": "(&(objectClass=inetOrgPerson)(|(uid=${account})(mail=${account})))",
        "account_attribute": "uid",
    });
    let gate = Gate::start(&[link(&with(&slapd.section(), by_either))]);
    for typed in ["alice", "ALICE", " alice ", "Alice@Example.Test", "alice@example.test"] {
        let answer = gate.ask_for(typed, "alice-pass", "");
        assert_eq!(subject(&answer), "alice", "{typed}");
    }
    // Two values of the attribute: the one in the entry's name counts.
    assert_eq!(subject(&gate.ask_for("second-alias", "alias-pass", "")), "alias");
    assert_eq!(subject(&gate.ask_for("alias", "alias-pass", "")), "alias");
    for (account, password) in [("jsmith", "jsmith-pass"), ("joerg", "joerg-pass"), ("multi", "multi-pass")] {
        assert_eq!(subject(&gate.ask_for(account, password, "")), account);
    }
    assert_eq!(subject(&gate.ask_for("unicode", "pässwörd € 漢字", "")), "unicode");
    // What both have is nobody's.
    let (answer, line) = gate.audited("twin@example.test", "twin1-pass");
    assert_eq!((answer.status, &line["reason"]), (503, &json!("protocol")), "{line}");
    let detail = line["detail"].as_str().unwrap();
    assert!(detail.contains("uid=twin1") && detail.contains("uid=twin2"), "{detail}");
    assert!(!answer.body.contains("twin"), "{answer:?}");
    assert_eq!(subject(&gate.ask_for("twin1", "twin1-pass", "")), "twin1");
}

#[test]
fn several_bases() {
    let Some(slapd) = start() else { return };
    let section = with(&slapd.section(), json!({"base": null, "bases": [PEOPLE, PARTNERS]}));
    let gate = Gate::start(&[link(&section)]);
    assert_eq!(subject(&gate.ask_for("alice", "alice-pass", "")), "alice");
    assert_eq!(subject(&gate.ask_for("paula", "paula-pass", "")), "paula");
    let (answer, line) = gate.audited("double", "double-pass");
    assert_eq!((answer.status, &line["reason"]), (503, &json!("protocol")), "{line}");
    // Within each other: the same entry twice is one.
    let nested = with(&section, json!({"bases": [PEOPLE, SUFFIX]}));
    gate.reload(&[link(&nested)]).succeeds();
    assert_eq!(subject(&gate.ask_for("alice", "alice-pass", "")), "alice");
    // Not there: an error that names it, and the rest is not believed.
    let missing = with(&section, json!({"bases": [PEOPLE, "ou=nowhere,dc=example,dc=test"]}));
    gate.reload(&[link(&missing)]).succeeds();
    let (answer, line) = gate.audited("alice", "alice-pass");
    assert_eq!((answer.status, &line["reason"]), (503, &json!("protocol")), "{line}");
    assert!(line["detail"].as_str().unwrap().contains("ou=nowhere,dc=example,dc=test"), "{line}");
}

/// What means something in a filter or in a name means nothing in an account.
#[test]
fn letters_of_filters_and_names() {
    let Some(slapd) = start() else { return };
    let as_user = json!({
        "initial_bind_as_user": true,
        "bind_dn": format!("uid=${{account}},{PEOPLE}"),
        "bind_password": null,
    });
    for section in [slapd.section(), with(&slapd.section(), as_user)] {
        let gate = Gate::start(&[link(&section)]);
        for (account, password) in [
            ("a*b", "star-pass"),
            ("axb", "decoy-pass"),
            ("(paren)", "paren-pass"),
            (r"back\slash", "backslash-pass"),
        ] {
            assert_eq!(subject(&gate.ask_for(account, password, "")), account);
            for another in ["star-pass", "decoy-pass", "paren-pass", "backslash-pass"] {
                if another != password {
                    assert_eq!(gate.log_in(account, another), 401, "{account} {another}");
                }
            }
        }
        for account in [
            "*",
            "a*",
            "alice)(uid=*",
            "*)(uid=alice",
            "alice,ou=people",
            "alice+cn=Alice Liddell",
            r"alic\65",
            r"\61lice",
            "alice)(|(uid=alice",
            "${account}",
            "uid=alice",
        ] {
            for password in ["alice-pass", "star-pass", "service-pass"] {
                assert_eq!(gate.log_in(account, password), 401, "{account} {password}");
            }
        }
        for account in ["alice\0", "al\0ice", "alice\n", "\u{1b}alice", "alice\u{202e}", "alice\u{7f}"] {
            assert_eq!(gate.log_in(account, "alice-pass"), 400, "{account:?}");
        }
        assert_eq!(gate.log_in("alice", "alice-pass\0"), 401);
        assert_eq!(subject(&gate.ask_for("alice", "alice-pass", "")), "alice");
    }
}

/// The service says yes to a name without a password, and means nobody by it.
#[test]
fn an_empty_password_is_never_sent() {
    let options = Options { strangers: Strangers::EmptyPasswords, chatty: true, ..Options::default() };
    let Some(slapd) = Slapd::start(&Authority::new(), options) else { return };
    let as_user = json!({
        "initial_bind_as_user": true,
        "bind_dn": format!("uid=${{account}},{PEOPLE}"),
        "bind_password": null,
    });
    for section in [slapd.section(), with(&slapd.section(), as_user)] {
        let gate = Gate::start(&[link(&section)]);
        assert_eq!(gate.log_in("alice", ""), 401);
        assert_eq!(gate.log_in("alice", "alice-pass"), 200);
    }
    let binds = slapd.log().lines().filter(|line| line.contains("BIND dn=\"uid=alice")).count();
    // The one with the password is told twice: asked, and what it is bound as.
    assert_eq!(binds, 4, "{}", slapd.log());
}

/// People bind with what they write, whatever their directory makes names of.
#[tokio::test(flavor = "multi_thread")]
async fn people_who_search_for_themselves() {
    let Some(slapd) = start() else { return };
    let section = with(
        &slapd.section(),
        json!({
            "initial_bind_as_user": true,
            "bind_dn": format!("uid=${{account}},{PEOPLE}"),
            "bind_password": null,
            "groups": {"nested": "recursive"},
        }),
    );
    let backend = Backend::of(&section);
    assert_eq!(
        backend.label("carol", "carol-pass", "groups").await,
        ["developers", "engineering", "interns"]
    );
    let identity = backend.identity("ALICE", "alice-pass").await;
    assert_eq!(identity.account, "alice");
    assert_eq!(identity.subject, "entryuuid:11111111-0000-4000-8000-000000000001");
    let refused = backend.log_in("nobody-here", "alice-pass").await;
    assert!(matches!(&refused, Ok(Decision::Deny(_))), "{refused:?}");

    // The filter finds somebody else than who bound: their password is asked for too.
    let another = with(&section, json!({"filter": "(&(uid=bob)(!(uid=${account})))"}));
    let refused = Backend::of(&another).log_in("alice", "alice-pass").await;
    assert!(matches!(&refused, Ok(Decision::Deny(_))), "{refused:?}");
}

/// A part of the tree is at another server.
#[tokio::test(flavor = "multi_thread")]
async fn references_to_another_server() {
    let authority = Authority::new();
    let Some(other) = Slapd::start(&authority, Options::default()) else { return };
    let options = Options { elsewhere: Some(other.uri()), ..Options::default() };
    let Some(slapd) = Slapd::start(&authority, options) else { return };
    let section = |referrals: &str| -> Value {
        let whole = json!({"addr": slapd.uri(), "tls": "starttls", "base": SUFFIX, "referrals": referrals});
        with(&slapd.section(), whole)
    };
    let ignoring = Backend::of(&section("ignore"));
    let unknown = ignoring.log_in("remote", "remote-pass").await;
    assert!(matches!(unknown, Ok(Decision::NoMatch)), "{unknown:?}");
    assert_eq!(ignoring.identity("alice", "alice-pass").await.account, "alice");

    let following = Backend::of(&section("follow"));
    assert_eq!(following.identity("alice", "alice-pass").await.account, "alice");
    let seen = following.authenticator.preview(&call(), "remote").await;
    assert!(matches!(&seen, Some(Ok(Decision::Allow(found))) if found.account == "remote"), "{seen:?}");
    // The password goes to no server but ours, which does not know the entry.
    let refused = following.log_in("remote", "remote-pass").await;
    assert!(matches!(&refused, Ok(Decision::Deny(_))), "{refused:?}");
    // Whether somebody is there too cannot be known any more.
    drop(other);
    let error = following.error("alice", "alice-pass").await;
    assert!(matches!(error, BackendError::Unavailable(_)), "{error}");
}

/// Ten groups of odd names are what they are, in labels and for rules, letter by letter.
#[tokio::test(flavor = "multi_thread")]
async fn odd_names_of_groups() {
    let Some(slapd) = start() else { return };
    let section = with(&slapd.section(), json!({"groups": {}}));
    let names = [
        "#hash",
        "Smith, John's team",
        r"back\slash",
        "nul\0byte",
        "paren(",
        "plus+equals=",
        "star*",
        "the \"quoted\"",
        "two",
        "Übersicht",
    ];
    let of_member_of = Backend::of(&section).label("odd", "odd-pass", "groups").await;
    assert_eq!(of_member_of, names);
    let search = json!({"search": {"base": GROUPS, "filter": "(member=${dn})"}});
    let of_search = Backend::of(&with(&section, json!({"groups": search})));
    assert_eq!(of_search.label("odd", "odd-pass", "groups").await, names);
    // Names of members that are odd.
    assert_eq!(of_search.label("jsmith", "jsmith-pass", "groups").await, ["Smith, John's team"]);
    assert_eq!(of_search.label("joerg", "joerg-pass", "groups").await, ["the \"quoted\""]);

    // A rule each, and one for a group of nearly that name.
    let mut rules = Vec::new();
    for (number, name) in names.iter().enumerate() {
        let pattern = name.replace('\\', r"\\").replace('*', r"\*");
        for (repository, pattern) in [("right", pattern.clone()), ("wrong", format!("{pattern}x"))] {
            rules.push(json!({
                "match": {"name": format!("{repository}/{number}"), "labels": {"groups": pattern}},
                "actions": ["pull"],
            }));
        }
    }
    // What a group is called is no pattern.
    rules.push(json!({"match": {"name": "group/${labels:groups}"}, "actions": ["pull"]}));
    let gate = Gate::deciding(&[], &[link(&section)], json!([{"acl": rules}]));
    let granted = |repository: &str| {
        let answer = gate.ask("odd", "odd-pass", repository);
        let [_, claims] = open(answer.json()["token"].as_str().unwrap());
        claims["access"][0]["actions"] == json!(["pull"])
    };
    for (number, name) in names.iter().enumerate() {
        assert!(granted(&format!("right/{number}")), "{name}");
        assert!(!granted(&format!("wrong/{number}")), "{name}");
    }
    assert!(granted("group/two"));
    assert!(!granted("group/starry") && !granted("group/tw"));
}
