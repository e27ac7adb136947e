//! The contract of authenticators, kept with a domain controller behind it.

use dockgate_testkit::authenticator::{self, Anonymous, Fixture, Person, Reload, Unknown};
use serde_json::{Value, json};

use super::authority::Authority;
use super::backend::{Backend, with};
use super::samba::{SUFFIX, Samba};
use super::samba_link::section;

const NOBODY: Anonymous = Anonymous::NotSupported("a directory is asked about somebody");

async fn conforms(section: &Value, unknown: Unknown, reload: Reload) {
    // Where nobody is looked up again no rule is about what changed since.
    let rules = authenticator::rules::ALL.len() - usize::from(matches!(reload, Reload::NotSupported(_)));
    let fixture = Fixture {
        known: Person::new("ALICE", "alice-pass"),
        canonical: "alice".to_owned(),
        unknown,
        anonymous: NOBODY,
        reload,
    };
    let backend = Backend::of(section);
    let report = authenticator::conformance(backend.authenticator.clone(), fixture).await;
    assert_eq!(report.ran.len(), rules, "{:?}", report.ran);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_keeps_the_contract() {
    let Some(samba) = Samba::start(&Authority::new()) else { return };
    // The suite has more wrong passwords than the five that lock.
    samba.change(&format!(
        "dn: {SUFFIX}\nchangetype: modify\nreplace: lockoutThreshold\nlockoutThreshold: 0\n"
    ));
    // It does one thing at a time, and the suite asks for 50 at once.
    let patient = json!({"connect": "25s", "bind": "25s", "search": "25s"});
    let ldaps = with(&section(&samba), json!({"timeouts": patient}));
    let starttls = with(&ldaps, json!({"addr": samba.uri(), "tls": "starttls"}));
    for section in [ldaps.clone(), starttls] {
        let removed = "objectguid:00000000-0000-0000-0000-000000000000".to_owned();
        let reload = Reload::Supported { removed, epoch: true };
        conforms(&section, Unknown::NoMatch("mallory".to_owned()), reload).await;
    }
    for name in ["${account}@ad.example.test", r"ADTEST\${account}"] {
        let as_user = json!({"initial_bind_as_user": true, "bind_dn": name, "bind_password": null});
        let reload = Reload::NotSupported("without a service account nobody can be looked up");
        conforms(&with(&ldaps, as_user), Unknown::Deny("mallory".to_owned()), reload).await;
    }
}
