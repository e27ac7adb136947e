//! The backend keeps the contract of all backends with a real directory behind it.

use dockgate_testkit::authenticator::rules::{CONCURRENT, WRONG};
use dockgate_testkit::authenticator::{Anonymous, Fixture, Person, Reload, Unknown, check, conformance};
use serde_json::json;

use super::authority::Authority;
use super::backend::{Backend, with};
use super::slapd::{Options, PEOPLE, Slapd, Strangers};

/// The suite tries more wrong passwords than the directory forgives.
const FORGIVING: &str = "dn: cn=default,ou=policies,dc=example,dc=test\nchangetype: modify\nreplace: pwdLockout\n\
                         pwdLockout: FALSE\n";

fn start(options: Options) -> Option<Slapd> {
    let slapd = Slapd::start(&Authority::new(), options)?;
    slapd.change(FORGIVING);
    Some(slapd)
}

fn fixture(account: &str, unknown: Unknown, reload: Reload) -> Fixture {
    Fixture {
        known: Person::new(account, format!("{account}-pass")),
        canonical: account.to_owned(),
        unknown,
        anonymous: Anonymous::NotSupported("a directory knows people"),
        reload,
    }
}

fn removed(epoch: bool) -> Reload {
    Reload::Supported { removed: "entryuuid:11111111-0000-4000-8000-00000000ffff".to_owned(), epoch }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_account_searches() {
    let Some(slapd) = start(Options::default()) else { return };
    let section = with(
        &slapd.section(),
        json!({"groups": {"nested": "recursive"}, "labels": {"title": {"attribute": "title"}}}),
    );
    for (account, has_epoch) in [("alice", false), ("warned", true)] {
        let backend = Backend::of(&section);
        let unknown = Unknown::NoMatch("mallory".to_owned());
        conformance(backend.authenticator.clone(), fixture(account, unknown, removed(has_epoch))).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_search_for_themselves() {
    let Some(slapd) = start(Options::default()) else { return };
    let own = json!({
        "bind_dn": format!("uid=${{account}},{PEOPLE}"),
        "bind_password": null,
        "initial_bind_as_user": true,
        "groups": {"nested": "recursive"},
    });
    let section = with(&slapd.section(), own);
    let reload = || Reload::NotSupported("nobody searches for others");
    let backend = Backend::of(&section);
    conformance(
        backend.authenticator.clone(),
        fixture("alice", Unknown::Deny("mallory".to_owned()), reload()),
    )
    .await;

    // Where a refused bind is left to the next link, a wrong password is too: nothing else of the contract gives way.
    let backend = Backend::of(&with(&section, json!({"on_invalid": "no_match"})));
    let unknown = Unknown::NoMatch("mallory".to_owned());
    let report = check(backend.authenticator.clone(), fixture("alice", unknown, reload())).await;
    let others = report.broken.iter().filter(|broken| ![WRONG, CONCURRENT].contains(&broken.rule));
    assert_eq!(others.map(ToString::to_string).collect::<String>(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn anybody_may_search() {
    let Some(slapd) = start(Options { strangers: Strangers::Search, ..Options::default() }) else { return };
    let section = with(&slapd.section(), json!({"bind_dn": null, "bind_password": null, "groups": {}}));
    let backend = Backend::of(&section);
    let reload = Reload::NotSupported("nobody searches for others");
    let unknown = Unknown::NoMatch("mallory".to_owned());
    conformance(backend.authenticator.clone(), fixture("alice", unknown, reload)).await;
}
