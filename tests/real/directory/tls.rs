//! Connections to a real `OpenLDAP`, protected and not.

use dockgate_api::BackendError;
use serde_json::json;

use super::authority::Authority;
use super::backend::{Backend, LdapTest, with};
use super::slapd::{Demands, Options, SERVICE, Slapd};
use super::tap::Tap;

/// The words of an error that says that nobody can be asked now.
#[track_caller]
fn unavailable(error: BackendError) -> String {
    match error {
        BackendError::Unavailable(detail) => detail,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_on_the_way_hears_a_password() {
    let Some(slapd) = Slapd::start(&Authority::new(), Options::default()) else { return };
    let section = slapd.section();
    for (tls, port, is_heard) in
        [("none", slapd.port, true), ("starttls", slapd.port, false), ("always", slapd.tls_port, false)]
    {
        let tap = Tap::on(port);
        let by_tap = json!({"addr": format!("127.0.0.1:{}", tap.port), "tls": tls});
        let backend = Backend::of(&with(&section, by_tap));
        backend.identity("alice", "alice-pass").await;
        assert_eq!(tap.heard("alice-pass"), is_heard, "{tls}");
        assert_eq!(tap.heard(SERVICE.1), is_heard, "{tls}");
        assert_eq!(tap.heard("uid=alice"), is_heard, "{tls}");
        assert!(tap.bytes() > 0, "{tls}");
    }
}

/// A server without TLS refuses `StartTLS`: that is no reason to do without.
#[tokio::test(flavor = "multi_thread")]
async fn where_starttls_is_refused_nothing_is_said() {
    let options = Options { bare: true, chatty: true, ..Options::default() };
    let Some(slapd) = Slapd::start(&Authority::new(), options) else { return };
    let tap = Tap::on(slapd.port);
    let by_tap = json!({"addr": format!("127.0.0.1:{}", tap.port), "tls": "starttls"});
    let error = unavailable(Backend::of(&with(&slapd.section(), by_tap)).error("alice", "alice-pass").await);
    assert!(error.contains("StartTLS"), "{error}");
    for words in ["alice", SERVICE.0, SERVICE.1] {
        assert!(!tap.heard(words), "{words}");
    }
    // It was asked for, and nothing else.
    assert!(tap.heard("1.3.6.1.4.1.1466.20037"));
    let log = slapd.log();
    assert!(
        log.contains("EXT oid=1.3.6.1.4.1.1466.20037") && !log.contains("BIND dn=\"cn=registry"),
        "{log}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_for_the_server_and_of_the_authority() {
    let options = Options { named_only: Some("ldap.example.test"), ..Options::default() };
    let Some(slapd) = Slapd::start(&Authority::new(), options) else { return };
    let starttls = with(&slapd.section(), json!({"addr": slapd.uri(), "tls": "starttls"}));
    for section in [slapd.section(), starttls] {
        let error = unavailable(Backend::of(&section).error("alice", "alice-pass").await);
        for words in ["127.0.0.1", "ldap.example.test", "server_name"] {
            assert!(error.contains(words), "{words}: {error}");
        }
        let named = with(&section, json!({"server_name": "ldap.example.test"}));
        Backend::of(&named).identity("alice", "alice-pass").await;

        let other = Authority::new();
        let unknown = with(&named, json!({"ca_certificate": other.certificate}));
        let error = unavailable(Backend::of(&unknown).error("alice", "alice-pass").await);
        assert!(error.contains("ca_certificate"), "{error}");
        // Those of the site do not know it either.
        let site = with(&named, json!({"ca_certificate": null}));
        let error = unavailable(Backend::of(&site).error("alice", "alice-pass").await);
        assert!(error.contains("ca_certificate"), "{error}");

        let unverified =
            json!({"ca_certificate": null, "server_name": null, "insecure_tls_skip_verify": true});
        Backend::of(&with(&section, unverified)).identity("alice", "alice-pass").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_asks_who_connects() {
    let options = Options { demands: Demands::Certificates, ..Options::default() };
    let Some(slapd) = Slapd::start(&Authority::new(), options) else { return };
    let showing = |authority: &Authority| {
        let pair = authority.client("dockgate");
        with(&slapd.section(), json!({"client_certificate": pair.certificate, "client_key": pair.key}))
    };
    Backend::of(&showing(&slapd.authority)).identity("alice", "alice-pass").await;
    let error = unavailable(Backend::of(&slapd.section()).error("alice", "alice-pass").await);
    assert!(error.contains("client_certificate"), "{error}");
    let error = unavailable(Backend::of(&showing(&Authority::new())).error("alice", "alice-pass").await);
    assert!(error.contains("client_certificate"), "{error}");
    let output = LdapTest::of(&slapd.section()).about("alice", &[]).fails();
    assert!(output.stdout.contains("client_certificate"), "{output}");
}

/// What the directory takes over TLS only is not tried again in the clear, and the cure is said.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_takes_passwords_over_tls_only() {
    let options = Options { demands: Demands::Confidentiality, ..Options::default() };
    let Some(slapd) = Slapd::start(&Authority::new(), options) else { return };
    let plain = with(&slapd.section(), json!({"addr": slapd.uri()}));
    let error = Backend::of(&plain).error("alice", "alice-pass").await.to_string();
    assert!(error.contains("tls: starttls") && error.contains("confidentiality"), "{error}");
    let own = json!({"initial_bind_as_user": true, "bind_password": null,
        "bind_dn": "uid=${account},ou=people,dc=example,dc=test"});
    let error = Backend::of(&with(&plain, own)).error("alice", "alice-pass").await.to_string();
    assert!(error.contains("tls: starttls"), "{error}");
    for tls in [json!({"addr": slapd.uri(), "tls": "starttls"}), json!({})] {
        Backend::of(&with(&slapd.section(), tls)).identity("alice", "alice-pass").await;
    }
}
