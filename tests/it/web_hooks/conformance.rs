//! Both backends keep the contract, in every format.

use dockgate_api::{Credential, Identity, Login, Resource};
use dockgate_testkit::authenticator::{self, Anonymous, Person, Reload, Unknown};
use dockgate_testkit::authorizer::{self, Allowed, Case, NotMine};

use super::Bench;
use super::formats::{AUTHN, AUTHZ, RIGHT, authn, authz};

#[test]
fn who_somebody_is() {
    for format in AUTHN {
        let (hook, section) = authn(format);
        let bench = Bench::new();
        let backend = bench.authn(&section);
        let unknown = match format {
            "token_review" => Unknown::Deny("mallory".to_owned()),
            _ => Unknown::NoMatch("mallory".to_owned()),
        };
        let fixture = authenticator::Fixture {
            known: Person::new("alice", RIGHT),
            canonical: "alice".to_owned(),
            unknown,
            anonymous: Anonymous::NotSupported("nobody in particular has no password"),
            reload: Reload::NotSupported("a hook is asked with the password"),
        };
        bench.runtime.block_on(authenticator::conformance(backend, fixture));
        assert!(hook.asked().len() > 100, "{format}: asked {} times", hook.asked().len());
    }
}

/// As of a program: else every wrong password would cost a hash besides.
#[test]
fn what_a_hook_decided_on_is_not_hashed_again_here() {
    for format in AUTHN {
        let (_hook, section) = authn(format);
        let bench = Bench::new();
        let backend = bench.authn(&section);
        let unknown = format == "token_review";
        for (account, password, decided) in
            [("alice", RIGHT, true), ("alice", "wrong", true), ("mallory", "wrong", unknown)]
        {
            let cx = bench.world.call();
            let login = Login::new(account, Credential::password(password));
            let answer = bench.runtime.block_on(backend.authenticate(&cx, &login));
            assert!(answer.is_ok(), "{format} {account}: {answer:?}");
            assert_eq!(cx.did_password_work(), decided, "{format} {account} {password}");
        }
    }
}

#[test]
fn what_they_may_do() {
    for format in AUTHZ {
        let (hook, section) = authz(format);
        let bench = Bench::new();
        let backend = bench.authz(&section);
        let case = |account: &str, name: &str, actions: &[&str]| {
            Case::new(Identity::new(account), Resource::repository(name), actions)
        };
        let fixture = authorizer::Fixture {
            allowed: Allowed::new(case("alice", "team/app", &["pull", "push"]), &["pull"]),
            denied: case("alice", "vault/key", &["pull"]),
            not_mine: NotMine::Request(Box::new(case("bob", "team/app", &["pull", "push"]))),
        };
        bench.runtime.block_on(authorizer::conformance(backend, fixture));
        assert!(hook.asked().len() > 100, "{format}: asked {} times", hook.asked().len());
    }
}
