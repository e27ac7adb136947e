//! `ldap_auth` with 389 Directory Server behind it.

use dockgate_api::{Decision, KnownIdentity, ReasonCode, Reloaded};
use dockgate_testkit::authenticator::{self, Anonymous, Fixture, Person, Reload, Unknown};
use dockgate_testkit::fakes::call;
use serde_json::{Value, json};

use super::authority::Authority;
use super::backend::{Backend, Gate, link, values, with};
use super::ds389::{Ds389, GROUPS, SERVICE, SUFFIX, USERS};
use super::sample::Sample;

fn section(server: &Ds389) -> Value {
    json!({
        "addr": server.tls_uri(),
        "ca_certificate": server.authority.certificate,
        "bind_dn": SERVICE.0,
        "bind_password": SERVICE.1,
        "base": USERS,
        "filter": "(&(objectClass=inetOrgPerson)(uid=${account}))",
    })
}

fn replace(person: &str, attribute: &str, value: &str) -> String {
    format!("dn: uid={person},{USERS}\nchangetype: modify\nreplace: {attribute}\n{attribute}: {value}\n\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_is_kept() {
    let Some(server) = Ds389::start(&Authority::new()) else { return };
    // The suite has more wrong passwords than the five that lock.
    server.change("dn: cn=config\nchangetype: modify\nreplace: passwordLockout\npasswordLockout: off\n");
    let ldaps = section(&server);
    let starttls = with(&ldaps, json!({"addr": server.uri(), "tls": "starttls"}));
    let as_user = json!({
        "initial_bind_as_user": true, "bind_dn": format!("uid=${{account}},{USERS}"), "bind_password": null,
    });
    let removed = "nsuniqueid:00000000-00000000-00000000-00000000".to_owned();
    let epoch = Backend::of(&ldaps).identity("alice", "alice-pass").await.epoch.is_some();
    for (section, unknown, reload) in [
        (&ldaps, Unknown::NoMatch("mallory".to_owned()), Reload::Supported { removed: removed.clone(), epoch }),
        (&starttls, Unknown::NoMatch("mallory".to_owned()), Reload::Supported { removed, epoch }),
        (
            &with(&ldaps, as_user),
            Unknown::Deny("mallory".to_owned()),
            Reload::NotSupported("without a service account nobody can be looked up"),
        ),
    ] {
        let fixture = Fixture {
            known: Person::new("ALICE", "alice-pass"),
            canonical: "alice".to_owned(),
            unknown,
            anonymous: Anonymous::NotSupported("a directory is asked about somebody"),
            reload,
        };
        let backend = Backend::of(section);
        authenticator::conformance(backend.authenticator.clone(), fixture).await;
    }
}
